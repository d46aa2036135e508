"""Is it shown that a mail comes from the address in its From? Asked only where something hangs on it: an answer to a
notice that an agent got, and a mail that somebody passes on.

Shown is it by what our own mail server found (DMARC), or by the signature of the From's own domain (DKIM, RFC 6376),
which we check ourselves.
"""
from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace

import dkim
from dkim.util import InvalidTagValueList, parse_tag_value

from channels import _mail_results
from channels.base import Setting
from channels.facts import Inbound

# In the plus-address and the Message-ID of a notice to an agent: its number, and a seal that only we can make.
NOTICE = re.compile(r"agent-(\d{1,12})-([a-z2-7]{26})")
NOTICE_ID = re.compile(r"<agent-(\d{1,12})-([a-z2-7]{26})@[^<>@\s]{1,255}>")
GROUP = "Agents who write by mail"
SERVER, SIGNATURE = "server", "signature"
WAYS = {SERVER: "Our mail server checks it (DMARC)", SIGNATURE: "The helpdesk checks its signature (DKIM)"}
SETTINGS = (
    Setting("agent_replies", "Agents may answer from their mail program", default="no", kind="bool", group=GROUP,
            help="An answer to a notice becomes theirs when it is proved to come from them. Each agent switches it on "
                 "for themselves too, under Your account."),
    Setting("agent_forwards", "What an agent passes on becomes the customer's ticket", default="no", kind="bool",
            group=GROUP, help="A forwarded mail, proved to come from an agent, opens a ticket of who wrote it first."),
    Setting("proof", "A mail counts as an agent's when", default=SERVER, kind="choice", choices=tuple(WAYS), words=WAYS,
            group=GROUP, help="The built-in SMTP server checks nothing: without a mail server of your own in front, "
                              "choose the signature."),
    Setting("proof_server", "Name of that mail server", required=False, group=GROUP,
            help="As it stands first in the Authentication-Results of mail that comes to you, such as mx.example.org. "
                 "For Microsoft 365, which writes none, a single hyphen. It must remove such fields from mail that "
                 "comes in with its name. A customer's mail that failed its check is set aside, too."),
)
YES = ("yes", "1", "true", "on")
MOST_SIGNATURES, LOOK_UP_SECONDS = 5, 5
LookUp = Callable[..., "bytes | None"]


def notices(item: Inbound) -> list[tuple[int, str]]:
    """The notices to agents that a mail names: (number, seal), which may be anybody's invention."""
    found = [m for token in item.tokens if (m := NOTICE.fullmatch(token.lower()))]
    found += [m for one in item.replies_to if (m := NOTICE_ID.fullmatch(one))]
    return list(dict.fromkeys((int(m[1]), m[2]) for m in found))


def on(config: Mapping[str, str], key: str) -> bool:
    """Whether a switch of ours is on."""
    return str(config.get(key, "")).lower() in YES


def problems(values: Mapping[str, str]) -> dict[str, str]:
    """What does not fit together in a filled-in form."""
    wanted = on(values, "agent_replies") or on(values, "agent_forwards")
    if wanted and values.get("proof", SERVER) == SERVER and not values.get("proof_server", "").strip():
        return {"proof_server": "Without it nothing can be proved: fill it in, or choose the signature."}
    return {}


def judged(item: Inbound, raw: bytes, config: Mapping[str, str]) -> Inbound:
    """The same mail with `proof` or `doubt`, where one of them is needed; and `forged` where our server says so."""
    server = config.get("proof_server", "").strip() if config.get("proof", SERVER) == SERVER else ""
    if server and item.checked and _mail_results.failed(item.checked, server):
        item = replace(item, forged=f"{server} says that DMARC failed: the sender is perhaps forged")
    asked = (on(config, "agent_replies") and notices(item)
             or on(config, "agent_forwards") and "forwarded" in item.marks)
    if not asked:
        return item
    if not item.author or item.author != item.address:
        return replace(item, doubt="its From does not name one person")
    domain = item.author.rpartition("@")[2]
    if config.get("proof") == SIGNATURE:
        why = _unsigned(raw, domain)
        return replace(item, doubt=why) if why else replace(item, proof=f"signed by {domain} (DKIM)")
    why = _mail_results.doubt(item.checked, server, domain) if server else "no mail server is trusted to check it"
    return replace(item, doubt=why) if why else replace(item, proof=f"DMARC passed for {domain}, says {server}")


def _unsigned(raw: bytes, domain: str) -> str:
    """Why no signature shows that `domain` sent this mail; '' where one does. It must cover the whole body (no l=), so
    that nobody adds to it, and the date, so that nobody sends it once more as new."""
    look_up: LookUp = dkim.dnsplug.get_txt
    try:
        mail = dkim.DKIM(raw, minkey=1024, timeout=LOOK_UP_SECONDS)
        fields = [value for name, value in mail.headers if name.lower() == b"dkim-signature"][:MOST_SIGNATURES]
    except (dkim.DKIMException, ValueError) as error:
        return f"it cannot be checked ({error})"
    ours = [n for n, value in enumerate(fields) if _signs(value, domain)]
    if not ours:
        return f"it bears no signature of {domain}"
    for n in ours:
        try:
            if mail.verify(n, dnsfunc=look_up):
                return ""
        except Exception:       # whatever a crafted signature, or the DNS, makes of it: it is not shown
            continue
    return f"its signature of {domain} does not hold"


def _signs(field: bytes, domain: str) -> bool:
    try:
        tags = parse_tag_value(field)
    except (InvalidTagValueList, ValueError):
        return False
    covered = {name.strip().lower() for name in tags.get(b"h", b"").split(b":")}
    return (tags.get(b"d", b"").decode("ascii", "replace").lower() == domain and b"l" not in tags
            and {b"from", b"date"} <= covered)
