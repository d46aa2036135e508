"""How a simulated platform is told to misbehave: in the same words for all of them."""
from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from channels.simulators._courier import Courier, Headers

OVERTAKEN = 4.0         # seconds by which every other webhook is late, so that the next one comes first


class Trouble:
    """What goes wrong at one account; at first nothing does.

    duplicates: every webhook comes twice. delay: seconds before one leaves. disorder: they overtake each other.
    receipts: what was delivered or read is reported. revoked: the account's token is worth nothing any more.
    blocked_by: who wants to hear nothing more. `refusals` are the arguments of fail_next() that make this platform
    refuse a message "for_now", "for_good", or because it asks to "slow_down".
    """
    refusals: ClassVar[Mapping[str, Mapping[str, Any]]] = {}
    courier: Courier
    fail_next: Callable
    faults: deque
    blocked_by: set[str]
    duplicates, delay, disorder, receipts, revoked = False, 0.0, False, True, False
    _behind = False

    def misbehave(self, kind: str, times: int = 1) -> None:
        """Refuse the next messages of the business. Raises LookupError for a kind that is not in `refusals`."""
        self.fail_next(**self.refusals[kind], times=times)

    def misbehaving(self) -> int:
        """How many of the next messages will be refused."""
        return len(self.faults)

    def customer_blocks(self, address: str, blocks: bool = True) -> None:
        """Somebody blocks the business, or lets it write again."""
        (self.blocked_by.add if blocks else self.blocked_by.discard)(address)

    def call(self, url: str, headers: Headers, body: bytes, delay: float = 0.0,
             again: tuple[Mapping[str, str], bytes] | None = None) -> None:
        """Owe the helpdesk one webhook. `again`: its redelivery, where that differs."""
        self._behind = self.disorder and not self._behind
        late = delay + self.delay + (OVERTAKEN if self._behind else 0.0)
        for one in [(headers, body), again or (headers, body)][:2 if self.duplicates else 1]:
            self.courier.owe(url, *one, late)
