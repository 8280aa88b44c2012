"""Every decision leaves one receipt: signed, committed to its values, readable by whom it concerns.

What the pages show of it is proven in `test_receipt_pages`.
"""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from sqlalchemy.exc import DBAPIError

from tests.support.factories import NEW, OLD, SECRET, Desk, days
from upstage_crm.audit import trail
from upstage_crm.audit.events import Action, Channel
from upstage_crm.audit.signing import SigningKey
from upstage_crm.change_requests.decisions import decide
from upstage_crm.change_requests.desk import identify as at_desk
from upstage_crm.change_requests.disputes import reverting
from upstage_crm.change_requests.lifecycle.answer import Evidence
from upstage_crm.change_requests.lifecycle.staff_commands import Proposed
from upstage_crm.change_requests.model.errors import RequestEnded
from upstage_crm.change_requests.model.rules import (
    Decision,
    DeskMethod,
    ReasonCode,
    RequestState,
    ReviewChannel,
)
from upstage_crm.links.claims import LinkClaims, LinkRefused, Purpose, Reviewer
from upstage_crm.patrons.views import PatronRecord
from upstage_crm.patrons.visibility import MailboxAccess
from upstage_crm.receipts import queries
from upstage_crm.receipts.facts import ReceiptEvent, hashed_body, hashed_link
from upstage_crm.receipts.shape import document
from upstage_crm.receipts.verifying import verify
from upstage_crm.receipts.visibility import SeenReceipt, Shown
from upstage_crm.staff.roles import Role

PUBLIC_KEY = SigningKey.derive("test-key", SECRET).public_key
EVIDENCE = Evidence(ip_prefix="192.0.2.0/24", user_agent="Browser 1")
CURRENT, PROPOSED = MailboxAccess(Reviewer.CURRENT, OLD), MailboxAccess(Reviewer.PROPOSED, NEW)
BOTH = {"email": {"email": NEW}, "phone": {"phone": "+1 212 555 0199"}}


@pytest.fixture
def mara(desk: Desk) -> PatronRecord:
    return desk.patron(phone="+1 212 555 0101")


def receipts(
    desk: Desk, request: Proposed, access: MailboxAccess | None = None
) -> tuple[SeenReceipt, ...]:
    return desk.read(lambda session: queries.of_request(session, request.request_id, access=access))


def only(desk: Desk, request: Proposed, access: MailboxAccess | None = None) -> SeenReceipt:
    (receipt,) = receipts(desk, request, access)
    return receipt


def is_proof(receipt: SeenReceipt) -> bool:
    return verify(json.loads(json.dumps(document(receipt))), PUBLIC_KEY)


def test_an_approval_leaves_one_receipt(desk: Desk, mara: PatronRecord) -> None:
    request, link = desk.asked(mara)
    asked_at = desk.now
    desk.clock.advance(timedelta(hours=2))

    desk.decide(link, evidence=EVIDENCE, channel=ReviewChannel.SIMPLE_PAGE)

    receipt = only(desk, request)
    (field,) = receipt.fields
    assert (
        receipt.event,
        receipt.state,
        receipt.reviewer,
    ) == (ReceiptEvent.APPROVED, "approved", "proposed")
    assert (field.key, field.decision, field.outcome) == ("email", "approve", "applied")
    assert (field.old.text, field.new.text) == (OLD, NEW)
    assert (asked_at, desk.now) == (receipt.asked_at, receipt.decided_at)
    assert ("simple_page", request.reference) == (receipt.channel, receipt.reference)
    assert hashed_link(link.jti) == receipt.link_id
    assert {"192.0.2.0/24", "Browser 1"} <= {side.text for side in receipt.evidence.values()}
    assert is_proof(receipt)


def test_it_names_the_wording_that_was_read(desk: Desk, mara: PatronRecord) -> None:
    """A hash of the mail as it was frozen; itself only committed to, because it says an address."""
    request, link = desk.asked(mara)
    desk.decide(link)

    receipt = only(desk, request)

    wording = receipt.evidence["notice_hash"]
    assert len(wording.text) == 64
    assert wording.text not in receipt.body


def test_it_names_the_entry_that_it_stands_on(desk: Desk, mara: PatronRecord) -> None:
    request, link = desk.asked(mara)
    before = desk.read(trail.head)
    desk.decide(link)

    assert before == only(desk, request).head


def test_its_entry_in_the_trail_holds_the_very_same_commitments(
    desk: Desk, mara: PatronRecord
) -> None:
    request, link = desk.asked(mara)
    desk.decide(link, evidence=EVIDENCE)

    receipt = only(desk, request)
    (line,) = desk.lines(request_id=request.request_id, action=Action.RECEIPT_ISSUED)
    ((_facts, opened),) = desk.read(
        lambda session: trail.opened(
            session, request_id=request.request_id, action=Action.RECEIPT_ISSUED
        )
    )

    assert {
        "reference": request.reference,
        "receipt": receipt.id,
        "body": hashed_body(receipt.body),
        "kid": "test-key",
    } == line.facts
    salts = {name: salt for name, _value, salt in opened}
    assert salts["email.new"] == receipt.fields[0].new.proofs["email"].salt
    assert desk.chain_is_whole()


def test_a_mixed_answer_is_one_receipt(desk: Desk, mara: PatronRecord) -> None:
    request = desk.propose(
        mara,
        changes={
            "phone": {"phone": "+1 212 555 0199"},
            "name": {"given_name": "Mara", "family_name": "Øster"},
        },
    )
    link = desk.claims(OLD)
    phone, name = (
        next(field.id for field in desk.view(request).fields if field.field == key)
        for key in ("phone", "name")
    )

    desk.run(
        decide.decide,
        claims=link,
        decision=Decision.APPROVE,
        answers={phone: Decision.REJECT, name: Decision.APPROVE},
        channel=ReviewChannel.PATRON_PAGE,
    )

    receipt = only(desk, request)
    assert ReceiptEvent.PARTLY_APPROVED is receipt.event
    assert {f.key: f.outcome for f in receipt.fields} == {"phone": "rejected", "name": "applied"}
    assert is_proof(receipt)


def test_two_answers_are_two_receipts_newest_first(desk: Desk, mara: PatronRecord) -> None:
    request = desk.propose(mara, changes=BOTH)
    new, old = desk.claims(NEW), desk.claims(OLD)
    phone = next(field.id for field in desk.view(request).fields if field.field == "phone")
    desk.decide(old, Decision.REJECT, field_ids=[phone])
    desk.clock.advance(timedelta(minutes=1))
    desk.decide(new)

    found = receipts(desk, request)

    assert [r.event for r in found] == [ReceiptEvent.APPROVED, ReceiptEvent.REJECTED]
    assert [r.reviewer for r in found] == ["proposed", "current"]
    lines = desk.read(lambda session: queries.lines_of_request(session, request.request_id))
    assert [(r.id, r.event, r.reviewer) for r in found] == [
        (line.id, line.event, line.reviewer) for line in lines
    ]
    assert len(receipts(desk, request, CURRENT)) == 2
    (own,) = receipts(desk, request, PROPOSED)
    assert found[0].id == own.id


@pytest.mark.parametrize("decision", [Decision.REJECT, Decision.OBJECT])
def test_a_no_leaves_one_too(desk: Desk, mara: PatronRecord, decision: Decision) -> None:
    request, link = desk.asked(mara)
    desk.decide(link, decision)

    receipt = only(desk, request)

    event = ReceiptEvent.REJECTED if decision is Decision.REJECT else ReceiptEvent.OBJECTED
    assert (event, "rejected") == (receipt.event, receipt.state)
    assert is_proof(receipt)


def test_an_objection_that_undoes_a_change_says_what_holds_again(
    desk: Desk, mara: PatronRecord
) -> None:
    request, link = desk.asked(mara)
    desk.decide(link)
    desk.clock.advance(timedelta(hours=1))
    desk.decide(desk.claims(OLD), Decision.OBJECT)

    newest, _first = receipts(desk, request)

    (field,) = newest.fields
    assert (
        newest.event,
        newest.state,
        newest.reviewer,
    ) == (ReceiptEvent.REVERTED, "reverted", "current")
    assert (field.is_revert, field.old.text, field.new.text) == (True, NEW, OLD)
    own = receipts(desk, request, CURRENT)[0].fields[0]
    assert (own.new.text, own.old.shown) == (OLD, Shown.MASKED)
    assert is_proof(newest)


def test_a_revert_by_staff_leaves_one_too(desk: Desk, mara: PatronRecord) -> None:
    request, link = desk.asked(mara)
    desk.decide(link)
    desk.clock.advance(timedelta(hours=1))
    desk.act(desk.owner, reverting.revert, reference=request.reference, reason="Wrong patron.")

    newest, _first = receipts(desk, request)

    assert (
        newest.event,
        newest.reviewer,
        newest.channel,
    ) == (ReceiptEvent.REVERTED, "staff", "crm")
    assert desk.owner.label == newest.actor
    assert "Wrong patron." not in newest.body
    assert is_proof(newest)


def test_a_change_confirmed_at_the_desk_leaves_one(desk: Desk, mara: PatronRecord) -> None:
    clerk, second = desk.staff("Cleo", Role.BOX_OFFICE), desk.staff("Max", Role.MANAGER)
    request = desk.act(
        clerk,
        at_desk.propose,
        patron_id=mara.id,
        changes={"email": {"email": NEW}},
        reason_code=ReasonCode.ASKED_AT_DESK,
        reason_text="",
        method=DeskMethod.IN_PERSON,
        note="Passport seen.",
        parsing=desk.context,
    )
    assert receipts(desk, request) == ()
    desk.act(second, at_desk.confirm, reference=request.reference)

    receipt = only(desk, request)

    assert (
        receipt.event,
        receipt.reviewer,
        receipt.state,
    ) == (ReceiptEvent.CONFIRMED_AT_DESK, "desk", "pending")
    assert f"{clerk.label}; {second.label}" == receipt.actor
    assert "Passport seen." not in receipt.body
    assert receipt.id == only(desk, request, PROPOSED).id
    assert is_proof(receipt)


def test_a_second_press_leaves_no_second_receipt(desk: Desk, mara: PatronRecord) -> None:
    request, link = desk.asked(mara)
    desk.decide(link)
    with pytest.raises(RequestEnded):
        desk.decide(link)
    objection = desk.claims(OLD)
    for _ in range(2):
        desk.decide(objection, Decision.OBJECT)

    assert len(receipts(desk, request)) == 2


def test_an_approval_that_came_too_late_to_be_true_decided_nothing(
    desk: Desk, mara: PatronRecord
) -> None:
    request, link = desk.asked(mara)
    desk.patron(email=NEW, given_name="Other")

    assert RequestState.WITHDRAWN is desk.decide(link)
    assert receipts(desk, request) == ()


def test_erased_values_leave_a_receipt_that_verifies(desk: Desk, mara: PatronRecord) -> None:
    request, link = desk.asked(mara)
    desk.decide(link, evidence=EVIDENCE)
    before = only(desk, request)
    erase(desk, mara)

    receipt = only(desk, request)

    assert receipt.is_erased
    assert before.body == receipt.body
    assert NEW not in json.dumps(document(receipt))
    assert is_proof(receipt)
    assert desk.chain_is_whole()


def erase(desk: Desk, patron: PatronRecord) -> None:
    """What an erasure does to the values behind the trail, by hand."""
    second = desk.staff("Sam", Role.OWNER)
    who = {"patron": patron.id, "first": desk.owner.id, "second": second.id}
    desk.arrange(
        "INSERT INTO erasure (id, patron_id, reason, requested_by, requested_label, requested_at) "
        "SELECT id, id, '', :first, 'Dana', created_at FROM patron WHERE id = :patron",
        who,
    )
    desk.arrange("UPDATE erasure SET confirmed_by = :second, confirmed_at = requested_at", who)
    desk.arrange(
        "DELETE FROM audit_value WHERE seq IN "
        "(SELECT seq FROM audit_entry WHERE patron_id = :patron)",
        who,
    )


def test_the_row_holds_no_personal_value(desk: Desk, mara: PatronRecord) -> None:
    _request, link = desk.asked(mara)
    desk.decide(link, evidence=EVIDENCE)

    (row,) = desk.dump()["receipt"]

    for text in (OLD, NEW, "Mara", "Smith", "192.0.2", "Browser 1", link.jti):
        assert text not in repr(row)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE receipt SET body = '{}'",
        "UPDATE receipt SET signature = 'x'",
        "DELETE FROM receipt",
        (
            "INSERT INTO receipt SELECT id, request_id, patron_id, reviewer, event, at, language, "
            "'{}', kid, signature FROM receipt"
        ),
    ],
)
def test_the_database_refuses_to_change_one(desk: Desk, mara: PatronRecord, statement: str) -> None:
    _request, link = desk.asked(mara)
    desk.decide(link)
    before = desk.dump()["receipt"]

    with pytest.raises(DBAPIError):
        desk.arrange(statement)

    assert before == desk.dump()["receipt"]


def test_a_link_to_receipts_decides_nothing(desk: Desk, mara: PatronRecord) -> None:
    request = desk.propose(mara, changes=BOTH)
    desk.decide(desk.claims(NEW))
    desk.deliver()
    links = [desk.codec.read(token) for to in (OLD, NEW) for token in desk.receipt_tokens(to)]
    assert {(Purpose.RECEIPT, Reviewer.CURRENT), (Purpose.RECEIPT, Reviewer.PROPOSED)} == {
        (link.purpose, link.reviewer) for link in links
    }
    before = desk.dump()

    for link in links:
        refuses(desk, link)

    assert before == desk.dump()
    assert RequestState.PENDING is desk.state(request)


def refuses(desk: Desk, link: LinkClaims) -> None:
    for decision in Decision:
        with pytest.raises(LinkRefused):
            desk.decide(link, decision)
    with pytest.raises(LinkRefused):
        desk.review(link)


def test_who_confirms_a_decision_sends_the_link_to_its_receipt(
    desk: Desk, mara: PatronRecord
) -> None:
    """In the mails of an applied and of a rejected change, for ninety days."""
    _request, link = desk.asked(mara)
    desk.decide(link)
    desk.deliver()
    (applied_old,), (applied_new,) = desk.receipt_tokens(OLD), desk.receipt_tokens(NEW)
    assert desk.now + days(90) == desk.codec.read(applied_new).expires_at
    assert Reviewer.CURRENT is desk.codec.read(applied_old).reviewer

    _request, link = desk.asked(mara, "other@example.org")
    desk.decide(link, Decision.REJECT)
    desk.deliver()

    assert len(desk.receipt_tokens("other@example.org")) == 1


def test_a_receipt_that_is_not_there_is_none(desk: Desk, mara: PatronRecord) -> None:
    request, link = desk.asked(mara)
    desk.decide(link)
    own = only(desk, request)

    def get(receipt_id: str) -> SeenReceipt | None:
        return desk.read(lambda session: queries.get(session, receipt_id, role=Role.OWNER))

    assert get(own.id) == own
    assert get("0" * 32) is None
    assert Channel.PATRON_PAGE.value == own.channel
