"""Events in words, for the timeline."""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from helpdesk.models import Event
from helpdesk.services.consents import PURPOSES, SOURCES
from helpdesk.services.inboxes import word as channel_words
from helpdesk.services.tickets import ON_REPLY

STATUS_WORDS = {"open": "open", "pending": "waiting for the customer", "resolved": "resolved", "closed": "closed"}
CLOCK_WORDS = {"first_response": "first response", "resolution": "resolution"}
HOW_WORDS = {"token": "by a signed token", "platform": "by the platform", "reply": "by a reply from there",
             "code": "by a code that was sent there", "link": "by its owner, who said yes",
             "agent": "by an agent"}
REASON_WORDS = {"asked": "the customer asked for a person", "misses": "it did not know the answer",
                "no_match": "it did not know the answer", "not_helped": "the answer did not help",
                "frustrated": "the customer was not happy", "files": "the customer sent files",
                "answered_once": "the customer wrote again", "other_person": "somebody else wrote",
                "promised": "somebody of ours had promised to come back to them",
                "no_route": "there was no way to answer", "turns": "it went on for too long",
                "repeated": "the same was written again, word by word, as machines do",
                "topic": "it is a matter that people handle here", "account": "they asked for what we hold of them",
                "partly": "it knew only a part of what was asked",
                "not_given": "it asked for something and did not get it",
                "unverified": "it is about an account, and nobody has proved whose it is",
                "not_theirs": "no order of that number is theirs", "read_too": "people read every mail",
                "error": "something went wrong inside the assistant",
                "agent": "an agent took over"}


REOPENED = {"customer wrote": ": the customer wrote again", "answered": ": somebody answered",
            "undone": " (undone)", "no spam": ": it was no spam",
            "somebody else wrote": ": somebody else wrote", "not delivered": ": an answer did not arrive"}
FORWARDED = {"ticket": "forwarded the conversation", "message": "forwarded a message", "nothing": "wrote"}
JUDGED = {"kept": "marked a promise as kept", "none": "said that it was no promise",
          "": "took back what was said of a promise"}
LINKS = {"parent": "this is a part of it", "child": "it is a part of this", "related": "related"}
PARTS = {"cc": "gets copies from now on", "bcc": "got a hidden copy", "third": "takes part as a third party",
         "unverified": "takes part (unverified)"}


@dataclass(frozen=True)
class Words:
    """How one event is shown. `tone` is '', good, warn or bad; `at` is a time that belongs into the sentence."""
    icon: str
    text: str
    tone: str = ""
    at: datetime | None = None


def event_words(event: Event, who: Callable[[str], str]) -> Words:
    """The event as a sentence. `who` turns an actor ("agent:3") into a name."""
    build = _BUILDERS.get(event.name)
    if build is None:
        return Words("info", f"{who(event.actor)}: {event.name}")
    return build(event.data or {}, who(event.actor))


def _assigned(data: dict, who: str) -> Words:
    if data.get("agent_id") is None:
        return Words("unassigned", f"{who} put the ticket back into the queue")
    name = data.get("agent_name") or "somebody"
    return Words("mine", f"{who} took the ticket" if name == who else f"{who} assigned the ticket to {name}")


def _tags(data: dict, who: str) -> Words:
    parts = [f"{verb} {', '.join(data[key])}" for key, verb in (("added", "added"), ("removed", "removed"))
             if data.get(key)]
    return Words("tag", f"{who} {' and '.join(parts)}")


def _reopened(data: dict, who: str) -> Words:
    return Words("refresh", f"{who} reopened the ticket{REOPENED.get(data.get('why'), '')}")


def _handed_over(data: dict, who: str) -> Words:
    reason = data.get("reason", "")
    return Words("robot", f"Handed over to people: {REASON_WORDS.get(reason, reason.replace('_', ' '))}", "warn")


def _answered(data: dict, who: str) -> Words:
    words = {"answered": "The assistant answered", "offered": "The assistant offered articles",
             "asked": "The assistant asked back", "missed": "The assistant found no answer",
             "greeted": "The assistant said hello",
             "handed_over": "The assistant handed over"}.get(data.get("outcome"), "The assistant spoke")
    title, score = data.get("title"), data.get("score")
    return Words("robot", words + (f" from “{title}”" if title else "")
                 + (f" ({round(score * 100)} % sure)" if score is not None and title else ""))


def _snoozed(until: datetime | None, who: str) -> Words:
    if until == ON_REPLY:
        return Words("snooze", f"{who} snoozed the ticket until the customer answers")
    return Words("snooze", f"{who} snoozed the ticket until", at=until)


def consent_words(data: dict) -> str:
    """What a ConsentChanged says: news and offers by email agreed to, in the chat."""
    purpose = PURPOSES.get(data.get("purpose"))
    place = f" by {data['channel']}" if data.get("channel") else ""
    return (f"{purpose.label if purpose else data.get('purpose')}{place} "
            f"{'agreed to' if data.get('given') else 'ended'}, {SOURCES.get(data.get('source'), data.get('source'))}")


def _rated(data: dict, who: str) -> Words:
    comment = f": “{data['comment']}”" if data.get("comment") else ""
    tone = "bad" if data.get("low") else "good"
    return Words("star", f"{who} rated the help {data.get('score')} of 5{comment}", tone)


_BUILDERS: dict[str, Callable[[dict, str], Words]] = {
    "TicketOpened": lambda d, who: Words("plus", f"Ticket opened by {channel_words(d.get('channel'))}"),
    "TicketAssigned": _assigned,
    "TeamChanged": lambda d, who: Words("team", f"{who} moved the ticket to {d.get('team_name') or 'no team'}"),
    "StatusChanged": lambda d, who: Words("edit", f"{who} set the status to "
                                                  f"{STATUS_WORDS.get(d.get('status'), d.get('status'))}"),
    "TicketResolved": lambda d, who: Words("resolved", f"{who} resolved the ticket", "good"),
    "TicketReopened": _reopened,
    "PriorityChanged": lambda d, who: Words("priority", f"{who} set the priority to {d.get('priority')}"),
    "TagsChanged": _tags,
    "AutomaticMailWithheld": lambda d, who: Words("lock", f"No {d.get('what')} was mailed. {d.get('why')}", "warn"),
    "TicketSnoozed": lambda d, who: _snoozed(_time(d.get("until")), who),
    "TicketWoken": lambda d, who: Words("bell", {"due": "The snooze is over", "customer wrote":
                                                 "Back from snooze: the customer wrote", "somebody else wrote":
                                                 "Back from snooze: somebody else wrote"}.get(
                                                     d.get("why"), f"{who} woke the ticket")),
    "ChannelSwitched": lambda d, who: Words("switch", f"{who} went on by {channel_words(d.get('channel'))} (before: "
                                                      f"{channel_words(d.get('previous'))})", "warn"),
    "SwitchAccepted": lambda d, who: Words("check", f"{who} said that it is the same matter"),
    "WriterNamed": lambda d, who: Words("contacts", f"{who} gave the ticket back to {d.get('carrier')}"
                                        if d.get("undone") else f"{who} made this the ticket of {d.get('address')}, "
                                        f"whose mail {d.get('carrier')} had passed on"),
    "MessageEdited": lambda d, who: Words("edit", f"{who} edited a message"),
    "MessageUnsent": lambda d, who: Words("trash", f"{who} took a message back"),
    "ContactChanged": lambda d, who: Words("contacts", f"{who} changed the customer from "
                                           f"{d.get('from_name') or 'somebody'} to {d.get('to_name') or 'somebody'}"),
    "TicketLinked": lambda d, who: Words("link", f"{who} linked #{d.get('other_id')}: "
                                                 f"{LINKS.get(d.get('kind'), d.get('kind'))}"),
    "TicketUnlinked": lambda d, who: Words("link", f"{who} removed the link to #{d.get('other_id')}"),
    "TicketSplit": lambda d, who: Words("split", f"{who} split a message off into ticket #{d.get('into_ticket_id')}"),
    "TicketsMerged": lambda d, who: Words("merge", f"{who} merged ticket #{d.get('merged_id')} into this one" + (
        "" if d.get("together") else "; its customer does not take part here")),
    "TicketMergedInto": lambda d, who: Words("merge", f"{who} merged this ticket into #{d.get('into_ticket_id')}"),
    "TicketsUnmerged": lambda d, who: Words("split", f"{who} made #{d.get('merged_id')} a ticket of its own again" + (
        f"; {len(d['message_ids'])} messages went along" if d.get("message_ids") else "")),
    "TicketUnmergedFrom": lambda d, who: Words("split", f"{who} took this ticket out of #{d.get('from_ticket_id')} "
                                                        "again"),
    "TicketMarkedSpam": lambda d, who: Words("warning", {
        "blocked": "Went to spam: the address that it came from is blocked",
        "answers": "Stays with spam: it goes on with a ticket that is"}.get(
            d.get("why"), f"{who} marked the ticket as spam"), "warn"),
    "TicketNotSpam": lambda d, who: Words("check", f"{who} said that it is no spam"),
    "AddressBlocked": lambda d, who: Words("lock", f"{who} blocked {d.get('value')}: what comes from there goes to spam"
                                           if d.get("blocked") else f"{who} unblocked {d.get('value')}"),
    "HandedOver": _handed_over,
    "HandedBack": lambda d, who: Words("robot", f"{who} gave the ticket back to the assistant"),
    "AssistantAnswered": _answered,
    "AnswerJudged": lambda d, who: Words("star", "The customer said that the answer helped" if d.get("helped") else
                                         "The customer said that the answer did not help",
                                         "good" if d.get("helped") else "warn"),
    "PhrasingLearned": lambda d, who: Words("articles", f"{who} took back what the assistant had learned for "
                                            f"“{d.get('title')}”" if d.get("undone") else
                                            f"{who} taught the assistant a phrasing of “{d.get('title')}”"),
    "ArticleUsed": lambda d, who: Words("articles", f"{who} {d.get('how')} “{d.get('title')}”"),
    "ConsentChanged": lambda d, who: Words("shield", f"{who} recorded: {consent_words(d)}"),
    "PersonErased": lambda d, who: Words("trash", f"{who} had this person "
                                                  f"{'erased' if d.get('mode') == 'erase' else 'pseudonymised'}"),
    "PersonExported": lambda d, who: Words("download", f"{who} exported everything about this person"),
    "DeliveryFailed": lambda d, who: Words("warning", f"Not delivered by {channel_words(d.get('channel'))}: "
                                                      f"{d.get('error')}", "bad"),
    "MailUnwanted": lambda d, who: Words("warning", f"{d.get('address')} {d.get('did')}. Automatic mail no longer goes "
                                                    "there; think before you write again.", "bad"),
    "TicketForwarded": lambda d, who: Words("forward", f"{who} {FORWARDED.get(d.get('what'), 'wrote')} to "
                                                       f"{', '.join(d.get('addresses', ()))}"),
    "AnswerMailed": lambda d, who: Words("email", "The visitor had left, so the answer also went to "
                                                  f"{d.get('address')}"),
    "IdentityAdded": lambda d, who: Words("plus", f"{who} gave an address: {d.get('value')}"),
    "IdentityVerified": lambda d, who: Words("shield", f"{d.get('value')} is verified "
                                                       f"{HOW_WORDS.get(d.get('how'), '')}".rstrip(), "good"),
    "ConfirmationAsked": lambda d, who: Words("shield", f"A code to confirm it went to {d.get('value')}, asked for by "
                                                        f"{who}" if d.get("way") == "code" else
                                                        f"{who} had {d.get('value')} asked: was that you?"),
    "AddressConfirmed": lambda d, who: Words("shield", f"{who} proved {d.get('value')}, too, "
                                                       f"{HOW_WORDS.get(d.get('way'), '')}", "good"),
    "AddressDenied": lambda d, who: Words("warning", f"The owner of {d.get('value')} says that it was not them" if
                                          d.get("why") == "denied" else
                                          f"Too many wrong codes for {d.get('value')}: do not trust that it is theirs",
                                          "bad"),
    "ContactsMerged": lambda d, who: Words("contacts", "Two records of this person became one"),
    "PreferenceStated": lambda d, who: Words("reply", f"{who} noted: answers by {channel_words(d['channel'])}, please"
                                             if d.get("channel") else f"{who} noted: answers by any channel"),
    "ContactsUnmerged": lambda d, who: Words("split", "What had been merged with this person is a record "
                                                      "of its own again"),
    "ToldApart": lambda d, who: Words("contacts", f"{who} said that this is not the same person as contact "
                                      f"{d.get('other_id')}" if d.get("apart") else
                                      f"{who} took back that contact {d.get('other_id')} is somebody else"),
    "ParticipantJoined": lambda d, who: Words("plus", f"{d.get('address')} "
                                              f"{PARTS.get(d.get('role'), 'takes part')}",
                                              "warn" if d.get("role") == "unverified" else ""),
    "Unsubscribed": lambda d, who: Words("email", f"{d.get('address')} wants " + (
        "no more surveys" if d.get("stopped") else "surveys again")),
    "PledgeJudged": lambda d, who: Words("clock", f"{who} {JUDGED.get(d.get('judgement'), 'judged a promise')}"),
    "SlaBreached": lambda d, who: Words("clock", f"The {CLOCK_WORDS.get(d.get('kind'), d.get('kind'))} is overdue",
                                        "bad"),
    "SurveySent": lambda d, who: Words("star", f"Asked how it went, by {channel_words(d.get('channel'))}"),
    "RatingGiven": _rated,
}


def _time(text: str | None) -> datetime | None:
    try:
        return datetime.fromisoformat(text or "")
    except ValueError:
        return None
