"""A venue with the second steps: what two people, the clock and the provider do to a request."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import sqlalchemy as sa

from tests.support.factories import NEW, Desk
from tests.support.thresholds import relax
from upstage_crm.change_requests.desk import codes, identify
from upstage_crm.change_requests.disputes import freezing, record_changes, reverting, suppressions
from upstage_crm.change_requests.lifecycle import notices, scheduled, staff_commands
from upstage_crm.change_requests.lifecycle.staff_commands import Proposed
from upstage_crm.change_requests.limits import alerts, proposal_limits
from upstage_crm.change_requests.model import policy_store
from upstage_crm.change_requests.model.policy import Policy
from upstage_crm.change_requests.model.rules import (
    Decision,
    DeskMethod,
    Finding,
    ReasonCode,
    RecordChangeKind,
    RequestState,
)
from upstage_crm.change_requests.notifications import link_codes
from upstage_crm.core.errors import UpstageError
from upstage_crm.links.claims import LinkClaims, Reviewer
from upstage_crm.mail import event_log
from upstage_crm.mail.outbox import OUTBOX
from upstage_crm.mail.provider_events import EventKind, MailEvent
from upstage_crm.patrons import marks
from upstage_crm.patrons.views import PatronRecord
from upstage_crm.staff.roles import StaffMember
from upstage_crm.team import offboarding
from upstage_crm.team.offboarding import Frozen

_CODE = re.compile(r"the code (\S+),")


class Engine(Desk):
    """`Desk`, and every command that came with the whole engine."""

    def tried(
        self, patron: PatronRecord, email: str, *, actor: StaffMember, **changes: Mapping[str, str]
    ) -> Proposed | UpstageError:
        """Propose as an edge does: a refusal is noted in a transaction of its own, and returned."""
        wanted = {"email": {"email": email}, **changes}
        try:
            return self.propose(patron, changes=wanted, actor=actor)
        except UpstageError as error:
            refused = error
        self.write(
            lambda session: proposal_limits.note_refused(
                self.staff_context(session, actor),
                patron_id=patron.id,
                changes=wanted,
                error=refused,
            )
        )
        return refused

    def cool(self, request: Proposed) -> bool:
        """Whether the clock lets a request go that cooled down."""
        return self.write(
            lambda session: scheduled.release_cooled(
                self.command_context(session), request_id=request.request_id
            )
        )

    def close_alert(self, member: StaffMember, actor: StaffMember) -> None:
        """Somebody looked into a member's alert."""
        self.write(
            lambda session: alerts.close(self.staff_context(session, actor), staff_id=member.id)
        )

    def freeze(self, member: StaffMember, actor: StaffMember) -> Frozen:
        """One press: the account is stopped with all that it began."""
        return self.write(
            lambda session: offboarding.freeze(
                self.staff_context(session, actor), staff_id=member.id
            )
        )

    def hand_over(self, member: StaffMember, to: StaffMember, actor: StaffMember) -> int:
        return self.write(
            lambda session: offboarding.hand_over(
                self.staff_context(session, actor), staff_id=member.id, to_id=to.id
            )
        )

    def release(self, request: Proposed, actor: StaffMember) -> RequestState:
        return self.write(
            lambda session: staff_commands.release(
                self.staff_context(session, actor), reference=request.reference
            )
        )

    def remind(self, request: Proposed) -> bool:
        return self.write(
            lambda session: scheduled.remind(
                self.command_context(session), request_id=request.request_id
            )
        )

    def bounce(self, request: Proposed, reviewer: Reviewer = Reviewer.PROPOSED) -> bool:
        """The decision mail to `reviewer` comes back for good, and the sweep notices."""
        self.tell(EventKind.BOUNCED, request, reviewer)
        return self.write(
            lambda session: scheduled.give_up(
                self.command_context(session), request_id=request.request_id, reviewer=reviewer
            )
        )

    def lose_mailbox(self, request: Proposed) -> None:
        """The current mailbox is lost for good: its mail came back twice, a day apart."""
        self.deliver()
        self.clock.advance(timedelta(minutes=1))
        self.bounce(request, Reviewer.CURRENT)
        self.clock.advance(timedelta(days=1))
        self.tell(EventKind.BOUNCED, request)

    def tell(
        self, kind: EventKind, request: Proposed, reviewer: Reviewer = Reviewer.CURRENT
    ) -> None:
        """The provider tells something of every mail to a reviewer about a request."""
        query = sa.select(OUTBOX.c.id).where(
            OUTBOX.c.request_id == request.request_id, OUTBOX.c.audience == reviewer.value
        )
        for mail_id in self.read(lambda session: session.execute(query).scalars().all()):
            event = replace(self.bounce_of(mail_id), kind=kind)
            self.write(
                lambda session, found=mail_id, event=event: event_log.note(
                    session, event, event_id=f"{kind}-{found}-{self.now}", now=self.now
                )
            )

    def bounce_of(self, mail_id: str) -> MailEvent:
        """What the provider tells of a mail that no mailbox will ever take."""
        return MailEvent(
            kind=EventKind.BOUNCED,
            at=self.now,
            provider_id=f"p-{mail_id}",
            outbox_id=mail_id,
            detail="General",
            is_permanent=True,
        )

    def revert(self, request: Proposed, actor: StaffMember, reason: str = "wrong") -> RequestState:
        return self.write(
            lambda session: reverting.revert(
                self.staff_context(session, actor), reference=request.reference, reason=reason
            )
        )

    def clear(
        self,
        patron: PatronRecord,
        actor: StaffMember,
        note: str = "looked into",
        finding: Finding = Finding.NOTHING_WRONG,
        method: DeskMethod | None = None,
    ) -> bool:
        """Say what was found out about a dispute, or about a mailbox."""
        return self.write(
            lambda session: freezing.clear(
                self.staff_context(session, actor),
                patron_id=patron.id,
                note=note,
                finding=finding,
                method=method,
            )
        )

    def find_out(self, patron: PatronRecord, finding: Finding, *members: StaffMember) -> None:
        """Each of the members finds out the same, with a document in hand."""
        for member in members:
            self.clear(patron, member, "saw a passport", finding, DeskMethod.IN_PERSON)

    def lift(self, suppression_id: str, actor: StaffMember, note: str = "a mistake") -> bool:
        """One of the two steps after which we write to a suppressed address again."""
        return self.write(
            lambda session: suppressions.lift(
                self.staff_context(session, actor), suppression_id=suppression_id, note=note
            )
        )

    def identify(
        self,
        patron: PatronRecord,
        actor: StaffMember,
        changes: Mapping[str, Mapping[str, str]] | None = None,
    ) -> Proposed:
        """Propose at the desk, for somebody who cannot read the mailbox."""
        return self.write(
            lambda session: identify.propose(
                self.staff_context(session, actor),
                patron_id=patron.id,
                changes=changes or {"email": {"email": NEW}},
                reason_code=ReasonCode.ASKED_BY_PHONE,
                reason_text="",
                method=DeskMethod.IN_PERSON,
                note="saw a passport",
                parsing=self.context,
            )
        )

    def vouch(self, request: Proposed, actor: StaffMember) -> None:
        """Confirm as second person what the desk identified."""
        self.write(
            lambda session: identify.confirm(
                self.staff_context(session, actor), reference=request.reference
            )
        )

    def decline(self, request: Proposed, actor: StaffMember, note: str = "no passport") -> None:
        """Decline as second person what the desk identified."""
        self.write(
            lambda session: identify.decline(
                self.staff_context(session, actor), reference=request.reference, note=note
            )
        )

    def end_period(self, request: Proposed, actor: StaffMember, note: str = "called") -> None:
        """Say as second person that a mailbox which cannot be told has not to be waited for."""
        self.write(
            lambda session: notices.end_period(
                self.staff_context(session, actor), reference=request.reference, note=note
            )
        )

    def letter(self, request: Proposed, actor: StaffMember, note: str = "sent today") -> None:
        """Record that a letter told the patron."""
        self.write(
            lambda session: notices.note_letter(
                self.staff_context(session, actor), reference=request.reference, note=note
            )
        )

    def link_of(self, request: Proposed, reviewer: Reviewer) -> LinkClaims:
        """The first link that a reviewer was given, from wherever the mail was queued."""
        return self.read(
            lambda session: link_codes.claims(
                session, request_id=request.request_id, reviewer=reviewer, version=1
            )
        )

    def redeem(self, request: Proposed, code: str) -> bool:
        """Whether the code opens the request."""
        found = self.write(
            lambda session: codes.redeem(
                self.command_context(session), reference=request.reference, code=code
            )
        )
        return found is not None

    def codes_in(self, to: str) -> list[str]:
        """The short codes in the mails to `to`, oldest first."""
        return [code for mail in self.mailbox.to(to) for code in _CODE.findall(mail.text)]

    def read_out(
        self,
        request: Proposed,
        actor: StaffMember,
        code: str,
        answers: Mapping[str, Decision] | None = None,
    ) -> bool:
        """A patron reads a code out and approves, or says what stands in `answers`, by field id."""
        said = answers or {f.id: Decision.APPROVE for f in self.view(request).fields}
        return self.write(
            lambda session: codes.read_out(
                self.staff_context(session, actor),
                reference=request.reference,
                code=code,
                answers=said,
                note="",
            )
        )

    def confirm_code(self, request: Proposed, actor: StaffMember) -> RequestState:
        """Confirm as second person what was read out."""
        return self.write(
            lambda session: codes.confirm(
                self.staff_context(session, actor), reference=request.reference
            )
        )

    def decline_code(self, request: Proposed, actor: StaffMember, note: str = "unsure") -> None:
        """Decline as second person what was read out."""
        self.write(
            lambda session: codes.decline(
                self.staff_context(session, actor), reference=request.reference, note=note
            )
        )

    def protect(self, patron: PatronRecord, actor: StaffMember) -> None:
        self.write(
            lambda session: marks.protect(
                self.staff_context(session, actor), patron_id=patron.id, reason="a public person"
            )
        )

    def ask_to_unprotect(self, patron: PatronRecord, actor: StaffMember) -> None:
        self.write(
            lambda session: record_changes.ask_to_unprotect(
                self.staff_context(session, actor), patron_id=patron.id, reason="no longer needed"
            )
        )

    def confirm_change(
        self,
        patron: PatronRecord,
        actor: StaffMember,
        kind: RecordChangeKind = RecordChangeKind.UNPROTECT,
    ) -> None:
        """Confirm as second person what waits on a record."""
        self.write(
            lambda session: record_changes.confirm(
                self.staff_context(session, actor), patron_id=patron.id, kind=kind
            )
        )

    def decline_change(
        self,
        patron: PatronRecord,
        actor: StaffMember,
        kind: RecordChangeKind = RecordChangeKind.UNPROTECT,
        note: str = "no",
    ) -> None:
        self.write(
            lambda session: record_changes.decline(
                self.staff_context(session, actor), patron_id=patron.id, kind=kind, note=note
            )
        )

    def set_policy(self, policy: Policy) -> Policy:
        """The owner changes the rules of requests; where nobody watches, not the tripwires."""
        owner = self.owner  # added before the transaction begins
        stored = self.write(
            lambda session: policy_store.change(self.staff_context(session, owner), proposed=policy)
        )
        if not self.is_watched:
            relax(self.database)
        return stored
