"""Slack: direct messages to an app's bot. Who mentions it in a channel is answered by direct message.

https://docs.slack.dev/apis/events-api/ · https://docs.slack.dev/reference/methods/chat.postMessage
"""
from __future__ import annotations

import html
import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

from channels._http import Reply, redact
from channels._parts import fitting_buttons, one_at_a_time, single
from channels._payload import file_name, load, objects, secrets_of, sound, word
from channels.base import (
    BadSignature,
    Can,
    Channel,
    Echo,
    Edited,
    Fact,
    File,
    Inbound,
    Outbound,
    Reaction,
    Request,
    SendError,
    Setting,
    Status,
    Step,
    Unsent,
    same_hmac,
)

API = "https://slack.com/api"
TOLERANCE = 300                     # seconds between Slack's clock and ours
FORM = re.compile(rb"[a-z_]+=")     # what people do with buttons comes as a form, events as JSON
SCOPES = {"chat:write", "im:history", "im:write", "files:read", "files:write", "reactions:read", "users:read"}
EMOJI = {"+1": "👍", "thumbsup": "👍", "-1": "👎", "thumbsdown": "👎", "heart": "❤️", "heart_eyes": "😍", "joy": "😂",
         "smile": "😄", "slightly_smiling_face": "🙂", "tada": "🎉", "eyes": "👀", "pray": "🙏", "fire": "🔥",
         "cry": "😢", "white_check_mark": "✅", "x": "❌", "rocket": "🚀", "clap": "👏", "100": "💯",
         "raised_hands": "🙌", "ok_hand": "👌"}
MARKUP = re.compile(r"<([@#!]?)([^<>|]+)(?:\|([^<>]*))?>")

WORDS = {"channel_not_found": "Slack does not know this person",
         "user_not_found": "Slack does not know this person",
         "user_disabled": "This person's Slack account is closed", "is_archived": "This conversation is archived",
         "cannot_dm_bot": "Bots cannot be written to",
         "messages_tab_disabled": "The app's Messages tab is switched off",
         "invalid_auth": "Slack refuses the token", "not_authed": "Slack refuses the token",
         "account_inactive": "The app was removed from the workspace", "token_revoked": "The token was revoked",
         "token_expired": "The token has ended", "missing_scope": "The app lacks a permission"}
BROKEN = {"invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired", "missing_scope",
          "not_allowed_token_type", "no_permission", "access_denied", "team_access_not_granted", "ekm_access_denied"}
PASSING = {"ratelimited", "rate_limited", "service_unavailable", "request_timeout", "team_added_to_org"}
UNCERTAIN = {"internal_error", "fatal_error"}      # Slack: some of it may have been done


class Slack(Channel):
    name = "slack"
    label = "Slack"
    remarks = "direct messages to an app of your workspace, and mentions of it"
    identity_kind = "slack"
    proves_sender = True
    can = Can(text_limit=4000, files=True, file_limit=25 * 2**20, buttons=25, receipts=frozenset({Status.SENT}),
              hears=frozenset({"edits", "unsends", "reactions"}), pause=1.0)
    settings = (
        Setting("account_id", "Workspace ID", help="Begins with T; it stands in the address of Slack in a browser."),
        Setting("bot_token", "Bot token", secret=True, help="Begins with xoxb-; under OAuth & Permissions."),
        Setting("signing_secret", "Signing secret", secret=True, help="Under Basic Information."),
        Setting("api_base", "API base", required=False, default=API, help="Only for testing."),
    )

    def scope(self, item: Any) -> str:
        return self.config.get("account_id", "")

    # In

    def verify(self, request: Request) -> None:
        """https://docs.slack.dev/authentication/verifying-requests-from-slack"""
        secret, at = self.config.get("signing_secret", ""), request.header("X-Slack-Request-Timestamp")
        fresh = at.isascii() and at.isdigit() and abs(time.time() - int(at[:15])) <= TOLERANCE
        version, _, given = request.header("X-Slack-Signature").partition("=")
        signed = f"v0:{at}:".encode() + request.body
        if not (secret and fresh and version == "v0" and same_hmac(secret, signed, given)):
            raise BadSignature("slack: this request does not come from Slack")

    def handshake(self, request: Request) -> str | None:
        if b"url_verification" not in request.body:
            return None
        call = _call(request.body)
        return word(call["challenge"]) if call.get("type") == "url_verification" else None

    def source_key(self, request: Request) -> str:
        """The same in every try; X-Slack-Retry-Num only counts them."""
        try:
            call = _call(request.body)
            return f"slack:{word(call.get('event_id') or call['trigger_id'])}"
        except (LookupError, TypeError, ValueError, AttributeError, RecursionError):
            return super().source_key(request)

    def parse(self, request: Request) -> Iterator[Fact]:
        return map(sound, _facts(_call(request.body)))

    def download(self, file: File) -> bytes:
        """The token goes to Slack alone. A page instead of the file means that the permission is missing."""
        host = urlsplit(file.ref).hostname or ""
        ours = host == "slack.com" or host.endswith(".slack.com") or host == urlsplit(self._base()).hostname
        reply = self.http.get(file.ref, token=self.config["bot_token"] if ours else "")
        is_page = "text/html" in reply.headers.get("content-type", "") and "html" not in file.content_type
        if reply.ok and not is_page:
            return reply.body
        gone = reply.status < 400 or reply.status in (401, 403, 404, 410)
        raise SendError("Slack does not give this file: does the app have files:read?" if gone else
                        f"Slack does not give this file now (HTTP {reply.status})", permanent=gone,
                        retry_after=reply.retry_after)

    # Out

    def prepare(self, message: Outbound) -> list[Outbound]:
        fitted = fitting_buttons(message, self.can.buttons, label=75, payload=2000, text=3000)
        return one_at_a_time(super().prepare(fitted), lambda text, file: True)

    def send(self, message: Outbound) -> str:
        part = single(self.prepare(message))
        if part.files:
            return self._share(part)
        answer = self._api("chat.postMessage", {
            "channel": part.address, "text": html.escape(part.text, quote=False), "mrkdwn": False,
            "unfurl_links": False, **({"blocks": _blocks(part)} if part.buttons else {}),
            "metadata": {"event_type": "helpdesk_delivery", "event_payload": {"id": part.id, "to": part.address}}})
        if not answer.get("ts") or not answer.get("channel"):
            raise SendError("Slack accepted the message without naming an id", uncertain=True)
        return f"{answer['channel']}:{answer['ts']}"

    def _share(self, part: Outbound) -> str:
        """https://docs.slack.dev/messaging/working-with-files . Only the last step shows the file to anybody."""
        name, content_type, content = part.files[0]
        try:
            room = self._api("conversations.open", {"users": part.address})["channel"]["id"]
            place = self._api("files.getUploadURLExternal", form={"filename": name, "length": str(len(content))})
            reply = self.http.post(place["upload_url"], files={"file": (name, content, content_type)})
        except SendError as error:
            error.uncertain = False
            raise
        if not reply.ok:
            raise SendError(f"Slack does not take the file (HTTP {reply.status})", retry_after=reply.retry_after,
                            permanent=reply.status in (400, 413))
        self._api("files.completeUploadExternal", {
            "files": [{"id": place["file_id"], "title": name}], "channel_id": room,
            **({"initial_comment": html.escape(part.text, quote=False)} if part.text else {})})
        return f"file:{place['file_id']}"

    # The account

    def profile(self, address: str) -> str:
        about = self._api("users.info", form={"user": address}).get("user") or {}
        return str((about.get("profile") or {}).get("real_name") or about.get("real_name") or about.get("name") or "")

    def test(self) -> str:
        answer = self._api("auth.test", {})
        if answer.get("team_id") != self.config["account_id"]:
            raise SendError(f"The token belongs to the workspace {answer.get('team_id')}", permanent=True)
        return f"The bot is @{answer.get('user')} in {answer.get('team')}."

    def steps(self, webhook: str) -> list[Step]:
        return [Step("Account", self.test, "Copy the workspace's ID, and the bot token from OAuth & Permissions."),
                Step("Permissions", self._permitted, "Add them under OAuth & Permissions, and install the app again.")]

    def _permitted(self) -> str:
        given = self._post("auth.test", {}).headers.get("x-oauth-scopes", "")
        if missing := SCOPES - {one.strip() for one in given.split(",")}:
            raise SendError(f"The app lacks {', '.join(sorted(missing))}", permanent=True)
        return "The app has what it needs."

    def _api(self, method: str, body: dict | None = None, form: dict | None = None) -> dict:
        reply = self._post(method, body, form)
        answer = reply.json() if isinstance(reply.json(), dict) else {}
        if reply.ok and answer.get("ok") is True:
            return answer
        raise self._error(reply, str(answer.get("error") or ""))

    def _post(self, method: str, body: dict | None = None, form: dict | None = None) -> Reply:
        return self.http.post(f"{self._base()}/{method}", json=body, data=form, token=self.config["bot_token"])

    def _error(self, reply: Reply, code: str) -> SendError:
        """Slack answers 200 and says in `error` what is wrong; too many calls are a 429."""
        code = redact(code, *secrets_of(self))
        words = f"{WORDS[code]} [{code}]" if code in WORDS else code or f"HTTP {reply.status}"
        if code in BROKEN:
            return SendError(words, permanent=True, broken=True)
        if reply.status == 429 or code in PASSING or reply.status >= 500 and not code:
            return SendError(words, retry_after=reply.retry_after, uncertain=reply.status == 504,
                             slow_down=reply.status == 429 or "rate" in code)
        if code in UNCERTAIN or reply.ok and not code:
            return SendError(words, uncertain=True)
        return SendError(words, permanent=True)

    def _base(self) -> str:
        return (self.config.get("api_base") or API).rstrip("/")


def _call(body: bytes) -> dict[str, Any]:
    """The JSON of one call, also where it is a field of a form. Other forms (slash commands) say nothing to us."""
    if not FORM.match(body):
        return load(body)
    fields = parse_qs(body.decode(), strict_parsing=True)
    return load(fields["payload"][0].encode()) if "payload" in fields else {"type": "form"}


def _facts(call: dict) -> Iterator[Fact]:
    kind = word(call["type"])
    if kind == "event_callback":
        event, account = call["event"], call.get("team_id") or ""
        read = EVENTS.get(word(event["type"]))
        yield from read(event, account) if read else ()
    elif kind == "block_actions":
        yield from _pressed(call)


def _message(event: dict, account: str) -> Iterator[Fact]:
    """Only what is said to the bot alone: what is meant for it in a channel comes once more, as app_mention."""
    if event.get("channel_type") != "im" and not str(event.get("channel")).startswith("D"):
        return
    subtype = event.get("subtype")
    if subtype == "message_changed":
        yield from _changed(event, account)
    elif subtype == "message_deleted":
        yield from _gone(event, event.get("previous_message") or {}, event["deleted_ts"], account)
    elif event.get("bot_id"):
        yield from _ours(event, account)
    elif subtype in (None, "file_share", "thread_broadcast", "me_message"):
        yield _said(event, account)


def _said(event: dict, account: str) -> Inbound:
    thread = event.get("thread_ts")
    return Inbound(_id(event["channel"], event["ts"]), word(event["user"]), _when(event["ts"]), account=account,
                   text=_plain(event.get("text") or ""), files=[_file(one) for one in objects(event.get("files"))
                                                                if one.get("url_private")],
                   replies_to=[_id(event["channel"], thread)] if thread and thread != event["ts"] else (), raw=event)


def _mentioned(event: dict, account: str) -> Iterator[Fact]:
    if not event.get("bot_id"):
        yield _said(event, account)


def _changed(event: dict, account: str) -> Iterator[Fact]:
    """Slack also says so when it has looked up a link, and of our own messages."""
    now, before = event["message"], event.get("previous_message") or {}
    if now.get("subtype") == "tombstone":
        yield from _gone(event, before or now, now["ts"], account)
    elif not now.get("bot_id") and now.get("text") != before.get("text"):
        yield Edited(_id(event["channel"], now["ts"]), word(now["user"]), _when(event["ts"]), account,
                     text=_plain(now["text"]))


def _gone(event: dict, before: dict, ts: Any, account: str) -> Iterator[Fact]:
    if before.get("user") and not before.get("bot_id"):
        yield Unsent(_id(event["channel"], ts), word(before["user"]), _when(event["ts"]), account)


def _ours(event: dict, account: str) -> Iterator[Fact]:
    """Our own message: Slack does not say to whom, but gives back what we attached to it."""
    ours = event.get("metadata") or {}
    if ours.get("event_type") == "helpdesk_delivery":
        yield Echo(_id(event["channel"], event["ts"]), word(ours["event_payload"]["to"]), _when(event["ts"]),
                   text=_plain(event.get("text") or ""), delivery_id=word(ours["event_payload"]["id"]), account=account,
                   raw=event)


def _reaction(event: dict, account: str) -> Iterator[Fact]:
    item, name = event["item"], word(event["reaction"])
    if item.get("type") == "message":
        emoji = "" if event["type"] == "reaction_removed" else EMOJI.get(name.partition("::")[0], f":{name}:")
        yield Reaction(_id(item["channel"], item["ts"]), word(event["user"]), _when(event["event_ts"]), account,
                       emoji=emoji)


EVENTS = {"message": _message, "app_mention": _mentioned, "reaction_added": _reaction, "reaction_removed": _reaction}


def _pressed(call: dict) -> Iterator[Inbound]:
    """Buttons. Their value comes back, their label is what the person says by it."""
    place, user = call.get("container") or {}, call["user"]
    for action in objects(call["actions"]):
        if action.get("type") == "button":
            room, ts, at = place.get("channel_id"), place.get("message_ts"), word(action["action_ts"])
            yield Inbound(f"action:{room}:{at}", word(user["id"]), _when(at), text=action["text"]["text"],
                          payload=action.get("value") or "", name=user.get("name") or "",
                          account=(call.get("team") or {}).get("id") or "",
                          replies_to=[_id(room, ts)] if room and ts else (), raw=call)


def _file(given: dict) -> File:
    content_type, size = word(given.get("mimetype") or "application/octet-stream"), given.get("size")
    return File(file_name(given.get("name"), "file", content_type), content_type,
                ref=word(given.get("url_private_download") or given["url_private"]),
                size=size if isinstance(size, int) else None)


def _id(channel: Any, ts: Any) -> str:
    """A message's number is its time, within its conversation."""
    return f"{word(channel)}:{word(ts)}"


def _when(ts: Any) -> datetime:
    try:
        return datetime.fromtimestamp(float(word(ts)), UTC)
    except (OverflowError, OSError) as error:
        raise ValueError(f"{ts!r} is no time") from error


def _plain(text: str) -> str:
    """Slack's markup for links and names, as words. https://docs.slack.dev/messaging/formatting-message-text"""
    def shown(found: re.Match) -> str:
        mark, target, label = found.groups()
        if mark:
            return f"{'@' if mark == '!' else mark}{label or target}"
        bare = target.removeprefix("mailto:").removeprefix("tel:")
        return target if not label and bare == target else bare if label in (None, bare) else f"{label} ({bare})"
    return html.unescape(MARKUP.sub(shown, text))


def _blocks(part: Outbound) -> list[dict[str, Any]]:
    return [{"type": "section", "text": {"type": "plain_text", "text": part.text, "emoji": False}},
            {"type": "actions", "elements": [
                {"type": "button", "action_id": f"answer-{n}", "value": button.payload,
                 "text": {"type": "plain_text", "text": button.label, "emoji": False}}
                for n, button in enumerate(part.buttons)]}]
