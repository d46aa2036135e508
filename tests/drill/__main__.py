"""`python -m tests.drill [--messages 10000] [--kills 200] [--bomb 1000]`: kill and restart the helpdesk while customers
write, and count what was lost, doubled or out of order (tests/test_crash.py on SQLite and PostgreSQL); let machines
answer machines (tests/test_loops.py), and strangers name a victim in so many tickets (tests/test_bomb.py)."""
from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FILES = ("tests/test_crash.py", "tests/test_loops.py", "tests/test_bomb.py")
SHOWN = ("PASSED", "FAILED", "ERROR", "SKIPPED", "E  ")


def main() -> None:
    """Run it, show what came of it, and exit as pytest did."""
    parser = argparse.ArgumentParser(prog="python -m tests.drill", description=__doc__)
    parser.add_argument("--messages", type=int, default=10_000, help="over all channels (default 10000)")
    parser.add_argument("--kills", type=int, default=200, help="with SIGKILL, each followed by a start (default 200)")
    parser.add_argument("--bomb", type=int, default=1000, help="tickets that name a victim (default 1000)")
    parser.add_argument("-k", dest="only", default="", help="as for pytest: sqlite, postgresql, loops, bomb …")
    given = parser.parse_args()
    seconds = 600 + given.kills * 10 + given.messages // 2 + given.bomb * 2
    command = [sys.executable, "-m", "pytest", *FILES, "-rA", "--show-capture=no",
               f"--timeout={2 * seconds}", *(["-k", given.only] if given.only else [])]
    environment = {**os.environ, "HELPDESK_TEST_MESSAGES": str(given.messages),
                   "HELPDESK_TEST_KILLS": str(given.kills), "HELPDESK_TEST_GIVE_UP_SECONDS": str(seconds),
                   "HELPDESK_TEST_BOMB": str(given.bomb)}
    print(f"{given.messages} messages, {given.kills} kills, a bomb of {given.bomb}; this takes a while",
          flush=True)
    begin = time.monotonic()
    ended = subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                           text=True)
    lines = ended.stdout.splitlines()
    print("\n".join(line for line in lines if line.startswith(SHOWN)) or ended.stdout[-2000:])
    print(lines[-1] if lines else "", f"({time.monotonic() - begin:.0f} s)")
    sys.exit(ended.returncode)


if __name__ == "__main__":
    main()
