"""What a check of the records against the trail can find. Pure.

A difference says where to look: a patron, a field, an entry. It never holds a value.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Problem(StrEnum):
    """How a record and the trail disagree."""

    VALUE = "value"
    DERIVED = "derived"
    EVIDENCE_GONE = "evidence_gone"
    NEVER_ADDED = "never_added"
    RECORD_GONE = "record_gone"
    ERASURE_UNTOLD = "erasure_untold"
    ERASURE_INCOMPLETE = "erasure_incomplete"
    CHANGE_VALUE = "change_value"
    CHANGE_KEY = "change_key"
    CHANGE_UNKNOWN = "change_unknown"
    CHANGE_GONE = "change_gone"
    CHANGE_OUTCOME = "change_outcome"
    CHANGE_UNAPPROVED = "change_unapproved"
    RECEIPT = "receipt"
    RECEIPT_UNKNOWN = "receipt_unknown"
    RECEIPT_GONE = "receipt_gone"
    RECEIPT_MISSING = "receipt_missing"
    RECEIPT_KEY = "receipt_key"
    ROW_ALTERED = "row_altered"
    ROW_UNKNOWN = "row_unknown"
    ROW_GONE = "row_gone"
    UNPROVEN = "unproven"
    ENTRY_UNSIGNED = "entry_unsigned"
    ENTRY_ALTERED = "entry_altered"
    EVIDENCE_ALTERED = "evidence_altered"
    SEAL = "seal"
    TRAIL_KEY = "trail_key"
    OLDER_DATABASE = "older_database"


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One disagreement; what does not apply is None.

    `number` is the patron's, `field` a protected field's key, `reference` the request's, `seq`
    the entry of the trail that says otherwise. `row` is a table and an id, `detail` names the
    tables, rows and columns in which a recorded row differs.
    """

    problem: Problem
    number: int | None = None
    field: str | None = None
    reference: str | None = None
    seq: int | None = None
    row: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Compared:
    """What one batch brought: how many were compared, and where they disagree."""

    count: int
    differences: tuple[Difference, ...]
