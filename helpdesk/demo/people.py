"""The people whose phone the customer simulator shows: where each of them can be reached."""
from __future__ import annotations

import re
import secrets
from base64 import b64encode
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields, replace

from helpdesk.demo.apps import APPS
from helpdesk.errors import Invalid, NotFound
from helpdesk.services import identities

NAME_LIMIT = 80
AREAS = ("206", "212", "312", "415", "503", "617", "702", "808")


@dataclass(frozen=True)
class Person:
    """`whatsapp` is a number in E.164, for text messages as well, `telegram` a chat id; `messenger` and `instagram` are
    page-scoped ids; `line`, `viber`, `x` and `api` are user ids."""
    id: str
    name: str
    whatsapp: str
    telegram: str
    messenger: str
    instagram: str
    email: str
    locale: str = "en"
    line: str = ""
    viber: str = ""
    x: str = ""
    api: str = ""

    def address(self, app: str) -> str:
        """Where this person is reached in one of APPS. Raises NotFound for another word."""
        if app not in APPS:
            raise NotFound(f"There is no app {app!r} on this phone.")
        return getattr(self, APPS[app].address or app)


class People:
    """Everybody, by id, in the order in which they were made."""

    def __init__(self, known: Iterable[dict] = ()):
        names = {field.name for field in fields(Person)}
        self._people = {one["id"]: Person(**_made_up() | {k: v for k, v in one.items() if k in names}) for one in known}

    def __iter__(self):
        return iter(list(self._people.values()))

    def __len__(self) -> int:
        return len(self._people)

    def get(self, person_id: str) -> Person:
        """The person. Raises NotFound."""
        try:
            return self._people[person_id]
        except KeyError:
            raise NotFound("There is no such person here.") from None

    def add(self, name: str, *, person_id: str = "", phone: str = "", email: str = "", locale: str = "en") -> Person:
        """Somebody new; what is not given is made up (numbers that are kept free for fiction, example.com). Raises
        Invalid for a name or address that cannot be one, or that is somebody else's."""
        name = " ".join(name.replace("\0", "").split())
        if not 1 <= len(name) <= NAME_LIMIT:
            raise Invalid(f"A name has 1 to {NAME_LIMIT} characters.")
        person_id = person_id or f"p{secrets.token_hex(5)}"
        number = _number(phone) if phone.strip() else self._free_number()
        person = Person(person_id, name, whatsapp=number, email=_mail(name, email), locale=locale, **_made_up())
        if not email and any(one.email == person.email for one in self):
            person = replace(person, email=person.email.replace("@", f"{secrets.randbelow(9000) + 1000}@"))
        for other in self:
            if other.whatsapp == person.whatsapp or other.email == person.email or other.id == person.id:
                raise Invalid(f"{other.name} has this number or address already.")
        self._people[person.id] = person
        return person

    def _free_number(self) -> str:
        """A number of fiction that nobody here has; there are only a hundred in each area."""
        free = sorted({f"+1{area}5550{n}" for area in AREAS for n in range(100, 200)} - {one.whatsapp for one in self})
        if not free:
            raise Invalid("There are no free numbers any more. Enter one.")
        return secrets.choice(free)

    def described(self) -> list[dict]:
        """All of them as plain values."""
        return [asdict(person) for person in self]


def _made_up() -> dict[str, str]:
    """New ids in the apps whose people have a bare id; also for somebody from before there was such an app here."""
    return {"telegram": _digits(9), "messenger": _digits(16), "instagram": _digits(17),
            "line": f"U{secrets.token_hex(16)}", "viber": b64encode(secrets.token_bytes(16)).decode(),
            "x": _digits(19), "api": f"member-{secrets.token_hex(6)}"}


def _digits(count: int) -> str:
    return str(10 ** (count - 1) + secrets.randbelow(9 * 10 ** (count - 1)))


def _number(given: str) -> str:
    return identities.normal("phone", re.sub(r"[\s().-]", "", given))


def _mail(name: str, given: str) -> str:
    local = re.sub(r"[^a-z0-9]+", ".", name.lower()).strip(".") or "guest"
    return identities.normal("email", given or f"{local}@example.com")
