"""Facts about the ways by which a matter goes on. See helpdesk.events."""
from __future__ import annotations

from dataclasses import dataclass

from helpdesk.fact import Fact


@dataclass(frozen=True)
class ChannelSwitched(Fact):
    """The same matter went on over another channel."""
    previous: str
    channel: str
    message_id: int


@dataclass(frozen=True)
class SwitchAccepted(Fact):
    """An agent said that what came over another channel is the same matter."""
    message_id: int


@dataclass(frozen=True)
class AnswerMailed(Fact):
    """The visitor had left the chat: what they had not seen went to their mail address."""
    address: str
    message_ids: tuple[int, ...] = ()


@dataclass(frozen=True)
class PreferenceStated(Fact):
    """By which channel this person wants to be answered; '' when that is open again. `by`: agent or contact."""
    channel: str
    by: str
