"""The mails of the waiting list: one that asks the mailbox, one with an offer."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from upstage_crm.core import when
from upstage_crm.core.money import in_words
from upstage_crm.links.claims import Purpose
from upstage_crm.mail import outbox
from upstage_crm.mail.message import MailKind
from upstage_crm.orders.letters.order_mailer import OrderMailer
from upstage_crm.orders.views import BasketView
from upstage_crm.organisation.settings import details
from upstage_crm.programme import queries as programme
from upstage_crm.programme.event_texts import TITLE, in_language
from upstage_crm.programme.views import PerformanceView
from upstage_crm.staff.command_context import CommandContext
from upstage_crm.waiting_list.views import WaitingState

KEY: Final = "waiting"  # in front of the id of a place, in the keys of its mails
ONE_MAIL_IN: Final = timedelta(minutes=10)  # asking again meanwhile makes no second one


def ask(context: CommandContext[OrderMailer], row: Any, performance: PerformanceView) -> None:
    """Mail the link to a place: it joins the list, or shows that the address is on it already."""
    turn = int(context.now.timestamp() // ONE_MAIL_IN.total_seconds())
    said = {"is_confirmed": row.state is not WaitingState.ASKED}
    key = f"{KEY}/{row.id}/{row.state.value}/{turn}"
    _mail(context, MailKind.WAITING_PLACE, row, performance, said, key=key)


def offer(
    context: CommandContext[OrderMailer],
    row: Any,
    performance: PerformanceView,
    basket: BasketView,
    *,
    until: datetime,
) -> None:
    """Mail the link to an offer."""
    zone = details(context.session).zone
    said = {
        "seats_text": "; ".join(line.place for line in basket.lines),
        "amount_text": in_words(basket.total, basket.currency, row.language),
        "until_text": when.in_words(until, zone, row.language),
    }
    key = f"{KEY}/{row.id}/offer"
    _mail(context, MailKind.WAITING_OFFER, row, performance, said, key=key)


def _mail(
    context: CommandContext[OrderMailer],
    kind: MailKind,
    row: Any,
    performance: PerformanceView,
    said: dict[str, Any],
    *,
    key: str,
) -> None:
    session, now, mailer = context.session, context.now, context.notifier
    organisation, language = details(session), row.language
    event = programme.event(session, performance.event_id)
    zone = organisation.zone_of(performance.zone)
    mail = mailer.prepare(
        session,
        kind,
        to=row.email,
        language=language,
        reference="",
        said={
            **said,
            "event_text": in_language(event.texts, event.translated, language)[TITLE],
            "when_text": when.in_words(performance.starts_at, zone, language),
            "hall_text": performance.hall,
            "places_text": str(row.places),
        },
        link=mailer.link(Purpose.WAITING, row.id, now=now, expires_at=performance.starts_at),
        key=key,
        patron_id=None,
        now=now,
    )
    outbox.enqueue_prepared(session, mail, now=now)
