"""What an agent can do about a mail that did not arrive."""
from __future__ import annotations

from channels._mail_codes import Blame, blame

NEXT = {
    Blame.ADDRESS: "Look for a typing error, or ask the customer for another address.",
    Blame.DOMAIN: "Check what stands behind the @; that domain takes no mail.",
    Blame.FULL: "Their mailbox is full. Try again in a day or two, or reach them another way.",
    Blame.SIZE: "Send it with smaller files, or in several mails.",
    Blame.POLICY: "Their server does not want mail from us. Ask an admin to look at DKIM and SPF of this inbox.",
    Blame.OURS: "Our own mail server refuses it. Ask an admin to test this inbox.",
    Blame.OTHER: "Try again, or reach them another way.",
}
OF_OURS = ("Not sent:", "this mail cannot be written", "the bytes of", "this inbox cannot sign")


def next_step(error: str) -> str:
    """One sentence for the agent, from the server's words; '' where the words are our own and say it already."""
    return "" if error.startswith(OF_OURS) else NEXT[blame(error)]
