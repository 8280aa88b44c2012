"""Who may buy when: windows that overlap, and the one that is open for a buyer. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from upstage_crm.core.text import comparable
from upstage_crm.programme.prices.errors import WindowBackwards, WindowsOverlap
from upstage_crm.programme.prices.views import Audience, SaleChannel, SaleWindow

NAMED = frozenset({Audience.MEMBERS, Audience.PACKAGE_HOLDERS, Audience.CODE})
"""The audiences that a name can narrow."""


@dataclass(frozen=True, slots=True)
class Claim:
    """Something that a buyer is: a member of a level, the holder of a package or of a code.

    `name` is "" where the audience needs none. Everybody is the public.
    """

    audience: Audience
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sale:
    """Whether a buyer may buy now: by which window; else when the next one opens, if one does."""

    window: SaleWindow | None = None
    opens_at: datetime | None = None

    @property
    def is_open(self) -> bool:
        """Whether the buyer may buy."""
        return self.window is not None


def may_sell(
    windows: Sequence[SaleWindow],
    audience: Collection[Claim],
    channel: SaleChannel,
    now: datetime,
    *,
    performance_id: str,
    starts_at: datetime,
) -> Sale:
    """Whether a buyer who is all of `audience` may buy tickets of a performance now.

    `windows` are those of its event and its own; `starts_at` is when the performance begins, after
    which nothing is sold. The answer does not depend on the order of the windows.
    """
    if now >= starts_at:
        return Sale()
    own = [window for window in windows if window.performance_id == performance_id]
    valid = own or [window for window in windows if window.performance_id is None]
    theirs = [each for each in valid if each.channel is channel and _is_for(each, audience)]
    later: list[datetime] = []
    for window in sorted(theirs, key=lambda each: (each.opens_at, each.id)):
        is_over = window.closes_at is not None and window.closes_at <= now
        if window.opens_at <= now and not is_over:
            return Sale(window=window)
        if now < window.opens_at < starts_at:
            later.append(window.opens_at)
    return Sale(opens_at=min(later, default=None))


def ensure_fits(window: SaleWindow, others: Sequence[SaleWindow]) -> None:
    """Refuse a window that ends before it begins, or while another is open for the same people.

    Raises:
        WindowBackwards, WindowsOverlap.
    """
    if window.closes_at is not None and window.closes_at <= window.opens_at:
        raise WindowBackwards
    for other in others:
        if other.id != window.id and _is_alike(window, other) and _overlap(window, other):
            raise WindowsOverlap


def _is_for(window: SaleWindow, audience: Collection[Claim]) -> bool:
    if window.audience is Audience.PUBLIC:
        return True
    return any(
        claim.audience is window.audience
        and (not window.named or comparable(claim.name) == comparable(window.named))
        for claim in audience
    )


def _is_alike(one: SaleWindow, other: SaleWindow) -> bool:
    return (
        one.performance_id == other.performance_id
        and one.audience is other.audience
        and one.channel is other.channel
        and comparable(one.named) == comparable(other.named)
    )


def _overlap(one: SaleWindow, other: SaleWindow) -> bool:
    first, second = sorted((one, other), key=lambda each: each.opens_at)
    return first.closes_at is None or first.closes_at > second.opens_at
