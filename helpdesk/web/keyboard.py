"""An agent's keys: the list, and changing them."""
from __future__ import annotations

from itertools import groupby

from flask import Blueprint, flash, g, redirect, render_template, request, url_for

from helpdesk import db
from helpdesk.errors import Invalid
from helpdesk.models import Agent
from helpdesk.services import agent_preferences, shortcut_keys
from helpdesk.web.access import needs

pages = Blueprint("keyboard", __name__)

SHOWN = {"Escape": "Esc", " ": "Space"}


@pages.get("/keys")
@needs("see")
def listed():
    """The list of keys, for the dialog that ? opens."""
    return render_template("keys/_list.html", **_keys())


@pages.get("/account/keys")
@needs("see")
def index(error: str = "", typed: dict[str, str] | None = None):
    """The same, to be changed."""
    return render_template("keys/index.html", error=error, typed=typed, **_keys())


@pages.post("/account/keys")
@needs("see")
def change():
    """single_keys=1; enter_sends=1; key-<action>=<key> for each; or shipped=1 to have all as they were shipped."""
    typed = {key.action: request.form.get(f"key-{key.action}", key.keys[0]).strip()
             for key in shortcut_keys.KEYS if not key.fixed}
    try:
        with db.transaction() as session:
            agent = session.get(Agent, g.agent.id)
            agent_preferences.choose(session, agent, "keys", {} if "shipped" in request.form else typed)
            if "shipped" not in request.form:
                agent_preferences.choose(session, agent, "single_keys", "single_keys" in request.form)
                agent_preferences.choose(session, agent, "enter_sends",
                                         "chat" if "enter_sends" in request.form else "never")
    except Invalid as problem:
        return index(str(problem), typed), 422
    flash("Saved.", "good")
    return redirect(url_for("keyboard.index"))


def _keys() -> dict:
    changed = agent_preferences.of(g.agent, "keys")
    in_use = shortcut_keys.in_use(changed)
    groups = [(name, [(key, [_shown(one) for one in in_use[key.action]], changed.get(key.action, key.keys[0]))
                      for key in keys])
              for name, keys in groupby(shortcut_keys.KEYS, lambda key: key.group)]
    return {"groups": groups, "single_keys": agent_preferences.of(g.agent, "single_keys"),
            "enter_sends": agent_preferences.of(g.agent, "enter_sends") == "chat", "changed": bool(changed)}


def _shown(key: str) -> str:
    return " ".join(SHOWN.get(one, one) if len(one) > 1 or not one.isupper() else f"⇧ {one}" for one in key.split(" "))
