"""Every channel carries a text and a file both ways, through the running helpdesk and the platforms' own protocols."""
import re

import pytest
import requests

from channels.simulators import (
    AppSimulator,
    LineSimulator,
    MetaSimulator,
    PostmarkSimulator,
    TelegramSimulator,
    ViberSimulator,
    XSimulator,
    serve,
)
from helpdesk import db
from helpdesk.services import inboxes
from tests.house import Chat, Desk, House, opened, wait_for

PICTURE = bytes.fromhex("89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d4944415478da63fc"
                        "ffff3f0300050001ff5fd8b7a30000000049454e44ae426082")
SECRET = "whsec_" + "A" * 32
X_KEYS = {"account_id": "783214", **{key: f"x-{key}" for key in ("api_key", "app_secret", "access_token",
                                                                "access_secret")}}
# Platforms with a simulator of their own: the inbox's values, the simulator, and the address of somebody there.
ALONE = {
    "telegram": ({"bot_token": "12:token", "webhook_secret": "secret"},
                 lambda hook: TelegramSimulator("12:token", webhook_url=hook, secret_token="secret"), "7001"),
    "line": ({"access_token": "line-token", "channel_secret": "line-secret"},
             lambda hook: LineSimulator("line-token", "line-secret", webhook_url=hook), "U" + "7" * 32),
    "viber": ({"auth_token": "viber-token"}, lambda hook: ViberSimulator("viber-token", webhook_url=hook), "ann=="),
    "mail_api": ({"provider": "postmark", "address": "help@kopi.example", "api_key": "postmark-token",
                  "webhook_secret": "hook-password"},
                 lambda hook: PostmarkSimulator("postmark-token", "hook-password", to="help@kopi.example",
                                                webhook_url=hook), "bo@example.com"),
    "api": ({"account_id": "kiosk", "webhook_secret": SECRET}, lambda hook: AppSimulator(SECRET, webhook_url=hook),
            "user-7"),
    "x": (X_KEYS, lambda hook: XSimulator(X_KEYS, webhook_url=hook), "1490055512340000001"),
}
META_PEOPLE = {"whatsapp": "+6281311112222", "messenger": "9001", "instagram": "9002"}


@pytest.fixture(scope="module")
def house(tmp_path_factory, sqlite_template):
    """A helpdesk with all channels; the assistant is off, so that only people answer."""
    made = House(tmp_path_factory.mktemp("house"))
    made.config.data_dir.mkdir(parents=True, exist_ok=True)
    (made.config.data_dir / "helpdesk.db").write_bytes(sqlite_template.read_bytes())
    db.connect(made.config.database_url)
    accounts = {"whatsapp": {"phone_number_id": "4711"}, "messenger": {"page_id": "4712"},
                "instagram": {"account_id": "4713"}}
    made.meta = MetaSimulator("app-secret", **{name: {**one, "access_token": "t"} for name, one in accounts.items()})
    made.alone = {name: make(f"{made.url}/webhooks/{name}/{name}") for name, (_, make, _) in ALONE.items()}
    served = {name: serve(one) for name, one in made.alone.items()}
    with opened(made):
        with db.transaction() as session:
            for name in ("messenger", "instagram"):
                inboxes.create(session, name, name.title(), {
                    **accounts[name], "access_token": "t", "app_secret": "app-secret", "verify_token": "v",
                    "api_base": made.meta_url}, key=name)
                made.meta.subscribe(name, f"{made.url}/webhooks/{name}/{name}")
            whatsapp = inboxes.by_key(session, "wa")
            inboxes.change(session, whatsapp, {"access_token": "t"}, actor="test")
            for name, (values, _, _) in ALONE.items():
                base = "url" if name == "api" else "api_base"
                inboxes.create(session, name, name.title(), {**values, base: served[name][0]}, key=name)
        yield made
    for _, stop in served.values():
        stop()


@pytest.fixture(scope="module")
def alice(house):
    desk = Desk(house, "alice@kopi.example")
    yield desk
    desk.leave()


class Person:
    """Somebody who writes on one channel. `got()` is what they got from us: texts and files."""

    def __init__(self, house, channel):
        self.house, self.channel = house, channel
        if channel == "web":
            self.chat = Chat(house)

    def writes(self, text, file=None):
        house, channel = self.house, self.channel
        if channel == "web":
            self.chat.writes(text)
            if file:
                answer = self.chat.http.post(f"{self.chat.base}/files", data={"client_id": "file-0001"}, timeout=20,
                                             files={"file": (file[0], file[2], file[1])})
                assert answer.status_code == 200, answer.text
        elif channel == "email":
            house.mail.customer_writes("ann@example.com", text, subject="A picture", file=file)
        elif channel in ALONE:
            house.alone[channel].customer_writes(ALONE[channel][2], text, file=file, name="Ann")
        else:
            getattr(house.meta, channel).customer_writes(META_PEOPLE[channel], text, name="Ann")
            if file:
                getattr(house.meta, channel).customer_writes(META_PEOPLE[channel], file=file)

    def got(self):
        house, channel = self.house, self.channel
        if channel == "web":
            items = [m for m in self.chat.sees() if m.get("from") != "me"]
            return [{"text": m.get("text", ""), "files": [
                {"content": self.chat.http.get(f"{self.chat.base}/files/{f['id']}", timeout=20).content}
                for f in m.get("files", ())]} for m in items]
        if channel == "email":
            found = house.mail.conversation("ann@example.com")
        elif channel in ALONE:
            found = house.alone[channel].conversation(ALONE[channel][2])
        else:
            found = getattr(house.meta, channel).conversation(META_PEOPLE[channel])
        return [m for m in found if m["from_business"]]


@pytest.mark.parametrize("channel", ["web", "email", "whatsapp", "messenger", "instagram", *ALONE])
def test_text_and_file_both_ways(house, alice, channel):
    person, words = Person(house, channel), f"picture{channel}"
    person.writes(f"Look at this {words}", ("photo.png", "image/png", PICTURE))
    number = wait_for(lambda: (found := re.search(r'href="/inbox/all/(\d+)', alice.page(f"/inbox/all?q={words}")))
                      and found[1], "the ticket")
    shown = wait_for(lambda: (page := alice.page(f"/tickets/{number}/timeline?after=0")) and words in page
                     and re.search(r"/attachments/(\d+)", page), "the file at the desk")
    content = wait_for(lambda: (answer := alice.http.get(f"{house.url}/attachments/{shown[1]}", timeout=20)).ok
                       and answer.content, "the file's bytes")
    assert content == PICTURE

    answer = requests.Session()
    answer.cookies, answer.headers = alice.http.cookies, alice.http.headers
    sent = answer.post(f"{house.url}/tickets/{number}/replies", data={"text": f"Here is ours {words}"},
                       files={"files": ("ours.png", PICTURE, "image/png")}, timeout=20)
    assert sent.status_code == 200
    wait_for(lambda: any(f"Here is ours {words}" in m["text"] for m in person.got()), "our words at the customer's")
    wait_for(lambda: any(f["content"] == PICTURE for m in person.got() for f in m["files"]), "our file there")
