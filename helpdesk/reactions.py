"""What may happen after a commit, in one table.

A reaction is named by module and function and gets the ticket's id and the event's fields. `services.x.f` runs in one
transaction together with the removal of its task row; `jobs.x.f` does slow work outside of any and must be safe to
run twice. Either way it is run from a row: a crash loses none, and a failing one stops no neighbour.
Slow work that few messages need (fetching a file, asking for a name) is planned where the need is seen
(helpdesk.services.inbound), as rows of the same table.
"""
GATHER = "jobs.open_questions.gather"

REACTIONS: dict[str, tuple[str, ...]] = {
    "MessageReceived": ("services.assistant.answer", "services.acknowledgements.confirm"),
    "ReplySent": ("services.continuity.watch",),
    "NoteAdded": ("services.mentions.tell",),
    "AgentMailRefused": ("services.notifications.alert_refused",),
    "ChannelSwitched": ("services.continuity.show_in_chat",),
    "HandedOver": ("services.notifications.alert_handover", GATHER),
    "AssistantAnswered": (GATHER,),
    "AnswerJudged": (GATHER,),
    "TicketAssigned": ("services.notifications.tell_assignee",),
    "TicketResolved": ("services.surveys.plan", GATHER),
    "RatingGiven": ("services.notifications.alert_low_rating",),
    "SlaBreached": ("services.notifications.alert_breach",),
    "AutomaticMailPaused": ("services.notifications.alert_paused",),
    "IdentityVerified": ("services.assistant.proved",),
    "AddressConfirmed": ("services.assistant.proved",),
    "MailboxTrouble": ("services.notifications.alert_mailbox",),
    "InboxDisconnected": ("services.notifications.alert_disconnected",),
    "DeliveryFailed": ("services.notifications.alert_failure",),
}
