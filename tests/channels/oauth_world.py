"""A provider of mailboxes on loopback, as strict as the real ones: consent with PKCE, tokens that run out and
rotate, and IMAP and SMTP that take a token (XOAUTH2) or say why not."""
from __future__ import annotations

import base64
import hashlib
import json
import secrets
import socketserver
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlencode, urlsplit

CLIENT, SECRET, USER = "client-1", "client-secret-1", "support@kopi.example"
REFUSAL = base64.b64encode(b'{"status":"400","schemes":"Bearer"}').decode()


class Provider(ThreadingHTTPServer):
    """`life`: seconds of an access token. `rotates`: a refresh token works once. `fault`: (status, error) for the next
    token requests. `asked` keeps them."""
    daemon_threads = True

    def __init__(self, rotates: bool = True):
        super().__init__(("127.0.0.1", 0), _Http)
        self.life, self.rotates, self.fault = 3600, rotates, None
        self.codes: dict[str, dict] = {}
        self.refresh, self.access = set(), set()
        self.asked: list[dict[str, str]] = []
        self.slow = threading.Event()
        self.slow.set()
        self.lock = threading.Lock()
        self.imap, self.smtp = _Line(self, _Imap), _Line(self, _Smtp)
        for server in (self, self.imap, self.smtp):
            threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def settings(self, **more: str) -> dict[str, str]:
        """An inbox that is opened here."""
        return {"address": USER, "auth": "other", "oauth_client_id": CLIENT, "oauth_client_secret": SECRET,
                "oauth_authorize_url": f"{self.url}/authorize", "oauth_token_url": f"{self.url}/token",
                "oauth_scope": "mail", "imap_host": "127.0.0.1", "imap_port": str(self.imap.server_address[1]),
                "imap_security": "none", "smtp_host": "127.0.0.1", "smtp_port": str(self.smtp.server_address[1]),
                "smtp_security": "none"} | more

    def consent(self, address: str) -> str:
        """What the person does: agrees. Returns the address they are sent back to."""
        asked = {k: v[0] for k, v in parse_qs(urlsplit(address).query).items()}
        assert address.startswith(f"{self.url}/authorize?") and asked["client_id"] == CLIENT
        assert (asked["response_type"], asked["code_challenge_method"]) == ("code", "S256") and len(asked["state"]) > 40
        code = secrets.token_urlsafe(8)
        self.codes[code] = asked
        return f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}"

    def revoke(self) -> None:
        self.refresh.clear()
        self.access.clear()

    def close(self) -> None:
        for server in (self, self.imap, self.smtp):
            server.shutdown()
            server.server_close()

    def tokens(self, asked: dict[str, str]) -> tuple[int, dict]:
        with self.lock:
            self.asked.append(asked)
        self.slow.wait(10)
        with self.lock:
            if self.fault:
                return self.fault[0], {"error": self.fault[1], "error_description": "as you wish"}
            if (asked.get("client_id"), asked.get("client_secret")) != (CLIENT, SECRET):
                return 401, {"error": "invalid_client"}
            if not self._granted(asked):
                return 400, {"error": "invalid_grant", "error_description": "Token has been expired or revoked."}
            given = {"access_token": secrets.token_urlsafe(16), "token_type": "Bearer", "expires_in": self.life}
            self.access.add(given["access_token"])
            if asked["grant_type"] == "authorization_code" or self.rotates and asked["grant_type"] == "refresh_token":
                given["refresh_token"] = secrets.token_urlsafe(16)
                self.refresh.add(given["refresh_token"])
            return 200, given

    def _granted(self, asked: dict[str, str]) -> bool:
        if asked["grant_type"] == "client_credentials":
            return True
        if asked["grant_type"] == "refresh_token":
            known = asked.get("refresh_token") in self.refresh
            if known and self.rotates:
                self.refresh.discard(asked["refresh_token"])
            return known
        begun = self.codes.pop(asked.get("code"), None)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(asked["code_verifier"].encode()).digest()).decode()
        return bool(begun) and begun["redirect_uri"] == asked["redirect_uri"] and (
            begun["code_challenge"] == challenge.rstrip("="))

    def lets_in(self, said: str) -> bool:
        user, _, token = base64.b64decode(said).decode().partition("\1auth=Bearer ")
        return user == f"user={USER}" and token.removesuffix("\1\1") in self.access


class _Http(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        status, given = self.server.tokens({k: v[0] for k, v in form.items()})
        body = json.dumps(given).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


class _Line(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True

    def __init__(self, provider: Provider, handler: type):
        super().__init__(("127.0.0.1", 0), handler)
        self.provider, self.mails, self.heard = provider, [], []


class _Session(socketserver.StreamRequestHandler):
    timeout = 20

    def say(self, line: str) -> None:
        self.wfile.write(line.encode() + b"\r\n")

    def line(self) -> str:
        line = self.rfile.readline().decode().strip()
        self.server.heard.append(line)
        return line


class _Smtp(_Session):
    """Takes mail from whoever has a token."""

    def handle(self) -> None:
        self.say("220 smtp")
        known = False
        while line := self.line():
            verb = line.split()[0].upper()
            if verb == "EHLO":
                self.say("250-smtp\r\n250-AUTH XOAUTH2\r\n250 8BITMIME")
            elif verb == "AUTH":
                known = self.server.provider.lets_in(line.split()[2])
                if not known:
                    self.say(f"334 {REFUSAL}")
                    self.line()
                self.say("235 welcome" if known else "535 5.7.8 Username and Password not accepted")
            elif verb == "DATA":
                self.say("354 go on")
                raw = b""
                while (part := self.rfile.readline()) not in (b".\r\n", b""):
                    raw += part
                self.server.mails.append(raw)
                self.say("250 kept")
            elif verb == "QUIT":
                return self.say("221 bye")
            else:
                self.say("250 ok" if known or verb != "MAIL" else "530 5.7.0 Authentication required")


class _Imap(_Session):
    """An empty mailbox for whoever has a token."""

    def handle(self) -> None:
        self.say("* OK imap")
        while line := self.line():
            tag, verb, *more = line.split()
            if verb.upper() == "CAPABILITY":
                self.say("* CAPABILITY IMAP4rev1 AUTH=XOAUTH2")
            elif verb.upper() == "AUTHENTICATE":
                self.say("+ ")
                if not self.server.provider.lets_in(self.line()):
                    self.say(f"+ {REFUSAL}")
                    self.line()
                    self.say(f"{tag} NO [AUTHENTICATIONFAILED] Invalid credentials")
                    continue
            elif verb.upper() in ("SELECT", "EXAMINE"):
                self.say("* 0 EXISTS\r\n* OK [UIDVALIDITY 7]\r\n* OK [UIDNEXT 1]")
            elif verb.upper() == "STATUS":
                self.say(f"* STATUS {more[0]} (MESSAGES 0 UIDVALIDITY 7 UIDNEXT 1)")
            elif verb.upper() == "LOGOUT":
                self.say(f"* BYE\r\n{tag} OK")
                return
            self.say(f"{tag} OK done")
