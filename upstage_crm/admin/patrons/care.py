"""What needs care on a record, in words: a dispute that two people clear, and protection."""

from dataclasses import dataclass
from datetime import tzinfo

from upstage_crm.change_requests.care import FreezeView
from upstage_crm.change_requests.rules import FreezeCause
from upstage_crm.core import when
from upstage_crm.patrons.views import PatronRecord
from upstage_crm.staff.roles import Permission, StaffMember, may

_CAUSES = {
    FreezeCause.OBJECTION: "The owner of the former address did not want the last change. "
    "It was put back.",
    FreezeCause.REVERT_BLOCKED: "A change was to be put back, which was not possible by itself: "
    "something else has changed since, or somebody else has the value now.",
}


@dataclass(frozen=True)
class Care:
    """What the record's page shows of it. Texts that do not apply are empty."""

    frozen: str = ""
    frozen_since: str = ""
    reference: str = ""
    first: str = ""
    first_note: str = ""
    can_clear: bool = False
    why_not: str = ""
    is_protected: bool = False
    can_protect: bool = False


def care_of(
    record: PatronRecord, freeze: FreezeView | None, *, viewer: StaffMember, time_zone: tzinfo
) -> Care:
    """Return what needs care, for one viewer."""
    shared = Care(
        is_protected=record.is_protected, can_protect=may(viewer, Permission.PROTECT_PATRON)
    )
    if freeze is None:
        return shared
    why_not = _why_not(freeze, viewer)
    return Care(
        frozen=_CAUSES[freeze.cause],
        frozen_since=when.in_words(freeze.opened_at, time_zone),
        reference=freeze.reference,
        first=freeze.first_label,
        first_note=freeze.first_note,
        can_clear=not why_not,
        why_not=why_not,
        is_protected=shared.is_protected,
        can_protect=shared.can_protect,
    )


def _why_not(freeze: FreezeView, viewer: StaffMember) -> str:
    if freeze.first_id == viewer.id:
        return "You have looked into it. Somebody else must do so, too."
    if not may(viewer, Permission.CLEAR_FREEZE):
        return "A manager, the privacy lead or an owner can clear it."
    return ""
