"""A sealed row that plain SQL wrote or altered does nothing: no mail, no session, no code."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import Session, SQLModel

from tests.support.engine import Engine
from tests.support.factories import NEW, OLD, unchanged
from tests.support.keyring import over
from tests.support.office import Office
from tests.support.town import Town, another
from upstage_crm.audit import seals, trail
from upstage_crm.audit.errors import RowNotProven
from upstage_crm.audit.proven_rows import SEALED
from upstage_crm.change_requests.lifecycle.staff_commands import Proposed
from upstage_crm.change_requests.model.rules import RequestState
from upstage_crm.change_requests.notifications import link_codes
from upstage_crm.core.clock import FrozenClock
from upstage_crm.core.db import Database
from upstage_crm.links.claims import FOR_STAFF, LinkClaims, Purpose, Reviewer, new_jti
from upstage_crm.mail import event_log, outbox
from upstage_crm.mail.message import Audience, MailKind
from upstage_crm.mail.outbox import NOTICE_NOT_SENT, OUTBOX
from upstage_crm.mail.placeholders import freeze_links
from upstage_crm.mail.samples import sample_draft
from upstage_crm.mail.sending.dispatcher import NOT_SEALED, WRONG_MAILBOX
from upstage_crm.staff import accounts
from upstage_crm.staff.auth import devices, second_factor, sessions
from upstage_crm.staff.auth.sessions import hash_of
from upstage_crm.staff.command_context import StaffContext
from upstage_crm.staff.roles import Role, StaffMember
from upstage_crm.team import invitations

pytestmark = pytest.mark.each_database

EVIL = "evil@example.net"


@pytest.fixture
def office(database: Database, clock: FrozenClock) -> Office:
    return Office(database, clock)


def insert(engine: Engine, table: str, row: Mapping[str, Any]) -> None:
    """Write a row as an attacker does, past every session."""
    with engine.database.engine.begin() as connection:
        connection.execute(sa.insert(SQLModel.metadata.tables[table]), dict(row))


def first(engine: Engine, table: str, where: str = "TRUE") -> dict[str, Any]:
    made = SQLModel.metadata.tables[table]
    query = sa.select(made).where(sa.text(where)).order_by(*made.primary_key)
    with engine.database.engine.connect() as connection:
        return dict(connection.execute(query).mappings().first() or {})


def test_every_frozen_column_is_under_the_seal(
    database: Database, clock: FrozenClock, tmp_path: Path
) -> None:
    """And none besides: a row goes on living with its seal."""
    town = Town(database, clock, tmp_path)
    for name, sealed in SEALED.items():
        row, table = town.sealed(name), SQLModel.metadata.tables[name]
        is_this = sa.and_(*(table.c[key] == row[key] for key in sealed.key))
        for column in table.columns:
            if column.name == "seal" or column.name in sealed.key:
                continue
            with database.engine.connect() as connection, over(connection) as session:
                changed = connection.scalar(sa.select(another(column)).where(is_this))
                held = seals.is_sealed(session, name, {**row, column.name: changed})
            assert held is (column.name not in sealed.frozen), column


def test_a_seal_holds_for_its_own_table_and_row_alone(town: Town) -> None:
    row = town.sealed("staff_session")
    with town.database.engine.connect() as connection, over(connection) as session:
        assert seals.is_sealed(session, "staff_session", row)
        assert not seals.is_sealed(session, "staff_session", {**row, "id": "f" * 64})
        assert not seals.is_sealed(session, "staff_session", {**row, "seal": None})
        assert not seals.is_sealed(session, "staff_session", {**row, "seal": "test-key:"})
        for kid in ("", "evil", "test-key-2"):
            seal = f"{kid}:{row['seal'].partition(':')[2]}"
            assert not seals.is_sealed(session, "staff_session", {**row, "seal": seal})


@pytest.fixture
def town(database: Database, clock: FrozenClock, tmp_path: Path) -> Town:
    return Town(database, clock, tmp_path)


# --- mails ----------------------------------------------------------------------------------------


def claims_for(
    engine: Engine, subject: str, purpose: Purpose, reviewer: Reviewer, version: int = 1
) -> LinkClaims:
    return LinkClaims(
        request_id=subject,
        purpose=purpose,
        reviewer=reviewer,
        version=version,
        jti=new_jti(),
        issued_at=engine.now,
        expires_at=engine.now + timedelta(days=1),
        kid=engine.codec.signing_kid,
    )


def links(engine: Engine, request: Proposed) -> list[LinkClaims]:
    """Every link that a forger would want: of each mailbox, of an owner, of an invitation."""
    owner = engine.owner.id
    of_request = [Purpose.DECISION, Purpose.OBJECTION, Purpose.RECEIPT]
    return [
        *(claims_for(engine, request.request_id, p, who) for p in of_request for who in Reviewer),
        *(claims_for(engine, owner, purpose, Reviewer.CURRENT, 0) for purpose in FOR_STAFF),
    ]


@pytest.mark.parametrize("seal", ["none", "copied", "made up"])
def test_an_inserted_mail_never_leaves(engine: Engine, seal: str) -> None:
    """With claims for any mailbox, or the password of an owner, and any recipient."""
    request = engine.propose(engine.patron())
    engine.deliver()
    mail = first(engine, "mail_outbox", "kind = 'decision_request'")
    seals_ = {"none": None, "copied": mail["seal"], "made up": f"test-key:{'0' * 64}"}
    for number, link in enumerate(links(engine, request)):
        mark = f"@@token:{link.purpose.value}:{number:032x}@@"
        payload = json.loads(mail["payload"]) | {"to": EVIL, "text": f"https://x/c/{mark}"}
        insert(
            engine,
            "mail_outbox",
            mail
            | {
                "id": f"{number:032x}",
                "dedupe_key": f"evil/{number}",
                "to_address": EVIL,
                "payload": json.dumps(payload),
                "links": freeze_links({link.purpose.value: link}),
                "state": "queued",
                "attempts": 0,
                "first_at": None,
                "settled_at": None,
                "seal": seals_[seal],
            },
        )

    assert engine.deliver() == []

    ended = engine.column("SELECT last_type FROM mail_outbox WHERE dedupe_key LIKE 'evil%'")
    assert set(ended) == {NOT_SEALED}
    assert len(ended) == len(links(engine, request))


# Words of ours, because a row with another one cannot even be read; and no notice to wait for.
OTHERS = {"kind": "change_notice", "audience": "staff", "after_id": None}


def test_a_queued_mail_that_was_altered_never_leaves(engine: Engine) -> None:
    """Whichever of its frozen columns it was."""
    for number, column in enumerate(SEALED["mail_outbox"].frozen):
        if column == "transport":
            continue  # there is no other one that this dispatcher takes
        patron = engine.patron(f"p{number}@example.com", "Pat")
        request = engine.propose(patron, f"new{number}@example.org")
        to = sa.literal(OTHERS[column]) if column in OTHERS else another(OUTBOX.c[column])
        is_its = (OUTBOX.c.request_id == request.request_id) & OUTBOX.c.after_id.is_not(None)
        with engine.database.engine.begin() as connection:
            mail_id = connection.scalar(sa.select(OUTBOX.c.id).where(is_its))
            change = {column: sa.type_coerce(to, OUTBOX.c[column].type)}
            connection.execute(sa.update(OUTBOX).where(OUTBOX.c.id == mail_id).values(change))

        engine.deliver()

        query = f"SELECT last_type FROM mail_outbox WHERE id = '{mail_id}'"
        assert engine.column(query) == [NOT_SEALED], column


def test_an_altered_recipient_gets_no_mail(engine: Engine) -> None:
    engine.propose(engine.patron())
    engine.forge(f"UPDATE mail_outbox SET to_address = '{EVIL}'")

    assert engine.deliver() == []
    ended = set(engine.column("SELECT last_type FROM mail_outbox"))
    assert ended == {NOT_SEALED, NOTICE_NOT_SENT}


def test_a_mail_that_took_the_place_of_ours_stops_the_command(engine: Engine) -> None:
    """Or the mailbox that is displaced would not be told: the key of its mail can be foreseen."""
    patron = engine.patron()
    former, link = engine.asked(patron)
    query = "SELECT dedupe_key FROM mail_outbox"
    before = engine.column(query)
    engine.decide(link)
    told = [key for key in engine.column(query) if key not in before]
    other = engine.patron("ole@example.com", "Ole")
    request, link = engine.asked(other, "ole.new@example.org")
    mail = first(engine, "mail_outbox")
    for number, key in enumerate(told):
        taken = key.replace(former.request_id, link.request_id)
        fresh = {"id": f"{number:032x}", "dedupe_key": taken, "after_id": None}
        insert(engine, "mail_outbox", mail | fresh)

    unchanged(engine, lambda: engine.decide(link), RowNotProven)

    assert engine.state(request) is RequestState.PENDING


@pytest.mark.parametrize("purpose", [Purpose.DECISION, Purpose.OBJECTION, Purpose.RECEIPT])
@pytest.mark.parametrize("reviewer", list(Reviewer))
def test_no_link_leaves_for_a_mailbox_that_it_is_not_for(
    engine: Engine, purpose: Purpose, reviewer: Reviewer
) -> None:
    """Though the row were sealed: a fault of ours must not become a token of another mailbox."""
    request = engine.propose(engine.patron())
    engine.deliver()
    link = claims_for(engine, request.request_id, purpose, reviewer)
    right = {Reviewer.CURRENT: OLD, Reviewer.PROPOSED: NEW}[reviewer]
    wrong = {OLD: NEW, NEW: OLD}[right]
    queue(engine, {right: link, wrong: link, EVIL: link})

    assert [mail.to for mail in engine.deliver()] == [right]

    ended = engine.column(
        f"SELECT last_type FROM mail_outbox WHERE to_address IN ('{wrong}', '{EVIL}') "
        "AND dedupe_key LIKE 'mine%'"
    )
    assert ended == [WRONG_MAILBOX, WRONG_MAILBOX]


@pytest.mark.parametrize("purpose", sorted(FOR_STAFF))
def test_no_link_to_an_account_leaves_for_another_mailbox(
    engine: Engine, office: Office, purpose: Purpose
) -> None:
    nia = "nia@staff.example.org"
    owner = engine.owner
    invited = engine.write(
        lambda session: invitations.invite(
            StaffContext(session=session, now=engine.now, notifier=office.post, actor=owner),
            email=nia,
            display_name="Nia",
            desk="",
            role=Role.OWNER,
        )
    )
    engine.deliver()
    is_password = purpose is Purpose.PASSWORD
    subject, right = (owner.id, "dana@staff.example.org") if is_password else (invited, nia)
    link = claims_for(engine, subject, purpose, Reviewer.CURRENT)
    queue(engine, {right: link, EVIL: link})

    assert [mail.to for mail in engine.deliver()] == [right]


def test_no_link_leaves_for_a_request_that_is_not_what_the_trail_says(engine: Engine) -> None:
    """The mailbox of a review is what the dispatcher compares with, so it is proven first."""
    request = engine.propose(engine.patron())
    link = claims_for(engine, request.request_id, Purpose.DECISION, Reviewer.PROPOSED)
    engine.forge(f"UPDATE review SET mailbox = '{EVIL}'", unguarded=True)
    queue(engine, {EVIL: link, NEW: link})

    assert engine.deliver() == []


def test_no_link_leaves_for_what_does_not_exist(engine: Engine) -> None:
    for purpose in Purpose:
        link = claims_for(engine, "f" * 32, purpose, Reviewer.CURRENT)
        queue(engine, {EVIL: link}, key=purpose.value)

    assert engine.deliver() == []


def queue(engine: Engine, mails: Mapping[str, LinkClaims], key: str = "") -> None:
    """Queue, sealed, a mail with this link to each address."""
    for address, link in mails.items():
        draft = replace(
            sample_draft(MailKind.DECISION_REQUEST, Audience.PROPOSED, at=engine.now),
            to_address=address,
            dedupe_key=f"mine/{key}{address}",
            links={link.purpose.value: link},
        )
        prepared = engine.room.composer.prepare(
            sample_draft(MailKind.DECISION_REQUEST, Audience.PROPOSED, at=engine.now),
            now=engine.now,
        )
        mail = replace(prepared, draft=draft, message=replace(prepared.message, to=address))
        engine.write(
            lambda session, mail=mail: outbox.enqueue_prepared(session, mail, now=engine.now)
        )


# --- what the provider said -----------------------------------------------------------------------


def test_an_event_that_the_provider_never_told_is_not_taken_over(engine: Engine) -> None:
    """It would end a request, and mark an address as not working."""
    engine.propose(engine.patron())
    (mail_id, *_rest) = engine.column("SELECT id FROM mail_outbox ORDER BY id")
    told = replace(engine.bounce_of(mail_id), outbox_id=None, provider_id="p-1")
    engine.write(lambda s: event_log.note(s, told, event_id="e-1", now=engine.now))
    event = first(engine, "mail_event")
    for number, seal in enumerate((None, event["seal"], f"test-key:{'0' * 64}")):
        fresh = {"id": f"forged-{number}", "provider_id": "p-2", "seal": seal}
        insert(engine, "mail_event", event | fresh)

    def caught_up(name: str) -> None:
        engine.write(
            lambda s: event_log.catch_up(s, mail_id=mail_id, provider_id=name, now=engine.now)
        )

    marks = "SELECT count(*) FROM mail_outbox WHERE bounced_at IS NOT NULL"
    caught_up("p-2")
    assert engine.scalar(marks) == 0
    caught_up("p-1")  # the control: what was told is
    assert engine.scalar(marks) == 1


# --- codes ----------------------------------------------------------------------------------------


def test_a_code_that_was_turned_to_another_mailbox_opens_nothing(engine: Engine) -> None:
    """The guards refuse this to the app's role; here it is the owner of the database."""
    patron = engine.patron()
    request, link = engine.asked(patron)
    (code,) = engine.codes_in(NEW)
    engine.forge(
        "DELETE FROM link_code WHERE reviewer = 'current'",
        "UPDATE link_code SET reviewer = 'current'",
        unguarded=True,
    )

    assert not engine.redeem(request, code)
    assert not engine.read_out(request, engine.owner, code)
    with pytest.raises(RowNotProven):
        engine.read(
            lambda s: link_codes.claims(
                s, request_id=link.request_id, reviewer=Reviewer.CURRENT, version=link.version
            )
        )
    assert link.reviewer is Reviewer.PROPOSED


# --- sessions and devices -------------------------------------------------------------------------


@pytest.fixture
def vic(office: Office) -> StaffMember:
    return office.staff("Vic", Role.BOX_OFFICE)


def test_a_session_that_was_inserted_signs_nobody_in(office: Office, vic: StaffMember) -> None:
    own = office.sign_in(vic)
    row = first_of(office, "staff_session")
    for number, seal in enumerate((None, row["seal"])):
        token = f"a token of the forger's, {number}"
        made = row | {"id": hash_of(token), "staff_id": office.owner.id, "seal": seal}
        with office.database.engine.begin() as connection:
            connection.execute(sa.insert(SQLModel.metadata.tables["staff_session"]), made)

        assert office.found(token) is None
    assert office.inside(own).member == vic


def first_of(office: Office, table: str) -> dict[str, Any]:
    made = SQLModel.metadata.tables[table]
    with office.database.engine.connect() as connection:
        return dict(connection.execute(sa.select(made)).mappings().one())


@pytest.mark.parametrize("column", SEALED["staff_session"].frozen)
def test_a_session_that_was_altered_signs_nobody_in(
    office: Office, vic: StaffMember, column: str
) -> None:
    """Another member, a factor that was never given, a life that begins later."""
    token, owner = office.sign_in(vic), office.owner
    assert office.found(token) is not None
    value = f"'{owner.id}'" if column == "staff_id" else "1"
    if column.endswith("_at"):
        value = f"'{office.now + timedelta(minutes=1)}'"

    office.forge(f"UPDATE staff_session SET {column} = {value}", unguarded=True)

    assert office.found(token) is None


def test_a_session_whose_account_began_another_epoch_is_dead_for_good(
    office: Office, vic: StaffMember
) -> None:
    token = office.sign_in(vic)

    def end(session: Session) -> None:
        accounts.end_sessions(session, vic.id, office.now)
        trail.record(session, [], now=office.now)

    office.write(end)
    office.forge("UPDATE staff_session SET ended_at = NULL", unguarded=True)

    assert office.found(token) is None


def test_a_session_that_was_turned_to_another_member_is_not_proven_into_a_new_one(
    office: Office, vic: StaffMember
) -> None:
    """It was found in one transaction; the forger writes before the next one seals it again."""
    token, owner = office.sign_in(vic), office.owner
    here = office.inside(token)
    office.forge(f"UPDATE staff_session SET staff_id = '{owner.id}'", unguarded=True)

    with pytest.raises(RowNotProven):
        office.write(lambda s: sessions.prove(s, here, with_factor=None, now=office.now))


def test_a_session_that_was_altered_is_not_sealed_again_with_a_new_factor(
    office: Office, vic: StaffMember
) -> None:
    token, owner = office.sign_in(vic), office.owner
    here = office.inside(token)
    secret = office.write(
        lambda s: second_factor.start_app(s, here, sealer=office.sealer, now=office.now)
    )
    office.forge(f"UPDATE staff_session SET staff_id = '{owner.id}'", unguarded=True)

    with pytest.raises(RowNotProven):
        office.write(
            lambda s: second_factor.confirm_app(
                s, here, code=office.code(secret), sealer=office.sealer, now=office.now
            )
        )


def test_a_device_that_was_inserted_is_not_known(office: Office, vic: StaffMember) -> None:
    """It would be let past the limit of wrong passwords, and no mail would tell of it."""
    own = office.write(
        lambda s: devices.recognise(s, staff_id=vic.id, token="", now=office.now)
    ).token
    row, token = first_of(office, "staff_device"), "a token of the forger's"
    for device, staff_id in ((token, vic.id), (own, office.owner.id)):
        made = row | {"device": hash_of(device), "staff_id": staff_id}
        with office.database.engine.begin() as connection:
            connection.execute(sa.insert(SQLModel.metadata.tables["staff_device"]), made)

        assert not is_known(office, staff_id, device)
    assert is_known(office, vic.id, own)


def is_known(office: Office, staff_id: str, device: str) -> bool:
    return office.read(lambda s: devices.is_known(s, staff_id=staff_id, token=device))
