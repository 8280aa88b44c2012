"""Who answers for a request, and what staff tell each other about it, which no patron reads."""

from __future__ import annotations

import io
import json

import pytest
import sqlalchemy as sa
from starlette.applications import Starlette

from tests.support.confirming import Browser, serving, tokens
from tests.support.engine import Engine
from tests.support.factories import NEW, SECRET, Desk, together, unchanged
from upstage_crm.audit.events import Action
from upstage_crm.audit.signing import SigningKey
from upstage_crm.change_requests.lifecycle import teamwork
from upstage_crm.change_requests.lifecycle.staff_commands import Proposed
from upstage_crm.change_requests.limits import alerts
from upstage_crm.change_requests.model.errors import (
    AlertOpen,
    NotAKeeper,
    NoteMissing,
    OwnRecord,
    RequestEnded,
)
from upstage_crm.change_requests.model.rules import RequestState
from upstage_crm.change_requests.model.thresholds import Ruling, Verdict, Wire
from upstage_crm.change_requests.reads import comments, queue
from upstage_crm.change_requests.reads.queue import Look, View
from upstage_crm.confirm import routes
from upstage_crm.core.clock import FrozenClock
from upstage_crm.core.db import Database
from upstage_crm.core.errors import Forbidden, UpstageError
from upstage_crm.privacy import erasure
from upstage_crm.proof import exporting
from upstage_crm.staff.roles import Role, StaffMember
from upstage_crm.tables import metadata

WORDS = "Cousin of the house manager called about it"


@pytest.fixture
def engine(database: Database, clock: FrozenClock) -> Engine:
    return Engine(database, clock)


@pytest.fixture
def vic(engine: Engine) -> StaffMember:
    return engine.staff("Vic", Role.BOX_OFFICE)


@pytest.fixture
def ada(engine: Engine) -> StaffMember:
    return engine.staff("Ada", Role.BOX_OFFICE)


def assign(desk: Desk, request: Proposed, to: StaffMember, actor: StaffMember) -> bool:
    return desk.write(
        lambda s: teamwork.assign(
            desk.staff_context(s, actor), reference=request.reference, to_id=to.id
        )
    )


def comment(desk: Desk, request: Proposed, actor: StaffMember, text: str = WORDS) -> None:
    desk.write(
        lambda s: teamwork.comment(
            desk.staff_context(s, actor), reference=request.reference, text=text
        )
    )


def mine(desk: Desk, member: StaffMember, view: View = View.OPEN) -> list[str]:
    look = Look(viewer=member, now=desk.now, is_mine=True)
    return [line.reference for line in desk.read(lambda s: queue.page(s, view, look=look))[1]]


# --- who answers for it ---------------------------------------------------------------------------


def test_a_colleague_takes_a_request_over_and_hears_of_its_outcome(
    engine: Engine, vic: StaffMember, ada: StaffMember
) -> None:
    request, link = engine.asked(engine.patron(), actor=vic)

    assert assign(engine, request, ada, actor=ada)

    assert (mine(engine, vic), mine(engine, ada)) == ([], [request.reference])
    view = engine.view(request)
    assert (view.proposer_label, view.answerable_label) == (vic.label, ada.label)
    engine.deliver()
    engine.decide(link)
    told = {mail.to for mail in engine.deliver() if mail.tags["kind"] == "staff_outcome"}
    assert told == {ada.email_key}


def test_the_trail_says_who_chose_whom(engine: Engine, vic: StaffMember, ada: StaffMember) -> None:
    request = engine.propose(engine.patron(), actor=vic)

    assert assign(engine, request, ada, actor=vic)
    assert not assign(engine, request, ada, actor=vic)

    (entry,) = engine.lines(action=Action.REQUEST_HANDED_OVER)
    assert (entry.actor.id, entry.facts["from"], entry.facts["to"]) == (vic.id, vic.id, ada.id)


@pytest.mark.parametrize(
    ("who", "role", "refusal"),
    [
        ("actor", Role.READ_ONLY, Forbidden),
        ("actor", Role.MARKETING, Forbidden),
        ("keeper", Role.MARKETING, NotAKeeper),
    ],
)
def test_who_may_not_propose_neither_hands_over_nor_answers(
    engine: Engine, vic: StaffMember, who: str, role: Role, refusal: type[UpstageError]
) -> None:
    request = engine.propose(engine.patron(), actor=vic)
    other = engine.staff("Mo", role)
    actor, to = (other, vic) if who == "actor" else (vic, other)

    unchanged(engine, lambda: assign(engine, request, to, actor), refusal)


def test_a_disabled_colleague_answers_for_nothing(
    engine: Engine, vic: StaffMember, ada: StaffMember
) -> None:
    request = engine.propose(engine.patron(), actor=vic)
    engine.freeze(ada, engine.owner)

    unchanged(engine, lambda: assign(engine, request, ada, vic), NotAKeeper)


def test_staff_neither_hand_over_nor_answer_for_a_request_about_themselves(
    engine: Engine, vic: StaffMember, ada: StaffMember
) -> None:
    patron = engine.patron(email=ada.email_key)
    request = engine.propose(patron, actor=vic, changes={"phone": {"phone": "+1 212 555 0199"}})

    unchanged(engine, lambda: assign(engine, request, ada, vic), NotAKeeper)
    unchanged(engine, lambda: assign(engine, request, vic, ada), OwnRecord)
    unchanged(engine, lambda: comment(engine, request, ada), OwnRecord)


def test_what_has_ended_changes_hands_no_more(
    engine: Engine, vic: StaffMember, ada: StaffMember
) -> None:
    request = engine.propose(engine.patron(), actor=vic)
    engine.withdraw(request)

    unchanged(engine, lambda: assign(engine, request, ada, vic), RequestEnded)


def test_whom_an_alert_is_about_takes_nothing_over(
    engine: Engine, vic: StaffMember, ada: StaffMember
) -> None:
    """Or a request of a colleague's could be withdrawn in spite of the alert."""
    request = engine.propose(engine.patron(), actor=ada)
    ruling = Ruling(verdict=Verdict.QUARANTINE, wire=Wire.BURST, count=6, limit=5)
    engine.write(lambda s: alerts.open_now(engine.staff_context(s, vic), ruling=ruling))

    unchanged(engine, lambda: assign(engine, request, vic, vic), AlertOpen)


def test_a_proposal_that_was_handed_over_does_not_outlive_the_freeze_of_its_proposer(
    engine: Engine, vic: StaffMember, ada: StaffMember
) -> None:
    """The thief of an account would hand it to a colleague whose account stays."""
    request, link = engine.asked(engine.patron(), actor=vic)
    assign(engine, request, ada, actor=vic)

    frozen = engine.freeze(vic, engine.owner)

    assert (frozen.withdrawn, engine.state(request)) == (1, RequestState.WITHDRAWN)
    unchanged(engine, lambda: engine.decide(link), RequestEnded)


def test_a_request_that_a_colleague_took_over_outlives_the_freeze_of_its_proposer(
    engine: Engine, vic: StaffMember, ada: StaffMember
) -> None:
    request = engine.propose(engine.patron(), actor=vic)
    assign(engine, request, ada, actor=ada)

    frozen = engine.freeze(vic, engine.owner)

    assert (frozen.withdrawn, engine.state(request)) == (0, RequestState.PENDING)


def test_who_leaves_hands_over_what_they_took_over(
    engine: Engine, vic: StaffMember, ada: StaffMember
) -> None:
    request = engine.propose(engine.patron(), actor=vic)
    assign(engine, request, ada, actor=vic)

    rosa = engine.staff("Rosa", Role.MANAGER)

    assert engine.hand_over(ada, rosa, engine.owner) == 1

    assert (mine(engine, ada), engine.view(request).answerable_label) == ([], rosa.label)


@pytest.mark.long
def test_a_request_is_never_left_to_a_member_who_is_leaving(
    engine: Engine, vic: StaffMember, ada: StaffMember
) -> None:
    request = engine.propose(engine.patron(), actor=vic)

    together(
        lambda: assign(engine, request, ada, vic),
        lambda: engine.freeze(ada, engine.owner),
    )

    state, keeper = engine.state(request), engine.view(request).answerable_id
    assert state is RequestState.WITHDRAWN or keeper == vic.id


# --- comments -------------------------------------------------------------------------------------


def test_a_comment_is_kept_with_its_author(engine: Engine, vic: StaffMember) -> None:
    request = engine.propose(engine.patron())

    comment(engine, request, vic, f"  {WORDS} ")

    told = engine.read(lambda s: comments.of_request(s, request.request_id))
    (entry,) = engine.lines(action=Action.REQUEST_COMMENTED)
    assert told == {str(entry.facts["comment"]): WORDS}
    assert entry.actor.id == vic.id


def test_an_empty_comment_and_one_by_a_reader_are_refused(engine: Engine, vic: StaffMember) -> None:
    request = engine.propose(engine.patron())
    reader = engine.staff("Rea", Role.READ_ONLY)

    unchanged(engine, lambda: comment(engine, request, vic, " \n"), NoteMissing)
    unchanged(engine, lambda: comment(engine, request, reader), Forbidden)


def test_an_erasure_empties_the_comments(engine: Engine, vic: StaffMember) -> None:
    patron = engine.patron()
    request = engine.propose(patron)
    comment(engine, request, vic)
    engine.withdraw(request)
    first, second = engine.owner, engine.staff("Priya", Role.PRIVACY_LEAD)

    engine.write(
        lambda s: erasure.request_erasure(
            engine.staff_context(s, first), patron_id=patron.id, reason="Asked by letter"
        )
    )
    engine.write(
        lambda s: erasure.confirm_erasure(engine.staff_context(s, second), patron_id=patron.id)
    )

    assert WORDS not in everything(engine)


def everything(desk: Desk, *, without: str = "") -> str:
    """Every column of every row of every table but one, as text."""
    tables = [table for table in metadata.sorted_tables if table.name != without]
    return desk.read(
        lambda s: "\n".join(
            str(tuple(row)) for table in tables for row in s.connection().execute(sa.select(table))
        )
    )


def test_no_patron_reads_a_comment(engine: Engine, vic: StaffMember) -> None:
    """It is in its own table alone, and in no mail, page, receipt or export of the trail."""
    request, link = engine.asked(engine.patron())
    comment(engine, request, vic)

    with serving(engine):
        web = Browser(Starlette(routes=routes.ROUTES))
        pages = [opened(web, token) for token in tokens(engine, NEW)]
        engine.decide(link)
        pages += [opened(web, token) for token in tokens(engine, NEW)]
        receipt = engine.codec.read(engine.receipt_tokens(NEW)[-1]).key
        web.get(f"/c/{engine.receipt_tokens(NEW)[-1]}")
        pages += [web.get(f"/confirm/receipt{form}?link={receipt}").text for form in ("", ".json")]
    key = SigningKey.derive("test-key", SECRET)
    file = io.BytesIO()
    engine.read(
        lambda s: exporting.export(
            s,
            file,
            key=key,
            public_keys={},
            organisation="",
            now=engine.now,
            with_values=True,
        )
    )
    mails = [json.dumps([mail.subject, mail.text, mail.html]) for mail in engine.mailbox.messages]

    assert WORDS in everything(engine)
    assert WORDS not in everything(engine, without="request_comment")
    assert len(pages) >= 4
    assert all(request.reference in text for text in pages)
    assert WORDS not in "\n".join((*pages, *mails, repr(file.getvalue())))


def opened(web: Browser, token: str) -> str:
    """The page that a link leads to, without scripts."""
    answer = web.get(f"/c/{token}")
    where = answer.headers["location"].replace("/confirm/?", "/confirm/plain?")
    return web.get(where).text
