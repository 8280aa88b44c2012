"""The command line's look at the programme: is what is on sale ready to be sold?"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence

from upstage_crm import wiring
from upstage_crm.cli.audit_commands import migrated
from upstage_crm.core import when
from upstage_crm.organisation.settings import details
from upstage_crm.programme import queries
from upstage_crm.programme.sale_checks import Obstacle, obstacles
from upstage_crm.programme.views import PerformanceView
from upstage_crm.settings import Settings
from upstage_crm.wording.consequences import counted
from upstage_crm.wording.sentences import sentence

NOT_READY = 1


def check(_options: argparse.Namespace, settings: Settings) -> int:
    """Say in plain sentences what is wrong with what is on sale; fail when anything is."""
    parts = migrated(settings)
    now = parts.clock.now()
    try:
        with parts.database.reading() as session:
            # What has begun is no longer sold, so nothing of it can be put right.
            shown = [one for one in queries.on_sale(session) if one.starts_at > now]
            found = obstacles(session, shown, wiring.SALE_CHECKS, now=now)
            country = details(session).country
    finally:
        parts.database.dispose()
    for line in _lines(shown, found, country):
        print(line)
    return NOT_READY if found else 0


def _lines(
    shown: Sequence[PerformanceView], found: Sequence[Obstacle], country: str
) -> Iterator[str]:
    named = {one.id: one for one in shown}
    for each in found:
        one = named[each.performance_id]
        at = when.short(one.starts_at, when.zone(one.zone, country=country))
        yield f"{one.title}, {at}, {one.hall}: {sentence(each.refusal)}"
    faulty = len({each.performance_id for each in found})
    if not shown:
        yield "Nothing is on sale."
    elif faulty:
        yield f"{counted(len(shown), 'performance')} on sale, {faulty:,} not ready."
    else:
        yield f"{counted(len(shown), 'performance')} on sale, all of them ready."
