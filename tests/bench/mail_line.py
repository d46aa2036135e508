"""One side of the mail bench, a process of its own: `floor` or `product`. It takes a kind and a number of mails per
line on its standard input and answers with a line of JSON: mails per second, and milliseconds of CPU per mail."""
from gevent import monkey

monkey.patch_all()      # as the program itself runs

import json  # noqa: E402
import os  # noqa: E402
import sys  # noqa: E402
import time  # noqa: E402
from pathlib import Path  # noqa: E402

from tests.bench.figures import POSTGRES, tool  # noqa: E402

SUPPORT = "support@example.org"


def floor(kind: str, folder: Path, tickets: int):
    """The harness's own preparation and its `ingest`, on a database in our folder or of our name."""
    source = tool("mail_floor.py").read_text().partition("for r in range(3):")[0]
    source = source.replace("/tmp/bench/mf", str(folder / "floor"))
    server = POSTGRES.rpartition("/")[0].partition("://")[2]
    source = source.replace("perf:perf@localhost/mf", f"{server}/{folder.name}")
    source = source.replace("perf:perf@localhost/", f"{server}/").replace("database mf", f"database {folder.name}")
    source = source.replace("database if exists mf", f"database if exists {folder.name}")
    sys.argv = ["mail_floor.py", "pg" if kind == "postgresql" else kind, "1", str(tickets)]
    harness = {"__file__": str(tool("mail_floor.py")), "__name__": "floor"}
    exec(compile(source, "mail_floor.py", "exec"), harness)     # noqa: S102

    def measure(mails):
        for mail in mails:
            harness["ingest"](mail)
    return measure, harness["g"], lambda: None


def product(kind: str, folder: Path, tickets: int):
    """The helpdesk as it runs: the mail is kept, acknowledged, read in a child process, and put into its ticket."""
    from sqlalchemy import func, select

    from helpdesk import db, schema, settings
    from helpdesk.jobs import inbound, listener
    from helpdesk.models import Message, Ticket
    from helpdesk.services import inboxes, sla
    from tests.bench import desks
    settings.use(settings.load({}, {"data_dir": str(folder / "data"), "database_url": os.environ["BENCH_DATABASE"]}))
    db.connect(os.environ["BENCH_DATABASE"])
    schema.upgrade()
    with db.transaction() as session:
        sla.ensure_default(session)
        inbox = inboxes.create(session, "email", "Support", {"address": SUPPORT, "smtp_host": "127.0.0.1"})
    desks.fill(tickets, inbox.id)
    sys.path.insert(0, str(tool("mailgen.py").parent))
    import mailgen

    def measure(mails):
        for low in range(0, len(mails), 50):
            for mail in mails[low:low + 50]:
                listener.accept([SUPPORT], mail)
            while inbound.drain():
                pass

    def tally():
        with db.reading() as session:
            return [session.scalar(select(func.count()).select_from(model)) for model in (Ticket, Message)]
    return measure, mailgen, tally


def _cpu() -> float:
    own, children = time.process_time(), 0.0
    for task in Path("/proc/self/task").iterdir():
        for child in (task / "children").read_text().split():
            fields = Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()
            children += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return own + children


def main() -> None:
    side, kind, folder, tickets = sys.argv[1], sys.argv[2], Path(sys.argv[3]), int(sys.argv[4])
    measure, mails, tally = {"floor": floor, "product": product}[side](kind, folder, tickets)
    print(json.dumps({"ready": True}), flush=True)
    number = 10_000_000
    for line in sys.stdin:
        count = int(line)
        answer = {}
        new = [mails.new_mail(number + n) for n in range(count)]
        replies = [mails.reply_mail(number + n, "your enquiry", mails.msgid(number + n)) for n in range(count)]
        for name, batch in (("new", new), ("reply", replies)):
            before, cpu, start = tally(), _cpu(), time.perf_counter()
            measure(batch)
            answer[name] = {"per_s": count / (time.perf_counter() - start), "cpu_ms": (_cpu() - cpu) / count * 1000}
            if before and tally() != [before[0] + (count if name == "new" else 0), before[1] + count]:
                raise RuntimeError(f"{count} mails ({name}) made of {before} tickets and messages {tally()}")
        number += count
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
