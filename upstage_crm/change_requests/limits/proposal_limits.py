"""Counts every attempt to propose something, and judges one before any of it is checked or written.

A proposal notes itself in its own transaction. A refused one leaves nothing behind, so its
caller notes it in a transaction of its own: `note_refused` is for every such edge.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlmodel import Session, col, select

from upstage_crm.audit.events import AuditEvent
from upstage_crm.change_requests.limits import alerts
from upstage_crm.change_requests.model import policy_store
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
from upstage_crm.change_requests.model.tables import ChangeRequestRow, ProposalAttemptRow
from upstage_crm.change_requests.model.thresholds import (
    BLINK,
    DAY,
    HOUR,
    PACE,
    Counts,
    Ruling,
    Thresholds,
    Verdict,
    Wire,
    judge,
    night_began,
)
from upstage_crm.change_requests.notifications.notifier import Notifier
from upstage_crm.change_requests.reads import evidence, requests
from upstage_crm.core.db import table_of
from upstage_crm.core.email_address import InvalidEmail, parse_email
from upstage_crm.core.errors import Forbidden, Invalid, UpstageError
from upstage_crm.core.ids import new_id
from upstage_crm.core.public_suffix import registered_domain
from upstage_crm.links.codec import LinkCodec
from upstage_crm.organisation.settings import details
from upstage_crm.patrons import queries as patron_queries
from upstage_crm.patrons.advice import COMMON_DOMAINS
from upstage_crm.patrons.fields import FIELDS
from upstage_crm.patrons.tables import PatronRow
from upstage_crm.patrons.visibility import MAILBOX
from upstage_crm.staff.command_context import StaffContext
from upstage_crm.staff.roles import Permission, StaffMember

_REFUSALS: Mapping[Wire, type[TooManyProposals]] = {
    Wire.PER_PATRON: TooManyForPatron,
    Wire.PER_ADDRESS: TooManyToAddress,
}


KEPT = timedelta(
    days=30
)  # the longest window is a day; the rest is for the manager who looks into it

_attempt, _patron = table_of(ProposalAttemptRow), table_of(PatronRow)
_PROPOSALS = (AttemptOutcome.PROPOSED, AttemptOutcome.REPLACED)
# What a patron or an address may have been bothered by, or was meant to be.
_AIMED = (*_PROPOSALS, AttemptOutcome.REFUSED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Aim:
    """Which mailbox a proposal aims at: its domain, and a hash of it; "" when it is none."""

    domain: str = ""
    address_hash: str = ""


def aim_of(changes: Mapping[str, Mapping[str, str]], codec: LinkCodec) -> Aim:
    """The mailbox behind what a staff member typed, as far as it is one.

    What stands behind a `+` does not make another mailbox, nor a subdomain another domain.
    """
    for key, raw in changes.items():
        column = FIELDS[key].mailbox_column if key in FIELDS else None
        try:
            address = parse_email(raw.get(column, "")) if column else None
        except InvalidEmail:
            address = None
        if address is not None:
            local, _, domain = address.key.partition("@")
            ascii_domain = address.ascii_domain
            is_common = ascii_domain in COMMON_DOMAINS
            return Aim(
                domain=ascii_domain if is_common else registered_domain(ascii_domain),
                address_hash=codec.keyed_hash(f"{local.partition('+')[0]}@{domain}"),
            )
    return Aim()


def note_attempt(
    context: StaffContext[object],
    *,
    patron_id: str | None,
    aim: Aim,
    outcome: AttemptOutcome,
    decides_alone: bool = False,
) -> None:
    """Remember one attempt."""
    row = {
        "id": new_id(context.now),
        "staff_id": context.actor.id,
        "patron_id": patron_id,
        "domain": aim.domain,
        "address_hash": aim.address_hash,
        "outcome": outcome,
        "decides_alone": decides_alone,
        "at": context.now,
    }
    context.session.connection().execute(sa.insert(_attempt), row)


def note_refused(
    context: StaffContext[Notifier],
    *,
    patron_id: str,
    changes: Mapping[str, Mapping[str, str]],
    error: UpstageError,
) -> None:
    """Remember an attempt that was refused with `error`; its own transaction was taken back.

    A member who passes the limit of attempts has an alert from then on, too.
    """
    session, actor = context.session, context.actor
    outcome = AttemptOutcome.REFUSED
    if isinstance(error, TooManyProposals):
        outcome = AttemptOutcome.LIMITED
    elif isinstance(error, Invalid):
        outcome = AttemptOutcome.MISTYPED
    alerts.lock_member(session, actor.id)
    is_known = session.get(PatronRow, patron_id) is not None
    note_attempt(
        context,
        patron_id=patron_id if is_known else None,
        aim=aim_of(changes, context.notifier.codec),
        outcome=outcome,
    )
    limit = policy_store.current(session).thresholds.attempts
    since = _after(alerts.last_closed(session, actor.id), context.now - HOUR)
    count = _number(session, _attempt.c.staff_id == actor.id, since=since, now=context.now)
    if count > limit and alerts.find_open(session, actor.id) is None:
        ruling = Ruling(verdict=Verdict.QUARANTINE, wire=Wire.ATTEMPTS, count=count, limit=limit)
        alerts.open_now(context, ruling=ruling)


def count_attempts(
    context: StaffContext[object],
    *,
    patron: PatronRow,
    aim: Aim,
    is_replacing: bool,
    decides_alone: bool,
    thresholds: Thresholds,
) -> tuple[Counts, int]:
    """What the tripwires judge, the attempt that is being made included; and the local hour.

    After a manager has looked into an alert, a member's bursts are counted from then on. What is
    dated later than now (another machine's clock, or a clock that was put right) counts for no
    window: it would count for every one until its time has come.
    """
    session, actor, now = context.session, context.actor, context.now
    local = now.astimezone(details(session).zone)
    night = night_began(local, thresholds).astimezone(now.tzinfo)
    floor = alerts.last_closed(session, actor.id)
    hour, pace = _after(floor, now - HOUR), _after(floor, now - PACE)
    blink = _after(floor, now - BLINK)
    is_proposal = _attempt.c.outcome.in_(_PROPOSALS)
    sums = {
        "blink": sa.and_(is_proposal, _attempt.c.at > blink),
        "recent": sa.and_(is_proposal, _attempt.c.at > pace),
        "replacing": sa.and_(_attempt.c.outcome == AttemptOutcome.REPLACED, _attempt.c.at > blink),
        "alone": sa.and_(is_proposal, _attempt.c.decides_alone, _attempt.c.at > pace),
        "alone_hour": sa.and_(is_proposal, _attempt.c.decides_alone, _attempt.c.at > hour),
        "hour": sa.and_(is_proposal, _attempt.c.at > hour),
        "domain": sa.and_(is_proposal, _attempt.c.at > hour, _attempt.c.domain == aim.domain),
        "high_value": sa.and_(is_proposal, _attempt.c.at > hour, _patron.c.is_protected),
        "night": sa.and_(is_proposal, _attempt.c.at >= _after(floor, night)),
        "attempts": _attempt.c.at > now - HOUR,
    }
    query = (
        sa.select(*(_sum(wanted).label(name) for name, wanted in sums.items()))
        .select_from(_attempt.outerjoin(_patron, _patron.c.id == _attempt.c.patron_id))
        .where(
            _attempt.c.staff_id == actor.id,
            _attempt.c.at >= min(night, now - HOUR),
            _attempt.c.at <= now,
        )
    )
    own = session.connection().execute(query).one()
    since, aimed = now - DAY, _attempt.c.outcome.in_(_AIMED)
    is_patron = sa.and_(aimed, _attempt.c.patron_id == patron.id)
    is_address = sa.and_(aimed, _attempt.c.address_hash == aim.address_hash)
    counts = Counts(
        blink=own.blink + 1,
        recent=own.recent + 1,
        replacing=own.replacing + 1 if is_replacing else 0,
        alone=own.alone + 1 if decides_alone else 0,
        alone_hour=own.alone_hour + 1 if decides_alone else 0,
        hour=own.hour + 1,
        domain=own.domain + 1 if aim.domain else 0,
        is_common_domain=aim.domain in COMMON_DOMAINS,
        high_value=own.high_value + 1 if patron.is_protected else 0,
        night=own.night + 1,
        attempts=own.attempts + 1,
        patron=_number(session, is_patron, since=since, now=now) + 1,
        address=_number(session, is_address, since=since, now=now) + 1 if aim.address_hash else 0,
        has_alert=alerts.find_open(session, actor.id) is not None,
    )
    return counts, local.hour


def forget_mailboxes(session: Session, *, patron_id: str) -> None:
    """Empty what attempts say of the mailboxes of a patron who is being erased."""
    session.connection().execute(
        sa.update(_attempt)
        .where(_attempt.c.patron_id == patron_id)
        .values(domain="", address_hash="")
    )


def has_old(session: Session, *, now: datetime) -> bool:
    """Whether `forget_old` has anything to do."""
    query = sa.select(_attempt.c.id).where(_attempt.c.at < now - KEPT).limit(1)
    return session.connection().execute(query).first() is not None


def forget_old(session: Session, *, now: datetime) -> int:
    """Delete what no limit and no manager looks at any more; return how many."""
    old = sa.delete(_attempt).where(_attempt.c.at < now - KEPT)
    return session.connection().execute(old).rowcount


def _sum(wanted: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
    return sa.func.coalesce(sa.func.sum(sa.case((wanted, 1), else_=0)), 0)


def _number(session: Session, *of: sa.ColumnElement[bool], since: datetime, now: datetime) -> int:
    """How many attempts of a kind there were."""
    query = sa.select(sa.func.count()).where(*of, _attempt.c.at > since, _attempt.c.at <= now)
    return session.connection().execute(query).scalar_one()


def _after(floor: datetime | None, since: datetime) -> datetime:
    return since if floor is None else max(floor, since)


@dataclass(frozen=True, slots=True, kw_only=True)
class CountedProposals:
    """An attempt that was judged. `replaces` is the reference of a request whose place it takes,
    "" when patrons have heard of none. `decides_alone` says that the proposed mailbox alone would
    decide at once.
    """

    context: StaffContext[Notifier]
    patron_id: str
    aim: Aim
    ruling: Ruling
    replaces: str
    decides_alone: bool

    def ensure_takes_no_place(self) -> None:
        """What has to wait must not end what patrons are answering.

        Raises:
            HeldCannotReplace.
        """
        if self.replaces and self.ruling.verdict is not Verdict.GO:
            raise HeldCannotReplace(reference=self.replaces)

    def note(self, *, is_repeated: bool = False) -> list[AuditEvent]:
        """Remember the proposal, and trip the wire that it passed; record what is returned.

        One that `is_repeated` was proposed already: it is counted, and trips nothing.
        """
        outcome = AttemptOutcome.REPLACED if self.replaces else AttemptOutcome.PROPOSED
        note_attempt(
            self.context,
            patron_id=self.patron_id,
            aim=self.aim,
            outcome=AttemptOutcome.REPEATED if is_repeated else outcome,
            decides_alone=self.decides_alone,
        )
        if is_repeated or not self.ruling.trips:
            return []
        return [alerts.trip(self.context, ruling=self.ruling)]


def held_for(verdict: Verdict, *, needs_second: bool) -> HeldFor | None:
    """Why a request is held at its birth, if it is; a refused one is none."""
    if verdict is Verdict.QUARANTINE:
        return HeldFor.QUARANTINE
    if needs_second:
        return HeldFor.SECOND_PERSON
    return HeldFor.COOLING if verdict is Verdict.COOLING else None


def lock(session: Session, *, actor: StaffMember, patron_id: str) -> PatronRow:
    """Lock the member, so that no one counts twice at once, and then the patron.

    Raises:
        Forbidden: the account was disabled while this was on its way. UnknownPatron.
    """
    if not alerts.lock_member(session, actor.id):
        raise Forbidden(permission=Permission.PROPOSE_CHANGE.value)
    return patron_queries.lock(session, patron_id)


def watch(
    context: StaffContext[Notifier],
    *,
    patron: PatronRow,
    changes: Mapping[str, Mapping[str, str]],
    policy: Policy,
    path: RequestPath = RequestPath.LINK,
) -> CountedProposals:
    """Count and judge an attempt of a member; both were locked.

    What two staff members vouch for at the desk waits in any case.

    Raises:
        TooManyProposals, TooManyForPatron, TooManyToAddress. Facts: `limit`.
    """
    aim = aim_of(changes, context.notifier.codec)
    replaces = _asked_about(context.session, patron.id, changes)
    alone = False
    if aim.domain and path is RequestPath.LINK:
        # Where the yes of a new mailbox changes a record at once, no one else is asked, and there
        # is no time to object: a thief with an account looks for that. The limits are lower there.
        known = evidence.gather(context.session, patron, now=context.now)
        alone = plan(policy.of(MAILBOX), known, is_mailbox=True).decides_alone
    counts, hour = count_attempts(
        context,
        patron=patron,
        aim=aim,
        is_replacing=bool(replaces),
        decides_alone=alone,
        thresholds=policy.thresholds,
    )
    ruling = judge(counts, policy.thresholds, local_hour=hour)
    if ruling.verdict is Verdict.REFUSED:
        assert ruling.wire is not None
        raise _REFUSALS.get(ruling.wire, TooManyProposals)(limit=ruling.limit)
    return CountedProposals(
        context=context,
        patron_id=patron.id,
        aim=aim,
        ruling=ruling,
        replaces=replaces,
        decides_alone=alone,
    )


def _asked_about(session: Session, patron_id: str, changes: Mapping[str, Mapping[str, str]]) -> str:
    """The reference of a request about one of these fields that the patron is answering."""
    standing = requests.open_fields(session, patron_id)
    ids = {standing[key].request_id for key in changes if key in standing}
    query = select(ChangeRequestRow.reference).where(
        col(ChangeRequestRow.id).in_(ids), ChangeRequestRow.state == RequestState.PENDING
    )
    return session.exec(query).first() or ""
