"""Where personal data lies: every table, and every column of it that can hold words.

This is the one list that export, erasure and the timers go by (docs/decisions: erasing a person). Numbers, times and
yes-or-no need no entry. A new column of text, JSON or bytes must stand in exactly one of these:

- `plain`: never about a person outside: vocabulary, hashes, ids of ours. Exported, kept.
- `words`: said by or about somebody. Erasing empties it in the person's rows, pseudonymising masks it; in the rows of
  others whatever names the person is masked by both.
- `who`: an address, a name, a secret of theirs. Emptied in the person's rows by both; in others' rows it names others.
- `by_hand`: more than that is needed; the module that does it is named.

`by` says how a row is found to be the person's: the column, and what it refers to where its name does not tell; see
helpdesk.services.persons. `gone`: such rows are removed as a whole. `export`: the part of the archive that they go
into, '' for none.
"""
from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Held:
    """How one table is treated."""
    by: dict[str, str] = field(default_factory=dict)        # column → a kind of persons.Owned
    plain: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    who: tuple[str, ...] = ()
    by_hand: tuple[str, ...] = ()
    gone: bool = False
    export: str = ""


def _held(by: str = "", plain: str = "", words: str = "", who: str = "", by_hand: str = "", gone: bool = False,
          export: str = "") -> Held:
    pairs = (one.split("=") if "=" in one else (one, one.removesuffix("_id")) for one in by.split())
    return Held(dict(pairs), tuple(plain.split()), tuple(words.split()), tuple(who.split()), tuple(by_hand.split()),
                gone, export)


TABLES: dict[str, Held] = {
    # The person
    "contact": _held("id=contact", plain="prefers prefers_by",
                     by_hand="name company locale time_zone external_id claims hold", export="contact"),
    "identity": _held("contact_id", plain="trust source unwanted", by_hand="kind scope value", export="identities"),
    "visitor": _held("identity_id", who="token_hash locale page", gone=True, export="visitors"),
    "contact_attribute": _held("identity_id", plain="key", who="value", gone=True, export="attributes"),
    "page_view": _held("visitor_id", who="url title", gone=True, export="pages"),
    "shop_order": _held("customer_id=customer email=email phone=phone", plain="currency status",
                        who="number customer_id email phone total items url", gone=True, export="orders"),
    "verification": _held("identity_id contact_id visitor_id", plain="way state asked_by", who="nonce", gone=True,
                          export="verifications"),
    "consent": _held("contact_id", plain="purpose channel source version actor wording", words="note",
                     export="consents"),
    "contact_key": _held("contact_id", gone=True),      # hashes of names and addresses; written anew from what is left
    "contact_change": _held(),
    "duplicate_pair": _held("first_id=contact second_id=contact", gone=True),
    "told_apart": _held("first_id=contact second_id=contact", plain="actor"),
    # What was said
    "ticket": _held("contact_id", plain="status priority channel preview_author", words="subject preview",
                    export="tickets"),
    "message": _held("id=message", plain="channel direction kind author_kind fingerprint client_id",
                     words="subject text full_text html payload trace", by_hand="author_name external_id",
                     export="messages"),
    "attachment": _held("message_id", plain="content_type sha256", who="name cid ref error", gone=True,
                        export="attachments"),
    "delivery": _held("ticket_id identity_id", plain="role status mail_id", words="error",
                      who="address reply_token external_id", export="deliveries"),
    "thread_key": _held("ticket_id", plain="key", gone=True),
    "participant": _held("identity_id", plain="role", export="participants"),
    "ticket_tag": _held(),
    "draft": _held("ticket_id", plain="mode", words="text fields", gone=True),
    "later_reply": _held("ticket_id", plain="mode client_id then", words="text fields error", gone=True),
    "later_file": _held(plain="content_type sha256", words="name"),     # goes with its reply
    "mention": _held("message_id ticket_id", gone=True),
    "follower": _held(),
    "bulk_item": _held("ticket_id", words="before error"),
    "ticket_link": _held("from_id=ticket", plain="kind"),
    "raw_inbound": _held(plain="method state", words="error", by_hand="source_key headers query body sha256"),
    # What follows from it
    "event": _held("ticket_id contact_id", plain="name actor", by_hand="data", export="events"),
    "assistant_turn": _held("ticket_id", plain="outcome reason also locale", words="candidates understood asks",
                            export="assistant_turns"),
    "open_question": _held("ticket_id message_id", plain="locale source state decided_by", words="text",
                           export="open_questions"),
    "question_group": _held(plain="locale", words="title"),
    "article_view": _held("visitor_id", plain="place", export="article_views"),
    "article_feedback": _held("visitor_id", plain="place", words="comment", export="article_feedback"),
    "help_search": _held(plain="locale place", words="text folded"),    # nobody knows whose; forgotten after a while
    "survey": _held("ticket_id contact_id", plain="key kind state reason channel", who="token_hash",
                    export="surveys"),
    "rating": _held("ticket_id", words="comment", export="ratings"),
    "pledge": _held("identity_id message_id", plain="judged", gone=True, export="pledges"),
    "sla_clock": _held("ticket_id", plain="kind"),
    "notification": _held("ticket_id", plain="kind", words="text"),
    "task": _held("ticket_id", plain="name key state", words="data error", gone=True),
    "person_export": _held("contact_id", plain="state name error", gone=True),
    "erasure": _held(plain="mode actor counts", by_hand="work"),        # emptied when done: helpdesk.services.erasure
    # The house: staff, settings, texts. Customers' names may have slipped into some.
    "agent": _held(plain="name email password_hash role time_zone theme mail_notices locale preferences rights sees "
                         "languages two_step two_step_secret recovery_codes"),
    "role": _held(plain="name about rights sees"),
    "audit_entry": _held(plain="actor actor_name kind subject detail address browser"),     # names no customer
    "agent_notice": _held("ticket_id message_id", plain="kind answers", gone=True),
    "agent_session": _held(plain="token_hash csrf_token user_agent address"),
    "sign_in_link": _held(plain="token_hash"),
    "team": _held(plain="name reopen"),
    "team_member": _held(),
    "tag": _held(plain="name colour description"),
    "macro": _held(plain="shortcut mode locale actions", words="name text"),
    "macro_file": _held(plain="content_type sha256", words="name"),
    "saved_view": _held(plain="icon sort shared", words="name query"),
    "bulk_change": _held(plain="action"),
    "category": _held(plain="key icon"),
    "category_name": _held(plain="locale name slug description"),
    "article": _held(plain="locale slug audience needs", words="title summary body"),
    "question": _held(plain="source", words="text"),
    "article_version": _held(words="title summary body"),
    "article_picture": _held(plain="token name content_type sha256"),
    "article_redirect": _held(plain="path"),
    "sensitive_topic": _held(plain="name words"),
    "phrasing_vector": _held(plain="encoder text_hash vector"),
    "matcher_state": _held(plain="key state"),
    "assistant_evaluation": _held(plain="state error actor", words="figures"),
    "confidence_fit": _held(plain="coefficients figures actor"),
    "inbox": _held(plain="key channel name account settings secrets tokens cursor lease_by reopen",
                   words="reading error"),
    "message_template": _held(plain="name language status category header body footer buttons examples external_id "
                                    "unsendable reason"),
    "business_hours": _held(plain="name time_zone week holidays"),
    "sla_policy": _held(plain="name first_response resolution"),
    "rate_count": _held(plain="key"),           # forgotten when its window is over
    "system_state": _held(plain="key value"),
    "retention_rule": _held(plain="data_class how"),
}

# The words in an event's `data`, by field: vocabulary that reports and the timeline live by stays, the rest goes with
# the person. "Fact.field" where one fact means something else by the same name.
EVENT_PLAIN = frozenset("""
    channel why by what status previous priority added removed until reason outcome title how kind trust role due_at
    agent_name team_name emoji automatic refused mood language topic did tried name purpose source mode judgement way
    ContactChanged.roles ContactChanged.reply
    TicketsMerged.changed TicketsMerged.participants TicketsMerged.clocks TicketsMerged.tags
""".split())
EVENT_PERSONAL = frozenset("""
    address addresses value comment asked summary forms brief error detail ContactsMerged.why InboxDisconnected.name
    AgentMailRefused.why WriterNamed.carrier ContactChanged.from_name ContactChanged.to_name MailboxTrouble.name
    MailboxTrouble.what AgentSignedIn.address
""".split())


def is_plain(fact: str, name: str) -> bool:
    """Whether this field of this fact says nothing about a person; what nobody has declared does."""
    return f"{fact}.{name}" not in EVENT_PERSONAL and (f"{fact}.{name}" in EVENT_PLAIN or name in EVENT_PLAIN)
