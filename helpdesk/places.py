"""The pages of the console that somebody may go to by name: in the navigation, the settings and the palette."""
from __future__ import annotations

from dataclasses import dataclass

from helpdesk.models import Agent
from helpdesk.rights import ANY_SETTING, SEE


@dataclass(frozen=True)
class Place:
    """One page: where, what it is called and about, its symbol, and the right that it needs."""
    href: str
    label: str
    about: str
    icon: str
    needs: str = SEE


SETTINGS = (
    Place("/settings/inboxes", "Inboxes",
          "The accounts by which customers reach you: mail, chat, and the messengers they use.", "inbox", "inboxes"),
    Place("/settings/agents", "Agents and teams", "Who works here, what they may do, and the teams they are in.",
          "team", "agents"),
    Place("/settings/roles", "Roles", "What agents, managers and admins may do, and roles of your own.", "key",
          "agents"),
    Place("/settings/hours", "Hours and promises", "When you are open, and how soon customers are answered.", "clock",
          "hours"),
    Place("/settings/macros", "Macros", "Texts and actions that you use often, by a key or a shortcut.", "note",
          "answer"),
    Place("/settings/assistant", "Assistant",
          "How well it understands, and how sure it must be to answer by itself.", "robot", "assistant"),
    Place("/settings/topics", "Assistant topics", "What people handle here, whatever the assistant knows of it.",
          "robot", "topics"),
    Place("/settings/help-centre", "Help centre",
          "The public pages on which customers find your articles by themselves.", "globe", "help_centre"),
    Place("/settings/quarantine", "Quarantine", "What came in and could not be read. Nothing is thrown away.",
          "shield", "quarantine"),
    Place("/settings/deliveries", "Deliveries", "What has not arrived, why, and sending it again.", "send",
          "deliveries"),
    Place("/settings/privacy", "Privacy", "How long things are kept, what needs consent, and who was erased.", "lock",
          "privacy"),
    Place("/settings/audit", "Audit log", "Who did what, when, and from where.", "eye", "audit"),
    Place("/settings/system", "System", "How the helpdesk is doing, and what it gave up.", "info",
          "system"))

OTHERS = (
    Place("/inbox", "Inbox", "The tickets.", "inbox"),
    Place("/contacts", "Contacts", "The people who write.", "contacts"),
    Place("/contacts/duplicates", "Possible duplicates", "Who may be one person.", "merge"),
    Place("/articles", "Articles", "What the assistant answers from.", "articles"),
    Place("/articles/review", "Open questions", "What the assistant could not answer.", "articles"),
    Place("/reports", "Reports", "How it goes.", "reports", "reports"),
    Place("/reports/assistant", "Report on the assistant", "What it answers, and what it leaves to people.", "reports",
          "reports"),
    Place("/notifications", "News", "What you should look at.", "bell"),
    Place("/account", "Your account", "Your name, colours, time zone and password.", "lock"),
    Place("/account/news", "Your mails and quiet hours", "What comes to you by mail, and when it must not.", "bell"),
    Place("/account/keys", "Your keys", "What each key does, and other keys for it.", "info"),
    Place("/settings", "Settings", "Everything that can be set.", "settings", ANY_SETTING))


def settings_of(agent: Agent) -> list[Place]:
    """The pages of settings that this person may see."""
    return [place for place in SETTINGS if agent.may(place.needs)]


def places_of(agent: Agent) -> list[Place]:
    """Every page that this person may go to."""
    return [place for place in (*OTHERS, *SETTINGS) if agent.may(place.needs)]
