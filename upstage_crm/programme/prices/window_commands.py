"""Adds, changes and removes sale windows, and reads them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from upstage_crm.audit import trail
from upstage_crm.audit.events import Action, AuditEvent
from upstage_crm.core.db import table_of
from upstage_crm.core.ids import new_id
from upstage_crm.core.text import clean_line
from upstage_crm.programme import queries
from upstage_crm.programme.errors import UnknownEvent, UnknownPerformance
from upstage_crm.programme.event_texts import TITLE
from upstage_crm.programme.prices.errors import (
    UnknownSaleWindow,
    WindowNameMissing,
    WindowWithoutChannel,
)
from upstage_crm.programme.prices.sale_windows import NAMED, ensure_fits
from upstage_crm.programme.prices.tables import SaleWindowRow
from upstage_crm.programme.prices.views import NAME_LIMIT, Audience, SaleChannel, SaleWindow
from upstage_crm.programme.tables import EventRow
from upstage_crm.programme.views import EventView
from upstage_crm.staff.command_context import StaffContext
from upstage_crm.staff.roles import Permission, ensure_may

_window, _event = table_of(SaleWindowRow), table_of(EventRow)
_WINDOWS = (
    sa.select(_window)
    .where(_window.c.event_id == sa.bindparam("event", type_=sa.String))
    .order_by(_window.c.opens_at, _window.c.channel, _window.c.id)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewWindow:
    """A window for each of some channels; see `views.SaleWindow` for what it means."""

    audience: Audience
    channels: Collection[SaleChannel]
    opens_at: datetime
    closes_at: datetime | None = None
    named: str = ""
    performance_id: str | None = None


def windows(session: Session, event_id: str) -> list[SaleWindow]:
    """Every sale window of an event and of its performances, the first to open first."""
    return [_view(row) for row in session.connection().execute(_WINDOWS, {"event": event_id})]


def add_windows(context: StaffContext[object], *, event_id: str, new: NewWindow) -> int:
    """Add a window for each channel, all or none, and return how many.

    Raises:
        Forbidden: the actor may not edit prices.
        UnknownEvent, UnknownPerformance: there is none.
        WindowWithoutChannel, WindowNameMissing, InvalidText: something is missing or refused.
        WindowBackwards, WindowsOverlap: the times cannot be.
    """
    ensure_may(context.actor, Permission.EDIT_PRICES)
    session, event = context.session, _locked(context.session, event_id)
    if new.performance_id not in {None, *(one.id for one in event.performances)}:
        raise UnknownPerformance
    if not new.channels:
        raise WindowWithoutChannel
    named = clean_line(new.named, NAME_LIMIT) if new.audience in NAMED else ""
    if new.audience is Audience.CODE and not named:
        raise WindowNameMissing
    standing = windows(session, event_id)
    for channel in SaleChannel:
        if channel not in new.channels:
            continue
        window = SaleWindow(
            id=new_id(context.now),
            performance_id=new.performance_id,
            audience=new.audience,
            named=named,
            channel=channel,
            opens_at=new.opens_at,
            closes_at=new.closes_at,
        )
        ensure_fits(window, standing)
        row = {"event_id": event_id, "created_at": context.now, **_columns(window)}
        session.connection().execute(sa.insert(_window).values(**row))
        _record(context, Action.WINDOW_ADDED, event, window, {})
    return len(set(new.channels))


def change_window(
    context: StaffContext[object],
    *,
    event_id: str,
    window_id: str,
    opens_at: datetime,
    closes_at: datetime | None,
) -> None:
    """Let a window open and close at other times; the same times record nothing.

    Raises:
        Forbidden: the actor may not edit prices.
        UnknownEvent, UnknownSaleWindow: there is none.
        WindowBackwards, WindowsOverlap: the times cannot be.
    """
    ensure_may(context.actor, Permission.EDIT_PRICES)
    session, event = context.session, _locked(context.session, event_id)
    standing = windows(session, event_id)
    before = _one(standing, window_id)
    after = replace(before, opens_at=opens_at, closes_at=closes_at)
    ensure_fits(after, standing)
    if after == before:
        return
    session.connection().execute(
        sa.update(_window)
        .where(_window.c.id == window_id)
        .values(opens_at=opens_at, closes_at=closes_at)
    )
    was = {f"{name}.old": text for name, text in _times(before).items()}
    _record(context, Action.WINDOW_CHANGED, event, after, was)


def remove_window(context: StaffContext[object], *, event_id: str, window_id: str) -> None:
    """Remove a window: nothing more is sold by it.

    Raises:
        Forbidden: the actor may not edit prices.
        UnknownEvent, UnknownSaleWindow: there is none.
    """
    ensure_may(context.actor, Permission.EDIT_PRICES)
    session, event = context.session, _locked(context.session, event_id)
    window = _one(windows(session, event_id), window_id)
    session.connection().execute(sa.delete(_window).where(_window.c.id == window_id))
    _record(context, Action.WINDOW_REMOVED, event, window, {})


def _locked(session: Session, event_id: str) -> EventView:
    """The event, locked: two windows that overlap cannot come in at once."""
    query = sa.select(_event.c.id).where(_event.c.id == event_id).with_for_update()
    if session.connection().execute(query).one_or_none() is None:
        raise UnknownEvent
    return queries.event(session, event_id)


def _one(standing: list[SaleWindow], window_id: str) -> SaleWindow:
    for window in standing:
        if window.id == window_id:
            return window
    raise UnknownSaleWindow


def _columns(window: SaleWindow) -> dict[str, Any]:
    return {
        "id": window.id,
        "performance_id": window.performance_id,
        "audience": window.audience,
        "named": window.named,
        "channel": window.channel,
        "opens_at": window.opens_at,
        "closes_at": window.closes_at,
    }


def _view(row: Any) -> SaleWindow:
    names = ("id", "performance_id", "audience", "named", "channel", "opens_at", "closes_at")
    return SaleWindow(**{name: getattr(row, name) for name in names})


def _times(window: SaleWindow) -> dict[str, str]:
    closes = window.closes_at
    return {
        "opens": window.opens_at.isoformat(timespec="minutes"),
        "closes": closes.isoformat(timespec="minutes") if closes else "",
    }


def _record(
    context: StaffContext[object],
    action: Action,
    event: EventView,
    window: SaleWindow,
    was: Mapping[str, str],
) -> None:
    facts = {
        "audience": window.audience.value,
        "channel": window.channel.value,
        **({"named": window.named} if window.named else {}),
        **({"performance": window.performance_id} if window.performance_id else {}),
        **_times(window),
        **was,
    }
    told = AuditEvent(
        action=action,
        actor=context.actor.as_actor(),
        channel=context.channel,
        facts={"place": event.texts[TITLE], **facts},
    )
    trail.record(context.session, [told], now=context.now)
