"""Mails that say what became of another mail: RFC 3464 reports, and the plain forms that many servers still send."""
from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from email import message_from_bytes
from email.message import Message

from channels._charset import without_refused
from channels._mail_files import children, payload
from channels._mail_headers import ADDRESS, Headers, decoded, normal_address, normal_message_id, parents
from channels._mail_provider import sns_outcomes
from channels._mail_tree import content_type, leaves

SENDER = re.compile(r"mailer[-_ ]?daemon|post[-_]?master|mail[- ]?delivery|maildelivery|mail administrator"
    r"|mailadmin|delivery[- ]?sub|mdaemon|mmdf|uucp|bounce|exim"
                    r"|system administrator|systemadministrator|undeliver|mail[- ]?system|mail router"
                    r"|info-mss|amavis|no-reply|noreply", re.I)
SUBJECT = re.compile(
    r"undeliver|non[- ]?deliver|not[- ]?deliver|delivery (?:status|fail|notif|problem|error|report|has|unsucc"
    r"|has been)|deliverability|fail(?:ed|ure)?[ :-]+(?:mail|delivery|notice|message|to)|(?:mail|message"
    r"|delivery|permanent"
    r"|transport|dns|email|e-mail|routing|warning|smtp|send)\S*[ :-]+(?:delivery )?(?:fail|error|return"
    r"|rejected|undeliv|could not|can.?t|blocked|not )|returned (?:mail|e-?mail|to sender|message)"
    r"|mail (?:could not|not delivered|system error|delivery)|unzustellbar|nicht zustellbar|zustell"
    r"|unable to deliver|bounced|rejected mail|rejected:|user unknown|no such (?:user|address)"
    r"|invalid (?:recipient|address)"
    r"|non remis|échec|non recapitabil|mancato recapito|consegna|mensaje no|no se pudo|não entregue|devolvid"
    r"|falha|onbestelbaar|kan ikke leveres|olevererbart|nie można dostarczyć"
    r"|недостав|не доставл|возвращ|配信|送信できません|エラー|未送達|不達|届けできません|退信|无法投递|系统退信"
    r"|delayed mail|mail delay"
    r"|message delayed|warning: (?:message|could)|still being retried"
    r"|message status|message you sent|your (?:message|mail|e-mail) (?:to|could|cannot|was|has|wasn)"
    r"|error (?:sending|in|condition)|disk quota|over quota|mailbox (?:full|is full|unavail)|abgelehnt"
    r"|fehlgeschlagen|problem[es]* (?:de|delivering|with)|unreachable|nondelivery|unknown address"
    r"|mail redirect|addressee unknown|could not send|failed$|out of service", re.I)
STRONG = re.compile(r"^\s*(?:delivery (?:status )?notification|undeliver(?:able|ed)|undelivered mail returned"
    r"|mail delivery (?:failed|failure|system)|returned mail"
                    r"|(?:mail|message) could not be delivered|failure notice|delivery (?:failure|has failed)"
                    r"|mail system error|non[- ]?delivery|unzustellbar|nicht zustellbar)", re.I)
DAEMON = re.compile(r"mailer-?daemon@|mail[- ]?delivery (?:sub)?system", re.I)
BODY = re.compile(
    r"could not be delivered|couldn.t be delivered|cannot be delivered|(?:was|were) not delivered"
    r"|not be delivered|undeliverable|un-?able to deliver|wasn.t able to deliver"
    r"|(?:permanent|fatal|transient non-fatal) (?:delivery )?(?:error|failure)|delivery (?:has "
    r"|to the following |of )?(?:fail|attempt|temporarily)|failed to deliver|could not deliver"
    r"|did not reach the following|delivery failed|user unknown|unknown user|unknown recipient"
    r"|no such (?:user|recipient|mailbox|person)|mailbox (?:unavailable|is full|full|not found|unknown"
    r"|does not exist)"
    r"|recipient(?:'s)? (?:address )?(?:rejected|unknown|not found)|address(?:es)? (?:had|unknown|not found"
    r"|rejected)|does not exist|doesn.t exist|over quota|quota exceed|host (?:unknown|not found)"
    r"|this is a permanent error"
    r"|returned to (?:the )?sender|message (?:was )?(?:rejected|refused|blocked|returned)|not listed in"
    r"|has been (?:delayed|rejected|returned|blocked)|will (?:be retried|keep trying|continue)"
    r"|nicht zugestellt|konnte nicht|no se (?:pudo|ha podido)|n'a pas pu|n.a pu être|niet (?:worden )?bezorgd"
    r"|non è stat|не (?:может|удалось|доставл|был)|届けできません|送信できません|配信できません|見つかりません"
    r"|存在しません|投递失败|无法"
    r"|i'm afraid i wasn't able|hi\. this is the|the following address|following recipient|\b5\d\d[ -]\S"
    r"|\b[45]\.[0-7]\.\d{1,3}\b|smtp error|remote host said|out ?going mail|failed (?:address|recipient)"
    r"|unrouteable|invalid (?:recipient|address|user)"
    r"|宛先|エラー|error transmitting|(?:don.t|doesn.t) have an account|not accept|unreachable|failure reason"
    r"|reason:|account (?:has been |is )?(?:disabled|expired|suspended)|exceeds allowed|envelope expired"
    r"|delivery userid|has been returned|incorrectly constructed|has been ignored|for the following reason"
    r"|message delivery", re.I)
DELAYED = re.compile(r"delay(?:ed)?\b|will (?:keep|continue|be re)|still being retried|not (?:yet"
    r"|been) delivered|no action is required|warning message|temporar|verzögert|retard|retraso|ritardo"
    r"|vertraagd", re.I)
ORIGINAL_ID = re.compile(rb"^[>| \t*]*Message-I[dD]:[ \t\r\n]*(<[^<>\r\n]{3,400}>)", re.M | re.I)
CODE = re.compile(r"(?<![\d.])(?:[45]\.[0-7]\.\d{1,3}|[45]\d\d[ -])")
RETURNED = re.compile(r"(?im)^[>| \t*•-]{0,20}(?:received|return-path|message-id|from|to|date): |^[>| \t*]{0,20}"
                      r"(?:-{2,80}.{0,30}(?:original|copy|returned|header|below|unsent|body)"
                      r"|original (?:message|mail))")
BEYOND = re.compile(r"(?:\.\.+|\]).*")     # `<a@example.net>... User unknown`, `[a@example.net]:`
STATUS_PARTS = {"message/delivery-status", "message/global-delivery-status"}
NOT_A_REPORT = {"relayed", "expanded"}
HUMAN_TEXT = 64_000


@dataclass(frozen=True)
class Outcome:
    """What became of the mail for one recipient."""
    action: str             # failed, delayed, delivered
    recipient: str
    error: str
    code: str = ""          # enhanced status code (RFC 3463)


@dataclass(frozen=True)
class Bounce:
    original_id: str        # normalised Message-ID of our mail, '' when the report does not tell
    outcomes: Sequence[Outcome]


def bounce_in(message: Message, headers: Headers, text: str, raw: bytes) -> Bounce | None:
    """The report in this mail, or None for any other mail. `text` is its readable body, `raw` its bytes."""
    parts = list(leaves(message))
    kinds = {content_type(part) for part in parts}
    if "message/feedback-report" in kinds or "message/disposition-notification" in kinds:
        return None
    outcomes = [o for part in parts if content_type(part) in STATUS_PARTS
                for o in _status_outcomes(part)]
    named, told = ("", []) if outcomes or not headers.raw("x-amz-sns-message-id") else sns_outcomes(text)
    if told:
        return Bounce(named, [Outcome(action, recipient, (error or action)[:500]) for action, recipient, error in told])
    if not outcomes:
        outcomes = _plain_outcomes(headers, kinds, text)
    if not outcomes:
        return None
    return Bounce(_original_id(headers, raw), outcomes)


def _status_outcomes(part: Message) -> list[Outcome]:
    inner = children(part)
    blocks = list(map(Headers, inner)) if inner is not None else _blocks(payload(part))
    outcomes = []
    for block in blocks:
        action = block.get("action").lower().split(" ")[0].strip(";,")
        status = block.get("status")
        # Original is the address that we wrote to (RFC 3461 §4.2); Final may be where that one was forwarded.
        recipient = _recipient(block.get("original-recipient")) or _recipient(block.get("final-recipient"))
        if not (action or status or recipient):
            continue
        if action in NOT_A_REPORT:
            continue
        if action not in ("failed", "delayed", "delivered"):
            action = "delivered" if status.startswith("2") or action.startswith("deliver") else "failed"
        diagnostic = block.get("diagnostic-code") or block.get("x-supplementary-info")
        error = diagnostic.split(";", 1)[-1].strip() if ";" in diagnostic[:20] else diagnostic
        outcomes.append(Outcome(action, recipient, (error or status or action)[:500], status.split(" ")[0][:12]))
    return outcomes


def _blocks(data: bytes) -> list[Headers]:
    """The groups of a delivery-status part that the parser left as text."""
    text = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    groups = (group.strip() for group in re.split(rb"\n\s*\n", text)[:500])
    return [Headers(message_from_bytes(group + b"\n")) for group in groups if group]


def _recipient(value: str) -> str:
    found = ADDRESS.search(value.split(";", 1)[-1])
    return normal_address(found[0]) if found else ""


def _plain_outcomes(headers: Headers, kinds: set[str], text: str) -> list[Outcome]:
    text = text[:HUMAN_TEXT]
    failed = [normal_address(a) for v in headers.all("x-failed-recipients") for a in ADDRESS.findall(decoded(v))]
    report = "report-type=delivery-status" in headers.raw("content-type").replace('"', "").replace(" ", "").lower()
    sender = f"{headers.get('from')} {headers.get('sender')}"
    nobody = any("".join(v.split()) in ("<>", "") for v in headers.all("return-path"))
    subject = headers.get("subject")
    by_machine = bool(SENDER.search(sender)) or nobody
    answered = headers.get("auto-submitted").lower().startswith("auto-replied")
    says_so = bool(SUBJECT.search(subject))
    if not (failed or report or STRONG.search(subject) or DAEMON.search(sender)):
        if not by_machine or answered and not says_so:
            return []
        if text.strip() and not BODY.search(text):      # the costly question comes last
            return []
        if not says_so and not (SENDER.search(sender) and _returns_a_mail(kinds, text)):
            return []
    delayed = bool(DELAYED.search(subject)) or (not says_so and bool(DELAYED.search(text[:2000])))
    line = next((line for line in text.split("\n") if CODE.search(line)), "")
    error = " ".join((line[:5_000] or subject).split())[:500]
    return [Outcome("delayed" if delayed else "failed", recipient, error)
            for recipient in dict.fromkeys(failed or _recipients_in(text, sender) or [""])]


def _returns_a_mail(kinds: set[str], text: str) -> bool:
    return bool(kinds & {"message/rfc822", "text/rfc822-headers", "message/rfc822-headers"}) or bool(
        re.search(r"(?im)^[> \t]*(?:received|message-id|return-path|subject):", text))


def _recipients_in(text: str, sender: str) -> list[str]:
    """Addresses named before the returned mail begins, the sender's own left out."""
    own = {normal_address(a) for a in ADDRESS.findall(sender)}
    end = RETURNED.search(text)
    before = text[:end.start()] if end and end.start() > 20 else text
    found = [normal_address(BEYOND.sub("", a).strip("'`.:*")) for a in ADDRESS.findall(before)[:20]]
    return [a for a in dict.fromkeys(found) if a and a not in own and not SENDER.search(a)][:5]


def _original_id(headers: Headers, raw: bytes) -> str:
    own = normal_message_id(headers.raw("message-id"))
    ids = [normal_message_id(without_refused(m.decode("utf-8", "replace"))) for m in ORIGINAL_ID.findall(raw)]
    other = [i for i in ids if i and i != own]
    return other[0] if other else next(iter(parents(headers.all("in-reply-to"), headers.all("references"))), "")
