"""What one Telegram message says: its text and its files.

https://core.telegram.org/bots/api#message
"""
from __future__ import annotations

from channels._payload import card, file_name, place, word
from channels.base import File

TYPES = {"animation": "video/mp4", "audio": "audio/mpeg", "document": "application/octet-stream",
         "photo": "image/jpeg", "sticker": "image/webp", "video": "video/mp4", "video_note": "video/mp4",
         "voice": "audio/ogg"}
# About the chat, not said by the person.
SERVICE = {"new_chat_members", "new_chat_member", "left_chat_member", "new_chat_title", "new_chat_photo",
           "delete_chat_photo", "group_chat_created", "supergroup_chat_created", "channel_chat_created",
           "message_auto_delete_timer_changed", "migrate_to_chat_id", "migrate_from_chat_id", "pinned_message",
           "connected_website", "write_access_allowed", "chat_background_set", "boost_added", "refunded_payment"}
ABOUT = {"message_id", "message_thread_id", "from", "sender_chat", "chat", "date", "edit_date", "reply_to_message",
         "external_reply", "quote", "reply_to_story", "via_bot", "has_protected_content", "is_from_offline",
         "media_group_id", "author_signature", "entities", "caption_entities", "link_preview_options", "effect_id",
         "has_media_spoiler", "show_caption_above_media", "reply_markup", "forward_origin", "forward_from",
         "forward_from_chat", "forward_date", "forward_sender_name", "is_automatic_forward"}


def is_service(message: dict) -> bool:
    """Whether the message only reports something about the chat."""
    return bool(SERVICE & message.keys()) and not message.get("text")


def content(message: dict) -> tuple[str, list[File]]:
    """(text, files). What cannot be shown becomes "[kind]"."""
    text = message.get("text") or message.get("caption") or ""
    files = [_file(kind, message[kind]) for kind in TYPES if message.get(kind) and not (
        kind == "document" and "animation" in message)]     # an animation is repeated as a document
    if "sticker" in message:
        text = text or message["sticker"].get("emoji") or ""
    if "contact" in message:
        who = message["contact"]
        text = card(" ".join(filter(None, (who.get("first_name"), who.get("last_name")))), [who.get("phone_number")])
    elif "location" in message or "venue" in message:
        venue = message.get("venue") or {}
        where = message.get("location") or venue["location"]
        text = place(where["latitude"], where["longitude"], [venue.get("title"), venue.get("address")])
    if not text and not files:
        text = f"[{next((key for key in message if key not in ABOUT), 'message')}]"
    return text, files


def _file(kind: str, found) -> File:
    if kind == "photo":         # the same picture in several sizes
        found = max(found, key=lambda size: (size.get("width", 0) * size.get("height", 0), size.get("file_size", 0)))
    content_type = str(found.get("mime_type") or TYPES[kind])
    if kind == "sticker":
        content_type = "video/webm" if found.get("is_video") else TYPES[kind]
        content_type = "application/x-tgsticker" if found.get("is_animated") is True else content_type
    given = found.get("file_name") or (f"{found['set_name']}.webp" if found.get("set_name") else "")
    size = found.get("file_size")
    return File(file_name(given, kind, content_type), content_type, ref=word(found["file_id"]),
                size=size if isinstance(size, int) else None)
