"""A patron changes a detail of their own; a code mailed to the current mailbox is its yes.

The request has no staff member as its proposer, needs no second person, and is decided by the same
door as any other: a new address still has to say yes by its own link, and the trail, the receipt
and the mails are those of an approved change.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from sqlmodel import Session

from upstage_crm.audit import trail
from upstage_crm.audit.events import PATRON_AT_CURRENT, Action, Channel
from upstage_crm.change_requests.decisions.decide import decide
from upstage_crm.change_requests.lifecycle import checks, create
from upstage_crm.change_requests.lifecycle.answer import Evidence
from upstage_crm.change_requests.lifecycle.create import Draft, Proposer
from upstage_crm.change_requests.model import policy_store
from upstage_crm.change_requests.model.errors import (
    AlreadyProposed,
    InRevertWindow,
    NoMailbox,
    PatronFrozen,
    PatronInactive,
)
from upstage_crm.change_requests.model.field_change import FieldChange
from upstage_crm.change_requests.model.reviewers import plan
from upstage_crm.change_requests.model.rules import (
    Decision,
    FieldOutcome,
    ReasonCode,
    RequestPath,
    RequestState,
    ReviewChannel,
)
from upstage_crm.change_requests.notifications.notifier import Notifier
from upstage_crm.change_requests.reads import evidence, requests, revert_windows
from upstage_crm.change_requests.reads.references import references
from upstage_crm.links.claims import LinkClaims, Purpose, Reviewer
from upstage_crm.patrons.fields import Context
from upstage_crm.patrons.tables import PatronRow, PatronStatus
from upstage_crm.staff.command_context import CommandContext
from upstage_crm.staff.names import THE_PATRON

_DECIDING: Final = timedelta(minutes=1)  # the link that decides lives inside one transaction
_THEMSELF: Final = Proposer(
    id=None, label=THE_PATRON, actor=PATRON_AT_CURRENT, channel=Channel.PATRON_PAGE
)


def ensure_may(session: Session, patron: PatronRow, *, now: datetime) -> None:
    """A patron changes their own details at the moment.

    Raises:
        PatronInactive, PatronFrozen.
        InRevertWindow: what changed recently may still be undone.
    """
    if patron.status is not PatronStatus.ACTIVE:
        raise PatronInactive
    if evidence.is_frozen(session, patron.id):
        raise PatronFrozen
    until = revert_windows.besides_own(session, patron.id, now=now)
    if until is not None:
        raise InRevertWindow(until=until)


def check(
    session: Session,
    *,
    patron: PatronRow,
    changes: Mapping[str, Mapping[str, str]],
    parsing: Context,
    now: datetime,
) -> tuple[FieldChange, ...]:
    """What would change, with all that can refuse it and tells nothing of others; write nothing.

    Raises:
        Invalid: a value is refused, NothingToChange, UnknownField.
        All that `ensure_may` raises, and NoMailbox.
        AlreadyProposed: staff hold a request about the field. ChangeWaits: one takes effect soon.
    """
    ensure_may(session, patron, now=now)
    parsed = checks.parse(patron, changes, parsing)
    known = evidence.gather(session, patron, now=now)
    policy = policy_store.for_proposal(session, now=now)
    _ensure_free(session, patron.id, {field.key for field, _current, _proposed in parsed})
    checked: list[FieldChange] = []
    for field, current, proposed in parsed:
        asked = plan(policy.of(field), known, is_mailbox=field.is_mailbox)
        if Reviewer.CURRENT not in asked.asked:
            raise NoMailbox(field=field.key)
        checked.append(
            FieldChange(
                field=field,
                current=current,
                proposed=proposed,
                asked=asked.asked,
                binding=asked.binding,
            )
        )
    return tuple(checked)


def change(
    context: CommandContext[Notifier],
    *,
    patron: PatronRow,
    changes: Mapping[str, Mapping[str, str]],
    parsing: Context,
    code: LinkClaims,
    traces: Evidence,
) -> RequestState:
    """Record what a patron wishes, with the yes of the current mailbox; return what it came to.

    The patron is locked, and `code` has just been typed: it was mailed to the current mailbox and
    is used up by this. A detail is written at once. A new address is asked first, so PENDING.

    Raises:
        All that `check` raises; of a new address all that `checks.check_mailbox` raises, and
        RecentlyRejected. A reader who does not own that address must not learn which.
    """
    session, now = context.session, context.now
    parsed = check(session, patron=patron, changes=changes, parsing=parsing, now=now)
    policy = policy_store.for_proposal(session, now=now)
    for one in parsed:
        if one.field.is_mailbox:
            key = checks.key_of(one.field, one.proposed)
            checks.check_mailbox(
                session, patron, one.proposed, key, policy, override=False, now=now
            )
            checks.check_rest(session, patron, one.field, one.proposed, key, policy, now)
    draft = Draft(reason_code=ReasonCode.OWN_WISH, reason_text="", path=RequestPath.OWN)
    locked, replaced = create.start(
        context, by=_THEMSELF, patron=patron, parsed=parsed, draft=draft, policy=policy
    )
    asked = [who for one in parsed for who in one.asked if who is not Reviewer.CURRENT]
    if asked:
        locked.ask(only=asked)
        locked.plan_reminder()
    create.say_goodbye(
        replaced, besides=[patron.email, *(locked.matter().address_of(who) for who in asked)]
    )
    locked.note(
        Action.REQUEST_PROPOSED,
        PATRON_AT_CURRENT,
        Channel.PATRON_PAGE,
        facts={
            "fields": ", ".join(one.field.key for one in parsed),
            "reason": ReasonCode.OWN_WISH.value,
        },
        values=create.proposed_values(locked),
    )
    before = [event for old in replaced for event in old.locked.events]
    trail.record(session, [*before, *locked.events], now=now)
    return decide(
        context,
        claims=replace(
            code,
            request_id=locked.request.id,
            purpose=Purpose.DECISION,
            reviewer=Reviewer.CURRENT,
            version=locked.request.notice_version,
            issued_at=now,
            expires_at=now + _DECIDING,
        ),
        decision=Decision.APPROVE,
        channel=ReviewChannel.PATRON_PAGE,
        evidence=traces,
    )


def _ensure_free(session: Session, patron_id: str, keys: set[str]) -> None:
    """What staff hold, and what waits for its effect, is not replaced by the patron's wish.

    Raises:
        AlreadyProposed, ChangeWaits.
    """
    open_fields = requests.open_fields(session, patron_id)
    taken = [change for key, change in open_fields.items() if key in keys]
    create.ensure_none_waits(session, taken)
    for one in taken:
        if one.outcome is FieldOutcome.HELD:
            reference = references(session, [one.request_id])[one.request_id]
            raise AlreadyProposed(reference=reference)
