"""The demo company: a small online shop for coffee and tea, its people, promises and inboxes."""
from __future__ import annotations

import secrets
import socket
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType
from urllib.parse import urlsplit

from sqlalchemy import select
from sqlalchemy.orm import Session

from channels._standard_webhooks import new_secret
from helpdesk import paths
from helpdesk.clock import now
from helpdesk.demo import macros, samples
from helpdesk.demo.apps import CALLED, META, mount
from helpdesk.errors import Conflict
from helpdesk.models import Agent, BusinessHours, Inbox, SystemState, Tag, Team, TeamMember
from helpdesk.services import accounts, articles, help_centre, inboxes, sla
from helpdesk.settings import Settings

STATE = "demo"
COMPANY = "Kopi & Co"
SUPPORT = "support@kopi.example"
ACCENT = "#8a4b2a"
SMTP_PORT = 2525
BEFORE_IT_ALL = timedelta(days=365)     # the inboxes are older than the history that came through them
CHOSEN = {"company_name": COMPANY, "survey_delay_minutes": 1, "continuity_seconds": 30}


def settings_of(config: Settings) -> Settings:
    """The settings for the demo: its own name and quicker follow-ups unless somebody chose others, and connections to
    this machine, where the simulators are."""
    chosen = {key: value for key, value in CHOSEN.items() if config.origins[key] == "default.toml"}
    chosen["allow_private_hosts"] = True
    if not config.smtp_listen:
        chosen["smtp_listen"] = f"127.0.0.1:{free_port(SMTP_PORT)}"
    if config.port == 0:
        chosen["port"] = free_port()
        if config.origins["base_url"] == "default.toml":
            chosen["base_url"] = f"http://127.0.0.1:{chosen['port']}"
    origins = MappingProxyType({**config.origins, **dict.fromkeys(chosen, "demo")})
    return replace(config, **chosen, origins=origins)


def free_port(wanted: int = 0) -> int:
    """The wanted port of 127.0.0.1, or another one when somebody has it."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return probe.getsockname()[1]
    raise Conflict("There is no free port on 127.0.0.1.")


def require_port(config: Settings) -> None:
    """Raise Conflict, before anything is loaded, when somebody listens on the demo's port."""
    family = socket.AF_INET6 if ":" in config.host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((config.host, config.port))
        except OSError as error:
            raise Conflict(f"Port {config.port} of {config.host} cannot be used ({error.strerror}). Choose another one "
                           f"with --port.") from None


def origin(config: Settings) -> str:
    """The address by which this process reaches itself."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(config.host, config.host)
    return f"http://{f'[{host}]' if ':' in host else host}:{config.port}"


def loaded(session: Session) -> dict | None:
    """What was noted when the demo company was loaded; None when it was not. Raises Conflict when this is somebody's
    own helpdesk: the demo must not mix with it."""
    state = session.get(SystemState, STATE)
    if state is not None:
        return state.value
    if session.scalar(select(Agent.id).limit(1)) or session.scalar(select(Inbox.id).limit(1)):
        raise Conflict("There is a helpdesk in this database already, and the demo company would mix with it. Give the "
                       "demo a folder of its own: HELPDESK_DATA_DIR=demo-data helpdesk demo")
    return None


def build(session: Session, config: Settings, seed: Mapping) -> None:
    """Make agents, teams, hours, promises, labels, inboxes and articles, as config/seeds/demo.toml says."""
    people = {one["key"]: accounts.create(session, one["name"], one["email"], one["role"]) for one in seed["agent"]}
    teams = {}
    for one in seed["team"]:
        team = Team(name=one["name"])
        session.add(team)
        session.flush()
        teams[team.name] = team.id
        session.add_all(TeamMember(team_id=team.id, agent_id=people[key].id) for key in one["members"])
    hours = BusinessHours(name=seed["hours"]["name"], time_zone=config.time_zone, week=seed["hours"]["week"])
    session.add(hours)
    session.flush()
    policy = sla.ensure_default(session)
    policy.hours_id = hours.id
    policy.first_response, policy.resolution = dict(seed["sla"]["first_response"]), dict(seed["sla"]["resolution"])
    session.add_all(Tag(name=name) for name in seed["tags"])
    samples.prepare(session, next(iter(teams.values()), None))
    macros.load(session, seed, next(one for one in people.values() if one.may("manager")), teams)
    _make_inboxes(session)
    for file in (paths.SEEDS / "articles/categories.toml", *help_texts()):
        articles.load(session, file.read_text(encoding="utf-8"))
    help_centre.save(session, on=True, titles={}, welcomes={}, accent=ACCENT, locale="", robots=True,
                     shop_url=f"{config.base_url}/demo/shop", actor="system")


def help_texts() -> list[Path]:
    """The files of the company's articles, one per language."""
    return sorted(file for file in (paths.SEEDS / "articles").glob("*.toml") if file.name != "categories.toml")


def _make_inboxes(session: Session) -> None:
    """Those that are not there: all at first; later, those of channels that are newer than this demo."""
    app_secret = secrets.token_urlsafe(24)
    meta = {"app_secret": app_secret, "api_base": "http://127.0.0.1:9"}
    values = {
        "web": ("Shop chat", {"title": COMPANY, "color": ACCENT, "identity_secret": secrets.token_urlsafe(32),
                              "attribute_names": "coffee_club = Coffee club\norders_so_far = Orders so far"}),
        "email": ("Support mail", {"address": SUPPORT, "name": COMPANY, "smtp_host": "127.0.0.1", "smtp_port": "9",
                                   "smtp_security": "none"}),
        "whatsapp": ("WhatsApp", {**meta, "phone_number_id": "106540352242922",
                                  "business_account_id": "waba-106540352242922"}),
        "messenger": ("Messenger", {**meta, "page_id": "200861359800452"}),
        "instagram": ("Instagram", {**meta, "account_id": "17841405309211844"}),
        "line": ("LINE account", {"access_token": secrets.token_urlsafe(32), "channel_secret": secrets.token_hex(16),
                                  "api_base": meta["api_base"]}),
        "viber": ("Viber bot", {"auth_token": "-".join(secrets.token_hex(8) for _ in range(3)),
                                "api_base": meta["api_base"]}),
        "x": ("X account", {"account_id": "1580661436132757506", "api_key": secrets.token_urlsafe(18), "older_api": "1",
                            "app_secret": secrets.token_urlsafe(32), "access_token": secrets.token_urlsafe(32),
                            "access_secret": secrets.token_urlsafe(32), "api_base": meta["api_base"]}),
        "sms": ("SMS number", {"account_sid": f"AC{secrets.token_hex(16)}", "auth_token": secrets.token_hex(16),
                               "address": "+14155550100", "api_base": meta["api_base"]}),
        "api": ("Kopi app", {"account_id": "kopi-app", "url": meta["api_base"], "webhook_secret": new_secret(),
                             "vouched": "1"}),
        "telegram": ("Telegram bot", {"bot_token": f"7012345678:{secrets.token_urlsafe(26)}",
                                      "webhook_secret": secrets.token_urlsafe(24), "api_base": meta["api_base"]}),
    }
    there = set(session.scalars(select(Inbox.key)))
    for channel, (name, given) in values.items():
        if f"kopi-{channel}" in there:
            continue
        if channel in META:
            given |= {"access_token": secrets.token_urlsafe(32), "verify_token": secrets.token_urlsafe(16)}
        inboxes.create(session, channel, name, given, key=f"kopi-{channel}").created_at = now() - BEFORE_IT_ALL


def accounts_of(session: Session) -> dict[str, Inbox]:
    """The demo's own inboxes by channel, whatever an admin has added since."""
    keys = {f"kopi-{channel}": channel for channel in ("web", "email", *CALLED)}
    found = {keys[inbox.key]: inbox for inbox in session.scalars(select(Inbox).where(Inbox.key.in_(keys)))}
    if missing := sorted(set(keys.values()) - set(found)):
        raise Conflict(f"The demo's inboxes were removed: {', '.join(missing)}. Start it in an empty folder.")
    return found


def point(session: Session, base: str, smtp_port: int) -> bool:
    """Let the inboxes speak to the simulators of this start; False when they do already."""
    changed = False
    _make_inboxes(session)
    for channel, inbox in accounts_of(session).items():
        wanted = {"email": {"smtp_port": str(smtp_port)}, "web": {}}.get(channel) if channel not in CALLED else {
            "url" if channel == "api" else "api_base": base + mount(channel)}
        if any(inbox.settings.get(key) != value for key, value in wanted.items()):
            inbox.settings, inbox.error, inbox.error_at = {**inbox.settings, **wanted}, "", None
            changed = True
    return changed


def webhooks(base: str) -> dict[str, str]:
    """Where each platform calls."""
    return {channel: f"{base}/webhooks/{channel}/kopi-{channel}" for channel in CALLED}


def is_local(config: Settings) -> bool:
    """Whether only this machine can reach the demo."""
    return config.host in ("127.0.0.1", "::1", "localhost") and urlsplit(config.base_url).hostname in (
        "127.0.0.1", "::1", "localhost")
