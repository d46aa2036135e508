"""The documentation keeps up with the code: commands, links, settings, files and samples are looked up."""
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

import channels
from channels import _matrix
from channels.base import Channel
from helpdesk import events
from helpdesk.cli import main
from helpdesk.settings import KEYS

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
DECISIONS = sorted((ROOT / "docs/decisions").glob("*.md"))
HEADINGS = ["Status", "Context", "Decision", "Consequences"]
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
CODE = re.compile(r"(?ms)^```.*?^```$|^(?: {4,}|\t)[^\n]*$")
POSTFIX = ("recipient_delimiter", "relay_domains", "relay_recipient_maps", "transport_maps")
SECRET = "a secret that both sides share, 32+"

pages = pytest.mark.parametrize("text_file", PAGES, ids=lambda file: str(file.relative_to(ROOT)))
decisions = pytest.mark.parametrize("text_file", DECISIONS, ids=lambda file: file.stem)


def commands(group: click.Group, words: str) -> Iterator[str]:
    """Every command below a group, as it is typed."""
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, f"{words} {name}")
        else:
            yield f"{words} {name}"


def anchors(page: Path) -> set[str]:
    """The names by which the headings of a page are linked to."""
    headings = re.findall(r"(?m)^#+ +(.+)$", CODE.sub("", page.read_text()))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


def sample(page: str, language: str, below: str = "") -> str:
    """The first code of a language on a page, or below one of its headings."""
    text = (ROOT / "docs" / page).read_text()
    return re.search(rf"(?ms)^```{language}\n(.*?)^```$", text[text.index(f"{below}\n"):])[1]


def test_every_command_is_in_the_readme_and_no_other_one():
    text = (ROOT / "README.md").read_text()
    known = set(commands(main, "helpdesk"))
    table = set(re.findall(r"(?m)^\| `(helpdesk [a-z ]+)`", text))
    assert len(known) > 10 and table == known


def test_the_table_of_channels_is_the_one_that_the_code_makes():
    found = {kind for kind in channels.load().values() if kind.__module__.startswith("channels.")}
    text = (ROOT / "README.md").read_text()
    assert _matrix.markdown(found) in text, "helpdesk channel list --markdown makes it"
    rows = {row[0]: row for row in _matrix.rows(found)}
    assert rows["WhatsApp"][1] == "24 hours, then templates" and rows["E-mail"][6] == "–"
    assert "Telegram" in _matrix.plain(found)


@pages
def test_no_relative_link_is_dead(text_file):
    dead = []
    for target in LINK.findall(CODE.sub("", text_file.read_text())):
        path, _, anchor = target.partition("#")
        if "://" in path or path.startswith("mailto:"):
            continue
        file = (text_file.parent / path).resolve() if path else text_file
        if not file.exists() or (anchor and anchor not in anchors(file)):
            dead.append(target)
    assert dead == []


@pages
def test_files_and_settings_that_are_named_exist(text_file):
    text = text_file.read_text()
    files = re.findall(r"`((?:channels|helpdesk|tests|config|templates|static/src|docs)/[\w./-]*)`", text)
    made_up = {"config/local.toml", "channels/x.py", "channels/pigeon.py", "tests/channels/test_pigeon.py",
               "tests/channels/fixtures/pigeon/"}
    assert [name for name in files if name not in made_up and not (ROOT / name).exists()] == []
    variables = {name.removesuffix("_FILE").lower() for name in re.findall(r"\bHELPDESK_([A-Z_]+)", text)}
    assert {name for name in variables if not name.startswith(("test_", "bench_"))} - {"config"} <= set(KEYS)
    plain = re.sub(r"(?ms)^```.*?^```$", "", text)
    for setting in re.findall(r"(?m)^ {4}([a-z_]+) = ", plain) + re.findall(r"`([a-z_]+) = [^`]*`", plain):
        assert setting in {*KEYS, *POSTFIX}, setting


@pages
def test_make_targets_that_are_named_exist(text_file):
    targets = set(re.findall(r"(?m)^([a-z]+):.*## ", (ROOT / "Makefile").read_text()))
    named = re.findall(r"(?:`|^ {4})make ([a-z]+)", text_file.read_text(), re.M)
    assert set(named) <= targets


@pages
def test_no_loose_ends_and_no_issue_numbers(text_file):
    assert not re.search(r"(?<![\w/])#\d+\b|\bTODO\b|\bFIXME\b", CODE.sub("", text_file.read_text()))


def test_decisions_are_numbered_without_gaps():
    assert [page.stem[:4] for page in DECISIONS] == [f"{n:04}" for n in range(1, len(DECISIONS) + 1)]
    assert len(DECISIONS) > 10


@decisions
def test_a_decision_has_its_four_headings_and_is_short(text_file):
    text = text_file.read_text()
    assert re.findall(r"(?m)^## (.+)$", text) == HEADINGS
    assert re.match(rf"# {int(text_file.stem[:4])}\. \S", text), "the title begins with its number"
    for part in re.split(r"(?m)^## .+$", text)[1:]:
        assert part.strip()
    assert len(text.split()) < 700


def test_every_fact_says_what_it_means():
    facts = events.Fact.__subclasses__()
    assert len(facts) > 20
    made_up = [fact.__name__ for fact in facts if not fact.__doc__ or fact.__doc__.startswith(f"{fact.__name__}(")]
    assert made_up == [], "dataclass writes a signature where there is no docstring"


def test_every_setting_has_a_comment_of_its_own():
    lines = (ROOT / "config/default.toml").read_text().splitlines()
    keys = [(n, line.split(" = ")[0]) for n, line in enumerate(lines) if re.match(r"[a-z_]+ = ", line)]
    assert {key for _, key in keys} == set(tomllib.loads("\n".join(lines))) == set(KEYS)
    bare = [key for n, key in keys if not re.match(r"# [^-\s]", lines[n - 1])]
    assert bare == []


# The samples work

USE = '''
import hmac, hashlib, json
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import channels
from channels._http import Http
from channels.base import BadSignature, Button, Outbound, Request, SendError, Status, Unreadable

got = []


class Provider(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        got.append((self.path, self.headers["Authorization"], body))
        status = 400 if b"nobody" in body else 401 if self.headers["Authorization"] != "Bearer t0ken" else 200
        answer = json.dumps({"id": "p1"} if status == 200 else {"error": "refused t0ken"}).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


server = HTTPServer(("127.0.0.1", 0), Provider)
Thread(target=server.serve_forever, daemon=True).start()
config = {"api_token": "t0ken", "signing_key": "k", "api_base": f"http://127.0.0.1:{server.server_port}"}
pigeon = Pigeon(config, Http(allow_private=True))
assert channels.load()["pigeon"] is Pigeon


def signed(body):
    return Request("POST", {"X-Pigeon-Signature": hmac.new(b"k", body, hashlib.sha256).hexdigest()}, {}, body)


def refuses(error, call):
    try:
        call()
    except error as found:
        return found
    raise AssertionError("taken")


body = json.dumps({"events": [
    {"type": "message", "id": 1, "from": "bird-7", "text": "coo", "files": [{"id": 3, "type": "image/png"}]},
    {"type": "seen", "message": "p1", "time": 1790000000}, {"type": "sneeze"},
    {"type": "edited", "id": 1, "from": "bird-7", "text": "cooo"}, {"type": "deleted", "id": 1, "from": "bird-7"},
    {"type": "reaction", "id": "p1", "from": "bird-7", "emoji": "🎉"}, {"type": "typing", "from": "bird-7"},
    {"type": "sent", "id": "p2", "to": "bird-7", "text": "from the loft"},
    {"type": "message", "id": 2, "from": "bird-7", "files": 7}]}).encode()
pigeon.verify(signed(body))
refuses(BadSignature, lambda: pigeon.verify(Request("POST", {"X-Pigeon-Signature": "0"}, {}, body)))
refuses(BadSignature, lambda: Pigeon({}).verify(signed(body)))
said, seen, edited, gone, sign, typing, echo, broken = pigeon.read(signed(body))
assert (said.external_id, said.address, said.text, said.files[0].ref) == ("1", "bird-7", "coo", "3")
assert (seen.external_id, seen.status) == ("p1", Status.READ)
assert (edited.text, gone.external_id, sign.emoji, typing.address, echo.text) == (
    "cooo", "1", "🎉", "bird-7", "from the loft")
assert (broken.external_id, broken.text) == ("2", "[unreadable]")
pigeon.typing("bird-7")
assert got.pop()[0] == "/typing"
for garbage in (b"", b"{}", b"[]", b'{"events": [7]}', body[:-9]):
    refuses(Unreadable, lambda: pigeon.read(signed(garbage)))
parts = pigeon.prepare(Outbound("d1", "bird-7", "Which?", buttons=[Button("This", "1")],
                                files=[("a.txt", "text/plain", b"a")]))
assert [pigeon.send(part) for part in parts] == ["p1", "p1"] and [path for path, _, _ in got] == ["/files", "/messages"]
error = refuses(SendError, lambda: pigeon.send(Outbound("d2", "nobody", "hi")))
assert error.permanent and not error.broken and "t0ken" not in str(error)
other = Pigeon({**config, "api_token": "wrong"}, Http(allow_private=True))
assert refuses(SendError, lambda: other.send(Outbound("d3", "bird-7", "hi"))).broken
'''


def test_the_sample_channel_works(tmp_path):
    """In a process of its own: a channel registers itself by being there."""
    assert "pigeon" not in {cls.__dict__.get("name") for cls in Channel.__subclasses__()}
    script = tmp_path / "pigeon.py"
    script.write_text(sample("adding-a-channel.md", "python") + USE)
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, timeout=60, cwd=tmp_path,
                          env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"})
    assert done.returncode == 0, done.stderr
