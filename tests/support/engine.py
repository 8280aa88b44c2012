"""A venue with the second steps: what two people, the clock and the provider do to a request."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

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
        self.act(
            actor, proposal_limits.note_refused, patron_id=patron.id, changes=wanted, error=refused
        )
        return refused

    def cool(self, request: Proposed) -> bool:
        """Whether the clock lets a request go that cooled down."""
        return self.run(scheduled.release_cooled, request_id=request.request_id)

    def close_alert(self, member: StaffMember, actor: StaffMember) -> None:
        """An owner looked into a member's alert."""
        self.act(actor, alerts.close, staff_id=member.id)

    def freeze(self, member: StaffMember, actor: StaffMember) -> Frozen:
        """One press: the account is stopped with all that it began."""
        return self.act(actor, offboarding.freeze, staff_id=member.id)

    def hand_over(self, member: StaffMember, to: StaffMember, actor: StaffMember) -> int:
        return self.act(actor, offboarding.hand_over, staff_id=member.id, to_id=to.id)

    def release(self, request: Proposed, actor: StaffMember) -> RequestState:
        return self.act(actor, staff_commands.release, reference=request.reference)

    def remind(self, request: Proposed) -> bool:
        return self.run(scheduled.remind, request_id=request.request_id)

    def bounce(self, request: Proposed, reviewer: Reviewer = Reviewer.PROPOSED) -> bool:
        """The decision mail to `reviewer` comes back for good, and the sweep notices."""
        self.tell(EventKind.BOUNCED, request, reviewer)
        return self.run(scheduled.give_up, request_id=request.request_id, reviewer=reviewer)

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
        return self.act(actor, reverting.revert, reference=request.reference, reason=reason)

    def clear(self, patron: PatronRecord, actor: StaffMember, **details: Any) -> bool:
        """Say what was found out about a dispute, or about a mailbox."""
        usual = {"note": "looked into", "finding": Finding.NOTHING_WRONG}
        return self.act(actor, freezing.clear, patron_id=patron.id, **{**usual, **details})

    def find_out(self, patron: PatronRecord, finding: Finding, *members: StaffMember) -> None:
        """Each of the members finds out the same, with a document in hand."""
        for member in members:
            self.clear(
                patron,
                member,
                note="saw a passport",
                finding=finding,
                method=DeskMethod.IN_PERSON,
            )

    def lift(self, suppression_id: str, actor: StaffMember, note: str = "a mistake") -> bool:
        """One of the two steps after which we write to a suppressed address again."""
        return self.act(actor, suppressions.lift, suppression_id=suppression_id, note=note)

    def identify(
        self,
        patron: PatronRecord,
        actor: StaffMember,
        changes: Mapping[str, Mapping[str, str]] | None = None,
    ) -> Proposed:
        """Propose at the desk, for a patron who cannot read the mailbox."""
        return self.act(
            actor,
            identify.propose,
            patron_id=patron.id,
            changes=changes or {"email": {"email": NEW}},
            reason_code=ReasonCode.ASKED_BY_PHONE,
            reason_text="",
            method=DeskMethod.IN_PERSON,
            note="saw a passport",
            parsing=self.context,
        )

    def vouch(self, request: Proposed, actor: StaffMember) -> None:
        """Confirm as second person what the desk identified."""
        self.act(actor, identify.confirm, reference=request.reference)

    def decline(self, request: Proposed, actor: StaffMember, note: str = "no passport") -> None:
        """Decline as second person what the desk identified."""
        self.act(actor, identify.decline, reference=request.reference, note=note)

    def end_period(self, request: Proposed, actor: StaffMember, note: str = "called") -> None:
        """Say as second person that a mailbox which cannot be told has not to be waited for."""
        self.act(actor, notices.end_period, reference=request.reference, note=note)

    def letter(self, request: Proposed, actor: StaffMember, note: str = "sent today") -> None:
        """Record that a letter told the patron."""
        self.act(actor, notices.note_letter, reference=request.reference, note=note)

    def link_of(self, request: Proposed, reviewer: Reviewer) -> LinkClaims:
        """The first link that a reviewer was given, from wherever the mail was queued."""
        return self.read(
            lambda session: link_codes.claims(
                session, request_id=request.request_id, reviewer=reviewer, version=1
            )
        )

    def redeem(self, request: Proposed, code: str) -> bool:
        """Whether the code opens the request."""
        found = self.run(codes.redeem, reference=request.reference, code=code)
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
        return self.act(
            actor, codes.read_out, reference=request.reference, code=code, answers=said, note=""
        )

    def confirm_code(self, request: Proposed, actor: StaffMember) -> RequestState:
        """Confirm as second person what was read out."""
        return self.act(actor, codes.confirm, reference=request.reference)

    def decline_code(self, request: Proposed, actor: StaffMember, note: str = "unsure") -> None:
        """Decline as second person what was read out."""
        self.act(actor, codes.decline, reference=request.reference, note=note)

    def protect(self, patron: PatronRecord, actor: StaffMember) -> None:
        self.act(actor, marks.protect, patron_id=patron.id, reason="a public person")

    def ask_to_unprotect(self, patron: PatronRecord, actor: StaffMember) -> None:
        self.act(
            actor, record_changes.ask_to_unprotect, patron_id=patron.id, reason="no longer needed"
        )

    def confirm_change(
        self,
        patron: PatronRecord,
        actor: StaffMember,
        kind: RecordChangeKind = RecordChangeKind.UNPROTECT,
    ) -> None:
        """Confirm as second person what waits on a record."""
        self.act(actor, record_changes.confirm, patron_id=patron.id, kind=kind)

    def decline_change(
        self,
        patron: PatronRecord,
        actor: StaffMember,
        kind: RecordChangeKind = RecordChangeKind.UNPROTECT,
        note: str = "no",
    ) -> None:
        self.act(actor, record_changes.decline, patron_id=patron.id, kind=kind, note=note)

    def set_policy(self, policy: Policy) -> Policy:
        """The owner changes the rules of requests; where no one watches, not the tripwires."""
        owner = self.owner  # added before the transaction begins
        stored = self.act(owner, policy_store.change, proposed=policy)
        if not self.is_watched:
            relax(self.database)
        return stored
