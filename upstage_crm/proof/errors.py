"""How the proof refuses.

Invalid
└── BundleRefused    an export that does not verify; says what is the first thing wrong with it
Conflict
├── TrailBroken      the trail itself does not verify, so it is not signed; carries the entry
├── FindingOver      the finding has ended already
└── NeedsOperator    the guards of the database let only its operator restore this row
"""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar

from upstage_crm.core.errors import Conflict, Invalid


class BundleProblem(StrEnum):
    """What is wrong with an export. Each value is the stable `code` of its BundleRefused."""

    UNREADABLE = "bundle_unreadable"
    MEMBER_MISSING = "bundle_member_missing"
    MEMBER_UNKNOWN = "bundle_member_unknown"
    SIGNATURE = "bundle_signature"
    FORMAT = "bundle_format"
    MEMBER_CHANGED = "bundle_member_changed"
    LINE = "bundle_line"
    ENTRY_MISSING = "bundle_entry_missing"
    ENTRY_CHANGED = "bundle_entry_changed"
    ENTRY_UNSIGNED = "bundle_entry_unsigned"
    VALUE = "bundle_value"
    RECEIPT = "bundle_receipt"
    COUNT = "bundle_count"


class BundleRefused(Invalid):
    """An export does not verify.

    `code` is one of `codes`. Facts, where they help: `name` (of a file inside), `line`, `seq`
    (of an entry), `receipt`.
    """

    code = "bundle_refused"
    codes: ClassVar[tuple[str, ...]] = tuple(problem.value for problem in BundleProblem)

    def __init__(self, problem: BundleProblem, **facts: object) -> None:
        self.code = problem.value
        self.problem = problem
        super().__init__(**facts)


class TrailBroken(Conflict):
    """The trail does not verify. Facts: `seq` of the first broken entry."""

    code = "trail_broken"


class FindingOver(Conflict):
    """The finding has ended already, or never was one."""

    code = "finding_over"


class NeedsOperator(Conflict):
    """The database's guards let only its operator restore this row."""

    code = "needs_operator"
