"""Mails for the tests, written here: builders for the usual ones, bytes for the odd ones."""
from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import UTC, datetime

from channels._mail_parse import parse_mail
from channels.base import Inbound

SUPPORT = "support@example.org"
NOW = datetime(2025, 6, 3, 12, 0, tzinfo=UTC)


def read(raw: bytes) -> Inbound:
    """The one message in this mail, to SUPPORT, on the day after the samples were written."""
    [item] = parse_mail(raw, [SUPPORT], NOW)
    return item


def mail(body: str | bytes = "Hello, my kettle leaks.", *, charset: str = "utf-8", kind: str = "text/plain",
         headers: Mapping[str, str] | None = None, without: tuple[str, ...] = ()) -> bytes:
    """A mail of one part. `headers` replace or add fields, `without` leaves some out."""
    fields = {"From": "Ann Ash <ann@example.net>", "To": SUPPORT, "Subject": "Kettle",
              "Date": "Mon, 02 Jun 2025 10:00:00 +0200", "Message-ID": "<kettle-1@example.net>",
              "MIME-Version": "1.0", "Content-Type": f'{kind}; charset="{charset}"',
              "Content-Transfer-Encoding": "8bit"} | dict(headers or {})
    lines = [f"{name}: {value}" for name, value in fields.items() if name not in without]
    content = body if isinstance(body, bytes) else body.encode(charset if charset != "unknown" else "utf-8")
    return "\r\n".join(lines).encode("utf-8", "surrogateescape") + b"\r\n\r\n" + content


def parts(*pieces: tuple[str, bytes], kind: str = "mixed", extra: str = "") -> bytes:
    """The inside of a multipart: (header lines, body) of each part. Use with multipart()."""
    boundary = f"=_{kind}"
    inner = b"".join(f"--{boundary}\r\n{head}\r\n\r\n".encode() + body + b"\r\n" for head, body in pieces)
    return (f'Content-Type: multipart/{kind}; boundary="{boundary}"{extra}\r\n\r\n').encode() + inner + \
        f"--{boundary}--\r\n".encode()


def multipart(*pieces: tuple[str, bytes], kind: str = "mixed", headers: str = "", extra: str = "") -> bytes:
    """A whole mail of several parts."""
    return (b"From: Ann Ash <ann@example.net>\r\nTo: support@example.org\r\nSubject: Kettle\r\n"
            b"Date: Mon, 02 Jun 2025 10:00:00 +0200\r\nMessage-ID: <kettle-2@example.net>\r\nMIME-Version: 1.0\r\n"
            + headers.encode() + parts(*pieces, kind=kind, extra=extra))


def text_part(text: str) -> tuple[str, bytes]:
    return "Content-Type: text/plain; charset=utf-8", text.encode()


def html_part(html: str) -> tuple[str, bytes]:
    return "Content-Type: text/html; charset=utf-8", html.encode()


def file_part(name: str, content: bytes, kind: str = "application/pdf", more: str = "") -> tuple[str, bytes]:
    head = (f'Content-Type: {kind}\r\nContent-Transfer-Encoding: base64\r\n'
            f'Content-Disposition: attachment; filename="{name}"{more}')
    return head, base64.b64encode(content)


def bounce(action: str = "failed", status: str = "5.1.1", recipient: str = "gone@example.net",
           original: str = "<sent-7@example.org>") -> bytes:
    """An RFC 3464 report about a mail of ours."""
    report = (f"Reporting-MTA: dns; mx.example.net\r\n\r\nOriginal-Recipient: rfc822; {recipient}\r\n"
              f"Final-Recipient: rfc822; {recipient}\r\nAction: {action}\r\nStatus: {status}\r\n"
              f"Diagnostic-Code: smtp; 550 {status} No mailbox of that name\r\n").encode()
    returned = f"Message-ID: {original}\r\nFrom: support@example.org\r\nSubject: Re: Kettle\r\n".encode()
    return multipart(text_part("This is the mail system. Your message could not be delivered."),
                     ("Content-Type: message/delivery-status", report),
                     ("Content-Type: text/rfc822-headers", returned), kind="report",
                     extra="; report-type=delivery-status").replace(
        b"From: Ann Ash <ann@example.net>", b"Return-Path: <>\r\nFrom: MAILER-DAEMON@mx.example.net")


PLAIN_BOUNCE = b"""Return-Path: <>
From: Mail Delivery Subsystem <mailer-daemon@mx.example.net>
To: support@example.org
Subject: Undelivered mail returned to sender
Message-ID: <report-1@mx.example.net>
Date: Mon, 02 Jun 2025 10:00:00 +0000

Your message could not be delivered to

  <gone@example.net>: 550 5.1.1 user unknown

Below are the headers of your mail.

Message-ID: <sent-8@example.org>
From: support@example.org
Subject: Re: Kettle
"""

QUOTED = "> Dear customer,\n> please try to switch it off and on.\n>\n> Your support\n"

# language: the line by which a mail program of that language introduces the answered mail
INTRODUCTIONS = {
    "en": "On Mon, 2 Jun 2025 at 10:00, Support <support@example.org> wrote:",
    "en, broken over two lines": "On Mon, 2 Jun 2025 at 10:00, The Whole Support Team of the Shop\n"
                                 "<support@example.org> wrote:",
    "id": "Pada tanggal Sen, 2 Jun 2025 pukul 10.00 Dukungan <support@example.org> menulis:",
    "es": "El lun, 2 jun 2025 a las 10:00, Soporte (<support@example.org>) escribió:",
    "pt": "Em seg., 2 de jun. de 2025 às 10:00, Suporte <support@example.org> escreveu:",
    "fr": "Le lun. 2 juin 2025 à 10:00, Support <support@example.org> a écrit :",
    "de": "Am Mo., 2. Juni 2025 um 10:00 Uhr schrieb Support <support@example.org>:",
    "it": "Il giorno lun 2 giu 2025 alle ore 10:00 Supporto <support@example.org> ha scritto:",
    "nl": "Op ma 2 jun 2025 om 10:00 schreef Support <support@example.org>:",
    "sv": "Den mån 2 juni 2025 kl 10:00 skrev Support <support@example.org>:",
    "da": "Den man. 2. jun. 2025 kl. 10.00 skrev Support <support@example.org>:",
    "no": "man. 2. juni 2025 kl. 10:00 skrev Support <support@example.org>:",
    "fi": "ma 2. kesäk. 2025 klo 10.00 Tuki (support@example.org) kirjoitti:",
    "pl": "pon., 2 cze 2025 o 10:00 Wsparcie <support@example.org> napisał(a):",
    "ru": "пн, 2 июн. 2025 г. в 10:00, Поддержка <support@example.org>:",
    "ja": "2025年6月2日(月) 10:00 サポート <support@example.org>:",
    "zh": "Support <support@example.org> 于2025年6月2日周一 10:00写道：",
    "hi": "सोम, 2 जून 2025 को 10:00 बजे को Support <support@example.org> ने लिखा:",
    "ar": "في الاثنين، 2 يونيو 2025 في 10:00 تمت كتابة ما يلي بواسطة Support <support@example.org>:",
}

OUTLOOK_HEADERS = {
    "en": "From: Support <support@example.org>\nSent: Monday, June 2, 2025 10:00 AM\nTo: Ann Ash\nSubject: Kettle",
    "de": "Von: Support <support@example.org>\nGesendet: Montag, 2. Juni 2025 10:00\nAn: Ann Ash\nBetreff: Kessel",
    "fr": "De : Support <support@example.org>\nEnvoyé : lundi 2 juin 2025 10:00\nÀ : Ann Ash\nObjet : Bouilloire",
    "es": "De: Soporte <support@example.org>\nEnviado: lunes, 2 de junio de 2025 10:00\nPara: Ann\nAsunto: Tetera",
    "it": "Da: Supporto <support@example.org>\nInviato: lunedì 2 giugno 2025 10:00\nA: Ann\nOggetto: Bollitore",
    "nl": "Van: Support <support@example.org>\nVerzonden: maandag 2 juni 2025 10:00\nAan: Ann\nOnderwerp: Ketel",
    "sv": "Från: Support <support@example.org>\nSkickat: den 2 juni 2025 10:00\nTill: Ann\nÄmne: Kittel",
    "pl": "Od: Wsparcie <support@example.org>\nWysłano: 2 czerwca 2025 10:00\nDo: Ann\nTemat: Czajnik",
    "zh": "发件人: Support <support@example.org>\n发送时间: 2025年6月2日 10:00\n收件人: Ann\n主题: 水壶",
    "ja": "差出人: サポート <support@example.org>\n送信日時: 2025年6月2日 10:00\n宛先: Ann\n件名: やかん",
    "ru": "От: Поддержка <support@example.org>\nОтправлено: 2 июня 2025 г. 10:00\nКому: Ann\nТема: Чайник",
}
