"""The demo's events and performances, made through the commands that staff use."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta

from upstage_crm.demo.season import prices
from upstage_crm.demo.season.season_runs import LAST_SEASON, SO_FAR, THIS_SEASON, Run
from upstage_crm.inventory import sale_steps
from upstage_crm.programme import commands, performances, queries, translations
from upstage_crm.programme.event_texts import INTERVAL, RUNNING, TITLE
from upstage_crm.programme.times import series
from upstage_crm.programme.views import Access, PerformanceState
from upstage_crm.staff.command_context import StaffContext
from upstage_crm.wiring import SALE_CHECKS

EARLIEST = min(run.begins for run in LAST_SEASON)  # weeks from now


def add_earlier(context: StaffContext[object], *, today: date) -> None:
    """Add last season, and this one until the week of `today`.

    `context` is of a moment before all of it, so that it can go on sale.
    """
    for run in (*LAST_SEASON, *SO_FAR):
        _add(context, run, today, performances.put_on_sale)


def add(context: StaffContext[object], *, today: date) -> None:
    """Add this season from the Monday after `today` on, and end what is over by now."""
    for performance_id in queries.over(context.session, now=context.now):
        performances.mark_performed(context, performance_id=performance_id)
    for run in THIS_SEASON:
        _add(context, run, today, sale_steps.put_on_sale)


def _add(
    context: StaffContext[object], run: Run, today: date, put_on_sale: Callable[..., None]
) -> None:
    """Add one event with its performances, and bring them as far as the run says."""
    session = context.session
    halls = {choice.name.partition(",")[0]: choice.id for choice in queries.hall_choices(session)}
    interval = str(run.interval) if run.interval else ""
    numbers = {RUNNING: str(run.minutes), INTERVAL: interval}
    texts = {TITLE: run.title, "genre": run.genre, **numbers, **run.texts}
    event_id = commands.add_event(context, typed=texts)
    for version, (language, said) in enumerate(run.translated.items(), start=1):
        translations.translate(
            context, event_id=event_id, language=language, version=version, typed=said
        )
    first = today + timedelta(days=7 - today.weekday(), weeks=run.begins)
    days = series(first, first + timedelta(weeks=run.weeks, days=-1), run.weekdays)
    plain = days[len(run.access) :]
    for day, kind in zip(days, run.access, strict=False):
        _perform(context, run, event_id, halls[run.hall], [day], [kind])
    _perform(context, run, event_id, halls[run.hall], plain, [])
    made = [one.id for one in queries.event(session, event_id).performances]
    _price(context, run, event_id, today)
    if run.state is not PerformanceState.DRAFT:
        put_on_sale(context, performance_ids=made, checks=SALE_CHECKS)
    if run.state is PerformanceState.PAUSED:
        performances.pause(context, performance_ids=made)
    if run.last is PerformanceState.CANCELLED:
        sale_steps.cancel(context, performance_ids=made[-1:])


def _price(context: StaffContext[object], run: Run, event_id: str, today: date) -> None:
    setting = prices.setting_of(context)
    has_gala = run is THIS_SEASON[0]
    prices.add_prices(context, setting, event_id=event_id, top=run.top, has_gala=has_gala)
    prices.add_windows(context, event_id=event_id, today=today, weeks=run.begins, code=run.code)


def _perform(
    context: StaffContext[object],
    run: Run,
    event_id: str,
    hall_id: str,
    days: Sequence[date],
    access: Sequence[Access],
) -> None:
    commands.add_performances(
        context, event_id=event_id, hall_id=hall_id, days=days, at=run.at, access=access
    )
