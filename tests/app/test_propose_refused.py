"""What a proposal refuses, how it reads what people type, and that it is all or nothing."""

from __future__ import annotations

import dataclasses

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from tests.support.factories import NEW, OLD, Desk, days, unchanged
from upstage_crm.audit.events import Channel
from upstage_crm.change_requests.model import errors
from upstage_crm.change_requests.model.rules import (
    Decision,
    ReasonCode,
    RequestState,
)
from upstage_crm.change_requests.notifications.notifier import Notifier
from upstage_crm.core.email_address import InvalidEmail
from upstage_crm.core.errors import Forbidden, UpstageError
from upstage_crm.core.text import InvalidText
from upstage_crm.mail.outbox import OUTBOX
from upstage_crm.patrons.errors import AddressTaken, InvalidValue, UnknownField, UnknownPatron
from upstage_crm.patrons.tables import PatronStatus
from upstage_crm.staff import accounts
from upstage_crm.staff.command_context import StaffContext
from upstage_crm.staff.roles import PERMISSIONS, Permission, Role

pytestmark = pytest.mark.each_database

ALLOWED = [role for role in Role if Permission.PROPOSE_CHANGE in PERMISSIONS[role]]
REFUSED = [role for role in Role if role not in ALLOWED]


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

    unchanged(desk, lambda: desk.propose(patron, same), errors.NothingToChange)


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

    unchanged(desk, lambda: desk.propose(patron, same), errors.NothingToChange)


def test_nothing_to_change_in_other_fields(desk: Desk) -> None:
    """Case 22 for a phone number and a name in decomposed accents."""
    patron = desk.patron(given_name="Zoë", phone="+1 212 555 0101")
    changes = {
        "phone": {"phone": "(212) 555-0101"},
        "name": {"given_name": "Zoe\u0308 ", "family_name": "Smith"},
    }

    unchanged(desk, lambda: desk.propose(patron, changes=changes), errors.NothingToChange)


def test_of_several_fields_only_the_changed_ones_are_asked(desk: Desk) -> None:
    patron = desk.patron(phone="+1 212 555 0101")

    request = desk.propose(patron, NEW, changes={"phone": {"phone": "212 555 0101"}})

    assert [field.field for field in desk.view(request).fields] == ["email"]


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
    desk.arrange("UPDATE patron SET email_verified_at = created_at")
    reason = (
        "<script>alert(1)</script> [click](https://evil.example/x) {{ 7 * 7 }} "
        "javascript:alert(1)\r\nSubject: hello\u202e"
    )

    request = desk.propose(patron, actor=eve, reason_text=reason)
    desk.decide(
        desk.claims(), Decision.REJECT, comment="<img src=x onerror=alert(1)> {{ 1337*1337 }}"
    )
    desk.deliver()

    assert RequestState.REJECTED is desk.state(request)
    assert {OLD, NEW, "eve@staff.example.org"} == {mail.to for mail in desk.mailbox.messages}
    for mail in desk.mailbox.messages:
        headers = [mail.from_, mail.to, mail.subject, mail.reply_to, *mail.headers.values()]
        assert not any(set("\r\n\x00") & set(header) for header in headers)
        for body in (mail.html, mail.text):
            assert "\u202e" not in body
            assert "1787569" not in body
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

    unchanged(desk, lambda: desk.propose(patron, reason_code=code, reason_text=words), kind)


def test_an_address_that_another_patron_has_is_refused(desk: Desk) -> None:
    """Cases 16 and 17: taken already, in any spelling; staff learn by whom."""
    patron = desk.patron()
    other = desk.patron(email="taken@example.org", given_name="Ole")

    error = unchanged(desk, lambda: desk.propose(patron, "TAKEN@example.org"), AddressTaken)

    assert other.number == error.facts["number"]


def test_an_address_proposed_for_another_patron_rests_for_30_days(desk: Desk) -> None:
    patron, other = desk.patron(), desk.patron(email="ole@example.org", given_name="Ole")
    first = desk.propose(other)
    desk.withdraw(first)

    error = unchanged(desk, lambda: desk.propose(patron), errors.AddressRecentlyProposed)

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

    unchanged(desk, lambda: desk.propose(own, actor=dana), errors.OwnRecord)


def test_a_staff_address_cannot_become_a_patrons(desk: Desk) -> None:
    """docs/rules.md, Refusals: a staff member's own address, in any spelling, while it signs in."""
    patron, rosa = desk.patron(), desk.staff("Rosa", Role.BOX_OFFICE)

    unchanged(desk, lambda: desk.propose(patron, "Rosa@STAFF.example.org"), errors.StaffAddress)

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
        unchanged(desk, lambda member=member: desk.propose(patron, actor=member), Forbidden)


def test_a_role_with_the_permission_proposes(desk: Desk) -> None:
    patron = desk.patron()

    for role in ALLOWED:
        member = desk.staff(role.value, role)
        assert desk.propose(patron, f"{role.value}@example.org", actor=member).is_new


@pytest.mark.parametrize("status", ["inactive", "deceased"])
def test_nobody_is_asked_about_a_patron_who_is_not_active(desk: Desk, status: str) -> None:
    """Case 19."""
    patron = desk.patron()
    desk.set_status(patron, PatronStatus(status))

    unchanged(desk, lambda: desk.propose(patron), errors.PatronInactive)


def test_a_field_without_anybody_to_ask_is_refused(desk: Desk) -> None:
    patron = desk.patron(email="")
    changes = {"phone": {"phone": "+1 212 555 0199"}}

    unchanged(desk, lambda: desk.propose(patron, changes=changes), errors.NoMailbox)


def test_what_makes_no_sense_is_refused(desk: Desk) -> None:
    """Property 8: a clear refusal and an unchanged database."""
    patron = desk.patron()
    ghost = dataclasses.replace(patron, id="0" * 32)

    unchanged(desk, lambda: desk.propose(patron, changes={}), errors.NothingProposed)
    unchanged(desk, lambda: desk.propose(patron, changes={"shoe": {"size": "44"}}), UnknownField)
    unchanged(desk, lambda: desk.propose(ghost), UnknownPatron)
    unchanged(desk, lambda: desk.propose(patron, changes={"phone": {"phone": "x"}}), InvalidValue)
    unchanged(
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
            assert session.execute(sa.select(sa.func.count()).select_from(OUTBOX)).scalar() == 2
            raise RuntimeError("power cut")

    assert before == desk.dump()
    assert desk.deliver() == []


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
    assert desk.deliver() == []


def _propose_in(desk: Desk, session: Session, patron_id: str, room: Notifier) -> None:
    from upstage_crm.change_requests.lifecycle import staff_commands

    staff_commands.propose(
        StaffContext(session=session, actor=desk.owner, notifier=room, now=desk.now),
        patron_id=patron_id,
        changes={"email": {"email": NEW}},
        reason_code=ReasonCode.ASKED_BY_PHONE,
        reason_text="",
        parsing=desk.context,
    )


def _refuse_inserts(desk: Desk, table: str) -> None:
    """Make the database refuse rows of one table, as a full disk would."""
    if desk.database.engine.dialect.name == "sqlite":
        desk.arrange(
            f"CREATE TRIGGER full BEFORE INSERT ON {table} "
            "BEGIN SELECT RAISE(ABORT, 'disk full'); END"
        )
        return
    desk.arrange(
        "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS "
        "$$BEGIN RAISE EXCEPTION 'disk full'; END$$"
    )
    desk.arrange(
        f"CREATE TRIGGER full_disk BEFORE INSERT ON {table} "
        "FOR EACH ROW EXECUTE FUNCTION full_disk()"
    )
