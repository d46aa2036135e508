"""The help centre's look: whether there is one, its names, colour, logo, and what search engines may do."""
from __future__ import annotations

from flask import Blueprint, flash, g, redirect, request, url_for

from helpdesk import db, settings, texts
from helpdesk.errors import Invalid
from helpdesk.rendering import page
from helpdesk.services import help_centre
from helpdesk.web.access import needs
from helpdesk.web.help_frame import language_name

pages = Blueprint("settings_help_centre", __name__, url_prefix="/settings/help-centre")


@pages.get("")
@needs("help_centre")
def show():
    """The form, with what holds now."""
    with db.reading() as session:
        look = help_centre.look(session)
    fields = {"on": look.on, "accent": look.accent, "locale": look.locale, "robots": look.robots,
              "shop_url": look.shop_url}
    fields |= {f"title-{locale}": line for locale, line in look.titles.items()}
    fields |= {f"welcome-{locale}": line for locale, line in look.welcomes.items()}
    return _form(fields)


@pages.post("")
@needs("help_centre")
def save():
    """on, title-<locale>, welcome-<locale>, accent, locale, robots, shop_url, logo (a file), without_logo."""
    given = request.form
    file = request.files.get("logo")
    logo = file.read(help_centre.LOGO_LIMIT + 1) if file and file.filename else None
    try:
        with db.transaction() as session:
            help_centre.save(
                session, on="on" in given, accent=given.get("accent", ""), locale=given.get("locale", ""),
                robots="robots" in given, shop_url=given.get("shop_url", ""), logo=logo,
                titles={one: given.get(f"title-{one}", "") for one in texts.locales()},
                welcomes={one: given.get(f"welcome-{one}", "") for one in texts.locales()},
                without_logo="without_logo" in given, actor=g.agent.actor)
    except Invalid as error:
        return _form(given, str(error)), error.status
    flash("Saved. Pages that somebody has open change within a minute.", "good")
    return redirect(url_for("settings_help_centre.show"))


def _form(fields, problem: str = ""):
    with db.reading() as session:
        look = help_centre.look(session)
    languages = [(one, language_name(one)) for one in texts.locales()]
    return page("settings/help_centre.html", fields=fields, problem=problem, look=look, languages=languages,
                house_locale=settings.current().default_locale, limits=help_centre)
