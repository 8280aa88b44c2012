"""Who is asked about a field, and what a yes waits for; what evidence says of a mailbox. Pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from upstage_crm.change_requests.model.policy import Asked, FieldPolicy
from upstage_crm.links.claims import Reviewer

APART = timedelta(days=1)  # between two bounces: one bad day of a provider is none of a mailbox
YOUNG = timedelta(hours=72)  # how long a typing mistake may stand before a clerk mends it
TRUST = timedelta(days=730)  # after two years a mailbox may have another reader
OLD_RECORD = timedelta(days=30)
RECENT_ORDER = timedelta(days=730)


class Standing(StrEnum):
    """Whether the current mailbox can be told anything. OUT: its reader is not the patron."""

    WORKING = "working"
    NONE = "none"
    DEAD = "dead"
    OUT = "out"


@dataclass(frozen=True, slots=True, kw_only=True)
class Holdings:
    """What a patron has with the organisation that a thief would want.

    `kept_since` is when the first order was made that is kept here; None before there was one.
    """

    has_future_tickets: bool = False
    has_balance: bool = False
    has_membership: bool = False
    last_order_at: datetime | None = None
    kept_since: datetime | None = None


def is_dead(*, bounces: Collection[datetime], deliveries: Collection[datetime]) -> bool:
    """Whether mail to an address is lost for good: two permanent bounces a day apart, and nothing
    delivered since.
    """
    last = max(deliveries, default=None)
    since = [at for at in bounces if last is None or at > last]
    return len(since) > 1 and max(since) - min(since) >= APART


def has_stake(holdings: Holdings, *, created_at: datetime, now: datetime) -> bool:
    """Whether a record is worth a thief's while.

    What a patron bought before orders were kept here cannot be seen. So a record that is older than
    the first order, and than a month, has a stake until orders have been kept for two years.
    """
    ordered_at, kept_since = holdings.last_order_at, holdings.kept_since
    is_unseen = kept_since is None or (created_at < kept_since and now - kept_since <= RECENT_ORDER)
    return (
        holdings.has_future_tickets
        or holdings.has_balance
        or holdings.has_membership
        or (ordered_at is not None and now - ordered_at <= RECENT_ORDER)
        or (is_unseen and now - created_at > OLD_RECORD)
    )


def is_trusted(proven_at: datetime | None, *, now: datetime) -> bool:
    """Whether a mailbox has proven itself lately enough to read a name and free words."""
    return proven_at is not None and now - proven_at <= TRUST


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The revert window of a change of address that the displaced mailbox did not approve.

    `request_id` is that change's request. `mailbox` is the displaced address, as stored, which
    hears of further changes; None when staff put the earlier address back: the mailbox that they
    took off the record was told then, and whom to call.
    """

    request_id: str
    mailbox: str | None
    ends: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What is known, now, of a record and of its current mailbox.

    `address_age` is how long the record has held its address. `is_in_question` says that it is
    protected, or that somebody objected and no finding has ended that.
    """

    standing: Standing
    is_proven: bool = False
    address_age: timedelta = YOUNG
    has_stake: bool = False
    is_in_question: bool = False
    window: Window | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Who is asked about one field; nobody can be when `binding` is empty.

    Each of `binding` has to say yes. Who is `heard` is told, and may say yes or no: silence lets
    the change happen. With `waits` a yes takes effect at the end of the notice period, unless the
    heard mailbox says yes as well; nothing takes effect before `not_before`. `needs_release` says
    that a second staff member looks before anybody is asked.
    """

    binding: tuple[Reviewer, ...] = ()
    heard: tuple[Reviewer, ...] = ()
    waits: bool = False
    needs_release: bool = False
    not_before: datetime | None = None

    @property
    def asked(self) -> tuple[Reviewer, ...]:
        """Everybody who has a review, in the order in which they are mailed: the told one first."""
        return (*self.heard, *self.binding)

    @property
    def decides_alone(self) -> bool:
        """Whether the yes of the proposed mailbox takes effect at once."""
        is_alone = self.binding == (Reviewer.PROPOSED,)
        is_at_once = not self.waits and not self.needs_release and self.not_before is None
        return is_alone and is_at_once


def plan(
    policy: FieldPolicy, evidence: Evidence, *, is_mailbox: bool, ask_both: bool = False
) -> Plan:
    """Say who is asked about one field.

    `is_mailbox` says that the field is itself an address that mails go to. A working mailbox is
    never displaced by another mailbox's word alone: the proposed one decides, and its yes waits
    for the current one to say no. Any other field is the current mailbox's to decide.
    """
    current, proposed = Reviewer.CURRENT, Reviewer.PROPOSED
    works = evidence.standing is Standing.WORKING
    not_before = evidence.window.ends if evidence.window else None
    if not is_mailbox:
        return Plan(binding=(current,), not_before=not_before) if works else Plan()
    if not works:
        if evidence.is_in_question:
            return Plan()  # two people at the desk, and nobody else
        return Plan(binding=(proposed,), needs_release=evidence.has_stake, not_before=not_before)
    if evidence.is_in_question or ask_both or policy.asked is not Asked.PROPOSED:
        return Plan(binding=(current, proposed), not_before=not_before)
    is_typing_mistake = not evidence.is_proven and evidence.address_age < YOUNG
    return Plan(
        binding=(proposed,),
        heard=(current,),
        waits=evidence.has_stake or not is_typing_mistake,
        not_before=not_before,
    )


def desk_plan(evidence: Evidence, *, is_mailbox: bool) -> Plan:
    """Say who is asked about one field that two staff members vouch for.

    A new address has to say yes here, too; a current mailbox that works is told, and heard.
    """
    return Plan(
        binding=(Reviewer.PROPOSED,) if is_mailbox else (),
        heard=(Reviewer.CURRENT,) if evidence.standing is Standing.WORKING else (),
        waits=True,
        not_before=evidence.window.ends if evidence.window else None,
    )
