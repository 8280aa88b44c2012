"""Judges one attempt to propose something, before anything of it is checked or written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from upstage_crm.audit.events import AuditEvent
from upstage_crm.change_requests.limits import alerts, attempts
from upstage_crm.change_requests.limits.attempts import Aim
from upstage_crm.change_requests.model.errors import (
    HeldCannotReplace,
    TooManyForPatron,
    TooManyProposals,
    TooManyToAddress,
)
from upstage_crm.change_requests.model.policy import Policy
from upstage_crm.change_requests.model.reviewers import plan
from upstage_crm.change_requests.model.rules import (
    AttemptOutcome,
    HeldFor,
    RequestPath,
    RequestState,
)
from upstage_crm.change_requests.model.tables import ChangeRequestRow
from upstage_crm.change_requests.model.thresholds import (
    Ruling,
    Verdict,
    Wire,
    judge,
)
from upstage_crm.change_requests.notifications.notifier import Notifier
from upstage_crm.change_requests.reads import evidence, requests
from upstage_crm.core.errors import Forbidden
from upstage_crm.patrons import queries as patron_queries
from upstage_crm.patrons.tables import PatronRow
from upstage_crm.patrons.visibility import MAILBOX
from upstage_crm.staff.roles import Permission, StaffMember

_REFUSALS: Mapping[Wire, type[TooManyProposals]] = {
    Wire.PER_PATRON: TooManyForPatron,
    Wire.PER_ADDRESS: TooManyToAddress,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CountedProposals:
    """An attempt that was judged. `replaces` is the reference of a request whose place it takes,
    "" when patrons have heard of none. `decides_alone` says that the proposed mailbox alone would
    decide at once.
    """

    actor: StaffMember
    patron_id: str
    aim: Aim
    ruling: Ruling
    replaces: str
    decides_alone: bool

    def hold(self, *, needs_second: bool) -> HeldFor | None:
        """Why the request is held at its birth, if it is."""
        if self.ruling.verdict is Verdict.QUARANTINE:
            return HeldFor.QUARANTINE
        if needs_second:
            return HeldFor.SECOND_PERSON
        return HeldFor.COOLING if self.ruling.verdict is Verdict.COOLING else None

    def ensure_takes_no_place(self) -> None:
        """What has to wait must not end what patrons are answering.

        Raises:
            HeldCannotReplace.
        """
        if self.replaces and self.ruling.verdict is not Verdict.GO:
            raise HeldCannotReplace(reference=self.replaces)

    def note_repeated(self, session: Session, *, now: datetime) -> None:
        """Remember that the same was proposed already."""
        self._note(session, AttemptOutcome.REPEATED, now)

    def note(self, session: Session, *, notifier: Notifier, now: datetime) -> list[AuditEvent]:
        """Remember the proposal, and trip the wire that it passed; record what is returned."""
        outcome = AttemptOutcome.REPLACED if self.replaces else AttemptOutcome.PROPOSED
        self._note(session, outcome, now)
        if not self.ruling.trips:
            return []
        who, ruling = self.actor, self.ruling
        return [alerts.trip(session, actor=who, ruling=ruling, notifier=notifier, now=now)]

    def _note(self, session: Session, outcome: AttemptOutcome, now: datetime) -> None:
        attempts.note(
            session,
            actor=self.actor,
            patron_id=self.patron_id,
            aim=self.aim,
            outcome=outcome,
            decides_alone=self.decides_alone,
            now=now,
        )


def lock(session: Session, *, actor: StaffMember, patron_id: str) -> PatronRow:
    """Lock the member, so that nobody counts twice at once, and then the patron.

    Raises:
        Forbidden: the account was disabled while this was on its way. UnknownPatron.
    """
    if not alerts.lock_member(session, actor.id):
        raise Forbidden(permission=Permission.PROPOSE_CHANGE.value)
    return patron_queries.lock(session, patron_id)


def watch(
    session: Session,
    *,
    actor: StaffMember,
    patron: PatronRow,
    changes: Mapping[str, Mapping[str, str]],
    policy: Policy,
    notifier: Notifier,
    now: datetime,
    path: RequestPath = RequestPath.LINK,
) -> CountedProposals:
    """Count and judge an attempt of a member; both were locked.

    What two staff members vouch for at the desk waits in any case.

    Raises:
        TooManyProposals, TooManyForPatron, TooManyToAddress. Facts: `limit`.
    """
    aim = attempts.aim_of(changes, notifier.codec)
    replaces = _asked_about(session, patron.id, changes)
    is_mailbox = bool(aim.domain) and path is RequestPath.LINK
    alone = is_mailbox and _decides_alone(session, patron, policy, now=now)
    counts, hour = attempts.count(
        session,
        actor=actor,
        patron=patron,
        aim=aim,
        is_replacing=bool(replaces),
        decides_alone=alone,
        thresholds=policy.thresholds,
        now=now,
    )
    ruling = judge(counts, policy.thresholds, local_hour=hour)
    if ruling.verdict is Verdict.REFUSED:
        assert ruling.wire is not None
        raise _REFUSALS.get(ruling.wire, TooManyProposals)(limit=ruling.limit)
    return CountedProposals(
        actor=actor,
        patron_id=patron.id,
        aim=aim,
        ruling=ruling,
        replaces=replaces,
        decides_alone=alone,
    )


def _decides_alone(session: Session, patron: PatronRow, policy: Policy, *, now: datetime) -> bool:
    """Whether the yes of a proposed mailbox would change this record at once.

    Such a record is what a thief with a staff account looks for: nobody else is asked, and there is
    no time in which somebody could object. The limits are lower there.
    """
    known = evidence.gather(session, patron, now=now)
    return plan(policy.of(MAILBOX), known, is_mailbox=True).decides_alone


def _asked_about(session: Session, patron_id: str, changes: Mapping[str, Mapping[str, str]]) -> str:
    """The reference of a request about one of these fields that the patron is answering."""
    standing = requests.open_fields(session, patron_id)
    ids = {standing[key].request_id for key in changes if key in standing}
    query = select(ChangeRequestRow.reference).where(
        col(ChangeRequestRow.id).in_(ids), ChangeRequestRow.state == RequestState.PENDING
    )
    return session.exec(query).first() or ""
