"""A real SMTP server (aiosmtpd) in a process of its own, because its event loop cannot run in a thread in which a
browser's does. Each envelope is a file in the folder it is given, written before the mail is acknowledged.

    python -m tests.channels.smtp_server FOLDER smtputf8|plain      prints its port
"""
from __future__ import annotations

import asyncio
import base64
import itertools
import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent


@dataclass(frozen=True)
class Envelope:
    """What one mail came in."""
    mail_options: list[str]
    rcpt_tos: list[str]
    content: bytes


class SmtpServer:
    """`port`, and `envelopes` so far."""

    def __init__(self, folder: Path, smtputf8: bool):
        self.folder = folder
        self.process = subprocess.Popen([sys.executable, "-m", "tests.channels.smtp_server", str(folder),
                                         "smtputf8" if smtputf8 else "plain"], cwd=ROOT, stdout=subprocess.PIPE)
        self.port = int(self.process.stdout.readline())

    @property
    def envelopes(self) -> list[Envelope]:
        found = [json.loads(file.read_text()) for file in sorted(self.folder.glob("*.json"))]
        return [Envelope(one["options"], one["recipients"], base64.b64decode(one["content"])) for one in found]

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()


class _Keeper:
    def __init__(self, folder: Path):
        self.folder, self.numbers = folder, itertools.count(1)

    async def handle_DATA(self, server, session, envelope):
        kept = {"options": envelope.mail_options, "recipients": envelope.rcpt_tos,
                "content": base64.b64encode(envelope.content).decode()}
        (self.folder / f"{next(self.numbers):04}.json").write_text(json.dumps(kept))
        return "250 kept"


async def _serve(folder: Path, smtputf8: bool) -> None:
    from aiosmtpd.smtp import SMTP
    keeper = _Keeper(folder)
    server = await asyncio.get_running_loop().create_server(
        lambda: SMTP(keeper, enable_SMTPUTF8=smtputf8), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve(Path(sys.argv[1]), sys.argv[2] == "smtputf8"))
