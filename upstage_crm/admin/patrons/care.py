"""What needs care on a record, in words: a dispute, protection, and an erasure by two people."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo

from upstage_crm.change_requests.disputes.record_changes import BY_HAND
from upstage_crm.change_requests.model.rules import (
    FreezeCause,
    RecordChangeKind,
)
from upstage_crm.core import when
from upstage_crm.patrons.views import PatronRecord
from upstage_crm.patrons.visibility import FieldAccess
from upstage_crm.privacy.erasure import Blocker
from upstage_crm.privacy.record_care import (
    ErasureView,
    FreezeView,
    RecordChangeView,
)
from upstage_crm.staff.roles import Permission, StaffMember, may
from upstage_crm.wording.sentences import (
    FINDING_WORDS,
    STATUS_WORDS,
    blocker_sentence,
)

_CAUSES = {
    FreezeCause.OBJECTION: "The owner of the former address did not want a change. "
    "The request says what was restored.",
    FreezeCause.REVERT_BLOCKED: "A change could not be undone automatically: "
    "something else has changed since, or another patron now has the value.",
    FreezeCause.ASKED_BY_STAFF: "A colleague found out that a mailbox is not the patron’s.",
}


@dataclass(frozen=True)
class Frozen:
    """A dispute. `cause` is empty when the record is in none."""

    cause: str = ""
    since: str = ""
    reference: str = ""
    first: str = ""
    first_note: str = ""
    finding: str = ""
    can_clear: bool = False
    why_not: str = ""


@dataclass(frozen=True)
class Erasure:
    """An erasure that waits (`asked_by` is not empty), or may be asked for.

    `blockers` say what stands in the way, `empties` what it does, with its numbers.
    """

    asked_by: str = ""
    since: str = ""
    reason: str = ""
    can_ask: bool = False
    can_confirm: bool = False
    can_decline: bool = False
    why_not: str = ""
    is_blocked: bool = False
    blockers: list[str] = field(default_factory=list)
    empties: str = ""


@dataclass(frozen=True)
class WaitingChange:
    """A change of protection or status that waits for its second person."""

    kind: str = ""
    title: str = ""
    asked_by: str = ""
    since: str = ""
    reason: str = ""
    can_confirm: bool = False
    can_decline: bool = False
    why_not: str = ""


@dataclass(frozen=True)
class StatusChoice:
    """A status that the record may be given."""

    value: str = ""
    label: str = ""


@dataclass(frozen=True)
class Care:
    """What the record's page shows of it. Texts that do not apply are empty.

    `statuses` are those that the viewer may give the record, `status_takes_two` whether somebody
    else must confirm it, `ending` what becomes of its open requests when it is no longer active.
    """

    frozen: Frozen = Frozen()
    erasure: Erasure = Erasure()
    waiting: list[WaitingChange] = field(default_factory=list)
    statuses: list[StatusChoice] = field(default_factory=list)
    status_takes_two: bool = False
    ending: str = ""
    is_erased: bool = False
    is_protected: bool = False
    can_protect: bool = False
    can_find: bool = False


@dataclass(frozen=True, slots=True)
class Looks:
    """Who looks at a record, what they may read, and to whom they may not be second."""

    viewer: StaffMember
    refusals: Mapping[str, str]
    access: FieldAccess
    time_zone: tzinfo

    def why_not(self, first_id: str, needed: Permission, *, is_own: str, no_right: str) -> str:
        """Why the viewer cannot take the step after `first_id`; "" when nothing is in the way."""
        if not may(self.viewer, needed):
            return no_right
        return is_own if first_id == self.viewer.id else self.refusals.get(first_id, "")


def care_of(
    record: PatronRecord,
    *,
    freeze: FreezeView | None,
    erasure: ErasureView | None,
    blockers: Sequence[Blocker],
    waiting: Sequence[RecordChangeView],
    status_takes_two: bool,
    ending: str,
    empties: str,
    was_asked: bool,
    viewer: StaffMember,
    refusals: Mapping[str, str],
    access: FieldAccess,
    time_zone: tzinfo,
) -> Care:
    """Return what needs care, for one viewer.

    `refusals` says, by the id of a first person, why the viewer may not be second to them. A
    finding about a mailbox stands beside a request: without any, `was_asked`, there is none.
    """
    is_erased = record.is_erased
    looks = Looks(viewer, refusals, access, time_zone)
    return Care(
        frozen=_frozen(freeze, looks),
        erasure=Erasure() if is_erased else _erasure(erasure, blockers, empties, looks),
        waiting=[_waiting(one, looks) for one in waiting],
        statuses=[]
        if is_erased or not may(viewer, Permission.CHANGE_STATUS)
        else [
            StatusChoice(status.value, STATUS_WORDS[status])
            for status in BY_HAND
            if status.value != record.status
        ],
        status_takes_two=status_takes_two,
        ending=ending,
        is_erased=is_erased,
        is_protected=record.is_protected,
        can_protect=may(viewer, Permission.PROTECT_PATRON) and not is_erased,
        can_find=may(viewer, Permission.CLEAR_FREEZE)
        and freeze is None
        and was_asked
        and record.values["email"] is not None,
    )


def _frozen(freeze: FreezeView | None, looks: Looks) -> Frozen:
    if freeze is None:
        return Frozen()
    why_not = looks.why_not(
        freeze.first_id,
        Permission.CLEAR_FREEZE,
        is_own="You have looked into it. Someone else must do so, too.",
        no_right="A manager, the privacy lead or an owner can clear it.",
    )
    return Frozen(
        cause=_CAUSES[freeze.cause],
        since=when.in_words(freeze.opened_at, looks.time_zone),
        reference=freeze.reference,
        first=freeze.first_label,
        first_note=looks.access.words(freeze.first_note),
        finding=FINDING_WORDS[freeze.finding] if freeze.finding and freeze.first_id else "",
        can_clear=not why_not,
        why_not=why_not,
    )


def _waiting(waiting: RecordChangeView, looks: Looks) -> WaitingChange:
    why_not = looks.why_not(
        waiting.asked_id,
        Permission.CONFIRM_RECORD_CHANGE,
        is_own="You asked for it. Someone else must confirm it.",
        no_right="A manager, the privacy lead or an owner confirms or declines it.",
    )
    if waiting.kind is RecordChangeKind.UNPROTECT:
        title = "Removing the protection needs a colleague"
    else:
        words = STATUS_WORDS[waiting.status_to] if waiting.status_to else ""
        title = f"A new status needs a colleague: {words.lower()}"
    return WaitingChange(
        kind=waiting.kind.value,
        title=title,
        asked_by=waiting.asked_label,
        since=when.in_words(waiting.asked_at, looks.time_zone),
        reason=looks.access.words(waiting.reason),
        can_confirm=not why_not,
        can_decline=waiting.asked_id == looks.viewer.id
        or may(looks.viewer, Permission.CONFIRM_RECORD_CHANGE),
        why_not=why_not,
    )


def _erasure(
    waiting: ErasureView | None, blockers: Sequence[Blocker], empties: str, looks: Looks
) -> Erasure:
    may_erase = may(looks.viewer, Permission.ERASE_PATRON)
    words = [blocker_sentence(blocker, looks.time_zone) for blocker in blockers]
    if waiting is None:
        return Erasure(can_ask=may_erase, is_blocked=bool(words), blockers=words, empties=empties)
    why_not = looks.why_not(
        waiting.asked_id,
        Permission.ERASE_PATRON,
        is_own="You asked for it. Someone else must confirm it.",
        no_right="The privacy lead or an owner confirms or declines it.",
    )
    return Erasure(
        asked_by=waiting.asked_label,
        since=when.in_words(waiting.asked_at, looks.time_zone),
        reason=looks.access.words(waiting.reason),
        can_confirm=not why_not,
        can_decline=may_erase,
        why_not=why_not,
        is_blocked=bool(words),
        blockers=words,
        empties=empties,
    )
