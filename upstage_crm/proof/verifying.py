"""`audit verify`: the guards, the chain, and every record against the trail, in one snapshot."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlmodel import Session

from upstage_crm.audit import guards, trail
from upstage_crm.audit.chain import Broken
from upstage_crm.audit.findings import Compared, Difference
from upstage_crm.change_requests import reconciling as changes
from upstage_crm.patrons import reconciling as patrons

SHOWN = 100  # differences kept in a report; the rest are counted


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What was checked and what was found. `differences` are the first ones of `found`."""

    missing_guards: tuple[str, ...]
    broken: Broken | None
    entries: int
    patrons: int
    field_changes: int
    differences: tuple[Difference, ...]
    found: int

    @property
    def is_clean(self) -> bool:
        """Whether nothing at all was found."""
        return not self.missing_guards and self.broken is None and not self.found


def verify(session: Session, *, protected: Mapping[str, Sequence[str]]) -> Report:
    """Check everything over the session's snapshot; bounded in memory, whatever the size.

    `protected` maps a field key to the columns that the guards should cover.
    """
    tally, broken = _Tally(), trail.verify(session)
    return Report(
        missing_guards=guards.missing(session.connection(), protected),
        broken=broken,
        entries=trail.head_seq(session) if broken is None else broken.seq - 1,
        patrons=tally.take(patrons.reconcile, session),
        field_changes=tally.take(changes.reconcile, session),
        differences=tuple(tally.first),
        found=tally.found,
    )


class _Tally:
    def __init__(self) -> None:
        self.first: list[Difference] = []
        self.found = 0

    def take(self, reconcile: Callable[[Session], Iterator[Compared]], session: Session) -> int:
        """Run one comparison to its end and return how much it compared."""
        compared = 0
        for batch in reconcile(session):
            compared += batch.count
            self.found += len(batch.differences)
            self.first += batch.differences[: SHOWN - len(self.first)]
        return compared
