"""What a mail server means by its refusal (RFC 5321 §4.2, RFC 3463, and the words that servers really use)."""
from __future__ import annotations

import re
from enum import StrEnum

ENHANCED = re.compile(r"(?<![\d.])[245]\.(\d)\.(\d{1,3})(?![\d.])")
BASIC = re.compile(r"(?<![\d.])([45]\d\d)(?![\d.])")
AT_RCPT = "refuses this address"        # channels._smtp says so where the server refused one recipient


class Blame(StrEnum):
    """Whose fault it is that a mail did not arrive."""
    ADDRESS = "address"         # nobody has it, or nobody any more
    DOMAIN = "domain"           # what stands behind the @ takes no mail
    FULL = "full"               # their mailbox, for now
    SIZE = "size"
    POLICY = "policy"           # they do not want it from us: spam, reputation, rules
    OURS = "ours"               # our own server will not send it
    OTHER = "other"


WORDS = (
    (Blame.FULL, re.compile(r"quota|mailbox (?:is )?full|full mailbox|over ?limit|storage (?:limit|exceeded)"
                            r"|insufficient (?:system )?storage|overquota", re.I)),
    (Blame.SIZE, re.compile(r"too (?:large|big)|size (?:limit|exceed)|exceeds? (?:the )?(?:maximum |fixed )?"
                            r"(?:message )?size|maximum (?:message )?size", re.I)),
    (Blame.ADDRESS, re.compile(
        r"(?:user|recipient|mailbox|address|account|person)\S* (?:\S+ )?(?:unknown|not found|not exist|invalid|disabled"
        r"|inactive|unavailable|does not exist|doesn.t exist|has been (?:disabled|deactivated))"
        r"|(?:unknown|invalid|no such) "
        r"(?:\S+ )?(?:user|recipient|mailbox|address|account|person)|not a valid (?:mailbox|recipient)|does not exist"
        r"|no mailbox (?:here )?by that name|doesn.t have an? \S+ account", re.I)),
    (Blame.DOMAIN, re.compile(r"(?:host|domain)\S* (?:name )?(?:\S+ )?(?:not found|unknown|does not exist|has no mx)"
                              r"|unrouteable|no (?:mx|such domain)|null mx|does not accept mail|nxdomain", re.I)),
    (Blame.POLICY, re.compile(r"spam|blocked|black ?list|block ?list|policy|reputation|dmarc|\bspf\b|dkim"
                              r"|unauthenticated|denied|not authori[sz]ed|prohibited|rejected due to", re.I)),
)
BY_CODE = {(1, 2): Blame.DOMAIN, (2, 2): Blame.FULL, (2, 3): Blame.SIZE, (3, 1): Blame.FULL, (3, 4): Blame.SIZE,
           (2, 1): Blame.ADDRESS, (4, 4): Blame.DOMAIN, (4, 3): Blame.DOMAIN, (1, 8): Blame.POLICY, (1, 7): Blame.OURS}


def blame(words: str) -> Blame:
    """Whose fault a refusal is, from its code and words."""
    enhanced, basic = ENHANCED.search(words), BASIC.search(words)
    if enhanced:
        subject, detail = int(enhanced[1]), int(enhanced[2])
        if found := BY_CODE.get((subject, detail)):
            return found
        if subject == 1 and detail:
            return Blame.ADDRESS
    said = next((kind for kind, pattern in WORDS if pattern.search(words)), None)
    if said:
        return said
    if enhanced and int(enhanced[1]) == 7:
        return Blame.POLICY
    if AT_RCPT in words and basic and basic[1] in ("550", "551", "553"):
        return Blame.ADDRESS
    return Blame.OTHER


def marks_address(words: str) -> bool:
    """Whether nothing else will arrive at this address either."""
    return blame(words) in (Blame.ADDRESS, Blame.DOMAIN)
