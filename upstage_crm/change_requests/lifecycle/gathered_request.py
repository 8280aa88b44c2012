"""One request, its rows locked, and what a command has to know of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Self, TypeVar, cast

from sqlmodel import Session, col, select

from upstage_crm.audit.events import Action, Actor, AuditEvent, Channel
from upstage_crm.change_requests.model import policy_store
from upstage_crm.change_requests.model.errors import UnknownRequest
from upstage_crm.change_requests.model.policy import Policy
from upstage_crm.change_requests.model.reviewers import (
    Evidence,
    Plan,
    Standing,
    desk_plan,
    plan,
)
from upstage_crm.change_requests.model.rules import (
    ChangeKind,
    DeskKind,
    DeskMethod,
    FieldOutcome,
    NoticeState,
    RequestPath,
    RequestState,
)
from upstage_crm.change_requests.model.tables import (
    ChangeRequestRow,
    DeskConfirmationRow,
    FieldChangeRow,
    ReviewRow,
)
from upstage_crm.change_requests.notifications import context as mail_context
from upstage_crm.change_requests.notifications.context import MailContext
from upstage_crm.change_requests.notifications.notifier import Notifier
from upstage_crm.change_requests.reads import evidence, requests
from upstage_crm.change_requests.reads.references import find_id
from upstage_crm.core.email_address import parse_email
from upstage_crm.links.claims import Reviewer
from upstage_crm.mail.message import MailKind
from upstage_crm.orders.records import patron_orders
from upstage_crm.organisation import settings
from upstage_crm.organisation.details import OrganisationDetails
from upstage_crm.patrons import fields, suppressions
from upstage_crm.patrons.tables import PatronRow
from upstage_crm.staff import accounts
from upstage_crm.staff.accounts import Reachable
from upstage_crm.staff.command_context import CommandContext

_T = TypeVar("_T")
BEFORE_EFFECT = timedelta(hours=24)  # when a current mailbox that is silent hears once more


@dataclass(frozen=True, slots=True, order=True)
class Planned:
    """One reminder: when it is due, of which kind, and the how-many-eth of its kind it is."""

    at: datetime
    kind: MailKind
    number: int


@dataclass(slots=True, kw_only=True)
class GatheredRequest:
    """One request of a patron, and what a command has to know of it. Events are recorded last.

    `newcomer` is the mailbox that came to its place in this very transaction.
    """

    context: CommandContext[Notifier]
    patron: PatronRow
    request: ChangeRequestRow
    changes: list[FieldChangeRow]
    reviews: dict[str, list[ReviewRow]]
    newcomer: str | None = None
    events: list[AuditEvent] = field(default_factory=list[AuditEvent])
    kept: dict[str, object] = field(default_factory=dict[str, object])
    session: Session = field(init=False)
    now: datetime = field(init=False)
    notifier: Notifier = field(init=False)

    def __post_init__(self) -> None:
        self.session, self.now = self.context.session, self.context.now
        self.notifier = self.context.notifier

    @classmethod
    def opened(
        cls,
        context: CommandContext[Notifier],
        *,
        patron: PatronRow,
        request: ChangeRequestRow,
    ) -> Self:
        """Gather the rows of a request whose patron and request are locked already."""
        return cls(
            context=context,
            patron=patron,
            request=request,
            changes=requests.fields_of(context.session, [request.id]).get(request.id, []),
            reviews=requests.reviews_of(context.session, [request.id]),
        )

    @classmethod
    def by_id(cls, context: CommandContext[Notifier], request_id: str) -> Self:
        """Lock and gather a request, in the one order that every command keeps: patron, request.

        Raises:
            UnknownRequest: there is none.
        """
        session = context.session
        patron = requests.lock_patron(session, request_id)
        return cls.opened(context, patron=patron, request=requests.lock(session, request_id))

    @classmethod
    def by_reference(cls, context: CommandContext[Notifier], reference: str) -> Self:
        """Lock and gather a request by its reference, in its stored form.

        Raises:
            UnknownRequest: there is none.
        """
        request_id = find_id(context.session, reference)
        if request_id is None:
            raise UnknownRequest
        return cls.by_id(context, request_id)

    def other(self, request_id: str) -> Self:
        """Another request of the same patron, locked and gathered."""
        return self.opened(
            self.context,
            patron=self.patron,
            request=requests.lock(self.session, request_id),
        )

    # --- what is known --------------------------------------------------------------------------

    @property
    def policy(self) -> Policy:
        """The policy that the request was proposed under."""
        return policy_store.read(self.request.policy)

    @property
    def open_changes(self) -> list[FieldChangeRow]:
        """The field changes that have neither taken effect nor ended."""
        return [change for change in self.changes if change.outcome.is_open]

    @property
    def undecided(self) -> list[FieldChangeRow]:
        """Those of them that still need a reviewer's yes."""
        return [c for c in self.open_changes if c.outcome is not FieldOutcome.WAITING]

    def counting(self, change: FieldChangeRow) -> list[ReviewRow]:
        """The reviews of a field change whose mailboxes hold the place they were asked in."""
        return [r for r in self.reviews.get(change.id, []) if r.replaced_at is None]

    def review_of(self, change: FieldChangeRow, reviewer: Reviewer) -> ReviewRow | None:
        """The review of a field change that counts for this reviewer, if there is one."""
        return next((r for r in self.counting(change) if r.reviewer is reviewer), None)

    @property
    def evidence(self) -> Evidence:
        """What is known of the record as it was before this command; read once."""
        return self._once(
            "evidence", lambda: evidence.gather(self.session, self.patron, now=self.now)
        )

    def forget_evidence(self) -> None:
        """Look again: this command has changed what there is to know."""
        for name in ("evidence", "untold"):
            self.kept.pop(name, None)

    def plan_of(self, change: FieldChangeRow) -> Plan:
        """Who is asked about a field as things stand now."""
        entry = fields.field(change.field)
        if change.kind is ChangeKind.DESK:
            return desk_plan(self.evidence, is_mailbox=entry.is_mailbox)
        return plan(self.policy.of(entry), self.evidence, is_mailbox=entry.is_mailbox)

    @property
    def proposer(self) -> Reachable | None:
        """Who answers for the request: its proposer, or the colleague who keeps it now; read once.

        None when the account no longer is one, and for a patron's own wish.
        """
        return self._once(
            "proposer",
            lambda: accounts.find_reachable(self.session, self.request.answerable_id or ""),
        )

    @property
    def organisation(self) -> OrganisationDetails:
        """Whose deployment this is; read once."""
        return self._once("organisation", lambda: settings.details(self.session))

    @property
    def untold(self) -> frozenset[str]:
        """The mailboxes of this request that get no mail: dead ones, and those that are out."""
        return self._once("untold", self._find_untold)

    def _find_untold(self) -> frozenset[str]:
        asked = {r.mailbox for reviews in self.reviews.values() for r in reviews}
        asked |= {
            before
            for change in self.changes
            if (before := requests.mailbox_of(change, Reviewer.CURRENT))
        }
        asked.add(self.patron.email or "")
        return frozenset(mailbox for mailbox in asked if mailbox and not self.may_tell(mailbox))

    def may_tell(self, mailbox: str) -> bool:
        """Whether a mailbox, current or displaced, gets mail about this patron."""
        if mailbox == self.patron.email:
            return self.evidence.standing is Standing.WORKING
        key = parse_email(mailbox).key
        cause = suppressions.cause_of(self.session, key, patron_id=self.patron.id)
        return cause is None

    def matter(
        self, only: Sequence[FieldChangeRow] | None = None, *, warns: bool = False
    ) -> MailContext:
        """What mails say of the request, or of some of its fields, at this moment.

        What `warns` is said in the languages that the record had lately, too.
        """
        before: tuple[str, ...] = ()
        if warns:
            before = evidence.languages_before(self.session, self.patron, now=self.now)
        matter = mail_context.gather(
            organisation=self.organisation,
            proposer=self.proposer,
            request=self.request,
            patron=self.patron,
            changes=self.changes if only is None else only,
            reviews=self.reviews,
            untold=self.untold,
            newcomer=self.newcomer,
            languages_before=before,
            method=self.desk_method if warns else None,
            now=self.now,
        )
        # Only who may stop a new address is told what goes with it: it is not read for others.
        if not warns or not matter.replaces_mailbox:
            return matter
        tickets = patron_orders.future_tickets(self.session, self.patron.id, now=self.now)
        return replace(matter, tickets=tickets)

    @property
    def desk_method(self) -> DeskMethod | None:
        """How two staff members found out who the patron is; None where they did not."""
        query = select(DeskConfirmationRow).where(
            DeskConfirmationRow.request_id == self.request.id,
            DeskConfirmationRow.kind == DeskKind.IDENTITY,
            col(DeskConfirmationRow.confirmed_at).is_not(None),
        )
        is_desk = self.request.path is RequestPath.DESK
        row = self.session.exec(query).first() if is_desk else None
        return None if row is None else row.method

    def _once(self, name: str, find: Callable[[], _T]) -> _T:
        if name not in self.kept:
            self.kept[name] = find()
        return cast("_T", self.kept[name])

    # --- reminders ------------------------------------------------------------------------------

    def reminders(self) -> tuple[Planned, ...]:
        """Every reminder of what is asked about now, in order; past ones included."""
        request, policy = self.request, self.policy
        planned: list[Planned] = []
        if any(change.outcome is FieldOutcome.PENDING for change in self.open_changes):
            asked_at = request.released_at or request.created_at
            instants = policy.reminders(sent_at=asked_at, expires_at=request.expires_at)
            kind = MailKind.DECISION_REMINDER
            planned += [Planned(at, kind, number) for number, at in enumerate(instants, 1)]
        if request.notice_state is NoticeState.DELIVERED and request.noticed_at is not None:
            is_desk = request.path is RequestPath.DESK
            length = policy.desk_wait if is_desk else policy.notice_period
            at = request.noticed_at + length - BEFORE_EFFECT
            # With the shortest period the notice itself is as late as its reminder.
            if at > request.noticed_at:
                planned.append(Planned(at, MailKind.NOTICE_REMINDER, 1))
        return tuple(sorted(planned))

    def plan_reminder(self) -> None:
        """Set when the next reminder is due; it is stored with what the command records."""
        is_asked = self.request.state in (RequestState.PENDING, RequestState.WAITING)
        coming = [planned.at for planned in self.reminders() if planned.at > self.now]
        at = coming[0] if coming and is_asked else None
        if self.request.next_reminder_at != at:  # setting the same one would be stored once more
            self.request.next_reminder_at = at
            self.session.add(self.request)

    # --- trail ----------------------------------------------------------------------------------

    def note(
        self,
        action: Action,
        actor: Actor,
        channel: Channel,
        *,
        facts: Mapping[str, str | int | bool | None] | None = None,
        values: Mapping[str, str | None] | None = None,
    ) -> None:
        """Remember an event of this request for the trail."""
        self.events.append(
            AuditEvent(
                action=action,
                actor=actor,
                channel=channel,
                patron_id=self.patron.id,
                request_id=self.request.id,
                facts={"reference": self.request.reference, **(facts or {})},
                values=values or {},
            )
        )
