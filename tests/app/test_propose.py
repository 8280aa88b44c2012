"""What a proposal writes, what it asks, and what refuses it."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from tests.support.factories import NEW, OLD, Desk, days, kinds_to, together
from upstage_crm.audit.events import Action, ActorKind, Channel
from upstage_crm.change_requests import errors
from upstage_crm.change_requests.commands import Proposed
from upstage_crm.change_requests.mails import Mailroom
from upstage_crm.change_requests.rules import (
    Decision,
    FieldOutcome,
    ReasonCode,
    RequestState,
)
from upstage_crm.core.email_address import InvalidEmail
from upstage_crm.core.errors import Forbidden, UpstageError
from upstage_crm.core.text import InvalidText
from upstage_crm.links.claims import Reviewer
from upstage_crm.mail.outbox import OUTBOX
from upstage_crm.patrons.errors import AddressTaken, InvalidValue, UnknownField, UnknownPatron
from upstage_crm.patrons.fields import PROTECTED_COLUMNS
from upstage_crm.staff import accounts
from upstage_crm.staff.roles import PERMISSIONS, Permission, Role

ALLOWED = [role for role in Role if Permission.PROPOSE_CHANGE in PERMISSIONS[role]]
REFUSED = [role for role in Role if role not in ALLOWED]


def refused(desk: Desk, command: Callable[[], object], kind: type[UpstageError]) -> UpstageError:
    """Run a command that must refuse, and see that it wrote nothing at all."""
    before = desk.dump()
    with pytest.raises(kind) as caught:
        command()
    assert before == desk.dump()
    return caught.value


def test_when_nothing_is_clicked_nothing_changes(desk: Desk) -> None:
    """Case 1: the current email and every other column of the patron stay as they were."""
    patron = desk.patron(phone="+1 212 555 0101")
    before = desk.dump()["patron"]

    request = desk.propose(patron)
    desk.deliver()
    desk.review(desk.claims())
    desk.clock.advance(days(6.9))

    assert before == desk.dump()["patron"]
    assert RequestState.PENDING is desk.state(request)


def test_a_proposal_is_one_pending_row_with_all_that_it_rests_on(desk: Desk) -> None:
    """Case 2: proposer, reason, old and new value, reviewer, expiry."""
    patron = desk.patron()

    request = desk.propose(
        patron, reason_code=ReasonCode.ASKED_AT_DESK, reason_text="She stood before me."
    )

    view = desk.view(request)
    assert RequestState.PENDING is view.state
    assert (desk.owner.id, "Dana, box office") == (view.proposer_id, view.proposer_label)
    assert (ReasonCode.ASKED_AT_DESK, "She stood before me.") == (
        view.reason_code,
        view.reason_text,
    )
    assert desk.now + timedelta(days=7) == view.expires_at
    (field,) = view.fields
    assert (OLD, NEW) == (field.now, field.proposed)
    assert ((Reviewer.PROPOSED,), (NEW,)) == (field.reviewers, field.mailboxes)
    assert FieldOutcome.PENDING is field.outcome
    assert 1 == desk.scalar("SELECT count(*) FROM field_change")


def test_a_proposal_is_one_mail_to_each_side(desk: Desk) -> None:
    """Case 2: one decision mail to the new address, one notice to the old one."""
    desk.propose(desk.patron())

    delivered = desk.deliver()

    assert [("change_notice", OLD), ("decision_request", NEW)] == kinds_to(delivered)
    assert [] == desk.deliver()


def test_the_decision_mail_waits_for_the_notice(desk: Desk) -> None:
    """DESIGN 3: the decision mail leaves only after the notice was accepted."""
    desk.propose(desk.patron())

    desk.deliver()

    assert [OLD, NEW] == [mail.to for mail in desk.mailbox.messages]


def test_a_first_email_asks_the_proposed_address_alone(desk: Desk) -> None:
    desk.propose(desk.patron(email=""))

    assert [("decision_request", NEW)] == kinds_to(desk.deliver())


def test_a_bounced_current_address_is_not_written_to(desk: Desk) -> None:
    patron = desk.patron()
    desk.run("UPDATE patron SET email_bounced_at = created_at")

    desk.propose(patron)

    assert [("decision_request", NEW)] == kinds_to(desk.deliver())


def test_other_fields_ask_the_current_address(desk: Desk) -> None:
    request = desk.propose(desk.patron(), changes={"phone": {"phone": "+1 212 555 0199"}})

    (field,) = desk.view(request).fields
    assert ((Reviewer.CURRENT,), (OLD,)) == (field.reviewers, field.mailboxes)
    assert [("decision_request", OLD)] == kinds_to(desk.deliver())


def test_the_trail_says_who_proposed_what_through_which_door(desk: Desk) -> None:
    """Case 41: actor, channel, reason, old and new."""
    patron = desk.patron()

    request = desk.propose(patron, reason_text="She rang.")

    line = desk.lines(request_id=request.request_id)[-1]
    assert Action.REQUEST_PROPOSED is line.action
    assert (ActorKind.STAFF, "Dana, box office") == (line.actor.kind, line.actor.label)
    assert Channel.CRM is line.channel
    assert patron.id == line.patron_id
    assert {"reason": "She rang.", "email.old": OLD, "email.new": NEW} == line.values
    assert "asked_by_phone" == line.facts["reason"]
    assert request.reference == line.facts["reference"]


def test_a_newer_proposal_takes_the_place_of_the_older_one(desk: Desk) -> None:
    """Case 13: link 1 is dead and says "superseded", link 2 confirms only value 2."""
    patron = desk.patron()
    first, first_link = desk.asked(patron, "one@example.org")

    second, second_link = desk.asked(patron, "two@example.org")

    assert RequestState.SUPERSEDED is desk.state(first)
    assert "superseded" == desk.review(first_link).phase
    with pytest.raises(errors.RequestEnded) as caught:
        desk.decide(first_link)
    assert RequestState.SUPERSEDED is caught.value.facts["state"]
    assert OLD == desk.email(patron)
    assert RequestState.APPROVED is desk.decide(second_link)
    assert "two@example.org" == desk.email(patron)
    assert Action.REQUEST_SUPERSEDED in desk.actions(request_id=first.request_id)
    assert RequestState.APPROVED is desk.state(second)


def test_a_superseded_request_sends_nothing_more(desk: Desk) -> None:
    patron = desk.patron()
    desk.propose(patron, "one@example.org")

    desk.propose(patron, "two@example.org")

    delivered = {mail.to for mail in desk.deliver()}
    assert {OLD, "two@example.org"} == delivered


def test_a_colleague_whose_request_was_superseded_is_told(desk: Desk) -> None:
    patron, rosa = desk.patron(), desk.staff("Rosa", Role.BOX_OFFICE)
    first = desk.propose(patron, "one@example.org", actor=rosa)

    desk.propose(patron, "two@example.org")

    assert [("staff_outcome", "rosa@staff.example.org")] == desk.told(first)


def test_one_field_may_be_superseded_while_another_stays(desk: Desk) -> None:
    patron = desk.patron()
    changes = {"email": {"email": NEW}, "phone": {"phone": "+1 212 555 0199"}}
    first = desk.propose(patron, changes=changes)

    desk.propose(patron, "two@example.org")

    outcomes = {field.field: field.outcome for field in desk.view(first).fields}
    assert {"email": FieldOutcome.SUPERSEDED, "phone": FieldOutcome.PENDING} == outcomes
    assert RequestState.PENDING is desk.state(first)


@pytest.mark.parametrize("spelling", [NEW, "MARA.NEW@example.org", f"  {NEW} "])
def test_the_same_value_twice_is_one_request_and_one_mail(desk: Desk, spelling: str) -> None:
    """Case 15: also by another member of staff, also in another spelling."""
    patron, rosa = desk.patron(), desk.staff("Rosa", Role.BOX_OFFICE)
    first = desk.propose(patron)
    before = desk.dump()

    second = desk.propose(patron, spelling, actor=rosa)

    assert Proposed(request_id=first.request_id, reference=first.reference, is_new=False) == second
    assert before == desk.dump()
    assert 1 == len([mail for mail in desk.deliver() if mail.to == NEW])


def test_the_same_value_after_time_ran_out_is_a_new_request(desk: Desk) -> None:
    """A request that nobody can answer any more must not swallow a new proposal."""
    patron = desk.patron()
    first = desk.propose(patron)
    desk.clock.advance(days(7))

    second = desk.propose(patron)

    assert second.is_new
    assert first.reference != second.reference
    assert RequestState.APPROVED is desk.decide(desk.claims())
    assert NEW == desk.email(patron)


def test_two_staff_propose_the_same_at_one_moment(desk: Desk) -> None:
    """Case 15, concurrently."""
    patron, rosa, dana = desk.patron(), desk.staff("Rosa", Role.BOX_OFFICE), desk.owner

    results = together(
        lambda: desk.propose(patron, actor=rosa), lambda: desk.propose(patron, actor=dana)
    )

    assert [False, True] == sorted(r.is_new for r in results if isinstance(r, Proposed))
    assert 1 == desk.scalar("SELECT count(*) FROM change_request")
    assert 1 == len([mail for mail in desk.deliver() if mail.to == NEW])
    assert desk.chain_is_whole()


def test_two_staff_propose_different_values_at_one_moment(desk: Desk) -> None:
    """Case 14: no token ever confirms a value that it was not issued for."""
    patron, rosa, dana = desk.patron(), desk.staff("Rosa", Role.BOX_OFFICE), desk.owner

    together(
        lambda: desk.propose(patron, "one@example.org", actor=rosa),
        lambda: desk.propose(patron, "two@example.org", actor=dana),
    )

    assert 1 == desk.scalar("SELECT count(*) FROM field_change WHERE outcome = 'pending'")
    desk.deliver()
    asked = {to for kind, to in kinds_to(desk.mailbox.messages) if kind == "decision_request"}
    assert 1 == len(asked)
    (winner,) = asked
    desk.decide(desk.claims(winner))
    assert winner == desk.email(patron)
    assert desk.chain_is_whole()


@pytest.mark.parametrize(
    "same",
    [
        OLD,
        "MARA@EXAMPLE.COM",
        "  mara@example.com\t",
        "mara@example\uff0ecom",
        "\u00a0Mara@example.com",
    ],
)
def test_the_current_value_again_is_nothing_to_change(desk: Desk, same: str) -> None:
    """Case 22: also after trimming, folding case and compatibility characters."""
    patron = desk.patron()

    refused(desk, lambda: desk.propose(patron, same), errors.NothingToChange)


@pytest.mark.parametrize(
    ("held", "same"),
    [
        ("mara@bücher.example", "mara@xn--bcher-kva.example"),
        ("mara@bücher.example", "mara@bu\u0308cher.example"),
        ("mara@bücher.example", "MARA@BÜCHER.example"),
    ],
)
def test_another_spelling_of_the_domain_is_nothing_to_change(
    desk: Desk, held: str, same: str
) -> None:
    """Cases 22 and 23: NFC, NFD, capitals and punycode are one domain."""
    patron = desk.patron(email=held)

    refused(desk, lambda: desk.propose(patron, same), errors.NothingToChange)


def test_nothing_to_change_in_other_fields(desk: Desk) -> None:
    """Case 22 for a phone number and a name in decomposed accents."""
    patron = desk.patron(given_name="Zoë", phone="+1 212 555 0101")
    changes = {
        "phone": {"phone": "(212) 555-0101"},
        "name": {"given_name": "Zoe\u0308 ", "family_name": "Smith"},
    }

    refused(desk, lambda: desk.propose(patron, changes=changes), errors.NothingToChange)


def test_of_several_fields_only_the_changed_ones_are_asked(desk: Desk) -> None:
    patron = desk.patron(phone="+1 212 555 0101")

    request = desk.propose(patron, NEW, changes={"phone": {"phone": "212 555 0101"}})

    assert ["email"] == [field.field for field in desk.view(request).fields]


@pytest.mark.parametrize(
    ("asked", "sent"),
    [
        ("Mara+Tag@Example.org", "Mara+Tag@example.org"),
        ("m.a.r.a@example.org", "m.a.r.a@example.org"),
        ("mara@bücher.example", "mara@xn--bcher-kva.example"),
        ("mara@\u212aelvin.example", "mara@kelvin.example"),
        (f"{'a' * 64}@example.org", f"{'a' * 64}@example.org"),
    ],
)
def test_mail_goes_to_the_stored_string(desk: Desk, asked: str, sent: str) -> None:
    """Cases 23 and 24: tags and dots stay, the local part keeps its case."""
    desk.propose(desk.patron(), asked)

    assert [sent] == [mail.to for mail in desk.deliver() if mail.to != OLD]


NO_ADDRESSES = [
    "mara@example.org\r\nBcc: evil@example.org",
    "mara@example.org\nevil@example.org",
    "mara@example.org,evil@example.org",
    "mara@example.org\x00",
    "<mara@example.org>",
    "Mara <mara@example.org>",
    "=?utf-8?q?mara?=@example.org",
    '"ma ra"@example.org',
    "mara\u200b@example.org",
    "mara\u200f@example.org",
    "mar\u0131@example.org",
    "mar\u212a@example.org",
    "mara@[127.0.0.1]",
    "mara@127.0.0.1",
    "mara@example.org.",
    f"{'a' * 65}@example.org",
    f"mara@{'a' * 60}.{'b' * 60}.{'c' * 60}.{'d' * 60}.example.org",
    "mara",
    "",
    "mara@@example.org",
    "mara@localhost",
]


def test_an_address_that_is_none_is_refused(desk: Desk) -> None:
    """Cases 23 to 25: no header, no second recipient, nothing written."""
    patron = desk.patron()
    before = desk.dump()

    for address in NO_ADDRESSES:
        with pytest.raises(InvalidEmail):
            desk.propose(patron, changes={"email": {"email": address}})

    assert before == desk.dump()


def test_header_injection_and_markup_stay_inert_text(desk: Desk) -> None:
    """Cases 25 and 26: name, staff name and reason can neither add a header nor carry a link."""
    desk.staff("Dana", Role.OWNER, email="second@staff.example.org")
    eve = desk.staff("Eve", Role.MANAGER)
    eve = dataclasses.replace(eve, display_name="Eve\r\nBcc: x@evil.example")
    patron = desk.patron(given_name="Mara\u202e", family_name="O'Brien, Jr.")
    desk.run("UPDATE patron SET email_verified_at = created_at")
    reason = (
        "<script>alert(1)</script> [click](https://evil.example/x) {{ 7 * 7 }} "
        "javascript:alert(1)\r\nSubject: hello\u202e"
    )

    request = desk.propose(patron, actor=eve, reason_text=reason)
    desk.decide(desk.claims(), Decision.REJECT, comment="<img src=x onerror=alert(1)> {{ 7*7 }}")
    desk.deliver()

    assert RequestState.REJECTED is desk.state(request)
    assert {OLD, NEW, "eve@staff.example.org"} == {mail.to for mail in desk.mailbox.messages}
    for mail in desk.mailbox.messages:
        headers = [mail.from_, mail.to, mail.subject, mail.reply_to, *mail.headers.values()]
        assert not any(set("\r\n\x00") & set(header) for header in headers)
        for body in (mail.html, mail.text):
            assert "\u202e" not in body
            assert "49" not in body.replace(desk.now.isoformat(), "")
            assert "https://evil.example" not in body
            assert "javascript:" not in body
        assert "<script>alert" not in mail.html
        assert "<img src=x" not in mail.html
        assert 'href="https://evil' not in mail.html


@pytest.mark.parametrize(
    ("code", "words", "kind"),
    [
        (ReasonCode.OTHER, "", errors.ReasonMissing),
        (ReasonCode.OTHER, " \u200b\n ", errors.ReasonMissing),
        (ReasonCode.ASKED_BY_PHONE, "x" * 501, InvalidText),
        (ReasonCode.ASKED_BY_PHONE, "card 4111 1111 1111 1111", InvalidText),
    ],
)
def test_a_reason_that_cannot_stand_is_refused(
    desk: Desk, code: ReasonCode, words: str, kind: type[UpstageError]
) -> None:
    """Cases 26 and 27: capped in length; no payment card number."""
    patron = desk.patron()

    refused(desk, lambda: desk.propose(patron, reason_code=code, reason_text=words), kind)


def test_an_address_that_another_patron_has_is_refused(desk: Desk) -> None:
    """Cases 16 and 17: taken already, in any spelling; staff learn by whom."""
    patron = desk.patron()
    other = desk.patron(email="taken@example.org", given_name="Ole")

    error = refused(desk, lambda: desk.propose(patron, "TAKEN@example.org"), AddressTaken)

    assert other.number == error.facts["number"]


def test_an_address_proposed_for_another_patron_rests_for_30_days(desk: Desk) -> None:
    patron, other = desk.patron(), desk.patron(email="ole@example.org", given_name="Ole")
    first = desk.propose(other)
    desk.withdraw(first)

    error = refused(desk, lambda: desk.propose(patron), errors.AddressRecentlyProposed)

    assert first.reference == error.facts["reference"]
    desk.clock.advance(days(30))
    assert desk.propose(patron).is_new


def test_an_owner_may_skip_the_rest_of_an_address(desk: Desk) -> None:
    patron, other = desk.patron(), desk.patron(email="ole@example.org", given_name="Ole")
    desk.propose(other)

    assert desk.propose(patron, override=True).is_new
    assert desk.lines()[-1].facts["override"] is True


def test_staff_cannot_propose_for_themselves(desk: Desk) -> None:
    """Case 42: a member's own patron record is a colleague's business."""
    dana = desk.owner
    own = desk.patron(email="dana@staff.example.org", given_name="Dana")

    refused(desk, lambda: desk.propose(own, actor=dana), errors.OwnRecord)


def test_a_staff_address_cannot_become_a_patrons(desk: Desk) -> None:
    """DESIGN 3: refused is a staff member's own address, in any spelling, while it signs in."""
    patron, rosa = desk.patron(), desk.staff("Rosa", Role.BOX_OFFICE)

    refused(desk, lambda: desk.propose(patron, "Rosa@STAFF.example.org"), errors.StaffAddress)

    desk.write(
        lambda session: accounts.disable(
            session,
            email=f"{rosa.display_name}@staff.example.org",
            actor=desk.owner.as_actor(),
            channel=Channel.CRM,
            now=desk.now,
        )
    )
    assert desk.propose(patron, "rosa@staff.example.org").is_new


def test_a_role_without_the_permission_proposes_nothing(desk: Desk) -> None:
    """Case 42."""
    patron = desk.patron()

    for role in REFUSED:
        member = desk.staff(role.value, role)
        refused(desk, lambda member=member: desk.propose(patron, actor=member), Forbidden)


def test_a_role_with_the_permission_proposes(desk: Desk) -> None:
    patron = desk.patron()

    for role in ALLOWED:
        member = desk.staff(role.value, role)
        assert desk.propose(patron, f"{role.value}@example.org", actor=member).is_new


@pytest.mark.parametrize("status", ["inactive", "deceased"])
def test_nobody_is_asked_about_a_patron_who_is_not_active(desk: Desk, status: str) -> None:
    """Case 19."""
    patron = desk.patron()
    desk.run("UPDATE patron SET status = :status", {"status": status})

    refused(desk, lambda: desk.propose(patron), errors.PatronInactive)


def test_a_field_without_anybody_to_ask_is_refused(desk: Desk) -> None:
    patron = desk.patron(email="")
    changes = {"phone": {"phone": "+1 212 555 0199"}}

    refused(desk, lambda: desk.propose(patron, changes=changes), errors.NoMailbox)


def test_what_makes_no_sense_is_refused(desk: Desk) -> None:
    """Property 8: a clear refusal and an unchanged database."""
    patron = desk.patron()
    ghost = dataclasses.replace(patron, id="0" * 32)

    refused(desk, lambda: desk.propose(patron, changes={}), errors.NothingProposed)
    refused(desk, lambda: desk.propose(patron, changes={"shoe": {"size": "44"}}), UnknownField)
    refused(desk, lambda: desk.propose(ghost), UnknownPatron)
    refused(desk, lambda: desk.propose(patron, changes={"phone": {"phone": "x"}}), InvalidValue)
    refused(
        desk,
        lambda: desk.propose(patron, changes={"name": {"given_name": "<b>", "family_name": ""}}),
        InvalidValue,
    )


def test_a_failure_before_the_commit_leaves_neither_row_nor_mail(desk: Desk) -> None:
    """Case 34: request, mail and trail are one transaction."""
    patron = desk.patron()
    before = desk.dump()

    with pytest.raises(RuntimeError, match="power cut"):  # noqa: PT012, SIM117
        with desk.database.transaction() as session:
            _propose_in(desk, session, patron.id, desk.room)
            assert 2 == session.execute(sa.select(sa.func.count()).select_from(OUTBOX)).scalar()
            raise RuntimeError("power cut")

    assert before == desk.dump()
    assert [] == desk.deliver()


def test_a_mail_that_cannot_be_written_leaves_no_request(desk: Desk) -> None:
    """Case 34, the reverse: a database that refuses the mail refuses the request too."""
    patron = desk.patron()
    _refuse_inserts(desk, "mail_outbox")
    before = desk.dump()

    with pytest.raises(DBAPIError, match="disk full"):
        desk.propose(patron)

    assert before == desk.dump()


def test_a_trail_that_cannot_be_written_leaves_no_request_and_no_mail(desk: Desk) -> None:
    patron = desk.patron()
    _refuse_inserts(desk, "audit_entry")
    before = desk.dump()

    with pytest.raises(DBAPIError, match="disk full"):
        desk.propose(patron)

    assert before == desk.dump()
    assert [] == desk.deliver()


def test_the_row_keeps_every_column_of_the_value(desk: Desk) -> None:
    """Old and new values stand in the field change, derived keys included, nothing else."""
    desk.propose(desk.patron())

    row = desk.dump()["field_change"][0]

    values = [json.loads(column) for column in row if str(column).startswith("{")]
    assert [
        {"email": OLD, "email_key": OLD},
        {"email": NEW, "email_key": NEW},
    ] == values
    assert set(values[0]) & set(PROTECTED_COLUMNS) == {"email"}


def _propose_in(desk: Desk, session: Session, patron_id: str, room: Mailroom) -> None:
    from upstage_crm.change_requests import commands

    commands.propose(
        session,
        actor=desk.owner,
        patron_id=patron_id,
        changes={"email": {"email": NEW}},
        reason_code=ReasonCode.ASKED_BY_PHONE,
        reason_text="",
        context=desk.context,
        mailroom=room,
        now=desk.now,
    )


def _refuse_inserts(desk: Desk, table: str) -> None:
    """Make the database refuse rows of one table, as a full disk would."""
    if desk.database.engine.dialect.name == "sqlite":
        desk.run(
            f"CREATE TRIGGER full BEFORE INSERT ON {table} "
            "BEGIN SELECT RAISE(ABORT, 'disk full'); END"
        )
        return
    desk.run(
        "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS "
        "$$BEGIN RAISE EXCEPTION 'disk full'; END$$"
    )
    desk.run(
        f"CREATE TRIGGER full_disk BEFORE INSERT ON {table} "
        "FOR EACH ROW EXECUTE FUNCTION full_disk()"
    )
