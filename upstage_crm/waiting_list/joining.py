"""Someone asks for a place on a waiting list, the mailbox joins it, and leaves it again.

A visitor who asks is told the same whatever is true about the address: the rest goes to its
mailbox.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from upstage_crm.core.db import insert_unless_there
from upstage_crm.core.email_address import parse_email
from upstage_crm.core.ids import new_id
from upstage_crm.mail import blanking, outbox
from upstage_crm.mail.outbox import OUTBOX
from upstage_crm.orders import baskets
from upstage_crm.orders.errors import BasketOver, BasketPaying
from upstage_crm.orders.letters.order_mailer import OrderMailer
from upstage_crm.programme import queries as programme
from upstage_crm.programme.views import PerformanceState
from upstage_crm.staff.command_context import CommandContext
from upstage_crm.waiting_list import queries, rules, waiting_mails
from upstage_crm.waiting_list.errors import ListClosed, WishInvalid
from upstage_crm.waiting_list.queries import IS_ALIVE, PLACE
from upstage_crm.waiting_list.views import WaitingState, Wish

MOST_AT_ONCE = 200


def join(
    context: CommandContext[OrderMailer],
    *,
    performance_id: str,
    email: str,
    places: int,
    zone: str,
    language: str,
) -> None:
    """Ask a mailbox whether it joins the list; one that is on it is told so, by the same mail.

    Raises:
        InvalidEmail: it is no whole address.
        ListClosed: the performance is not on sale, or begins too soon.
        WishInvalid: no sale could be so many places in this zone. Facts: `most`.
    """
    session, now = context.session, context.now
    address = parse_email(email)
    found = programme.performances(session, [performance_id])
    if not found or not queries.may_offer(found[0], now):
        raise ListClosed
    zones = queries.zones_of(session, found[0], now=now)
    if not rules.may_wish(Wish(id="", places=places, zone=zone), zones):
        raise WishInvalid(most=rules.most_places(zones))
    row = _alive(session, performance_id, address.key)
    if row is None and _is_asked_often(session, address.key, now):
        return
    if row is None:
        session.connection().execute(
            insert_unless_there(session, PLACE),
            {
                "id": new_id(now),
                "performance_id": performance_id,
                "email": address.stored,
                "email_key": address.key,
                "places": places,
                "zone": zone,
                "language": language,
                "state": WaitingState.ASKED,
                "asked_at": now,
            },
        )
    elif row.state is WaitingState.ASKED:
        session.connection().execute(
            sa.update(PLACE)
            .where(PLACE.c.id == row.id, PLACE.c.state == WaitingState.ASKED)
            .values(places=places, zone=zone, language=language)
        )
    row = _alive(session, performance_id, address.key)
    if row is not None:
        waiting_mails.ask(context, row, found[0])


def confirm(context: CommandContext[object], *, place_id: str) -> None:
    """The mailbox joins the list: its place counts from now on. Twice is no error.

    Raises:
        ListClosed: it was asked too long ago, or no offer could be made any more.
    """
    session, now = context.session, context.now
    row = locked(session, place_id)
    if row is not None and row.state in {WaitingState.WAITING, WaitingState.OFFERED}:
        return
    if row is None or row.state is not WaitingState.ASKED:
        raise ListClosed
    [performance] = programme.performances(session, [row.performance_id])
    is_late = now >= row.asked_at + rules.CONFIRM_WITHIN
    if is_late or not queries.may_offer(performance, now):
        raise ListClosed
    _turn(session, row.id, WaitingState.WAITING, confirmed_at=now)


def leave(context: CommandContext[object], *, place_id: str) -> None:
    """Leave the list, and let go of what was offered. Twice is no error.

    Raises:
        BasketPaying: what was offered is being paid.
    """
    row = locked(context.session, place_id)
    if row is None or row.state not in queries.ALIVE:
        return
    is_offered = row.state is WaitingState.OFFERED
    if is_offered:
        _let_go(context, row.basket_id)
    end(context, row.id, WaitingState.DECLINED if is_offered else WaitingState.LEFT)


def forget_address(context: CommandContext[object], *, email_key: str) -> int:
    """End every place of an address, for its erasure; return how many.

    One that is being paid goes by itself as soon as that has come to its end.
    """
    done = 0
    for place in queries.of_address(context.session, email_key):
        try:
            leave(context, place_id=place.id)
        except BasketPaying:
            continue
        forget(context.session, place_id=place.id)
        done += 1
    return done


def out_of_time(session: Session, *, now: datetime) -> list[str]:
    """The places that never were confirmed, or whose performance came, is off or over."""
    asked = sa.select(PLACE.c.id).where(
        PLACE.c.state == WaitingState.ASKED, PLACE.c.asked_at <= now - rules.CONFIRM_WITHIN
    )
    found = set(session.connection().execute(asked).scalars())
    query = sa.select(PLACE.c.id, PLACE.c.performance_id).where(
        PLACE.c.state.in_([WaitingState.ASKED, WaitingState.WAITING])
    )
    rows = session.connection().execute(query).all()
    ids = {row.performance_id for row in rows}
    gone = {PerformanceState.CANCELLED, PerformanceState.PERFORMED}
    over = {
        one.id
        for one in (programme.performances(session, ids) if ids else [])
        if one.state in gone or one.starts_at <= now
    }
    found |= {row.id for row in rows if row.performance_id in over}
    return sorted(found)[:MOST_AT_ONCE]


def end_out_of_time(context: CommandContext[object], *, place_id: str) -> bool:
    """End a place that `out_of_time` names, if it still is there; return whether it was news."""
    row = locked(context.session, place_id)
    if row is None or row.state not in {WaitingState.ASKED, WaitingState.WAITING}:
        return False
    if place_id not in out_of_time(context.session, now=context.now):
        return False
    end(context, place_id, WaitingState.ENDED)
    return True


def to_forget(session: Session) -> list[str]:
    """The places that have ended, whose address is still kept."""
    query = sa.select(PLACE.c.id).where(~IS_ALIVE, PLACE.c.email_key != "").limit(MOST_AT_ONCE)
    return list(session.connection().execute(query).scalars())


def forget(session: Session, *, place_id: str) -> bool:
    """Empty the address of a place that has ended, and its mails; return whether that is done.

    A mail that is on its way keeps both until it has arrived.
    """
    ours = OUTBOX.c.dedupe_key.startswith(f"{waiting_mails.KEY}/{place_id}/")
    sent = sa.select(OUTBOX.c.id).where(ours)
    blanking.blank_mails(session, session.connection().execute(sent).scalars().all())
    left = sa.select(OUTBOX.c.id).where(ours, OUTBOX.c.subject != blanking.SUBJECT).limit(1)
    if session.connection().execute(left).first() is not None:
        return False
    emptied = (
        sa.update(PLACE).where(PLACE.c.id == place_id, ~IS_ALIVE).values(email="", email_key="")
    )
    return session.connection().execute(emptied).rowcount == 1


def locked(session: Session, place_id: str) -> Any:
    """The row of a place, locked before its basket; None without one."""
    query = sa.select(PLACE).where(PLACE.c.id == place_id).with_for_update()
    return session.connection().execute(query).one_or_none()


def end(context: CommandContext[object], place_id: str, state: WaitingState) -> None:
    """End a locked place, and cancel what has not been mailed yet."""
    _turn(context.session, place_id, state, ended_at=context.now)
    outbox.cancel_letters(context.session, key=f"{waiting_mails.KEY}/{place_id}/", now=context.now)


def _turn(session: Session, place_id: str, state: WaitingState, **values: Any) -> None:
    turned = sa.update(PLACE).where(PLACE.c.id == place_id).values(state=state, **values)
    session.connection().execute(turned)


def _let_go(context: CommandContext[object], basket_id: str) -> None:
    try:
        baskets.let_go(context, basket_id)
    except BasketOver:  # it was bought: the place has nothing more to let go of
        return


def _alive(session: Session, performance_id: str, email_key: str) -> Any:
    query = sa.select(PLACE).where(
        PLACE.c.performance_id == performance_id, PLACE.c.email_key == email_key, IS_ALIVE
    )
    return session.connection().execute(query).one_or_none()


def _is_asked_often(session: Session, email_key: str, now: datetime) -> bool:
    query = (
        sa.select(PLACE.c.id)
        .where(
            PLACE.c.email_key == email_key,
            PLACE.c.confirmed_at.is_(None),
            PLACE.c.asked_at > now - timedelta(days=1),
        )
        .limit(rules.MOST_ASKED)
    )
    return len(session.connection().execute(query).all()) >= rules.MOST_ASKED
