"""Reads and changes the one currency of the organisation."""

from __future__ import annotations

import sqlalchemy as sa
from sqlmodel import Session, col

from upstage_crm.audit import recorded, trail
from upstage_crm.audit.events import Action, AuditEvent
from upstage_crm.core.db import table_of
from upstage_crm.core.money import currencies, currency_of_country
from upstage_crm.organisation.errors import UnknownCurrency
from upstage_crm.organisation.settings import home
from upstage_crm.organisation.tables import OrganisationRow
from upstage_crm.staff.command_context import StaffContext
from upstage_crm.staff.roles import Permission, ensure_may

_organisation = table_of(OrganisationRow)
_CURRENCY = sa.select(_organisation.c.currency).where(_organisation.c.id == 1)


def currency(session: Session) -> str:
    """The code of the currency; until an owner chooses one it is that of the country."""
    stored: str | None = session.connection().execute(_CURRENCY).scalar_one()
    return stored or currency_of_country(home(session))


def change(context: StaffContext[object], *, code: str) -> None:
    """Choose the currency; the same one again records nothing.

    Whether amounts stand in the one of now is for the caller to know.

    Raises:
        Forbidden: the actor may not edit settings.
        UnknownCurrency: no country pays with it now.
    """
    session = context.session
    ensure_may(context.actor, Permission.EDIT_SETTINGS)
    if code not in currencies():
        raise UnknownCurrency
    before = _lock(session)
    if code != (before or currency(session)):
        _store(context, before or currency(session), code)


def settle(context: StaffContext[object]) -> str:
    """Let the currency of now stand, whatever country is chosen later, and return it.

    The first prices do this: what they say must not become another amount.
    """
    before, code = _lock(context.session), currency(context.session)
    if before is None:
        _store(context, "", code)
    return code


def _lock(session: Session) -> str | None:
    """Lock the organisation's row, so that the trail's old value is the one that is replaced."""
    session.get_one(OrganisationRow, 1, with_for_update=True, populate_existing=True)
    recorded.prove(session, "organisation", "1")
    stored: str | None = session.connection().execute(_CURRENCY).scalar_one()
    return stored


def _store(context: StaffContext[object], before: str, code: str) -> None:
    context.session.connection().execute(
        sa.update(OrganisationRow).where(col(OrganisationRow.id) == 1).values(currency=code)
    )
    event = AuditEvent(
        action=Action.ORGANISATION_CHANGED,
        actor=context.actor.as_actor(),
        channel=context.channel,
        facts={"currency.old": before, "currency.new": code},
    )
    trail.record(context.session, [event], now=context.now)
