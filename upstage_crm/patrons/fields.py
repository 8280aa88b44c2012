"""The registry of protected fields: what a patron must approve before it changes. Pure.

Adding a protected field is one entry in `FIELDS` (and its column and guard). Pages, mails and rules
go through the entry and never name a field.

A field's values are a mapping from its patron columns to canonical text, or None for "not known".
Parsing what `parse` returned gives the same values again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

from upstage_crm.core.email_address import ADDRESS_LIMIT, mask_email, parse_email
from upstage_crm.core.postal import address_formats
from upstage_crm.core.postal.countries import OTHERWISE, countries
from upstage_crm.patrons import values as v
from upstage_crm.patrons.advice import Advice, advise_email
from upstage_crm.patrons.errors import UnknownField
from upstage_crm.patrons.values import Values

Columns = dict[str, str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What parsing depends on besides the input: the organisation's day and country.

    `region` (ISO 3166-1 alpha-2) is where phone numbers without a country code belong.
    """

    today: date
    region: str = OTHERWISE


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One input of a field's form. `name` is the patron column it fills.

    `max_length` counts characters, `autocomplete` is the HTML token (WCAG 1.3.5), a "country" is a
    choice of `countries`. With `is_shared` one value can be right for many patrons.
    """

    name: str
    label: str
    type: Literal["text", "email", "tel", "date", "country"]
    autocomplete: str
    max_length: int
    optional: bool = False
    is_shared: bool = False


def _no_keys(_values: Values) -> Columns:
    return {}


def _no_advice(_values: Values, _current: Values) -> tuple[Advice, ...]:
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtectedField:
    """One protected field of a patron. The functions are pure and given by the entry.

    `parts` are its inputs, one per column. `reviewers` is whose mailbox decides by default: the
    *proposed* address or the *current* one. `mailbox_column` holds an address mails go to; no two
    live patrons share a `unique_column`. `about` says what the value is used for. `fold` gives what
    `same_key` compares; with `is_same_by_key` another spelling of a key counts as no change.
    """

    key: str
    label: str
    about: str
    parts: tuple[Part, ...]
    reviewers: Literal["proposed", "current"]
    read: Callable[[Mapping[str, str], Context], Columns]
    fold: Callable[[Values], object]
    write: Callable[[Values, str, str], tuple[str, ...]]
    hide: Callable[[Values], str]
    is_same_by_key: bool = False
    derived: tuple[str, ...] = ()
    keys: Callable[[Values], Columns] = _no_keys
    advise: Callable[[Values, Values], tuple[Advice, ...]] = _no_advice
    separator: str = ", "
    mailbox_column: str | None = None
    unique_column: str | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """The protected patron columns this field writes."""
        return tuple(part.name for part in self.parts)

    @property
    def is_mailbox(self) -> bool:
        """Whether the field is itself an address that mails go to."""
        return self.mailbox_column is not None

    def mailbox(self, values: Values) -> str | None:
        """The address that the field holds; None where it holds none, or is none."""
        return values[self.mailbox_column] if self.mailbox_column is not None else None

    def parse(self, raw: Mapping[str, str], context: Context) -> Columns:
        """Return canonical values for all of `columns`. Inputs missing in `raw` count as empty.

        Raises:
            Invalid: InvalidEmail, InvalidText or InvalidValue.
        """
        return self.read({name: raw.get(name, "") for name in self.columns}, context)

    def derive(self, values: Values) -> Columns:
        """Return the columns computed from canonical values: all of `derived`, None when empty."""
        if self.is_empty(values):
            return dict.fromkeys(self.derived)
        return self.keys(values)

    def pick(self, row: Mapping[str, str | None]) -> Columns:
        """Return this field's values out of a whole patron's."""
        return {column: row.get(column) for column in self.columns}

    def empty(self) -> Columns:
        """The values of a patron for whom this field is not known."""
        return dict.fromkeys(self.columns)

    def is_empty(self, values: Values) -> bool:
        """Whether no column holds anything."""
        return not any(values.get(column) for column in self.columns)

    def same(self, a: Values, b: Values) -> bool:
        """Whether changing `a` to `b` would change nothing worth asking the patron for."""
        if self.is_empty(a) or self.is_empty(b):
            return self.is_empty(a) and self.is_empty(b)
        return self.same_key(a, b) if self.is_same_by_key else self.pick(a) == self.pick(b)

    def same_key(self, a: Values, b: Values) -> bool:
        """Whether both likely mean one thing in the world, whatever their spelling."""
        if self.is_empty(a) or self.is_empty(b):
            return False
        return self.fold(a) == self.fold(b)

    def lines(self, values: Values, language: str = "en", home: str = "") -> tuple[str, ...]:
        """The value for people, as on an envelope; nothing when empty.

        `home` is the country of the reader: what lies there is written as people there do.
        """
        return () if self.is_empty(values) else self.write(values, language, home)

    def show(self, values: Values, language: str = "en", home: str = "") -> str:
        """The value for people on one line; "" when empty."""
        return self.separator.join(self.lines(values, language, home))

    def mask(self, values: Values) -> str:
        """The value for someone who may not see it: its owner recognises it. "" when empty."""
        return "" if self.is_empty(values) else self.hide(values)


def field(key: str) -> ProtectedField:
    """Return the protected field of that key.

    Raises:
        UnknownField: there is none.
    """
    if key not in FIELDS:
        raise UnknownField(key=key)
    return FIELDS[key]


def _text(values: Values, column: str) -> str:
    return values.get(column) or ""


def _filled(values: Values, *columns: str) -> tuple[str, ...]:
    return tuple(text for column in columns if (text := values.get(column)))


def _address_lines(values: Values, language: str, _home: str) -> tuple[str, ...]:
    code = _text(values, "address_country")
    place = address_formats.write(
        code,
        lines=_filled(values, "address_line1", "address_line2"),
        town=_text(values, "address_city"),
        region=_text(values, "address_region"),
        postcode=_text(values, "address_postcode"),
    )
    return (*place, countries(language).get(code, code))


def _read_address(raw: Mapping[str, str], _context: Context) -> Columns:
    parsed: Columns = {}
    country = raw["address_country"].strip().upper()
    can_lack = set[str]() if address_formats.format_of(country).needs_town else {"address_city"}
    for part in _ADDRESS_PARTS:
        text = raw[part.name]
        if part.type == "country":
            parsed[part.name] = v.parse_country(text, part=part.name)
        else:
            is_optional = part.optional or part.name in can_lack
            parsed[part.name] = v.parse_line(
                text, part=part.name, optional=is_optional, limit=part.max_length
            )
    postcode = parsed["address_postcode"]
    return parsed | {"address_postcode": postcode.upper() if postcode else None}


def _advise_email(values: Values, current: Values) -> tuple[Advice, ...]:
    now = _text(current, "email")
    return advise_email(parse_email(_text(values, "email")), parse_email(now) if now else None)


_ADDRESS_PARTS = (
    Part(
        name="address_line1",
        label="Address line 1",
        type="text",
        autocomplete="address-line1",
        max_length=v.ADDRESS_LINE_LIMIT,
    ),
    Part(
        name="address_line2",
        label="Address line 2",
        type="text",
        autocomplete="address-line2",
        max_length=v.ADDRESS_LINE_LIMIT,
        optional=True,
    ),
    Part(
        name="address_city",
        label="Town or city",
        type="text",
        autocomplete="address-level2",
        max_length=v.PLACE_LIMIT,
        is_shared=True,
    ),
    Part(
        name="address_region",
        label="State or region",
        type="text",
        autocomplete="address-level1",
        max_length=v.PLACE_LIMIT,
        optional=True,
        is_shared=True,
    ),
    Part(
        name="address_postcode",
        label="Postcode",
        type="text",
        autocomplete="postal-code",
        max_length=v.POSTCODE_LIMIT,
        optional=True,
    ),
    Part(
        name="address_country",
        label="Country",
        type="country",
        autocomplete="country",
        max_length=2,
        is_shared=True,
    ),
)

FIELDS: Mapping[str, ProtectedField] = {
    entry.key: entry
    for entry in (
        ProtectedField(
            key="email",
            label="Email address",
            about="Your tickets, receipts and questions like this one are sent to this address.",
            parts=(
                Part(
                    name="email",
                    label="Email address",
                    type="email",
                    autocomplete="email",
                    max_length=ADDRESS_LIMIT,
                ),
            ),
            reviewers="proposed",
            read=lambda raw, _: {"email": parse_email(raw["email"]).stored},
            fold=lambda values: parse_email(_text(values, "email")).key,
            is_same_by_key=True,  # `Jane@` and `jane@` are one mailbox: no mail for that
            write=lambda values, _language, _home: (_text(values, "email"),),
            hide=lambda values: mask_email(_text(values, "email")),
            derived=("email_key",),
            keys=lambda values: {"email_key": parse_email(_text(values, "email")).key},
            advise=_advise_email,
            mailbox_column="email",
            unique_column="email_key",
        ),
        ProtectedField(
            key="phone",
            label="Phone number",
            about="We call this number when a performance changes at short notice.",
            parts=(
                Part(
                    name="phone",
                    label="Phone number",
                    type="tel",
                    autocomplete="tel",
                    max_length=v.PHONE_LIMIT,
                ),
            ),
            reviewers="current",
            read=lambda raw, context: {
                "phone": v.parse_phone(raw["phone"], part="phone", region=context.region)
            },
            fold=lambda values: values.get("phone"),
            write=lambda values, _, home: (v.show_phone(_text(values, "phone"), home),),
            hide=lambda values: v.mask_phone(_text(values, "phone")),
            derived=("phone_key",),
            keys=lambda values: {"phone_key": values.get("phone")},
        ),
        ProtectedField(
            key="name",
            label="Name",
            about="This name appears on your tickets and in our letters to you.",
            parts=(
                Part(
                    name="given_name",
                    label="Given name, or only name",
                    type="text",
                    autocomplete="given-name",
                    max_length=v.NAME_LIMIT,
                ),
                Part(
                    name="family_name",
                    label="Family name",
                    type="text",
                    autocomplete="family-name",
                    max_length=v.NAME_LIMIT,
                    optional=True,
                ),
            ),
            reviewers="current",
            read=lambda raw, _: {
                "given_name": v.parse_name_part(
                    raw["given_name"], part="given_name", optional=False
                ),
                "family_name": v.parse_name_part(
                    raw["family_name"], part="family_name", optional=True
                ),
            },
            fold=lambda values: v.sort_name(
                _text(values, "given_name"), _text(values, "family_name")
            ),
            write=lambda values, _language, _home: (
                " ".join(_filled(values, "given_name", "family_name")),
            ),
            hide=lambda values: " ".join(
                v.initial(part) for part in _filled(values, "given_name", "family_name")
            ),
            derived=("sort_name",),
            keys=lambda values: {
                "sort_name": v.sort_name(_text(values, "given_name"), _text(values, "family_name"))
            },
        ),
        ProtectedField(
            key="address",
            label="Postal address",
            about="Season brochures, letters and printed tickets are sent to this address.",
            parts=_ADDRESS_PARTS,
            reviewers="current",
            read=_read_address,
            fold=lambda values: tuple(
                v.comparable(_text(values, part.name)) for part in _ADDRESS_PARTS
            ),
            write=_address_lines,
            hide=lambda values: f"{v.HIDDEN}, {_address_lines(values, 'en', '')[-1]}",
        ),
        ProtectedField(
            key="date_of_birth",
            label="Date of birth",
            about="We use it for youth prices and to tell apart people with the same name.",
            parts=(
                Part(
                    name="date_of_birth",
                    label="Date of birth",
                    type="date",
                    autocomplete="bday",
                    max_length=10,
                ),
            ),
            reviewers="current",
            read=lambda raw, context: {
                "date_of_birth": v.parse_birth(
                    raw["date_of_birth"], part="date_of_birth", today=context.today
                )
            },
            fold=lambda values: values.get("date_of_birth"),
            write=lambda values, language, home: (
                v.show_birth(_text(values, "date_of_birth"), language, home),
            ),
            hide=lambda _: v.HIDDEN,
        ),
    )
}

PROTECTED_COLUMNS = tuple(column for entry in FIELDS.values() for column in entry.columns)
DERIVED_COLUMNS = tuple(column for entry in FIELDS.values() for column in entry.derived)
