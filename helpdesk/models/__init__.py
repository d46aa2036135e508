"""What is stored. One aggregate per file; fields, questions about one record and small state changes only."""
from helpdesk.db import Base
from helpdesk.models.agents import Agent, AgentSession, SignInLink, Team, TeamMember
from helpdesk.models.articles import Article, AssistantTurn, Question
from helpdesk.models.contacts import Contact, Identity, Trust
from helpdesk.models.deliveries import Delivery
from helpdesk.models.events import Event
from helpdesk.models.inboxes import Inbox
from helpdesk.models.messages import Attachment, Message
from helpdesk.models.raw import RawInbound
from helpdesk.models.sla import BusinessHours, SlaClock, SlaPolicy
from helpdesk.models.surveys import Rating, Survey
from helpdesk.models.system import Notification, RateCount, SystemState
from helpdesk.models.tasks import Task
from helpdesk.models.templates import MessageTemplate
from helpdesk.models.tickets import Participant, Status, Tag, ThreadKey, Ticket, TicketTag
from helpdesk.models.visitors import Visitor

__all__ = ["Agent", "AgentSession", "Article", "AssistantTurn", "Attachment", "Base", "BusinessHours", "Contact",
           "Delivery", "Event", "Identity", "Inbox", "Message", "MessageTemplate", "Notification", "Participant",
           "Question", "RateCount", "Rating", "RawInbound", "SignInLink", "SlaClock", "SlaPolicy", "Status", "Survey",
           "SystemState", "Tag", "Task", "Team", "TeamMember", "ThreadKey", "Ticket", "TicketTag", "Trust", "Visitor"]
