"""X's API on behalf of one account: signed calls, what goes wrong with them, and uploading media.

https://docs.x.com/fundamentals/authentication/oauth-1-0a/creating-a-signature
https://docs.x.com/x-api/media/quickstart/media-upload-chunked
"""
from __future__ import annotations

import time
from base64 import b64encode
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from oauthlib.oauth1 import Client

from channels._http import Http, Reply, redact
from channels.base import SendError

API = "https://api.x.com"
CHUNK = 4 * 2**20
CATEGORIES = {"image/jpeg": "dm_image", "image/png": "dm_image", "image/webp": "dm_image", "image/gif": "dm_gif",
              "video/mp4": "dm_video"}
MOST_BYTES = {"dm_image": 5 * 2**20, "dm_gif": 15 * 2**20, "dm_video": 512 * 2**20}
PATIENCE = 12           # times that a film is asked after while X works on it
# What X says of the app or its plan, and not of one message or person.
OF_THE_APP = ("client-forbidden", "client-not-enrolled", "oauth1-permissions", "unsupported-authentication",
              "usage-capped", "UsageCapExceeded", "not configured with the appropriate")


class XApi:
    """`config` holds the keys of the app and of the account, `secrets` what must not be repeated in errors."""

    def __init__(self, http: Http, config: Mapping[str, str], secrets: list[str]):
        self.http, self.config, self.secrets = http, config, secrets
        self.base = (config.get("api_base") or API).rstrip("/")

    # Calls

    def get(self, path: str) -> dict[str, Any]:
        """GET in the account's name; the object in a good answer. Raises SendError."""
        return self._understood(self.http.get(f"{self.base}{path}", headers=self._signature("GET", path)))

    def post(self, path: str, **content: Any) -> dict[str, Any]:
        """POST in the account's name. JSON and multipart forms are not part of the signature (RFC 5849, 3.4.1.3.1)."""
        return self._understood(self.http.post(f"{self.base}{path}", headers=self._signature("POST", path), **content))

    def bytes(self, url: str, signed: bool) -> Reply:
        """A file."""
        return self.http.get(url, headers=self._signed("GET", url) if signed else None)

    def app_token(self) -> str:
        """The bearer token of the app itself, by which its webhooks are managed."""
        pair = f"{quote(self.config['api_key'])}:{quote(self.config['app_secret'])}"
        answer = self._understood(self.http.post(
            f"{self.base}/oauth2/token", data={"grant_type": "client_credentials"},
            headers={"Authorization": f"Basic {b64encode(pair.encode()).decode()}"}))
        return str(answer["access_token"])

    def as_app(self, method: str, path: str, token: str, **content: Any) -> dict[str, Any]:
        """GET, POST or PUT in the name of the app."""
        return self._understood(getattr(self.http, method.lower())(f"{self.base}{path}", token=token, **content))

    def _signature(self, method: str, path: str) -> dict[str, str]:
        return self._signed(method, f"{self.base}{path}")

    def _signed(self, method: str, url: str) -> dict[str, str]:
        keys = (self.config[key] for key in ("api_key", "app_secret", "access_token", "access_secret"))
        return dict(Client(*keys).sign(url, http_method=method)[1])

    # Media

    def upload(self, content_type: str, content: bytes) -> str:
        """The id of an uploaded picture, moving picture or film. Raises SendError."""
        category = CATEGORIES[content_type]
        if category == "dm_image":
            return self._id(self.post("/2/media/upload", data={"media_category": category}, files={
                "media": ("media", content, content_type)}))
        media = self._id(self.post("/2/media/upload/initialize", json={
            "media_type": content_type, "total_bytes": len(content), "media_category": category}))
        for number, start in enumerate(range(0, len(content), CHUNK)):
            self.post(f"/2/media/upload/{media}/append", data={"segment_index": str(number)}, files={
                "media": ("media", content[start:start + CHUNK], "application/octet-stream")})
        self._wait(media, self.post(f"/2/media/upload/{media}/finalize"))
        return media

    def _wait(self, media: str, answer: dict) -> None:
        """Until X has worked on a film."""
        for _ in range(PATIENCE):
            state = (answer.get("data") or {}).get("processing_info") or {}
            if state.get("state") in (None, "succeeded"):
                return
            if state["state"] == "failed":
                raise SendError("X cannot show this file", permanent=True)
            time.sleep(min(max(int(state.get("check_after_secs") or 1), 0), 10))
            answer = self.get(f"/2/media/upload?command=STATUS&media_id={media}")
        raise SendError("X is still working on this file", retry_after=60)

    @staticmethod
    def _id(answer: dict) -> str:
        return str((answer.get("data") or {}).get("id") or answer.get("media_id_string") or "")

    # Answers

    def _understood(self, reply: Reply) -> dict[str, Any]:
        found = reply.json()
        answer = found if isinstance(found, dict) else {}
        if reply.ok and (isinstance(found, dict) or not reply.body):
            return answer
        raise self._error(reply, answer)

    def _error(self, reply: Reply, answer: dict) -> SendError:
        """https://docs.x.com/x-api/fundamentals/response-codes-and-errors"""
        first = next((one for one in answer.get("errors") or [] if isinstance(one, dict)), {})
        words = str(answer.get("detail") or first.get("message") or first.get("detail") or answer.get("title")
                    or f"HTTP {reply.status}")
        about = f"{answer.get('type')} {answer.get('title')} {answer.get('reason')} {words}"
        words = redact(words, *self.secrets)
        if reply.ok:
            return SendError("X answered what cannot be read", uncertain=True)
        if any(mark in about for mark in OF_THE_APP):
            return SendError(f"X refuses the app, or its plan is used up: {words}", permanent=True, broken=True)
        if reply.status in (408, 429) or reply.status >= 500:
            return SendError(words, retry_after=_reset(reply), uncertain=reply.status == 504,
                             slow_down=reply.status == 429)
        return SendError(words, permanent=True, broken=reply.status == 401 or first.get("code") in (32, 89, 215, 326))


def _reset(reply: Reply) -> int | None:
    """Seconds until the limit begins anew: X names the moment."""
    at = reply.headers.get("x-rate-limit-reset", "")
    return min(max(int(at[:12]) - int(time.time()), 1), 900) if at.isdigit() else reply.retry_after
