"""A newer proposal takes the place of an older one for the same field, or is the same one."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, col, select

from upstage_crm.audit.events import Action, Actor, Channel
from upstage_crm.change_requests.lifecycle import locked_request
from upstage_crm.change_requests.lifecycle.locked_request import LockedRequest
from upstage_crm.change_requests.model.errors import ChangeWaits
from upstage_crm.change_requests.model.rules import (
    FieldOutcome,
    RequestState,
)
from upstage_crm.change_requests.model.tables import (
    ChangeRequestRow,
    FieldChangeRow,
)
from upstage_crm.change_requests.notifications.notifier import Notifier
from upstage_crm.change_requests.reads import requests
from upstage_crm.change_requests.reads.references import references
from upstage_crm.links.claims import Reviewer
from upstage_crm.mail.message import MailKind
from upstage_crm.patrons.tables import PatronRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Superseded:
    """The fields of one older request that ended, and who had heard of it."""

    locked: LockedRequest
    changes: list[FieldChangeRow]
    told: list[Reviewer]


def supersede(
    session: Session,
    *,
    patron: PatronRow,
    field_keys: Sequence[str],
    actor: Actor,
    channel: Channel,
    notifier: Notifier,
    now: datetime,
) -> list[Superseded]:
    """End the open field changes of `field_keys`: a newer proposal takes their place.

    Returns what ended; record the events of each case, and call `say_goodbye` once it is known who
    gets the newer mail.

    Raises:
        ChangeWaits: an approved change of one of the fields is about to take effect.
    """
    standing = requests.open_fields(session, patron.id)
    taken = [change for key, change in standing.items() if key in field_keys]
    ensure_none_waits(session, taken)
    found: list[Superseded] = []
    for request_id in sorted({change.request_id for change in taken}):
        locked = LockedRequest.opened(
            session,
            patron=patron,
            request=requests.lock(session, request_id),
            notifier=notifier,
            now=now,
        )
        told = locked.mailed()
        superseded = [c for c in locked.undecided if c.field in field_keys]
        locked.settle(superseded, FieldOutcome.SUPERSEDED)
        facts = {"fields": ", ".join(change.field for change in superseded)}
        locked.note(Action.REQUEST_SUPERSEDED, actor, channel, facts=dict(facts))
        state = locked.close()
        if state.is_open:
            _ask_for_the_rest(locked)
        elif locked.request.answerable_id != actor.id or state is not RequestState.SUPERSEDED:
            # Whoever replaced it knows, but not what a patron had answered to other fields of it.
            locked.tell_proposer()
        found.append(Superseded(locked=locked, changes=superseded, told=told))
    return found


def ensure_none_waits(session: Session, taken: Iterable[FieldChangeRow]) -> None:
    """What is approved and takes effect later is not superseded: staff may withdraw it.

    Raises:
        ChangeWaits.
    """
    for change in taken:
        if change.outcome is FieldOutcome.WAITING:
            reference = references(session, [change.request_id])[change.request_id]
            raise ChangeWaits(reference=reference, until=change.applies_at)


def say_goodbye(ended: Sequence[Superseded], *, besides: Collection[str | None]) -> None:
    """Tell every mailbox that heard of an ended request, except those in `besides`.

    Those get the newer request's own mail, which says more than a goodbye.
    """
    for old in ended:
        locked = old.locked
        if locked.request.state.is_open:
            continue
        matter = locked.matter(old.changes)
        locked.notifier.tell_ended(
            locked.session,
            matter,
            kind=MailKind.CHANGE_SUPERSEDED,
            to=[who for who in old.told if matter.address_of(who) not in besides],
            now=locked.now,
        )


def same_open_request(
    session: Session, *, patron_id: str, wanted: dict[str, str], now: datetime
) -> ChangeRequestRow | None:
    """The open request that already proposes exactly `wanted` (field key → value key).

    One whose time is up does not count, although nobody has closed it yet: it cannot be answered.
    """
    held = requests.open_fields(session, patron_id)
    matching = {
        held[f].request_id for f, key in wanted.items() if f in held and held[f].proposed_key == key
    }
    if len(matching) != 1 or any(
        f not in held or held[f].proposed_key != k for f, k in wanted.items()
    ):
        return None
    query = select(ChangeRequestRow).where(
        ChangeRequestRow.id == matching.pop(),
        sa.or_(
            col(ChangeRequestRow.state).in_((RequestState.HELD, RequestState.WAITING)),
            col(ChangeRequestRow.expires_at) > now,
        ),
    )
    return session.exec(query).first()


def _ask_for_the_rest(locked: LockedRequest) -> None:
    """What is left of a request is asked anew, if its question had not left yet."""
    unsent = locked_request.cancel_asking(
        locked.session, request_id=locked.request.id, now=locked.now
    )
    if unsent and locked.request.state is RequestState.PENDING:
        locked.ask(locked.undecided, again=True)
