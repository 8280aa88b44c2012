"""Which version of the prices holds. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from upstage_crm.programme.prices.views import PriceList


def holding(
    lists: Sequence[PriceList], now: datetime, *, performance_id: str = ""
) -> PriceList | None:
    """The version that holds now for a performance; "" asks for those of the whole event.

    The performance's own prices stand before those of its event, unless it has none. None: nothing
    is priced. The answer does not depend on the order of the versions.
    """
    valid = [
        each
        for each in lists
        if each.starts_at <= now and (each.ends_at is None or now < each.ends_at)
    ]
    own = _newest([each for each in valid if performance_id == each.performance_id])
    if own is not None and own.prices:
        return own
    return _newest([each for each in valid if each.performance_id is None])


def _newest(lists: Sequence[PriceList]) -> PriceList | None:
    return max(lists, key=lambda each: each.version, default=None)
