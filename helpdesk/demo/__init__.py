"""`helpdesk demo`: the demo company, and a phone on which its customers can be played.

The company is loaded once, into an empty database, in one transaction. Its inboxes speak to simulated platforms inside
this process; the customer's side of them is the page /demo/phone. Nothing here runs for any other command.
"""
from __future__ import annotations

import gc
import time
import tomllib
from collections.abc import Callable
from datetime import datetime

from sqlalchemy.orm import Session

from channels.simulators.mail import MailSimulator
from helpdesk import clock, db, paths, server
from helpdesk.demo import house, pages
from helpdesk.demo.history import History
from helpdesk.demo.memory import Memory
from helpdesk.demo.people import People
from helpdesk.demo.platforms import Platforms
from helpdesk.demo.stories import steps
from helpdesk.demo.wire import Post
from helpdesk.models import SystemState
from helpdesk.services import accounts, inboxes, setup, sla, tasks
from helpdesk.settings import Settings

WELCOME = """
{company} is open.

  Console            {link}
                     signs {admin} in once, within a day; for another link:
                     helpdesk agents reset {admin}
  Shop with chat     {base}/demo/shop
  Customer's phone   {base}/demo/phone

Press Ctrl+C to stop. Everything is kept in {folder}.
"""


def run(config: Settings, say: Callable[[str], None]) -> None:
    """Load the demo company if it is not there, say where everything is, and serve until SIGTERM or SIGINT. Raises
    Conflict when the port is taken, or the database holds somebody's own helpdesk."""
    config = house.settings_of(config)
    house.require_port(config)
    server.open_house(config)
    with db.reading() as session:
        known = house.loaded(session)
    memory = Memory(config.data_dir / "simulator.db")
    host, _, port = config.smtp_listen.rpartition(":")
    with MailSimulator(host.strip("[]") or "127.0.0.1", int(port), to=house.SUPPORT, clock=clock.now) as mail:
        if known is None:
            say("Loading the demo company …")
            load(config, memory, mail)
        _serve(config, memory, mail, say, first=known is None)
    memory.close()


def load(config: Settings, memory: Memory, mail: MailSimulator) -> None:
    """The company and its last thirty days, in one transaction: interrupted, it leaves nothing and is done anew."""
    seed = tomllib.loads((paths.SEEDS / "demo.toml").read_text(encoding="utf-8"))
    people, until = People(), clock.now()
    memory.forget()
    for one in seed["customer"]:
        people.add(one["name"], person_id=one["id"], phone=one.get("phone", ""), email=one["email"],
                   locale=one.get("locale", "en"))
    gc.disable()        # so many small objects at once: a quarter of the time goes into looking for garbage
    try:
        with db.transaction() as session:
            house.build(session, config, seed)
            _tell_history(session, config, memory, mail, people, seed, until)
            tasks.plan(session, "jobs.open_questions.catch_up", None)      # reactions of the past leave out slow work
            session.add(SystemState(key=house.STATE, value={"admin": seed["agent"][0]["email"]}))
    finally:
        gc.enable()


def _tell_history(session: Session, config: Settings, memory: Memory, mail: MailSimulator, people: People, seed: dict,
                  until: datetime) -> None:
    post, base = Post(), house.origin(config)
    house.point(session, base, mail.smtp_port)
    boxes = house.accounts_of(session)
    configs = {name: inboxes.config(inbox) for name, inbox in boxes.items()}
    platforms = Platforms(configs, house.webhooks(base), mail, base, post, config.base_url)
    platforms.number_from(_unused_number())
    agents = {one["key"]: accounts.by_email(session, one["email"]) for one in seed["agent"]}
    hours = sla.hours_of(session, sla.ensure_default(session))
    try:
        history = History(session, platforms, people, post, boxes, agents)
        history.tell(steps(seed, hours, until, config.time_zone), until)
    finally:
        del mail.hand_over          # from now on customers' mails go over the wire again
    memory.save(platforms, people)


def _serve(config: Settings, memory: Memory, mail: MailSimulator, say: Callable[[str], None], first: bool) -> None:
    base, people = house.origin(config), memory.people()
    with db.transaction() as session:
        house.point(session, base, mail.smtp_port)
        state = house.loaded(session)
        configs = {name: inboxes.config(inbox) for name, inbox in house.accounts_of(session).items()}
        link = setup.link(session, config, accounts.by_email(session, state["admin"]))
    platforms = Platforms(configs, house.webhooks(base), mail, base, outside=config.base_url)
    platforms.number_from(_unused_number())
    memory.restore(platforms, people, mails=not first)
    stop = memory.keep(platforms, people)

    def extend(app) -> None:
        platforms.mount(app)
        pages.install(app, platforms, people, open_to_all=house.is_local(config))

    def ready() -> None:
        say(WELCOME.format(company=config.company_name, link=link, admin=state["admin"], base=config.base_url,
                           folder=config.data_dir))

    try:
        server.serve(config, ready, extend)
    finally:
        stop()


def _unused_number() -> int:
    """Ids are counted on from here: more than a thousand a second are never needed, so that none comes twice."""
    return time.time_ns() // 1_000_000
