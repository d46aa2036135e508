"""What is stored. One aggregate per file; fields, questions about one record and small state changes only."""
from helpdesk.db import Base
from helpdesk.models.agent_notices import AgentNotice
from helpdesk.models.agents import Agent, AgentSession, Role, SignInLink, Team, TeamMember
from helpdesk.models.articles import (
    Article,
    ArticlePicture,
    ArticleRedirect,
    ArticleVersion,
    Category,
    CategoryName,
    Question,
)
from helpdesk.models.assistant import (
    AssistantEvaluation,
    AssistantTurn,
    ConfidenceFit,
    MatcherState,
    PhrasingVector,
    SensitiveTopic,
)
from helpdesk.models.audit import AuditEntry
from helpdesk.models.bulk_changes import BulkChange, BulkItem
from helpdesk.models.consents import Consent
from helpdesk.models.contacts import Contact, Identity, Trust
from helpdesk.models.deliveries import Delivery
from helpdesk.models.drafts import Draft, LaterFile, LaterReply
from helpdesk.models.duplicates import ContactChange, ContactKey, DuplicatePair, ToldApart
from helpdesk.models.erasures import Erasure
from helpdesk.models.events import Event
from helpdesk.models.exports import PersonExport
from helpdesk.models.following import Follower, Mention
from helpdesk.models.help_centre import ArticleFeedback, ArticleView, HelpSearch
from helpdesk.models.inboxes import Inbox
from helpdesk.models.macros import Macro, MacroFile
from helpdesk.models.messages import Attachment, Message
from helpdesk.models.open_questions import OpenQuestion, QuestionGroup
from helpdesk.models.pledges import Pledge
from helpdesk.models.raw import RawInbound
from helpdesk.models.retention import RetentionRule
from helpdesk.models.saved_views import SavedView
from helpdesk.models.site_data import ContactAttribute, PageView, ShopOrder
from helpdesk.models.sla import BusinessHours, SlaClock, SlaPolicy
from helpdesk.models.surveys import Rating, Survey
from helpdesk.models.system import Notification, RateCount, SystemState
from helpdesk.models.tasks import Task
from helpdesk.models.templates import MessageTemplate
from helpdesk.models.tickets import Participant, Status, Tag, ThreadKey, Ticket, TicketLink, TicketTag
from helpdesk.models.verifications import Verification
from helpdesk.models.visitors import Visitor

__all__ = ["Agent", "AgentNotice", "AgentSession", "Article", "ArticleFeedback", "ArticlePicture", "ArticleRedirect",
           "ArticleVersion", "ArticleView", "AssistantEvaluation", "AssistantTurn", "Attachment", "AuditEntry", "Base",
           "BulkChange", "BulkItem", "BusinessHours", "Category", "CategoryName", "ConfidenceFit", "Consent", "Contact",
           "ContactAttribute", "ContactChange", "ContactKey", "Delivery", "Draft", "DuplicatePair", "Erasure", "Event",
           "Follower", "HelpSearch", "Identity", "Inbox", "LaterFile", "LaterReply", "Macro", "MacroFile",
           "MatcherState", "Mention", "Message", "MessageTemplate", "Notification", "OpenQuestion", "PageView",
           "Participant", "PersonExport", "PhrasingVector", "Pledge", "Question", "QuestionGroup", "RateCount",
           "Rating", "RawInbound", "RetentionRule", "Role", "SavedView", "SensitiveTopic", "ShopOrder", "SignInLink",
           "SlaClock", "SlaPolicy", "Status", "Survey", "SystemState", "Tag", "Task", "Team", "TeamMember",
           "ThreadKey", "Ticket", "TicketLink", "TicketTag", "ToldApart", "Trust", "Verification", "Visitor"]
