"""Mail addresses, compared as people use them: what is one mailbox, what is a slip, and what is a company's door.

Gmail ignores dots and what follows a plus (https://support.google.com/mail/answer/7436150); other providers that take
plus addresses: RFC 5233.
"""
from __future__ import annotations

import re
from enum import StrEnum
from functools import lru_cache

from rapidfuzz.distance import OSA

ROLES = frozenset("""info support sales contact hello hi office admin administrator service services help helpdesk mail
    email team billing accounts accounting finance invoice invoices hr jobs careers marketing press media legal privacy
    security abuse postmaster webmaster hostmaster root noreply no-reply donotreply do-not-reply reply bounce bounces
    mailer-daemon notification notifications newsletter news orders order shop store booking bookings reservations
    reception frontdesk enquiries inquiries feedback returns it dev test spam kontakt anfrage buero verwaltung rechnung
    buchhaltung kundenservice bestellung bewerbung einkauf vertrieb contacto ventas soporte ayuda hola pedidos
    facturacion administracion contato atendimento vendas suporte financeiro sac comercial pedido compras kontak
    penjualan layanan bantuan pembelian ciao assistenza vendite commandes bonjour""".split())
PROVIDERS = frozenset("""gmail.com email.com hotmail.com hotmail.co.uk hotmail.fr hotmail.es hotmail.de hotmail.it
    outlook.com outlook.es outlook.de outlook.fr outlook.com.br live.com live.co.uk live.fr msn.com yahoo.com
    yahoo.co.uk yahoo.co.in yahoo.in yahoo.co.id yahoo.com.br yahoo.com.ar yahoo.com.mx yahoo.es yahoo.fr yahoo.de
    yahoo.it yahoo.co.jp ymail.com rocketmail.com aol.com icloud.com me.com mac.com proton.me protonmail.com pm.me
    gmx.de gmx.net gmx.at gmx.com web.de t-online.de freenet.de mail.com mail.ru yandex.ru yandex.com bk.ru
    list.ru inbox.ru rambler.ru uol.com.br bol.com.br terra.com.br ig.com.br globo.com libero.it virgilio.it
    tiscali.it orange.fr wanadoo.fr free.fr laposte.net sfr.fr qq.com 163.com 126.com sina.com naver.com daum.net
    hanmail.net rediffmail.com fastmail.com zoho.com tutanota.com hey.com btinternet.com sky.com comcast.net
    verizon.net att.net seznam.cz centrum.cz wp.pl o2.pl onet.pl interia.pl ukr.net abv.bg telenet.be ziggo.nl
    kpnmail.nl hetnet.nl bluewin.ch""".split())
SECOND_LEVEL = ("co", "com", "org", "net", "ac", "edu", "gov", "gob", "or", "ne", "go", "in")
DOTLESS = {"gmail.com": "gmail.com", "googlemail.com": "gmail.com"}
OFTEN_MISTYPED = ("gmail.com", "hotmail.com", "yahoo.com", "outlook.com", "icloud.com", "protonmail.com")


class Same(StrEnum):
    """What two addresses have in common. Ordered from much to nothing."""
    MAILBOX = "mailbox"     # what is sent to either lands in one mailbox
    SLIP = "slip"           # the domain of one is the other's mistyped
    ENDING = "ending"       # the domains differ in their ending
    LOCAL = "local"         # the same before the @
    NEAR = "near"           # one letter before the @ differs
    NOTHING = "nothing"


@lru_cache(maxsize=8192)
def box(address: str) -> tuple[str, str]:
    """The mailbox that an address leads to, as (before the @, domain)."""
    local, _, domain = address.lower().rpartition("@")
    domain = DOTLESS.get(domain, domain)
    local = local.split("+")[0] or local
    return (local.replace(".", "") or local if domain == "gmail.com" else local), domain


@lru_cache(maxsize=8192)
def meant(domain: str) -> str:
    """The great provider that a mistyped domain was meant to be (gmial.com, gmail.con), else the domain itself."""
    if domain in PROVIDERS or len(domain) > 16:
        return domain
    close = [known for known in OFTEN_MISTYPED if OSA.distance(domain, known, score_cutoff=1) == 1
             and (domain[0] == known[0] or sorted(domain[:2]) == sorted(known[:2]))]
    return close[0] if len(close) == 1 else domain


def door(address: str) -> bool:
    """Whether several people read what is sent there: info@, sales@."""
    return box(address)[0] in ROLES


def firm(address: str) -> str:
    """The domain where it belongs to a company or a person of its own; '' for a provider's."""
    domain = box(address)[1]
    return "" if meant(domain) in PROVIDERS or domain in DOTLESS else domain


def name_of_domain(domain: str) -> str:
    """What a domain is called without its ending: kopi for kopi.co.id and shop.kopi.com."""
    labels = domain.split(".")[:-1]
    if len(labels) > 1 and labels[-1] in SECOND_LEVEL:
        labels.pop()
    return labels[-1] if labels else domain


@lru_cache(maxsize=8192)
def spoken(address: str) -> tuple[str, ...]:
    """The words before the @, without digits at the end: ("ann", "lee") for ann.lee84@."""
    local = re.sub(r"\d+$", "", local_part(address))
    return tuple(word for word in re.split(r"[._\-]+", local) if word.isalpha())


def local_part(address: str) -> str:
    """What stands before the @, up to a plus."""
    return address.lower().rpartition("@")[0].split("+")[0]


def squeezed(text: str) -> str:
    """Letters and digits only, as handles are compared."""
    return "".join(c for c in text.lower() if c.isalnum())


def telling(text: str, names: frozenset[str]) -> bool:
    """Whether hardly two people hit on this start of an address or handle: long enough, and more than `names`, the
    words that its owners are called by."""
    bare = squeezed(text)
    digits = sum(c.isdigit() for c in bare)
    if len(bare) < 6 or digits > len(bare) - 3:
        return False
    return digits >= 2 or len(bare) >= 8 and not _spells(bare, names) and not re.search(r"[._-]", text)


def same(one: str, other: str) -> Same:
    """What two addresses have in common; the same whichever comes first."""
    (local, domain), (other_local, other_domain) = box(one), box(other)
    if "gmail.com" in (meant(domain), meant(other_domain)):     # its people leave dots out there, not elsewhere
        local, other_local = local.replace(".", ""), other_local.replace(".", "")
    if local != other_local:
        near = (domain == other_domain and min(len(local), len(other_local)) >= 8
                and OSA.distance(local, other_local, score_cutoff=1) == 1
                and re.sub(r"\d", "", local) != re.sub(r"\d", "", other_local))
        return Same.NEAR if near else Same.NOTHING
    if domain == other_domain:
        return Same.MAILBOX
    if meant(domain) == meant(other_domain):
        return Same.SLIP
    if name_of_domain(domain) == name_of_domain(other_domain):
        return Same.ENDING
    return Same.LOCAL


def _spells(bare: str, names: frozenset[str]) -> bool:
    """Whether a handle is nothing but its owner's names put together."""
    rest = bare
    for name in sorted(names, key=lambda word: (-len(word), word)):
        rest = rest.replace(name, "", 1)
    return len(rest) <= 1
