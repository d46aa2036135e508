"""The chat on the company's own site.

Nothing here goes over a network: the visitor's browser talks to the helpdesk itself, which stores what was written as
a raw delivery like any other medium's, and the visitor's page fetches what was answered. A raw delivery is the JSON
object {"visitor", "client_id", "text", "payload", "topic", "fresh", "page", "locale", "name", "sent_at"}; one with a
file carries the file's bytes as its body and that object, with "file": {"name", "content_type"}, in the query as
"message".
"""
from __future__ import annotations

import json
import re
from collections.abc import Iterable
from datetime import datetime

from channels.base import Can, Channel, File, Inbound, Outbound, Receipt, Request, Setting, Status

# What visitors may send: by the ending, since the type a browser names is a guess from it too.
FILE_ENDINGS = (".png", ".jpg", ".jpeg", ".gif", ".webp", ".heic", ".pdf", ".txt", ".csv", ".log", ".json", ".eml",
                ".doc", ".docx", ".xls", ".xlsx", ".ppt", ".pptx", ".odt", ".ods", ".odp", ".rtf", ".zip",
                ".mp3", ".m4a", ".ogg", ".wav", ".mp4", ".mov", ".webm")
ASK, TOLD = "Asked before the chat begins", "What your site tells"
NOTICE = "Privacy"
CLIENT_ID = re.compile(r"[A-Za-z0-9_-]{8,64}")


class Web(Channel):
    """Messages from the widget. The visitor's token proves which browser writes, so the sender is certain."""
    name, label, word = "web", "Web chat", "chat"
    remarks = "on your own site; typing is shown both ways"
    identity_kind = "visitor"
    proves_sender = True
    instant = True
    can = Can(text_limit=10_000, files=True, file_limit=10_000_000, buttons=8, idempotent=True,
              receipts=frozenset({Status.SENT, Status.DELIVERED, Status.READ}))
    settings = (
        Setting("title", "Title", required=False, help="Stands at the top of the chat; otherwise the company's name."),
        Setting("greeting", "Greeting", required=False, help="Otherwise a greeting in the visitor's language."),
        Setting("texts", "Texts by language", required=False, kind="lines",
                help="One per line: the language, the name of the text, and the text, as: es greeting = ¡Hola! ¿En qué "
                     "ayudamos? Names are title, privacy, greeting, hint, and the others of config/widget/en.json."),
        Setting("color", "Accent colour", required=False, default="#2557d6", help="As #rrggbb."),
        Setting("origins", "Sites", required=False,
                help="Where the chat may be embedded, as https://shop.example, separated by spaces. "
                     "Empty: anywhere, which is meant for setting up."),
        Setting("identity_secret", "Identity secret", secret=True, required=False,
                help="With it your site signs who is signed in, 32 characters or more. While you change it, the new "
                     "and the old one with a space between."),
        Setting("plain_hashes", "Also take plain hashes of the customer number", required=False, kind="bool",
                help="For simple back-ends: HMAC-SHA256 of the number. A hash counts for ever and says nothing else, "
                     "so prefer signed tokens where you can."),
        Setting("codes", "Confirm a typed address by a code", required=False, kind="choice", default="email",
                choices=("no", "email", "both"), words={"no": "No", "email": "By e-mail",
                                                        "both": "By e-mail, and by text message to a phone number"},
                help="Visitors can prove that an address is theirs. Text messages cost money and need an SMS inbox."),
        Setting("privacy_text", "Privacy line", required=False, group=NOTICE,
                help="Stands above the field in which visitors write, until they agree; that they did is kept with "
                     "this text. As: We keep what you write here to answer you. Empty: nothing is shown."),
        Setting("privacy_url", "Address of your privacy notice", required=False, group=NOTICE,
                help="As https://shop.example/privacy"),
        *(Setting(f"ask_{field}", label, required=False, kind="choice", default="no", group=ASK,
                  choices=("no", "optional", "required"),
                  words={"no": "Not asked", "optional": "Asked, may stay empty", "required": "Must be filled in"})
          for field, label in (("name", "Name"), ("email", "E-mail"), ("phone", "Phone"), ("topic", "Topic"))),
        Setting("ask_topics", "Topics", required=False, kind="lines", group=ASK, help="To choose from, one per line."),
        Setting("ask_order", "Order", required=False, default="name email phone topic", group=ASK,
                help="What is asked first. Nothing is asked that is known already."),
        Setting("ask_fields", "Questions of your own", required=False, kind="lines", group=ASK,
                help="One per line, as: Order number | text | required. Kinds are text, number, date, checkbox, phone "
                     "and list; a list names what to choose from: Size | list | S, M, L. Answers stand among the facts "
                     "about the visitor."),
        Setting("ask_when", "When all this is asked", required=False, kind="choice", default="always", group=ASK,
                choices=("always", "closed"), words={"always": "Always", "closed": "Only when nobody is there"}),
        Setting("pages", "Show agents which pages a visitor looked at", required=False, kind="bool", default="yes",
                group=TOLD, help="Only of people who chat, the last 50, and not of those who asked not to be tracked."),
        Setting("page_query", "Words kept in the addresses of pages", required=False, group=TOLD,
                help="Queries are cut off, because they may hold secrets; utm_… stays, and the words that you name "
                     "here, such as “product sku”."),
        Setting("attribute_names", "How facts are called", required=False, kind="lines", group=TOLD,
                help="One per line, in the order in which agents see them: plan = Plan. A minus before a name hides "
                     "it: -internal_id."),
    )

    def parse(self, request: Request) -> Iterable[Inbound | Receipt]:
        """The one message of a raw delivery."""
        given = json.loads(request.query.get("message") or request.body)
        visitor, client_id = given["visitor"], given["client_id"]
        if not visitor or not CLIENT_ID.fullmatch(client_id):
            raise ValueError("no visitor or no usable client_id")
        files = ()
        if file := given.get("file"):
            files = (File(file["name"], file["content_type"], content=request.body, size=len(request.body)),)
        yield Inbound(
            external_id=f"{visitor}:{client_id}", address=visitor, sent_at=datetime.fromisoformat(given["sent_at"]),
            text=str(given.get("text") or ""), subject=_subject(given),
            payload=str(given.get("payload") or ""), name=given.get("name") or "",
            locale=given.get("locale") or "", fresh=bool(given.get("fresh")), files=files, raw=given)

    def send(self, message: Outbound) -> str:
        """The visitor's page was told when the answer was written; there is nothing left to hand over."""
        return message.id

    def test(self) -> str:
        return "The chat needs no account. Put the snippet into your site and open it."


def _subject(given: dict) -> str:
    """What a conversation is called whose topic the visitor chose: the topic, and how it begins."""
    topic, begins = str(given.get("topic") or ""), " ".join(str(given.get("text") or "").split())
    return f"{topic}: {begins[:80]}" if topic and begins else topic
