"""Demo requests that take more than one person, or that the mail provider ends. Real commands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

import sqlalchemy as sa
from sqlmodel import Session

from upstage_crm import wiring
from upstage_crm.change_requests.decisions import decide
from upstage_crm.change_requests.desk import identify
from upstage_crm.change_requests.disputes import freezing, reverting
from upstage_crm.change_requests.lifecycle import notices, scheduled, staff_commands
from upstage_crm.change_requests.lifecycle.staff_commands import Proposed
from upstage_crm.change_requests.model.policy import DEFAULT, Asked, FieldPolicy
from upstage_crm.change_requests.model.rules import Decision, DeskMethod, ReasonCode, ReviewChannel
from upstage_crm.core.clock import FrozenClock
from upstage_crm.demo.scenarios import Ending, Story
from upstage_crm.links.claims import LinkClaims, Purpose, Reviewer
from upstage_crm.mail import event_log
from upstage_crm.mail.message import Audience, MailKind
from upstage_crm.mail.outbox import OUTBOX
from upstage_crm.mail.placeholders import thaw_links
from upstage_crm.mail.provider_events import EventKind, MailEvent
from upstage_crm.patrons import marks
from upstage_crm.patrons.fields import Context
from upstage_crm.patrons.queries import find_live_by_email_key, get_by_number
from upstage_crm.privacy import erasure
from upstage_crm.staff.roles import StaffMember

# A wrong date of birth lets a stranger pass for the patron: here a second member looks first.
# A visitor plays every role, at any hour: the demo's tripwires leave room for that. A script
# that proposes faster than a hand is held as everywhere.
POLICY = replace(
    DEFAULT,
    thresholds=replace(
        DEFAULT.thresholds,
        at_once=40,
        burst=60,
        per_hour=150,
        per_domain=40,
        per_common_domain=80,
        high_value=40,
        at_night=50,
        attempts=300,
        per_patron=40,
        per_address=40,
    ),
    fields={"date_of_birth": FieldPolicy(asked=Asked.CURRENT, second_person=True)},
)
SEEN = "Came to the desk with a passport; photograph and date of birth fit."
BY_DESK = (Ending.DESK_WAITS, Ending.DESK_CONFIRMED, Ending.DESK_APPLIED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """The parts and people that every step needs. `second` is another member than the proposer."""

    parts: wiring.Runtime
    clock: FrozenClock
    second: StaffMember
    third: StaffMember


def at_the_desk(
    scene: Scene,
    story: Story,
    *,
    patron_id: str,
    changes: Mapping[str, Mapping[str, str]],
    actor: StaffMember,
) -> None:
    """Identify, confirm, and apply after the wait: as far as the story goes."""
    clock, database = scene.clock, scene.parts.database
    with database.transaction() as session:
        proposed = identify.propose(
            scene.parts.staff_context(session, actor),
            patron_id=patron_id,
            changes=changes,
            reason_code=ReasonCode.ASKED_AT_DESK,
            reason_text=story.words,
            method=DeskMethod.IN_PERSON,
            note=SEEN,
            parsing=Context(today=clock.now().date()),
        )
    if story.ending is Ending.DESK_WAITS:
        return
    clock.advance(timedelta(minutes=story.answered_after))
    with database.transaction() as session:
        identify.confirm(
            scene.parts.staff_context(session, scene.second),
            reference=proposed.reference,
        )
    scene.parts.dispatcher.run_once(20)
    if story.ending is Ending.DESK_APPLIED:
        answer(scene, proposed, Reviewer.PROPOSED, Decision.APPROVE)
        take_effect(scene, proposed, after=POLICY.desk_wait)


def answer(
    scene: Scene,
    request: Proposed,
    reviewer: Reviewer,
    decision: Decision,
    *,
    comment: str = "",
    answers: Mapping[str, Decision] | None = None,
) -> None:
    """A patron answers, with the newest link to decide that this mailbox got."""
    with scene.parts.database.transaction() as session:
        claims = _link(session, request, Purpose.DECISION, reviewer)
        decide.decide(
            scene.parts.command_context(session),
            claims=claims,
            decision=decision,
            answers=answers,
            channel=ReviewChannel.PATRON_PAGE,
            comment=comment,
        )
    scene.parts.dispatcher.run_once(20)


def wait(scene: Scene, story: Story, request: Proposed) -> None:
    """The new address says yes; the current one is silent, is a stranger's, or never heard."""
    if story.ending is Ending.LEFT:
        answer(scene, request, Reviewer.CURRENT, Decision.NOT_THIS_PERSON)
    answer(scene, request, Reviewer.PROPOSED, Decision.APPROVE)
    if story.ending is Ending.STOPPED:
        stop_the_clock(scene, request)


def stop_the_clock(scene: Scene, request: Proposed) -> None:
    """The notice came back: no silence counts before a second person has looked."""
    told = sa.select(OUTBOX.c.id).where(
        OUTBOX.c.request_id == request.request_id, OUTBOX.c.kind == MailKind.CHANGE_NOTICE
    )
    with scene.parts.database.transaction() as session:
        mail_id = session.connection().execute(told).scalar_one()
        event = _bounce(mail_id, scene.clock)
        event_log.note(session, event, event_id=mail_id, now=scene.clock.now())
        notices.look(
            scene.parts.command_context(session),
            request_id=request.request_id,
        )


def take_effect(scene: Scene, request: Proposed, *, after: timedelta) -> None:
    """The notice has arrived, its time passes, and the clock makes what was approved."""
    clock, database = scene.clock, scene.parts.database
    with database.transaction() as session:
        notices.look(
            scene.parts.command_context(session),
            request_id=request.request_id,
        )
    clock.advance(after)
    with database.transaction() as session:
        scheduled.take_effect(
            scene.parts.command_context(session),
            request_id=request.request_id,
        )
    scene.parts.dispatcher.run_once(20)


def comes_back(scene: Scene, request: Proposed) -> None:
    """The question could not be delivered."""
    asked = sa.select(OUTBOX.c.id).where(
        OUTBOX.c.request_id == request.request_id, OUTBOX.c.audience == Audience.PROPOSED
    )
    with scene.parts.database.transaction() as session:
        for mail_id in session.connection().execute(asked).scalars().all():
            event_log.note(
                session, _bounce(mail_id, scene.clock), event_id=mail_id, now=scene.clock.now()
            )
        scheduled.give_up(
            scene.parts.command_context(session),
            request_id=request.request_id,
            reviewer=Reviewer.PROPOSED,
        )


def _bounce(mail_id: str, clock: FrozenClock) -> MailEvent:
    return MailEvent(
        kind=EventKind.BOUNCED,
        at=clock.now(),
        provider_id=mail_id,
        outbox_id=mail_id,
        detail="NoEmail",
        is_permanent=True,
    )


def put_back(scene: Scene, story: Story, request: Proposed, patron_id: str) -> None:
    """An approved change is contested by the old address, or taken back by staff."""
    clock, database = scene.clock, scene.parts.database
    answer(scene, request, Reviewer.PROPOSED, Decision.APPROVE)
    take_effect(scene, request, after=POLICY.notice_period)
    is_late = story.ending is Ending.DISPUTED_LATE
    clock.advance(POLICY.revert_window if is_late else timedelta(hours=5))
    with database.transaction() as session:
        if story.ending is Ending.REVERTED:
            reverting.revert(
                scene.parts.staff_context(session, scene.second),
                reference=request.reference,
                reason="Typed into the wrong record; the caller was somebody else.",
            )
        else:
            decide.decide(
                scene.parts.command_context(session),
                claims=_link(session, request, Purpose.OBJECTION, Reviewer.CURRENT),
                decision=Decision.OBJECT,
                channel=ReviewChannel.PATRON_PAGE,
                comment=story.comment,
            )
    if story.ending is Ending.LOOKED_AT:
        clock.advance(timedelta(hours=2))
        with database.transaction() as session:
            freezing.clear(
                scene.parts.staff_context(session, scene.second),
                patron_id=patron_id,
                note="Called the number on file: she knows nothing of a new address.",
            )


def ask_for_an_erasure(scene: Scene, number: int) -> None:
    """An erasure that waits for its second person."""
    with scene.parts.database.transaction() as session:
        erasure.request_erasure(
            scene.parts.staff_context(session, scene.third),
            patron_id=get_by_number(session, number).id,
            reason="Asked for it by letter; identity checked against the last booking.",
        )


def protect(scene: Scene, email: str) -> None:
    """A member marks a patron as protected: both mailboxes decide from then on."""
    with scene.parts.database.transaction() as session:
        number = find_live_by_email_key(session, email)
        if number is None:  # a demo of few patrons has no special ones
            return
        marks.protect(
            scene.parts.staff_context(session, scene.second),
            patron_id=get_by_number(session, number).id,
            reason="A journalist who gets threats; agreed with her on the telephone.",
        )


def remind(scene: Scene, request: Proposed) -> None:
    """What the clock does after three days without an answer."""
    scene.clock.advance(DEFAULT.reminder_after)
    with scene.parts.database.transaction() as session:
        scheduled.remind(
            scene.parts.command_context(session),
            request_id=request.request_id,
        )


def release(scene: Scene, request: Proposed) -> None:
    """Another member lets a held request go to the patron."""
    with scene.parts.database.transaction() as session:
        staff_commands.release(
            scene.parts.staff_context(session, scene.second),
            reference=request.reference,
        )


def _link(session: Session, request: Proposed, purpose: Purpose, reviewer: Reviewer) -> LinkClaims:
    query = (
        sa.select(OUTBOX.c.links)
        .where(OUTBOX.c.request_id == request.request_id)
        .order_by(OUTBOX.c.created_at.desc(), OUTBOX.c.id.desc())
    )
    rows = session.connection().execute(query).scalars()
    found = (link for frozen in rows for link in thaw_links(frozen).values())
    return next(link for link in found if (link.purpose, link.reviewer) == (purpose, reviewer))
