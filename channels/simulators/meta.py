"""The Graph API as WhatsApp, Messenger and Instagram offer it, with their signed webhooks."""
from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from werkzeug.wrappers import Request, Response

from channels.simulators._courier import Courier
from channels.simulators._graph import Account, Refused, answer, utc_now
from channels.simulators._memory import Files
from channels.simulators._page import InstagramAccount, Page
from channels.simulators._whatsapp import WhatsAppNumber


class MetaSimulator:
    """One Meta app. Each account is given as the inbox's settings name it:

        MetaSimulator("app-secret", whatsapp={"phone_number_id": …, "access_token": …},
                      messenger={"page_id": …, "access_token": …}, instagram={"account_id": …, "access_token": …},
                      webhook_urls={"whatsapp": …, "messenger": …, "instagram": …})

    The attributes `whatsapp`, `messenger` and `instagram` are the people's side of each (customer_writes,
    customer_reads, conversation) and its knobs (fail_next, duplicates, delay, receipts). `clock` returns an aware
    datetime and lets a test close the 24-hour window. `public_url` is where this application can be reached, for the
    addresses of media; serve() sets it, whoever mounts the application elsewhere must give it.
    """

    def __init__(self, app_secret: str, *, whatsapp: Mapping[str, str] | None = None,
                 messenger: Mapping[str, str] | None = None, instagram: Mapping[str, str] | None = None,
                 webhook_urls: Mapping[str, str] | None = None, courier: Courier | None = None,
                 clock: Callable[[], datetime] = utc_now, public_url: str = ""):
        self.public_url = public_url
        self.courier, self.files = courier or Courier(), Files()
        urls = webhook_urls or {}

        def account(kind: type[Account], name: str, key: str, given: Mapping[str, str] | None) -> Any:
            found = given or {key: f"no-{name}", "access_token": ""}
            made = kind(app_secret, found[key], found["access_token"], urls.get(name, ""), self.courier, self.files,
                        clock)
            made.base_url = lambda: self.public_url.rstrip("/")
            return made

        self.whatsapp: WhatsAppNumber = account(WhatsAppNumber, "whatsapp", "phone_number_id", whatsapp)
        self.messenger: Page = account(Page, "messenger", "page_id", messenger)
        self.instagram: InstagramAccount = account(InstagramAccount, "instagram", "account_id", instagram)

    def subscribe(self, channel: str, url: str) -> None:
        """Where the webhooks of a channel go from now on."""
        getattr(self, channel).webhook_url = url

    def customer_writes(self, address: str, text: str = "", *, channel: str = "whatsapp", **more: Any) -> str:
        """As the account's own customer_writes()."""
        return getattr(self, channel).customer_writes(address, text, **more)

    def conversation(self, address: str, channel: str = "whatsapp") -> list[dict[str, Any]]:
        """As the account's own conversation()."""
        return getattr(self, channel).conversation(address)

    def __call__(self, environ: dict, start_response: Callable) -> Iterable[bytes]:
        request = Request(environ)
        if not self.public_url:
            self.public_url = request.root_url.rstrip("/")
        try:
            response = self._answer(request)
        except Refused as refused:
            response = refused.response()
        return response(environ, start_response)

    def _answer(self, request: Request) -> Response:
        path = re.sub(r"^v\d+\.\d+/", "", request.path.strip("/"))
        node, _, edge = path.partition("/")
        if node == "_cdn":                  # signed by its unguessable id, as the real addresses are
            return self._stored(edge.partition("/")[0])
        if node == "_media":
            self.whatsapp.authorise(request)
            return self._stored(edge)
        if edge == "subscribed_apps" and request.method == "GET":
            account = self.whatsapp if node == self.whatsapp.business_account else self._page(request, node)
            account.authorise(request)
            return answer({"data": [{"id": "1", "name": "Helpdesk"}] if account.webhook_url else []})
        if node == self.whatsapp.business_account and edge == "message_templates" and request.method == "GET":
            self.whatsapp.authorise(request)
            return self.whatsapp.list_templates()
        if node == self.whatsapp.account or (request.method == "GET" and self.files.get(node)):
            return self._of_number(request, node, edge)
        return self._of_page(request, node, edge)

    def _of_number(self, request: Request, node: str, edge: str) -> Response:
        self.whatsapp.authorise(request)
        if request.method == "GET":
            return answer(self.whatsapp.about()) if node == self.whatsapp.account else self.whatsapp.media(node)
        calls = {"messages": self.whatsapp.send, "media": self.whatsapp.upload}
        if edge not in calls:
            raise Refused(400, 100, f"Unsupported post request: {edge}", subcode=33)
        return calls[edge](request)

    def _of_page(self, request: Request, node: str, edge: str) -> Response:
        page = self._page(request, node)
        page.authorise(request)
        if request.method == "POST" and edge == "messages":
            return page.send(request)
        if request.method == "GET" and node in (page.account, "me"):
            return answer(page.about())
        if request.method == "GET" and page.chats.knows(node):
            return answer({"id": node, "name": page.names.get(node, "")})
        raise Refused(400, 100, "Unsupported request. Object does not exist", subcode=33)

    def _page(self, request: Request, node: str) -> Page:
        """The page that is meant: by its id, by its token, or, where both share a token, by the person."""
        given = request.headers.get("Authorization", "").removeprefix("Bearer ")
        mine = [p for p in (self.messenger, self.instagram) if p.account == node] or [
            p for p in (self.messenger, self.instagram) if p.token and p.token == given]
        words = request.get_data(parse_form_data=False).decode("utf-8", "replace") if request.is_json else "".join(
            request.form.values())
        known = [p for p in mine if p.chats.knows(node) or any(f'"{a}"' in words for a in p.names)]
        return (known or mine or [self.messenger])[0]

    def _stored(self, key: str) -> Response:
        found = self.files.get(key)
        if not found:
            return Response("gone", 404)
        return Response(found.content, content_type=found.content_type)
