"""Reads and changes the organisation's details, which every mail and patron page shows."""

from __future__ import annotations

from dataclasses import fields
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col

from upstage_crm.audit import recorded, trail
from upstage_crm.audit.events import Action, AuditEvent, Channel
from upstage_crm.core.db import table_of
from upstage_crm.core.email_address import parse_email
from upstage_crm.core.languages import LANGUAGES
from upstage_crm.core.postal.countries import OTHERWISE, countries, country_of_zone
from upstage_crm.core.text import clean_block, clean_line
from upstage_crm.core.when import zone_names
from upstage_crm.organisation.details import FIRST_PHONE, OrganisationDetails
from upstage_crm.organisation.errors import (
    DetailMissing,
    UnknownCountry,
    UnknownLanguage,
    UnknownTimeZone,
)
from upstage_crm.organisation.seasons import FIRST_START, SeasonStart, read_start
from upstage_crm.organisation.tables import OrganisationRow
from upstage_crm.staff.command_context import StaffContext
from upstage_crm.staff.roles import Permission, ensure_may

FORMER_PHONE_SHOWN = timedelta(days=7)

_organisation = table_of(OrganisationRow)
_DETAILS = sa.select(
    *(_organisation.c[detail.name] for detail in fields(OrganisationDetails))
).where(_organisation.c.id == 1)
_SEASON_START = sa.select(_organisation.c.season_start).where(_organisation.c.id == 1)
_HOME = sa.select(_organisation.c.country, _organisation.c.time_zone).where(_organisation.c.id == 1)


def details(session: Session) -> OrganisationDetails:
    """The details as they stand.

    Raises:
        RowNotProven: they are not what an owner chose.
    """
    recorded.prove(session, "organisation", "1")
    row = session.connection().execute(_DETAILS).mappings().one()
    stored: dict[str, Any] = {**row, "country": row["country"] or ""}
    return OrganisationDetails(**stored)


def home(session: Session) -> str:
    """The country of the organisation, for values that are shown: proof is for what acts."""
    row = session.connection().execute(_HOME).one()
    return row.country or country_of_zone(row.time_zone) or OTHERWISE


def change(context: StaffContext[object], *, proposed: OrganisationDetails) -> OrganisationDetails:
    """Store cleaned details and return them; the same details again record nothing.

    Mails show the phone number of before beside a new one for a week.

    Raises:
        Forbidden: the actor may not edit settings.
        InvalidEmail: reply-to is not an address.
        InvalidText: a text is too long.
        DetailMissing: a required detail is empty. Facts: `detail`.
        UnknownTimeZone, UnknownLanguage, UnknownCountry: not one that we know.
    """
    session, now = context.session, context.now
    ensure_may(context.actor, Permission.EDIT_SETTINGS)
    clean = OrganisationDetails(
        name=clean_line(proposed.name, 120),
        desk_phone=clean_line(proposed.desk_phone, 40),
        reply_to=parse_email(proposed.reply_to).wire,
        postal_address=clean_block(proposed.postal_address, 400),
        website=clean_line(proposed.website, 200),
        time_zone=proposed.time_zone,
        language=proposed.language,
        country=proposed.country,
    )
    for detail in ("name", "desk_phone", "postal_address"):
        if not getattr(clean, detail):
            raise DetailMissing(detail=detail)
    if clean.time_zone not in zone_names():
        raise UnknownTimeZone
    if clean.language not in LANGUAGES:
        raise UnknownLanguage
    if clean.country and clean.country not in countries():
        raise UnknownCountry
    # Locked, so that the trail's old values are those that are replaced.
    session.get_one(OrganisationRow, 1, with_for_update=True, populate_existing=True)
    standing = details(session)
    before, after = standing.stated(), clean.stated()
    changed = [name for name in after if after[name] != before[name]]
    if not changed:
        return clean
    written: dict[str, object] = {**after, "country": clean.country or None}
    if "desk_phone" in changed:
        # Of several changes within a week the first number is the one that patrons know.
        written["former_phone"] = standing.former_phone_at(now) or standing.desk_phone
        is_first = standing.desk_phone == FIRST_PHONE
        written["former_phone_until"] = None if is_first else now + FORMER_PHONE_SHOWN
    session.connection().execute(
        sa.update(OrganisationRow).where(col(OrganisationRow.id) == 1).values(**written)
    )
    facts: dict[str, str | int | bool | None] = {}
    for name in changed:
        facts |= {f"{name}.old": str(before[name]), f"{name}.new": str(after[name])}
    event = AuditEvent(
        action=Action.ORGANISATION_CHANGED,
        actor=context.actor.as_actor(),
        channel=Channel.CRM,
        facts=facts,
    )
    trail.record(session, [event], now=now)
    return clean


def season_start(session: Session) -> SeasonStart:
    """The day on which seasons begin."""
    stored: str | None = session.connection().execute(_SEASON_START).scalar_one()
    return FIRST_START if stored is None else read_start(stored)


def change_season_start(context: StaffContext[object], *, start: SeasonStart) -> None:
    """Let seasons begin on another day, those of the past included; the same day records nothing.

    Raises:
        Forbidden: the actor may not edit settings.
    """
    session = context.session
    ensure_may(context.actor, Permission.EDIT_SETTINGS)
    # Locked, so that the trail's old value is the one that is replaced.
    session.get_one(OrganisationRow, 1, with_for_update=True, populate_existing=True)
    recorded.prove(session, "organisation", "1")
    before = season_start(session)
    if start == before:
        return
    session.connection().execute(
        sa.update(OrganisationRow)
        .where(col(OrganisationRow.id) == 1)
        .values(season_start=start.text)
    )
    event = AuditEvent(
        action=Action.ORGANISATION_CHANGED,
        actor=context.actor.as_actor(),
        channel=Channel.CRM,
        facts={"season_start.old": before.text, "season_start.new": start.text},
    )
    trail.record(session, [event], now=context.now)


def take_patron_numbers(session: Session, count: int) -> int:
    """Take `count` patron numbers in a row and return the first; none is ever given twice."""
    row = table_of(OrganisationRow)
    following = (
        session.connection()
        .execute(
            sa.update(row)
            .where(row.c.id == 1)
            .values(next_patron_number=row.c.next_patron_number + count)
            .returning(row.c.next_patron_number)
        )
        .scalar_one()
    )
    return following - count
