"""Texts and actions that agents use often: for everybody, for a team, or one agent's own.

Nothing is done behind anybody's back: what a macro would write and do to a ticket is shown first (`Prepared`), the text
is put into the composer, and its actions are done with the sending, or at once where it has no text.
"""
from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from helpdesk.clock import now
from helpdesk.errors import Conflict, Forbidden, Invalid, NotFound
from helpdesk.models import Agent, Macro, MacroFile, Team, TeamMember, Ticket
from helpdesk.services import actions, replies, variables
from helpdesk.services.files import StoredFile
from helpdesk.services.routes import Route

SHORTCUT = re.compile(r"[\w-]{1,40}")
MODES = ("reply", "note")
OFFERED = 8
NAME_LIMIT, FILES_LIMIT = 120, 10


class Newer(Conflict):
    """Somebody saved this macro meanwhile: `theirs` is what they made of it."""

    def __init__(self, theirs: Macro):
        super().__init__("Somebody saved this macro while you were writing. Nothing of yours is lost: compare, then "
                         "save again to put yours in its place.")
        self.theirs = theirs


@dataclass(frozen=True)
class Fields:
    """What a form says of a macro. `whose`: all, own or a team's id."""
    name: str
    text: str = ""
    shortcut: str = ""
    mode: str = "reply"
    locale: str = ""
    whose: str = "own"
    actions: Sequence[Mapping[str, Any]] = ()


@dataclass(frozen=True)
class Prepared:
    """What a macro would do to a ticket: its filled text, what cannot be filled, its actions and them in words."""
    macro: Macro
    text: str
    problems: Sequence[str]
    actions: Sequence[Mapping[str, Any]]
    words: Sequence[str]
    files: Sequence[MacroFile] = field(default_factory=list)


def visible(session: Session, agent: Agent) -> ColumnElement[bool]:
    """The condition for what this agent may use: everybody's, their teams', their own."""
    teams = select(TeamMember.team_id).where(TeamMember.agent_id == agent.id)
    return or_(Macro.agent_id == agent.id, Macro.team_id.in_(teams),
               Macro.agent_id.is_(None) & Macro.team_id.is_(None))


def may_change(agent: Agent, macro: Macro) -> bool:
    """Their own; what others use too is for managers."""
    return macro.agent_id == agent.id or macro.agent_id is None and agent.may("macros")


def one(session: Session, agent: Agent, macro_id: int) -> Macro:
    """A macro that this agent may see; managers see every team's. Raises NotFound."""
    macro = session.get(Macro, macro_id)
    if macro is None or not (may_change(agent, macro) or session.scalar(
            select(Macro.id).where(Macro.id == macro_id, visible(session, agent)))):
        raise NotFound("There is no such macro.")
    return macro


def listed(session: Session, agent: Agent, q: str = "", archived: bool = False) -> Sequence[Macro]:
    """What this agent sees on the page, by name; managers see the macros of all teams. `q`: words in it."""
    mine = visible(session, agent) if not agent.may("macros") else or_(
        Macro.agent_id.is_(None), Macro.agent_id == agent.id)
    found = select(Macro).where(mine, Macro.archived_at.is_not(None) if archived else Macro.archived_at.is_(None))
    return session.scalars(found.where(*_words(q)).order_by(func.lower(Macro.name), Macro.id)).all()


def offered(session: Session, agent: Agent, q: str = "", mode: str = "", limit: int = OFFERED) -> list[Macro]:
    """For the composer: what begins with `q` first, then what has its words; the most used first."""
    found = select(Macro).where(visible(session, agent), Macro.archived_at.is_(None), *_words(q))
    if mode in MODES:
        found = found.where(or_(Macro.mode == mode, Macro.text == ""))
    rows = session.scalars(found.order_by(Macro.used.desc(), Macro.name).limit(200)).all()
    start = q.strip().lower()
    return sorted(rows, key=lambda macro: (not macro.shortcut.lower().startswith(start),
                                           not macro.name.lower().startswith(start)))[:limit]


def _words(q: str) -> list[ColumnElement[bool]]:
    return [or_(*(column.icontains(word, autoescape=True) for column in (Macro.name, Macro.shortcut, Macro.text)))
            for word in q.split()[:8]]


def save(session: Session, agent: Agent, fields: Fields, *, macro: Macro | None = None, seen: int = 0,
         files: Sequence[StoredFile] = (), drop: Sequence[int] = ()) -> Macro:
    """Make a macro, or change this one. `seen`: the version that the form showed; `files` come to it, those with an id
    in `drop` go. Raises Invalid, Forbidden, and Newer where somebody saved it meanwhile."""
    if macro is not None:
        macro = session.get(Macro, macro.id, with_for_update=True, populate_existing=True)
        if not may_change(agent, macro):
            raise Forbidden("Macros that others use are changed by managers. Duplicate it to have one of your own.")
        if seen != macro.version:
            list(macro.files)       # to be looked at when this transaction is over
            session.expunge(macro)
            raise Newer(macro)
    values = _checked(session, agent, fields, macro)
    if macro is None:
        macro = Macro(author_id=agent.id, **values)
        session.add(macro)
    else:
        for name, value in values.items():
            setattr(macro, name, value)
        macro.version, macro.updated_at = macro.version + 1, now()
    macro.files = [file for file in macro.files if file.id not in drop] + [
        MacroFile(name=one.name, content_type=one.content_type, size=one.size, sha256=one.sha256) for one in files]
    if len(macro.files) > FILES_LIMIT:
        raise Invalid(f"At most {FILES_LIMIT} files.")
    session.flush()
    return macro


def _checked(session: Session, agent: Agent, fields: Fields, macro: Macro | None) -> dict:
    name, shortcut = " ".join(fields.name.split()), fields.shortcut.strip().lstrip("/").lower()
    if not 1 <= len(name) <= NAME_LIMIT:
        raise Invalid(f"A macro's name has 1 to {NAME_LIMIT} characters.")
    if shortcut and not SHORTCUT.fullmatch(shortcut):
        raise Invalid("A shortcut has up to 40 letters, numbers, - and _.")
    if fields.mode not in MODES:
        raise Invalid("A macro writes a reply or a note.")
    text = fields.text.replace("\0", "").replace("\r\n", "\n").strip()
    if len(text) > replies.TEXT_LIMIT:
        raise Invalid(f"The text is too long: at most {replies.TEXT_LIMIT} characters.")
    if wrong := variables.unknown(text):
        raise Invalid(f"Nothing can fill {', '.join(wrong)}. Choose from the list of variables.")
    done = actions.validate(session, list(fields.actions))
    if not text and not done:
        raise Invalid("A macro needs a text or an action.")
    team_id, agent_id = _owner(session, agent, fields.whose)
    same = select(Macro.id).where(Macro.shortcut == shortcut, Macro.archived_at.is_(None), Macro.team_id.is_(team_id)
                                  if team_id is None else Macro.team_id == team_id,
                                  Macro.agent_id.is_(None) if agent_id is None else Macro.agent_id == agent_id,
                                  Macro.id != (macro.id if macro else 0))
    if shortcut and session.scalar(same.limit(1)):
        raise Invalid(f"The shortcut /{shortcut} is taken.")
    return {"name": name, "shortcut": shortcut, "mode": fields.mode, "locale": fields.locale[:16], "text": text,
            "actions": done, "team_id": team_id, "agent_id": agent_id}


def _owner(session: Session, agent: Agent, whose: str) -> tuple[int | None, int | None]:
    if whose == "own":
        return None, agent.id
    if not agent.may("macros"):
        raise Forbidden("Macros for others are made by managers. Make it your own.")
    if whose == "all":
        return None, None
    team = session.get(Team, int(whose)) if whose.isdecimal() and len(whose) < 10 else None
    if team is None:
        raise Invalid("Choose who may use it.")
    return team.id, None


def copy(session: Session, agent: Agent, macro: Macro) -> Macro:
    """A macro of this agent's own with the same content."""
    twin = Macro(name=f"{macro.name[:NAME_LIMIT - 7]} (copy)", mode=macro.mode, locale=macro.locale, text=macro.text,
                 actions=list(macro.actions), agent_id=agent.id, author_id=agent.id)
    twin.files = [MacroFile(name=one.name, content_type=one.content_type, size=one.size, sha256=one.sha256)
                  for one in macro.files]
    session.add(twin)
    session.flush()
    return twin


def archive(session: Session, agent: Agent, macro: Macro, archived: bool = True) -> None:
    """Out of the lists, or back. Nothing is thrown away."""
    if not may_change(agent, macro):
        raise Forbidden("Macros that others use are put away by managers.")
    macro.archived_at = now() if archived else None
    if not archived and macro.shortcut and session.scalar(select(Macro.id).where(
            Macro.shortcut == macro.shortcut, Macro.archived_at.is_(None), Macro.id != macro.id).limit(1)):
        macro.shortcut = ""         # somebody has it now


def prepare(session: Session, ticket: Ticket, agent: Agent, macro: Macro, route: Route | None = None) -> Prepared:
    """What it would write and do, before anything is written or done."""
    found = variables.fill(session, ticket, agent, macro.text, route)
    return Prepared(macro, found.text, found.problems, macro.actions,
                    [actions.describe(session, action) for action in macro.actions], list(macro.files))


def run(session: Session, ticket: Ticket, agent: Agent, done: Sequence[Mapping[str, Any]]) -> None:
    """Do the actions that were shown. Raises Invalid and does none where one cannot be done."""
    for action in actions.validate(session, done):
        actions.run(session, ticket, action, agent)


def count(session: Session, macro: Macro) -> None:
    """It was used once more."""
    macro.used, macro.used_at = Macro.used + 1, now()
