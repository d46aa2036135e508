"""What admins and managers set. Each section is a file of this folder."""
from __future__ import annotations

from flask import Blueprint

from helpdesk.rendering import page
from helpdesk.web.access import needs

pages = Blueprint("settings", __name__)


@pages.get("/settings")
@needs("settings")
def index():
    """The sections."""
    return page("settings/index.html")
