"""What was changed outside the CRM, worded: plain texts that may go to the browser."""

from dataclasses import dataclass
from datetime import tzinfo

from upstage_crm.audit.proven_rows import RECORDED, SEALED
from upstage_crm.core import when
from upstage_crm.proof.integrity import StandingFinding
from upstage_crm.staff.roles import Permission, StaffMember, may
from upstage_crm.wording.actions import found_words

ONLY_OPERATOR = "Only the operator can mend this: upstage-crm audit repair."


@dataclass(frozen=True)
class FindingRow:
    """One row that is not what the trail says. `note` says who agreed, or who has to."""

    id: str = ""
    words: str = ""
    note: str = ""
    may_restore: bool = False
    time: str = ""
    time_iso: str = ""


def finding_row(
    found: StandingFinding, *, name: str, viewer: StaffMember, time_zone: tzinfo
) -> FindingRow:
    """Return a finding as the viewer sees it; `name` is what people call its row."""
    is_row = found.subject in RECORDED or found.subject in SEALED
    is_waiting = found.first_by == viewer.id
    return FindingRow(
        id=found.id,
        words=found_words(found, name),
        note=_note(found, is_row=is_row, is_waiting=is_waiting),
        may_restore=is_row and not is_waiting and may(viewer, Permission.RESTORE_ROWS),
        time=when.short(found.found_at, time_zone),
        time_iso=when.iso(found.found_at),
    )


def _note(found: StandingFinding, *, is_row: bool, is_waiting: bool) -> str:
    if not is_row:
        return ONLY_OPERATOR
    if is_waiting:
        return "You asked to restore it. A second person has to agree."
    return f"{found.first_label} asked to restore it." if found.first_by else ""
