"""What the settings page offers to copy: each language's snippet says who somebody is, at the real door."""
import html
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from helpdesk import db
from helpdesk.errors import Conflict, Forbidden
from helpdesk.models import Contact, Inbox, Trust
from helpdesk.services import identity_secrets, inboxes, site_data, site_identity, visitors
from helpdesk.web.settings.snippets import LANGUAGES, snippets

SECRET, OTHER = "the-shops-own-secret-of-enough-length-1", "another-secret-of-the-shop-long-enough-2"
ALWAYS = ("py", "js")       # these two are there wherever the tests run; others where somebody has installed them
USES = {
    "py": ("print(helpdesk_token('kunde-7 é', email='ann@example.com', name='Ann', attributes={'plan': 'gold'}))",
           "print(helpdesk_hash('kunde-7 é'))"),
    "php": ("echo helpdesk_token('kunde-7 é', ['email' => 'ann@example.com', 'name' => 'Ann', "
            "'attributes' => ['plan' => 'gold']]);", "echo helpdesk_hash('kunde-7 é');"),
    "js": ("console.log(helpdeskToken('kunde-7 é', {email: 'ann@example.com', name: 'Ann', "
           "attributes: {plan: 'gold'}}))", "console.log(helpdeskHash('kunde-7 é'))"),
    "rb": ("print helpdesk_token('kunde-7 é', email: 'ann@example.com', name: 'Ann', attributes: {plan: 'gold'})",
           "print helpdesk_hash('kunde-7 é')"),
    "go": ("", "")}
GO = {"token": '''package main
import ("fmt"; "shop/helpdesk")
func main() {
	token, err := helpdesk.Token("kunde-7 é", map[string]any{"email": "ann@example.com", "name": "Ann",
		"attributes": map[string]any{"plan": "gold"}})
	if err != nil { panic(err) }
	fmt.Print(token)
}''', "hash": '''package main
import ("fmt"; "shop/helpdesk")
func main() { fmt.Print(helpdesk.Hash("kunde-7 é")) }'''}


def interpreter(language):
    """The command that runs it. Skips where there is none, but never for those that are always there."""
    beside = Path(sys.executable).parent / "node"
    found = {"py": sys.executable, "js": shutil.which("node") or (str(beside) if beside.exists() else None),
             "php": shutil.which("php"), "rb": shutil.which("ruby"), "go": shutil.which("go")}[language]
    if found is None:
        assert language not in ALWAYS, f"{LANGUAGES[language]} is missing"
        pytest.skip(f"there is no {LANGUAGES[language]}")
    return found


def made(tmp_path, language, kind, key="shop"):
    """What the snippet of this language says."""
    command, text = interpreter(language), getattr(next(s for s in snippets(key) if s.language == language), kind)
    where = {"env": {**os.environ, "CHAT_IDENTITY_SECRET": SECRET, "HOME": str(tmp_path), "GOFLAGS": "-mod=mod",
                     "GOTOOLCHAIN": "local"}, "cwd": tmp_path}
    if language == "go":
        (tmp_path / "helpdesk").mkdir()
        (tmp_path / "helpdesk" / "helpdesk.go").write_text(text, encoding="utf-8")
        (tmp_path / "go.mod").write_text("module shop\n\ngo 1.18\n")
        (tmp_path / "main.go").write_text(GO[kind], encoding="utf-8")
        called = [command, "run", "."]
    else:
        file = tmp_path / f"snippet.{language if language != 'js' else 'cjs'}"
        file.write_text(f"{text}\n{USES[language][kind == 'hash']}\n", encoding="utf-8")
        called = [command, str(file)]
    done = subprocess.run(called, capture_output=True, text=True, encoding="utf-8", timeout=180, **where)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture
def told(cast):
    """told(given, secret) → the contact that the chat takes this for, and the facts about them."""
    def identify(given, secret=SECRET, hashes="yes"):
        with db.transaction() as session:
            inbox = session.get(Inbox, cast.widget.id)
            inboxes.change(session, inbox, {"identity_secret": secret, "plain_hashes": hashes}, "test")
            visitor, _ = visitors.start(session, inbox)
            visitor = site_identity.identify(session, inbox, visitor, given).visitor
            session.flush()
            contact = visitors.contact_of(session, visitor)
            session.refresh(contact, ["identities"])
            return contact, {one.key: (one.value, one.signed) for one in site_data.attributes(session, contact)}
    return identify


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_token_of_each_language_is_taken(told, tmp_path, language):
    token = made(tmp_path, language, "token")
    contact, facts = told({"token": token}, f"{OTHER} {SECRET}")
    assert (contact.external_id, contact.name, facts) == ("kunde-7 é", "Ann", {"plan": ("gold", True)})
    [mail] = [one for one in contact.identities if one.kind == "email"]
    assert (mail.value, mail.trust, mail.source) == ("ann@example.com", Trust.VERIFIED, "token")
    with pytest.raises(Forbidden, match="not signed"):
        told({"token": token}, OTHER)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_hash_of_each_language_is_taken_and_proves_the_number_alone(told, tmp_path, language):
    given = {"id": "kunde-7 é", "hash": made(tmp_path, language, "hash"), "name": "Ann", "email": "ann@example.com",
             "attributes": {"plan": "gold"}}
    contact, facts = told(given, f"{OTHER} {SECRET}")
    assert (contact.external_id, contact.name, facts) == ("kunde-7 é", "Ann", {})
    [mail] = [one for one in contact.identities if one.kind == "email"]
    assert mail.trust == Trust.CLAIMED, "what stands beside a hash is nobody's word"
    for wrong in ({**given, "id": "8"}, {**given, "hash": "0" * 64}, {**given, "hash": ""}, {**given, "id": ""},
                  {**given, "hash": given["hash"][:-1]}, {"id": "kunde-7 é"}, {}):
        with pytest.raises(Forbidden):
            told(wrong)
    with pytest.raises(Forbidden, match="switched on"):
        told(given, hashes="no")


def test_the_page_shows_them_with_the_inboxs_own_key(cast, sign_in):
    page = html.unescape(sign_in(cast.ada).get(f"/settings/inboxes/{cast.widget.id}").text)
    for one in snippets("shop"):
        assert one.token in page and one.hash in page and '"shop"' in one.token.replace("'", '"')
    assert "INBOX_KEY" not in page


def test_a_secret_is_made_shown_once_and_the_old_one_retired(cast, sign_in):
    ada, path = sign_in(cast.ada), f"/settings/inboxes/{cast.widget.id}"

    def live():
        with db.reading() as session:
            return site_identity.secrets_of(session.get(Inbox, cast.widget.id))
    shown = []
    for number in (1, 2):
        answer = ada.post(f"{path}/identity-secret", data={"do": "new"})
        shown.insert(0, re.search(r"CHAT_IDENTITY_SECRET=([\w-]+)", answer.text)[1])
        assert answer.headers["Cache-Control"] == "no-store" and live() == shown and len(live()) == number
        assert shown[0] not in ada.get(path).text
    assert ada.post(f"{path}/identity-secret", data={"do": "new"}).status_code == 409
    ada.post(f"{path}/identity-secret", data={"do": "retire"})
    ada.post(f"{path}/identity-secret", data={"do": "retire"})
    assert live() == shown[:1]
    assert sign_in(cast.mia).post(f"{path}/identity-secret", data={"do": "new"}).status_code == 403
    assert ada.post(f"/settings/inboxes/{cast.mail.id}/identity-secret", data={"do": "new"}).status_code == 404


def test_a_third_secret_is_refused(cast):
    with db.transaction() as session:
        inboxes.change(session, session.get(Inbox, cast.widget.id), {"identity_secret": f"{SECRET} {OTHER}"}, "test")
        with pytest.raises(Conflict):
            identity_secrets.renew(session, cast.widget.id, "test")
        assert session.get(Contact, 1) is None
