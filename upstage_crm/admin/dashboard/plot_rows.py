"""The figures of the dashboard, worded and measured: plain texts that may go to the browser."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, tzinfo

from upstage_crm.admin.requests.url import PROPOSED, queue_href
from upstage_crm.change_requests.model.rules import RequestState
from upstage_crm.change_requests.reads.figures import SPEEDS, Funnel, Span, Step
from upstage_crm.change_requests.reads.queue import ENDINGS, View
from upstage_crm.core import when
from upstage_crm.core.counting import some
from upstage_crm.organisation.seasons import Season
from upstage_crm.pages.periods import Period
from upstage_crm.patrons.quality import Quality
from upstage_crm.ui.components.plots import Bar, TimeColumn, percent

SEASON = 0
PERIODS: Mapping[int, str] = {
    SEASON: "This season",
    30: "30 days",
    90: "90 days",
    365: "12 months",
}
"""The days that the funnel may be about, with the words of each; `SEASON` is no fixed number."""
USUAL = 90
MONTHS = 12
_TIMES: Mapping[Step, str] = {
    Step.WITHIN_HOUR: "Within an hour",
    Step.WITHIN_DAY: "Within a day",
    Step.WITHIN_3_DAYS: "Within 3 days",
    Step.WITHIN_7_DAYS: "Within 7 days",
    Step.LATER: "Longer",
}
TREND: Mapping[View, str] = {
    View.ALL: "Proposed",
    View.APPROVED: "Approved",
    View.REJECTED: "Rejected",
    View.EXPIRED: "Expired",
}
"""The numbers of one stretch of time, each by the view that lists what it counts."""
# How the requests ended that did not go through, each with the view that lists them.
_LOST: Mapping[View, str] = {
    View.REJECTED: "Rejected",
    View.EXPIRED: "Expired",
    View.UNDELIVERABLE: "Undeliverable",
}


@dataclass(frozen=True)
class PeriodTab:
    """One period that can be chosen."""

    label: str = ""
    href: str = ""
    is_active: bool = False


@dataclass(frozen=True)
class TrendCell:
    """One number of a stretch of time, and the list that it counts; "" for none."""

    label: str = ""
    number: str = "0"
    href: str = ""


@dataclass(frozen=True)
class TrendRow:
    """One stretch of time as a row of the table."""

    label: str = ""
    cells: list[TrendCell] = field(default_factory=list)


@dataclass(frozen=True)
class Figures:
    """All plots of the page. `took` says how long half of the patrons needed at most."""

    periods: list[PeriodTab] = field(default_factory=list)
    funnel: list[Bar] = field(default_factory=list)
    cut: str = ""
    times: list[Bar] = field(default_factory=list)
    took: str = ""
    quality: list[Bar] = field(default_factory=list)
    trend: list[TimeColumn] = field(default_factory=list)
    trend_rows: list[TrendRow] = field(default_factory=list)


def figures(
    found: Funnel,
    spans: Sequence[Span],
    quality: Quality,
    *,
    hidden: Collection[str],
    days: int,
    since: date,
    today: date,
    zone: tzinfo,
) -> Figures:
    """Return the figures of the page; `since` is the first of the days.

    The reader’s list of patrons has no filter in `hidden`.
    """
    return Figures(
        periods=[
            PeriodTab(words, "/" if each == USUAL else f"/?days={each}", each == days)
            for each, words in PERIODS.items()
        ],
        funnel=_funnel(found, since=since, today=today),
        cut="Of the 1,000 newest requests of this time." if found.is_cut else "",
        times=_times(found, since=since, today=today),
        took=_took(found.median),
        quality=_quality(quality, hidden),
        trend=_columns(spans, zone),
        trend_rows=[_trend_row(span, zone) for span in spans],
    )


def first_day(days: int, today: date, season: Season) -> date:
    """The first of the days that the funnel is about; the last is today, a day of `season`."""
    return season.first if days == SEASON else today - timedelta(days=days - 1)


def month_bounds(today: date, time_zone: tzinfo, *, months: int = MONTHS) -> list[datetime]:
    """The instants at which the last months begin, and the one at which this month ends.

    The plot draws what lies between each two: a season's weeks could take the place of months.
    """
    starts = [_month(today, back) for back in range(months - 1, -2, -1)]
    return [datetime.combine(start, time(), time_zone) for start in starts]


def _month(today: date, back: int) -> date:
    """The first day of the month that many months ago."""
    months = today.year * 12 + today.month - 1 - back
    return date(months // 12, months % 12 + 1, 1)


def _funnel(found: Funnel, *, since: date, today: date) -> list[Bar]:
    def listed(view: View, **more: str) -> str:
        return _listed(view, since=since, today=today, **more)

    def ended(view: View) -> int:
        states = ENDINGS.get(view, (RequestState.UNDELIVERABLE,))
        return sum(found.ended.get(state, 0) for state in states)

    steps = [
        ("Proposed", found.proposed, listed(View.ALL)),
        ("Delivered", found.delivered, listed(View.ALL, came=Step.DELIVERED)),
        ("Decided by the patron", found.decided, listed(View.ALL, came=Step.DECIDED)),
        ("Approved", ended(View.APPROVED), listed(View.APPROVED)),
        *((words, ended(view), listed(view)) for view, words in _LOST.items()),
    ]
    return [
        Bar(label, f"{count:,}", percent(count, found.proposed), href if count else "")
        for label, count, href in steps
    ]


def _listed(view: View, *, since: date, today: date, **more: str) -> str:
    """Where the requests of a view are listed that were proposed in these days."""
    days = {"from": since.isoformat(), "to": today.isoformat()}
    return queue_href(view, by=PROPOSED, when=Period.DATES.value, **days, **more)


def _times(found: Funnel, *, since: date, today: date) -> list[Bar]:
    most = max(found.decided_within, default=0)
    return [
        Bar(
            _TIMES[step],
            f"{count:,}",
            percent(count, most),
            _listed(View.ALL, since=since, today=today, came=step) if count else "",
        )
        for step, count in zip(SPEEDS, found.decided_within, strict=True)
    ]


def _took(median: timedelta | None) -> str:
    if median is None:
        return "No patron has decided yet."
    hours = median / timedelta(hours=1)
    if hours < 1:
        said = "an hour"
    elif hours < 48:
        said = f"{round(hours):,} hours"
    else:
        said = f"{round(hours / 24):,} days"
    return f"Half of the patrons decided within {said}."


def _quality(found: Quality, hidden: Collection[str]) -> list[Bar]:
    counts = {
        "No email address": (found.no_email, "email", "none"),
        "Email bounced": (found.bounced, "email", "bounced"),
        "Same name and phone as another": (found.twins, "twin", "yes"),
    }
    most = max(count for count, _name, _value in counts.values())
    return [
        Bar(
            label,
            some(count),
            percent(count, most),
            f"/patrons/?status=active&{name}={value}" if count and name not in hidden else "",
        )
        for label, (count, name, value) in counts.items()
    ]


def _columns(spans: Sequence[Span], zone: tzinfo) -> list[TimeColumn]:
    most = max((max(span.proposed, span.approved) for span in spans), default=0)
    country = when.country_of(zone)
    return [
        TimeColumn(
            label=when.month_of(day, country),
            words=(
                f"{when.month_in_words(day, country)}: "
                f"{span.proposed:,} proposed, {span.approved:,} approved"
            ),
            whole=percent(span.proposed, most),
            whole_top=percent(most - span.proposed, most) if most else "100%",
            part=percent(span.approved, most),
            part_top=percent(most - span.approved, most) if most else "100%",
            href=_days_href(span, zone),
        )
        for span in spans
        for day in (span.start.astimezone(zone).date(),)
    ]


def _days_href(span: Span, zone: tzinfo, view: View = View.ALL) -> str:
    """Where the requests of a view are listed that were proposed, or ended, in this time."""
    last = span.end.astimezone(zone).date() - timedelta(days=1)
    days = {"from": span.start.astimezone(zone).date().isoformat(), "to": last.isoformat()}
    return queue_href(view, when=Period.DATES.value, **days)


def _trend_row(span: Span, zone: tzinfo) -> TrendRow:
    counts = {
        View.ALL: span.proposed,
        View.APPROVED: span.approved,
        View.REJECTED: span.rejected,
        View.EXPIRED: span.lapsed,
    }
    cells = [
        TrendCell(TREND[view], f"{count:,}", _days_href(span, zone, view) if count else "")
        for view, count in counts.items()
    ]
    return TrendRow(
        label=when.month_in_words(span.start.astimezone(zone).date(), when.country_of(zone)),
        cells=cells,
    )
