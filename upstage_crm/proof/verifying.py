"""`audit verify`: the guards, the chain, and every record against the trail, in one snapshot."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlmodel import Session

from upstage_crm.audit import trail, vouching
from upstage_crm.audit.chain import Broken
from upstage_crm.audit.findings import Compared, Difference
from upstage_crm.audit.guards import triggers
from upstage_crm.proof import approvals, receipts, reconcile_seals, row_check
from upstage_crm.proof import reconcile_patrons as patrons
from upstage_crm.proof import reconcile_requests as changes

SHOWN = 100  # differences kept in a report; the rest are counted


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What was checked and what was found. `differences` are the first ones of `found`.

    `altered` are the first rows that are not what was recorded or sealed, also those of a record
    that differs in another way: a repair asks for them.
    """

    missing_guards: tuple[str, ...]
    broken: Broken | None
    entries: int
    patrons: int
    field_changes: int
    receipts: int
    rows: int
    sealed: int
    differences: tuple[Difference, ...]
    altered: tuple[Difference, ...]
    found: int

    @property
    def is_clean(self) -> bool:
        """Whether nothing at all was found."""
        return not self.missing_guards and self.broken is None and not self.found


def verify(
    session: Session,
    *,
    protected: Mapping[str, Sequence[str]],
    public_keys: Mapping[str, str],
) -> Report:
    """Check everything over the session's snapshot; bounded in memory, whatever the size.

    `protected` maps a field key to the columns that the guards should cover, `public_keys` the
    name of every key of ours to what its signatures are checked with.
    """
    tally, broken = _Tally(), trail.verify(session, public_keys=public_keys)
    known = vouching.known_keys(session, public_keys)
    return Report(
        missing_guards=triggers.missing(session.connection(), protected),
        broken=broken,
        entries=trail.head_seq(session) if broken is None else broken.seq - 1,
        patrons=tally.take(patrons.reconcile(session)),
        field_changes=tally.take(changes.reconcile(session)),
        receipts=tally.take(receipts.reconcile(session, public_keys=known))
        + tally.take(approvals.reconcile(session)),
        rows=tally.take(row_check.reconcile(session), is_repeating=True),
        sealed=tally.take(reconcile_seals.reconcile(session)),
        differences=tuple(tally.first),
        altered=tuple(tally.repeated),
        found=tally.found,
    )


class _Tally:
    def __init__(self) -> None:
        self.first: list[Difference] = []
        self.repeated: list[Difference] = []
        self._named: set[int | str] = set()
        self.found = 0

    def take(self, batches: Iterator[Compared], *, is_repeating: bool = False) -> int:
        """Run one comparison to its end and return how much it compared.

        One that `is_repeating` looks at the same records in another way: of a record that was
        found before, it says nothing more, except in `repeated`.
        """
        compared = 0
        for batch in batches:
            compared += batch.count
            if is_repeating:
                self.repeated += batch.differences[: SHOWN - len(self.repeated)]
            new = [one for one in batch.differences if not (is_repeating and self._knows(one))]
            self._named |= {name for one in new for name in (one.number, one.reference) if name}
            self.found += len(new)
            self.first += new[: SHOWN - len(self.first)]
        return compared

    def _knows(self, found: Difference) -> bool:
        return bool(self._named & {found.number, found.reference})
