"""Writes patrons. Protected columns are written by `add` (once) and `apply_columns` only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.sql.dml import ReturningUpdate
from sqlmodel import Session

from upstage_crm.audit import trail
from upstage_crm.audit.events import Action, Actor, AuditEvent, Channel
from upstage_crm.audit.guards.rules import EMAIL_GUARD
from upstage_crm.core.db import table_of
from upstage_crm.core.errors import Invalid
from upstage_crm.core.ids import new_id
from upstage_crm.core.languages import LANGUAGES
from upstage_crm.core.text import clean_block, clean_line
from upstage_crm.core.when import zone_names
from upstage_crm.organisation.errors import UnknownLanguage, UnknownTimeZone
from upstage_crm.organisation.settings import take_patron_numbers
from upstage_crm.patrons import queries, suppressions
from upstage_crm.patrons.details import contacts
from upstage_crm.patrons.errors import (
    EditedMeanwhile,
    NameMissing,
    PatronErased,
    PossibleDuplicates,
    TagsFull,
)
from upstage_crm.patrons.fields import (
    DERIVED_COLUMNS,
    FIELDS,
    PROTECTED_COLUMNS,
    Columns,
    Context,
    ProtectedField,
)
from upstage_crm.patrons.search import search_index
from upstage_crm.patrons.tables import (
    PatronKind,
    PatronRow,
    PatronStatus,
    PatronTagRow,
)
from upstage_crm.patrons.tags import MOST_TAGS, Tag, label_of, parse
from upstage_crm.patrons.views import Duplicate
from upstage_crm.staff.command_context import CommandContext, StaffContext
from upstage_crm.staff.roles import Permission, Role, ensure_may

NOTE_LIMIT = 4_000  # characters
_LINE_LIMITS = {"preferred_name": 100, "pronouns": 40}
_FREE_DEFAULTS = {
    "preferred_name": "",
    "pronouns": "",
    "language": "en",
    "time_zone": "",
    "note": "",
}
_patron = table_of(PatronRow)
_tag = table_of(PatronTagRow)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPatron:
    """A patron about to be added: parsed columns (derived ones included) and cleaned free ones."""

    kind: PatronKind
    columns: Mapping[str, str | None]
    free: Mapping[str, str] = field(default_factory=dict[str, str])
    tags: Sequence[Tag] = ()
    status: PatronStatus = PatronStatus.ACTIVE
    is_email_verified: bool = False
    is_email_bounced: bool = False
    is_flagged: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """How far a mailbox that comes to a record has proven itself, and whether mail came back."""

    verified_at: datetime | None = None
    bounced_at: datetime | None = None


def add(
    context: StaffContext[object],
    *,
    kind: PatronKind,
    raw: Mapping[str, str],
    free: Mapping[str, str],
    tags: str = "",
    parsing: Context,
    even_if_duplicate: bool = False,
) -> int:
    """Add a patron and return the number; the email stays unverified until it is proven.

    `raw` holds inputs by column; a field whose inputs are all empty stays unknown.

    Raises:
        Forbidden: the actor may not add patrons.
        Invalid: a value is refused; NameMissing without any name. TagsFull: too many tags.
        AddressTaken: a live patron has this address.
        AddressSuppressed: its owner told us that it is not a patron's.
        PossibleDuplicates: someone shares the name or phone, unless `even_if_duplicate`.
    """
    session = context.session
    ensure_may(context.actor, Permission.ADD_PATRON)
    columns = first_columns(raw, parsing)
    if not columns["given_name"] and not columns["family_name"]:
        raise NameMissing
    queries.ensure_unique(session, columns)
    suppressions.ensure_none(session, columns["email_key"])
    if not even_if_duplicate and (
        found := queries.duplicates(session, columns, reader=context.actor.role)
    ):
        raise PossibleDuplicates(duplicates=found)
    entry = NewPatron(kind=kind, columns=columns, free=clean_free(free), tags=_first_tags(tags))
    try:
        with session.begin_nested():
            return add_parsed(context, entries=[entry])[0]
    except IntegrityError as error:
        if is_address_taken(error):
            queries.ensure_unique(session, columns)  # another record took it since we looked
        raise


def look_alikes(
    session: Session, raw: Mapping[str, str], parsing: Context, *, reader: Role
) -> tuple[int | None, tuple[Duplicate, ...]]:
    """Who a patron that is being typed may be: the one with this address, and possible duplicates.

    A value that is not complete yet counts as unknown.
    """
    columns: dict[str, str | None] = {}
    for entry in FIELDS.values():
        try:
            values = _first_values(entry, raw, parsing)
        except Invalid:
            values = entry.empty()
        columns |= values | entry.derive(values)
    key = columns.get("email_key")
    taken_by = queries.find_live_by_email_key(session, key) if key else None
    return taken_by, queries.duplicates(session, columns, reader=reader)


def add_parsed(context: StaffContext[object], *, entries: Sequence[NewPatron]) -> list[int]:
    """Add patrons whose values are parsed already, and return their numbers in the same order.

    Raises:
        Forbidden: the actor may not add patrons.
        IntegrityError: two live patrons would share an address.
    """
    ensure_may(context.actor, Permission.ADD_PATRON)
    actor, channel = context.actor.as_actor(), context.channel
    return [number for number, _ in _insert(context, entries, actor, channel)]


def add_unasked(
    context: CommandContext[object],
    *,
    raw: Mapping[str, str],
    language: str,
    actor: Actor,
    channel: Channel,
) -> str:
    """Add a person whom no staff member entered, as `add` reads `raw`; return the record's id.

    Of a guest nothing is known but the language: what they type later is approved like any value.
    """
    columns = first_columns(raw, Context(today=context.now.date()))
    entry = NewPatron(kind=PatronKind.PERSON, columns=columns, free={"language": language})
    return _insert(context, [entry], actor, channel)[0][1]


def _insert(
    context: CommandContext[object],
    entries: Sequence[NewPatron],
    actor: Actor,
    channel: Channel,
) -> list[tuple[int, str]]:
    """Write records with their words and entries; return their numbers and ids."""
    session, now = context.session, context.now
    first = take_patron_numbers(session, len(entries))
    rows: list[dict[str, object]] = []
    tagged: list[dict[str, str]] = []
    first_spelled = {tag.key: tag for entry in reversed(entries) for tag in entry.tags}
    spelled = {key: label_of(session, tag) for key, tag in first_spelled.items()}
    events: list[AuditEvent] = []
    for number, entry in enumerate(entries, first):
        patron_id = new_id(now)
        row: dict[str, object] = {**_FREE_DEFAULTS, **entry.free, **entry.columns}
        row |= {"id": patron_id, "number": number, "kind": entry.kind, "status": entry.status}
        row |= {
            "is_flagged": entry.is_flagged,
            "created_at": now,
            "updated_at": now,
        }
        row["email_verified_at"] = now if entry.is_email_verified else None
        row["email_bounced_at"] = now if entry.is_email_bounced else None
        rows.append(row)
        tagged += [
            {"patron_id": patron_id, "key": tag.key, "label": spelled[tag.key]}
            for tag in entry.tags
        ]
        values = {name: value for name, value in entry.columns.items() if value is not None}
        events.append(
            AuditEvent(
                action=Action.PATRON_ADDED,
                actor=actor,
                channel=channel,
                patron_id=patron_id,
                facts={"number": number, "kind": entry.kind.value},
                values=values,
            )
        )
    session.connection().execute(sa.insert(_patron), rows)
    search_index.add(session, rows)
    if tagged:
        session.connection().execute(sa.insert(_tag), tagged)
    trail.record(session, events, now=now)
    return [(number, str(row["id"])) for number, row in enumerate(rows, first)]


def edit(
    context: StaffContext[object],
    *,
    patron_id: str,
    free: Mapping[str, str],
    began: Mapping[str, str] | None = None,
) -> None:
    """Change free columns; protected ones are not among them. No change records nothing.

    `began` is what the columns held when the staff member began to edit them.

    Raises:
        Forbidden: the actor may not edit patrons.
        UnknownPatron: there is none. PatronErased: the record takes nothing any more.
        Invalid: a value is refused.
        EditedMeanwhile: a column no longer holds what `began` says.
    """
    session = context.session
    ensure_may(context.actor, Permission.EDIT_PATRON)
    cleaned = clean_free(free)
    row = lock_unerased(session, patron_id)
    changed = {name: value for name, value in cleaned.items() if getattr(row, name) != value}
    if not changed:
        return
    for name in changed:
        stored = getattr(row, name)
        if began is not None and stored != began.get(name, stored):
            raise EditedMeanwhile(now=stored)
    values = {f"{name}.old": getattr(row, name) for name in changed}
    values |= {f"{name}.new": value for name, value in changed.items()}
    session.connection().execute(
        sa.update(_patron)
        .where(_patron.c.id == patron_id)
        .values(**changed, updated_at=context.now)
    )
    reindex(session, row, changed)
    event = AuditEvent(
        action=Action.PATRON_EDITED,
        actor=context.actor.as_actor(),
        channel=Channel.CRM,
        patron_id=patron_id,
        facts={"fields": ", ".join(sorted(changed))},
        values=values,
    )
    trail.record(session, [event], now=context.now)


def apply_columns(
    session: Session,
    *,
    row: PatronRow,
    columns: Mapping[str, str | None],
    proof: Proof,
    is_revert: bool,
    now: datetime,
) -> None:
    """Write an approved field change to the locked `row`; a `LockedRequest` calls this.

    `columns` are exactly the protected and derived columns of one approved, flushed field
    change: the database's guard refuses anything else. `proof` counts where they are a mailbox.
    What they replace is kept as a previous contact, unless it is a revert that takes it away.

    Raises:
        IntegrityError: the guard refused, or another live patron has the address.
    """
    written: dict[str, object] = {**columns, "updated_at": now}
    if "email_key" in columns:
        written |= {"email_verified_at": proof.verified_at, "email_bounced_at": proof.bounced_at}
    values = {"patron": row.id, **_bound(written)}
    # What the record holds by now: `row` is as it was, and other fields may have changed with it.
    held = session.connection().execute(_writing(tuple(written)), values).mappings().one()
    others = contacts.keep_previous(session, row=row, columns=columns, is_revert=is_revert, now=now)
    values = {str(name): value for name, value in held.items()}
    search_index.renew(session, values, row.number, others)


def is_address_taken(error: IntegrityError) -> bool:
    """Whether a write was refused because another live patron has the address."""
    # The database's own words only: SQLAlchemy's hold the statement and so every column's name.
    said = str(error.orig)
    return any(
        name in said for name in ("uq_patron_live_email_key", "patron.email_key", EMAIL_GUARD)
    )


def first_columns(raw: Mapping[str, str], context: Context) -> dict[str, str | None]:
    """Parse the protected columns of a new record; a field without any input stays unknown.

    Raises:
        Invalid: a value is refused.
    """
    columns: dict[str, str | None] = {}
    for entry in FIELDS.values():
        values = _first_values(entry, raw, context)
        columns |= values | entry.derive(values)
    return columns


def _first_values(entry: ProtectedField, raw: Mapping[str, str], context: Context) -> Columns:
    given = any(raw.get(name, "").strip() for name in entry.columns)
    return entry.parse(raw, context) if given else entry.empty()


def clean_free(free: Mapping[str, str]) -> dict[str, str]:
    """Return cleaned free columns; unknown names are left out.

    Raises:
        InvalidText: too long. UnknownLanguage, UnknownTimeZone: not one that we know.
    """
    cleaned: dict[str, str] = {}
    for name, text in free.items():
        if name in _LINE_LIMITS:
            cleaned[name] = clean_line(text, _LINE_LIMITS[name])
        elif name == "note":
            cleaned[name] = clean_block(text, NOTE_LIMIT)
        elif name == "language":
            if text not in LANGUAGES:
                raise UnknownLanguage
            cleaned[name] = text
        elif name == "time_zone":
            if text and text not in zone_names():
                raise UnknownTimeZone
            cleaned[name] = text
    return cleaned


@lru_cache(maxsize=64)
def _writing(names: tuple[str, ...]) -> ReturningUpdate[Any]:
    """The statement that writes these columns of one patron; a field has the same each time."""
    values = {name: sa.bindparam(f"to_{name}", type_=_patron.c[name].type) for name in names}
    held = (*PROTECTED_COLUMNS, *DERIVED_COLUMNS, *queries.FREE_COLUMNS)
    return (
        sa.update(_patron)
        .where(_patron.c.id == sa.bindparam("patron"))
        .values(values)
        .returning(*(_patron.c[name] for name in held))
    )


def _bound(written: Mapping[str, object]) -> dict[str, object]:
    return {f"to_{name}": value for name, value in written.items()}


def _first_tags(text: str) -> tuple[Tag, ...]:
    given = parse(text)
    if len(given) > MOST_TAGS:
        raise TagsFull(limit=MOST_TAGS)
    return given


def lock_unerased(session: Session, patron_id: str) -> PatronRow:
    """Lock a patron whose data was not erased. Raises UnknownPatron, PatronErased."""
    row = queries.lock(session, patron_id)
    if row.status is PatronStatus.ERASED:
        raise PatronErased
    return row


def reindex(session: Session, row: PatronRow, changed: Mapping[str, str] | None = None) -> None:
    """Let a locked patron be found by what the record holds, `changed` columns included."""
    values = queries.values_of(row) | _free_of(row) | dict(changed or {})
    search_index.renew(session, values, row.number)


def _free_of(row: PatronRow) -> dict[str, str | None]:
    return {name: getattr(row, name) for name in queries.FREE_COLUMNS}
