"""Invented patrons for the demo: believable, the same for the same seed. Pure.

The shares follow what ticketing databases report: 80 % have an email (36 % of those proven, 8 %
bounced), 68 % a phone, 71 % a postal address, 6 % a date of birth; 3.4 % are organisations.
Addresses use domains reserved by RFC 2606 alone, phones the fictional 555-01xx range: no one can be
reached by accident. Every value is in the canonical form of `patrons.fields`.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import TypedDict

from upstage_crm.demo.person import DemoPerson, all_values
from upstage_crm.demo.special import special_cases
from upstage_crm.demo.word_lists import (
    CULTURES,
    DOMAINS,
    FIRM_ENDINGS,
    FIRM_NAMES,
    NOTES,
    PLACES,
    SCHOOL_ENDINGS,
    STREETS,
    TAGS,
    Culture,
    Place,
)

SEASONS = 8
SEASON_WEIGHTS = (9, 10, 2, 5, 11, 14, 16, 18)  # the oldest first; the third is the closed one
DEFAULT_UNTIL = datetime(2026, 8, 31, tzinfo=UTC)  # the end of a season

ORGANISATION_SHARE = 0.034
HOUSEHOLD_SHARE = 0.16  # joins the household of the person before
EMAIL_SHARE = 0.80
VERIFIED_SHARE = 0.36  # of those with an email; the same holds for the next
BOUNCED_SHARE = 0.08
PHONE_SHARE = 0.68
ADDRESS_SHARE = 0.66  # of households; with those who join one, 71 % of patrons
BIRTH_SHARE = 0.06


class _Proof(TypedDict):
    is_email_verified: bool
    is_email_bounced: bool


def people(count: int, seed: int, *, until: datetime = DEFAULT_UNTIL) -> Iterator[DemoPerson]:
    """Yield `count` patrons, first the special cases (`edge`), then the crowd.

    The first n are the same for every larger `count`. No two share an email key. Records were made
    in the `SEASONS` years that end at `until`.
    """
    special = special_cases(until)[: max(count, 0)]
    taken = {email.casefold() for person in special if (email := person.values["email"])}
    crowd = _Crowd(random=Random(seed), until=until, taken=taken)  # noqa: S311 - no secrets here
    yield from special
    for _ in range(count - len(special)):
        yield crowd.next_patron()


@dataclass(slots=True)
class _Household:
    culture: Culture
    family: str
    place: Place
    address: dict[str, str | None]


@dataclass(slots=True)
class _Crowd:
    random: Random
    until: datetime
    taken: set[str]
    household: _Household | None = None

    def next_patron(self) -> DemoPerson:
        if self.random.random() < ORGANISATION_SHARE:
            return self._organisation()
        return self._person()

    def _person(self) -> DemoPerson:
        random = self.random
        home = self._home()
        given = random.choice(home.culture.given)
        family = home.family
        names = f"{_shown(given)} {_shown(family)}".split()
        email = self._email(_latin(given), _latin(family)) if self._is(EMAIL_SHARE) else None
        values = all_values(
            given_name=_shown(given),
            family_name=_shown(family) or None,
            email=email,
            phone=self._phone(home.place) if self._is(PHONE_SHARE) else None,
            date_of_birth=self._birth() if self._is(BIRTH_SHARE) else None,
        )
        standing = random.random()
        return DemoPerson(
            status="deceased" if standing < 0.015 else "inactive" if standing < 0.03 else "active",
            values=values | home.address,
            is_flagged=self._is(0.004),
            preferred_name=names[0][:3] if len(names[0]) > 5 and self._is(0.05) else "",
            pronouns=random.choice(("she/her", "he/him", "they/them")) if self._is(0.09) else "",
            language=home.culture.language if self._is(0.85) else "en",
            time_zone=home.place.time_zone,
            tags=self._tags(),
            note=random.choice(NOTES) if self._is(0.12) else "",
            created_at=self._moment(),
            **self._proof(email),
        )

    def _organisation(self) -> DemoPerson:
        random = self.random
        place = random.choice(PLACES["en"])
        is_school = random.random() < 0.55
        stem = random.choice(FIRM_NAMES)
        name = f"{stem} {random.choice(SCHOOL_ENDINGS if is_school else FIRM_ENDINGS)}"
        email = None
        if self._is(0.9):
            desk = random.choice(("office", "events", "bookings", "reception"))
            host = "-".join(_ascii(name).split())
            email = self._unique(desk, f"{host}.example.{'org' if is_school else 'com'}")
        return DemoPerson(
            kind="organisation",
            values=all_values(given_name=name, email=email, phone=self._phone(place))
            | self._address(place),
            time_zone=place.time_zone,
            tags=("school",) if is_school else ("corporate",),
            created_at=self._moment(),
            **self._proof(email),
        )

    def _is(self, share: float) -> bool:
        return self.random.random() < share

    def _home(self) -> _Household:
        """Return the household of the next person, often the one before's."""
        if self.household and self._is(HOUSEHOLD_SHARE):
            return self.household
        culture = self.random.choices(CULTURES, [one.weight for one in CULTURES])[0]
        place = self.random.choice(PLACES[self.random.choice(culture.places)])
        family = self.random.choice(culture.family)
        other = self.random.choice(culture.family)
        if self._is(0.04) and f"{family}{other}".isalpha() and family != other:
            family = f"{family}-{other}"
        address = self._address(place) if self._is(ADDRESS_SHARE) else {}
        home = _Household(culture=culture, family=family, place=place, address=address)
        self.household = home if address and family else None
        return home

    def _address(self, place: Place) -> dict[str, str | None]:
        random = self.random
        number = random.randint(1, 240)
        street = random.choice(STREETS[place.country])
        line2 = f"Apt {random.randint(1, 40)}" if place.country == "US" and self._is(0.2) else None
        return {
            "address_line1": street.format(number),
            "address_line2": line2,
            "address_city": place.city,
            "address_region": place.region or None,
            "address_postcode": self._digits(place.postcode),
            "address_country": place.country,
        }

    def _phone(self, place: Place) -> str:
        area = self.random.choice(place.area_codes)
        return f"+1{area}55501{self.random.randrange(100):02}"

    def _digits(self, pattern: str) -> str:
        return "".join(
            str(self.random.randrange(10)) if character == "#" else character
            for character in pattern
        )

    def _birth(self) -> str:
        days = self.random.randint(16 * 365, 92 * 365)
        return (self.until.date() - timedelta(days=days)).isoformat()

    def _email(self, given: str, family: str) -> str:
        first, last = given.split(maxsplit=1)[0], "".join(family.split()) or "post"
        shape = self.random.choice(("{0}.{1}", "{0}.{1}", "{2}{1}", "{0}_{1}", "{0}", "{1}.{0}"))
        local = shape.format(first, last, first[0])
        if self._is(0.03):
            local += "+tickets"
        return self._unique(local, self.random.choice(DOMAINS))

    def _unique(self, local: str, domain: str) -> str:
        candidate = f"{local}@{domain}"
        name, plus, tag = local.partition("+")
        while candidate in self.taken:
            candidate = f"{name}{self.random.randint(2, 9_999)}{plus}{tag}@{domain}"
        self.taken.add(candidate)
        return candidate

    def _proof(self, email: str | None) -> _Proof:
        chance = self.random.random()
        return {
            "is_email_verified": email is not None and chance < VERIFIED_SHARE,
            "is_email_bounced": email is not None
            and VERIFIED_SHARE <= chance < VERIFIED_SHARE + BOUNCED_SHARE,
        }

    def _tags(self) -> tuple[str, ...]:
        return tuple(tag for tag, share in TAGS if self._is(share))

    def _moment(self) -> datetime:
        """A moment in the seasons before `until`, by day, more of them in recent seasons."""
        random = self.random
        season = random.choices(range(SEASONS), SEASON_WEIGHTS)[0]
        day = (SEASONS - 1 - season) * 365 + random.randint(1, 364)
        minute = int(random.triangular(9 * 60, 22 * 60, 18 * 60))
        start = self.until.replace(hour=0, minute=0, second=0, microsecond=0)
        return start - timedelta(days=day) + timedelta(minutes=minute)


def _shown(name: str) -> str:
    return name.partition("|")[0]


def _latin(name: str) -> str:
    """The spelling of a name in an email address: `O'Dálaigh` → `odalaigh`."""
    shown, _, latin = name.partition("|")
    return latin or _ascii(shown)


def _ascii(text: str) -> str:
    folded = unicodedata.normalize("NFKD", text.lower().translate(_LETTERS))
    return "".join(c for c in folded if c.isascii() and (c.isalnum() or c == " "))


# Letters that do not decompose into an ASCII one and a mark.
_LETTERS = str.maketrans(
    {"ß": "ss", "ø": "o", "ł": "l", "đ": "d", "ı": "i", "þ": "th", "æ": "ae", "ğ": "g"}
)
