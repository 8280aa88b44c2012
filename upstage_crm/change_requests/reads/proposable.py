"""Says what can be proposed for a patron now, and what is in the way, before staff type anything.

It asks the rules that a proposal asks; `lifecycle.checks` refuses what this leaves out.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from sqlmodel import Session

from upstage_crm.change_requests.model import policy_store
from upstage_crm.change_requests.model.reviewers import Evidence, Standing, plan
from upstage_crm.change_requests.reads import evidence
from upstage_crm.patrons.fields import FIELDS
from upstage_crm.patrons.tables import PatronRow, PatronStatus
from upstage_crm.staff.roles import Permission, StaffMember, may


class Obstacle(StrEnum):
    """Why a patron cannot be asked as usual. After BOUNCED the mailbox is still asked."""

    ERASED = "erased"
    DECEASED = "deceased"
    INACTIVE = "inactive"
    OWN_RECORD = "own_record"
    FROZEN = "frozen"
    NO_EMAIL = "no_email"
    MAILBOX_OUT = "mailbox_out"
    MAILBOX_DEAD = "mailbox_dead"
    BOUNCED = "bounced"


@dataclass(frozen=True, slots=True)
class Proposable:
    """What one member can propose for one patron.

    `by_email` are the keys of the fields about which a mailbox can be asked, `at_desk` those for
    which two staff members have to confirm who the patron is. A field in neither cannot be
    proposed.
    """

    obstacle: Obstacle | None = None
    by_email: frozenset[str] = frozenset()
    at_desk: frozenset[str] = frozenset()

    @property
    def has_mailbox(self) -> bool:
        """Whether the record has a current address at which the patron can be asked."""
        return self.obstacle not in _STANDINGS.values()

    def way(self, key: str) -> Literal["email", "desk", ""]:
        """How a change of this field can be proposed; "" for not at all."""
        if key in self.by_email:
            return "email"
        return "desk" if key in self.at_desk else ""


_STATUSES = {
    PatronStatus.ERASED: Obstacle.ERASED,
    PatronStatus.DECEASED: Obstacle.DECEASED,
    PatronStatus.INACTIVE: Obstacle.INACTIVE,
}
_STANDINGS = {
    Standing.NONE: Obstacle.NO_EMAIL,
    Standing.OUT: Obstacle.MAILBOX_OUT,
    Standing.DEAD: Obstacle.MAILBOX_DEAD,
}


def proposable(session: Session, patron_id: str, *, actor: StaffMember) -> Proposable:
    """Return what `actor` can propose for a patron."""
    patron = session.get_one(PatronRow, patron_id)
    refused = _refused(session, patron, actor)
    if refused is not None:
        return Proposable(obstacle=refused)
    standing = evidence.standing_of(session, patron)
    obstacle = _STANDINGS.get(standing)
    if obstacle is None and patron.email_bounced_at is not None:
        obstacle = Obstacle.BOUNCED
    if not may(actor, Permission.PROPOSE_CHANGE):
        return Proposable(obstacle=obstacle)
    policy = policy_store.current(session)
    known = Evidence(standing=standing, is_in_question=patron.is_protected or patron.is_flagged)
    by_email = frozenset(
        key
        for key, field in FIELDS.items()
        if plan(policy.of(field), known, is_mailbox=field.is_mailbox).binding
    )
    vouches = may(actor, Permission.DESK_IDENTIFY)
    at_desk = frozenset(FIELDS) - by_email if vouches else frozenset[str]()
    return Proposable(obstacle=obstacle, by_email=by_email, at_desk=at_desk)


def _refused(session: Session, patron: PatronRow, actor: StaffMember) -> Obstacle | None:
    """Why nothing at all can be proposed for a patron by this member."""
    if patron.status is not PatronStatus.ACTIVE:
        return _STATUSES[patron.status]
    if patron.email_key is not None and patron.email_key == actor.email_key:
        return Obstacle.OWN_RECORD
    return Obstacle.FROZEN if evidence.is_frozen(session, patron.id) else None
