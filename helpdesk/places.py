"""The pages of the console that somebody may go to by name: in the navigation, the settings and the palette."""
from __future__ import annotations

from dataclasses import dataclass

from helpdesk.models import Agent


@dataclass(frozen=True)
class Place:
    """One page: where, what it is called and about, its symbol, and who may see it."""
    href: str
    label: str
    about: str
    icon: str
    role: str = "agent"


SETTINGS = (
    Place("/settings/inboxes", "Inboxes",
          "The accounts by which customers reach you: mail, chat, and the messengers they use.", "inbox", "admin"),
    Place("/settings/agents", "Agents and teams", "Who works here, what they may do, and the teams they are in.",
          "team", "admin"),
    Place("/settings/hours", "Hours and promises", "When you are open, and how soon customers are answered.", "clock",
          "manager"),
    Place("/settings/macros", "Macros", "Texts and actions that you use often, by a key or a shortcut.", "note"),
    Place("/settings/assistant", "Assistant",
          "How well it understands, and how sure it must be to answer by itself.", "robot", "admin"),
    Place("/settings/topics", "Assistant topics", "What people handle here, whatever the assistant knows of it.",
          "robot", "manager"),
    Place("/settings/help-centre", "Help centre",
          "The public pages on which customers find your articles by themselves.", "globe", "manager"),
    Place("/settings/quarantine", "Quarantine", "What came in and could not be read. Nothing is thrown away.",
          "shield", "manager"),
    Place("/settings/deliveries", "Deliveries", "What has not arrived, why, and sending it again.", "send", "manager"),
    Place("/settings/privacy", "Privacy", "How long things are kept, what needs consent, and who was erased.", "lock",
          "admin"),
    Place("/settings/system", "System", "How the helpdesk is doing, what it gave up, and who changed what.", "info",
          "admin"))

OTHERS = (
    Place("/inbox", "Inbox", "The tickets.", "inbox"),
    Place("/contacts", "Contacts", "The people who write.", "contacts"),
    Place("/contacts/duplicates", "Possible duplicates", "Who may be one person.", "merge"),
    Place("/articles", "Articles", "What the assistant answers from.", "articles"),
    Place("/articles/review", "Open questions", "What the assistant could not answer.", "articles"),
    Place("/reports", "Reports", "How it goes.", "reports", "manager"),
    Place("/reports/assistant", "Report on the assistant", "What it answers, and what it leaves to people.", "reports",
          "manager"),
    Place("/notifications", "News", "What you should look at.", "bell"),
    Place("/account", "Your account", "Your name, colours, time zone and password.", "lock"),
    Place("/account/news", "Your mails and quiet hours", "What comes to you by mail, and when it must not.", "bell"),
    Place("/account/keys", "Your keys", "What each key does, and other keys for it.", "info"),
    Place("/settings", "Settings", "Everything that can be set.", "settings", "manager"))


def settings_of(agent: Agent) -> list[Place]:
    """The pages of settings that this person may see."""
    return [place for place in SETTINGS if agent.may(place.role)]


def places_of(agent: Agent) -> list[Place]:
    """Every page that this person may go to."""
    return [place for place in (*OTHERS, *SETTINGS) if agent.may(place.role)]
