"""The database: reachable, of the right shape, and what lies in it undone."""
from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from sqlalchemy import func, or_, select, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from helpdesk import db, schema
from helpdesk.checks import Finding, fail, good, many, warn
from helpdesk.clock import now
from helpdesk.errors import HelpdeskError
from helpdesk.models import Agent, Attachment, Delivery, Event, RawInbound, SignInLink, SystemState, Task
from helpdesk.services import files, mail_pause, outbox
from helpdesk.settings import Settings

SILENT = timedelta(minutes=1)           # six heartbeats
WAITS_TOO_LONG = timedelta(minutes=10)
LATELY = timedelta(days=7)
SKEW = timedelta(seconds=30)
FILES_LOOKED_AT = 200


def sqlite_file(url: str) -> Path | None:
    """The file of a SQLite address; None for PostgreSQL."""
    return Path(make_url(url).database or "") if url.startswith("sqlite") else None


def exists(config: Settings) -> bool:
    """Whether there is a database to connect to, as far as that can be told without making one."""
    file = sqlite_file(config.database_url)
    return file is None or file.is_file()


def not_set_up(config: Settings) -> Finding:
    """What to say where nothing is there yet."""
    return warn("Database", f"Not set up yet: {sqlite_file(config.database_url)} is not there.",
                "Run: helpdesk init (for real work) or helpdesk demo (to look around).")


def shape() -> Finding:
    """Reachable, up to date, and as the models say."""
    name = "Database"
    try:
        found, different = schema.present(), []
        if found == schema.newest():
            different = schema.differences()
        else:
            schema.require()
    except HelpdeskError as problem:
        if db.is_sqlite() and not (found and not schema.knows(found)):
            return warn(name, "The database is not up to date.", "It brings itself up to date at the next start.")
        return fail(name, str(problem), "Until then the helpdesk does not start.")
    except SQLAlchemyError as problem:
        return fail(name, f"The database cannot be reached: {str(problem).splitlines()[0]}",
                    "Check database_url, and that the database server runs.")
    if different:
        return fail(name, f"The tables differ from what this program expects: {str(different[0])[:200]}",
                    "helpdesk db check lists all differences. Restore a backup, or undo what was changed by hand.")
    return good(name, f"{'SQLite' if db.is_sqlite() else 'PostgreSQL'}, step {found}.")


def contents() -> Iterator[Finding]:
    """What the rows say about how the helpdesk is doing."""
    with db.reading() as session:
        for check in (clocks_agree, worker, inbound, quarantine, deliveries, automatic_mail, tasks, hold, admins,
                      attachments):
            yield check(session)


def clocks_agree(session: Session) -> Finding:
    """The database's clock is ours, and time has not gone backwards since the last event."""
    name, at = "Database clock", now()
    if not db.is_sqlite():
        theirs = session.scalar(text("SELECT clock_timestamp()"))
        if abs(theirs - at) > SKEW:
            return fail(name, f"The database server's clock is {abs(theirs - at).total_seconds():.0f} s away from "
                              "ours.", "Let NTP keep both right.")
    last = session.scalar(select(func.max(Event.created_at)))
    if last and last > at + SKEW:
        return fail(name, f"The last event is of {last:%Y-%m-%d %H:%M} UTC, which is in the future: this machine's "
                          "clock goes wrong, or went wrong.", "Set the clock, and let NTP keep it right.")
    return good(name, "Time goes forward.")


def worker(session: Session) -> Finding:
    """Somebody does the work: a sign of life every ten seconds."""
    beat = session.get(SystemState, "worker")
    if beat is None or now() - beat.updated_at > SILENT:
        since = f"since {beat.updated_at:%Y-%m-%d %H:%M} UTC" if beat else "yet"
        return warn("Worker", f"No sign of life {since}: nothing is received, sent or measured.",
                    "Run: helpdesk serve (or helpdesk worker beside helpdesk web).")
    return good("Worker", f"Alive {max(0, (now() - beat.updated_at).total_seconds()):.0f} s ago.")


def inbound(session: Session) -> Finding:
    """Nothing that came in waits for its first try."""
    waiting, oldest = session.execute(select(func.count(), func.min(RawInbound.received_at)).where(
        RawInbound.state == "new", RawInbound.attempts == 0)).one()
    if oldest and now() - oldest > WAITS_TOO_LONG:
        says = f"{many(waiting, 'received message')} not processed, the oldest since {oldest:%Y-%m-%d %H:%M} UTC."
        if worker(session).state == "ok":
            return fail("Received", says, "The worker lives but does not get to them: read its log.")
        return warn("Received", says, "They are kept, and processed as soon as a worker runs.")
    return good("Received", f"{waiting} waiting.")


def quarantine(session: Session) -> Finding:
    """What could not be read."""
    count = session.scalar(select(func.count()).where(RawInbound.state == "quarantined"))
    if count:
        return warn("Quarantine", f"{many(count, 'received message')} could not be read.",
                    "Look at Settings, Quarantine; then helpdesk replay, or discard them.")
    return good("Quarantine", "Empty.")


def deliveries(session: Session) -> Finding:
    """What did not arrive during the last week."""
    rows = dict(session.execute(select(Delivery.status, func.count()).where(
        Delivery.status.in_(("failed", "uncertain")), Delivery.updated_at > now() - LATELY)
        .group_by(Delivery.status)).all())
    if rows:
        return warn("Deliveries", f"In the last week {rows.get('failed', 0)} failed, and {rows.get('uncertain', 0)} "
                                  "may not have arrived.", "Look at Settings, Deliveries.")
    return good("Deliveries", "None failed in the last week.")


def automatic_mail(session: Session) -> Finding:
    """Nothing is held because there was too much of it."""
    state = mail_pause.paused(session)
    if state:
        return warn("Automatic mail", f"Paused since {state.updated_at:%Y-%m-%d %H:%M} UTC, because too much left at "
                                      f"once; {many(mail_pause.held(session), 'message')} wait.",
                    "Find out why: two machines that answer each other, or somebody who misuses a form. Then send or "
                    "drop what waits under Settings, Deliveries.")
    return good("Automatic mail", "Within its limits.")


def tasks(session: Session) -> Finding:
    """Work that was given up."""
    count = session.scalar(select(func.count()).where(Task.state == "failed"))
    if count:
        return warn("Tasks", f"{many(count, 'task')} given up after several tries.", "Look at Settings, System.")
    return good("Tasks", "None was given up.")


def hold(session: Session) -> Finding:
    """After a restore nothing leaves until an admin says so."""
    if outbox.held(session):
        count = session.scalar(select(func.count()).where(Delivery.held))
        return warn("Outbox", f"Held after a restore, with {many(count, 'message')}.",
                    "Look at Settings, Deliveries, and release them when all is right.")
    return good("Outbox", "Open.")


def admins(session: Session) -> Finding:
    """Somebody can sign in and change settings."""
    name, enabled = "Admins", (Agent.role == "admin", Agent.disabled_at.is_(None))
    if not session.scalar(select(Agent.id).limit(1)):
        return warn(name, "There are no agents yet.", "Run: helpdesk init")
    link = select(SignInLink.id).where(SignInLink.agent_id == Agent.id, SignInLink.used_at.is_(None),
                                       SignInLink.expires_at > now()).exists()
    able = session.scalar(select(func.count()).where(*enabled, or_(Agent.password_hash != "", link)))
    if able:
        return good(name, f"{able} can sign in.")
    email = session.scalar(select(Agent.email).where(*enabled).limit(1))
    if email is None:
        return fail(name, "No admin account is enabled.", "Run: helpdesk agents add ADDRESS --role admin")
    return warn(name, "No admin has a password or a valid sign-in link.", f"Run: helpdesk agents reset {email}")


def attachments(session: Session) -> Finding:
    """The newest files that rows speak of are there."""
    hashes = session.scalars(select(Attachment.sha256).where(Attachment.sha256 != "")
                             .order_by(Attachment.id.desc()).limit(FILES_LOOKED_AT)).all()
    gone = sum(not files.path(sha256).is_file() for sha256 in hashes)
    if gone:
        return fail("Files", f"{gone} of the newest {len(hashes)} attachments are not in the file store.",
                    "Is data_dir the right folder, and is its disk mounted? Otherwise restore a backup.")
    return good("Files", f"The newest {len(hashes)} attachments are all there." if hashes else "No attachments yet.")
