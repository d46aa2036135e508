"""The demo company's macros, as config/seeds/demo.toml has them."""
from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy.orm import Session

from helpdesk.models import Agent
from helpdesk.services import macros


def load(session: Session, seed: Mapping, manager: Agent, teams: Mapping[str, int]) -> None:
    """Make them, everybody's but those that name a team."""
    for one in seed.get("macro", ()):
        macros.save(session, manager, macros.Fields(
            name=one["name"], text=one.get("text", ""), shortcut=one["shortcut"], mode=one.get("mode", "reply"),
            locale=one.get("locale", ""), whose=str(teams[one["team"]]) if "team" in one else "all",
            actions=[{"do": do, "value": teams[value] if do == "team" else value}
                     for do, value in one.get("actions", ())]))
