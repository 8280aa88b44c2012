"""The trail notices every byte that moved, and keeps its order under many writers."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from tests.support.engine import Engine
from tests.support.factories import NEW, OLD, Desk, days, together
from tests.support.keyring import OTHER_RING, RING, over, rotate
from tests.support.office import Office
from tests.support.sales_story import OF_SALES, sales
from upstage_crm.admin.audit import rows
from upstage_crm.admin.timeline import timeline_entries
from upstage_crm.audit import trail
from upstage_crm.audit.events import OPERATOR, Action, AuditEvent, Channel
from upstage_crm.audit.guards import triggers
from upstage_crm.audit.signing import KeyRing
from upstage_crm.audit.tables import AuditEntryRow, AuditValueRow
from upstage_crm.audit.trail import Broken
from upstage_crm.change_requests.lifecycle import resend_mail, scheduled, teamwork
from upstage_crm.change_requests.model.policy import DEFAULT, Asked, FieldPolicy
from upstage_crm.change_requests.model.rules import Decision, RequestState
from upstage_crm.change_requests.model.thresholds import Thresholds
from upstage_crm.core.clock import FrozenClock
from upstage_crm.core.db import Database
from upstage_crm.inventory import house_holds, seatings
from upstage_crm.links.claims import Reviewer
from upstage_crm.links.codec import LinkCodec, LinkKey
from upstage_crm.mail.provider_events import EventKind
from upstage_crm.mail.sending import send_gate
from upstage_crm.organisation import settings
from upstage_crm.patrons import commands, reveals
from upstage_crm.patrons.tables import PatronStatus
from upstage_crm.patrons.views import PatronRecord
from upstage_crm.patrons.visibility import EVERYTHING
from upstage_crm.privacy import erasure, held_data
from upstage_crm.programme import commands as programme
from upstage_crm.programme import copying, performances, pictures, translations
from upstage_crm.programme.picture_reading import Picture
from upstage_crm.programme.prices import price_lists, price_types, window_commands
from upstage_crm.programme.prices.price_lists import NewPrices
from upstage_crm.programme.prices.views import Audience, Cell, SaleChannel
from upstage_crm.programme.prices.window_commands import NewWindow
from upstage_crm.programme.prices.zones import zones_of_event
from upstage_crm.proof.watch import Watch, Witness
from upstage_crm.staff import accounts, member_admin
from upstage_crm.staff.auth import devices, second_factor, security, sessions
from upstage_crm.staff.auth.security import SecurityPolicy
from upstage_crm.staff.command_context import CommandContext
from upstage_crm.staff.roles import Role
from upstage_crm.team import invitations, offboarding, password_reset
from upstage_crm.venues import commands as venues
from upstage_crm.venues import plans, seating_file
from upstage_crm.venues.design import FIELDS

pytestmark = pytest.mark.each_database

# Another legal value: an illegal one could not even be read.
OTHERWISE = {
    "at": "'2001-01-01 00:00:00.000000'",
    "actor_kind": "'outsider'",
    "channel": "'demo'",
    "action": "'staff.signed_out'",
    "covers": "coalesce(covers, 0) + 1",
}
ENTRY = sa.inspect(AuditEntryRow).local_table
VALUE = sa.inspect(AuditValueRow).local_table


def story(desk: Desk) -> None:
    """Leave a trail of a dozen entries with values."""
    patron = desk.patron(phone="+1 212 555 0101")
    desk.decide(desk.asked(patron)[1])


def broken(desk: Desk, ring: KeyRing = RING) -> Broken | None:
    return desk.read(lambda session: trail.verify(session, public_keys=ring.public_keys))


def tamper(desk: Desk, *statements: str) -> Broken | None:
    """Say what `verify` finds after SQL by an attacker who may drop guards; then undo it all."""
    with desk.owned.connect() as connection, connection.begin() as transaction:
        triggers.drop(connection)
        for statement in statements:
            connection.exec_driver_sql(statement)
        with over(connection) as session:
            found = trail.verify(session, public_keys=RING.public_keys)
        transaction.rollback()
    return found


def test_an_untouched_trail_verifies(desk: Desk) -> None:
    assert broken(desk) is None
    story(desk)

    assert broken(desk) is None
    assert desk.entries == desk.read(trail.head_seq)


def test_one_changed_byte_in_any_column_is_found_and_named(desk: Desk) -> None:
    """Property 6: every column of an entry, the first, one in the middle and the last."""
    story(desk)
    last = desk.read(trail.head_seq)
    for seq in (1, 3, last):
        for column in ENTRY.columns:
            name = column.name
            if name == "seq":
                continue
            flipped = OTHERWISE.get(
                name, f"coalesce(substr({name}, 1, length({name}) - 1), '') || 'x'"
            )
            found = tamper(desk, f"UPDATE audit_entry SET {name} = {flipped} WHERE seq = {seq}")
            assert found is not None, name
            assert seq == found.seq, (name, found)


def test_a_word_that_is_none_of_ours_is_found_and_named(desk: Desk) -> None:
    """A tampered kind, channel or action breaks the chain, not the one who verifies it."""
    story(desk)
    for column in ("actor_kind", "channel", "action"):
        found = tamper(desk, f"UPDATE audit_entry SET {column} = 'nonsense' WHERE seq = 3")

        assert Broken(3, "hash") == found


def test_one_changed_byte_in_a_value_is_found_and_named(desk: Desk) -> None:
    story(desk)
    seq = desk.scalar("SELECT min(seq) FROM audit_value")
    for column in VALUE.columns:
        if column.name == "seq":
            continue
        shorter = f"substr({column.name}, 1, length({column.name}) - 1)"
        flipped = f"UPDATE audit_value SET {column.name} = {shorter} || 'x'"
        found = tamper(desk, f"{flipped} WHERE seq = {seq}")

        assert Broken(seq, "value") == found, column.name
    invented = f"INSERT INTO audit_value (seq, name, value, salt) VALUES ({seq}, 'x', 'y', 'z')"
    assert Broken(seq, "value") == tamper(desk, invented)


def test_a_missing_an_extra_and_a_moved_entry_are_found(desk: Desk) -> None:
    story(desk)
    last = desk.read(trail.head_seq)
    beside = "DELETE FROM recorded_row", "DELETE FROM audit_value"

    assert Broken(2, "missing") == tamper(desk, *beside, "DELETE FROM audit_entry WHERE seq = 2")
    assert Broken(last, "head") == tamper(
        desk, *beside, f"DELETE FROM audit_entry WHERE seq = {last}"
    )
    copied = ", ".join(c.name for c in ENTRY.columns if c.name not in ("seq", "hash"))
    forged = (
        f"INSERT INTO audit_entry (seq, hash, {copied}) "
        f"SELECT {last + 1}, 'x', {copied} FROM audit_entry WHERE seq = {last}"
    )
    assert last + 1 == (tamper(desk, forged) or Broken(0, "")).seq
    swapped = f"UPDATE audit_entry SET seq = {last + 5} WHERE seq = 2"
    assert Broken(2, "missing") == tamper(desk, *beside, swapped)


def test_a_moved_or_missing_head_is_found(desk: Desk) -> None:
    story(desk)
    after = desk.read(trail.head_seq) + 1

    for statement in (
        "UPDATE audit_head SET seq = seq - 1",
        "UPDATE audit_head SET hash = 'x'",
        "UPDATE audit_head SET id = 2",
        "DELETE FROM audit_head",
    ):
        assert Broken(after, "head") == tamper(desk, statement), statement


def test_an_empty_trail_with_a_head_that_moved_is_broken(desk: Desk) -> None:
    beside = [f"DELETE FROM {name}" for name in ("recorded_row", "audit_value", "audit_entry")]

    assert Broken(1, "head") == tamper(desk, *beside, "UPDATE audit_head SET seq = 3")


def test_erasing_a_persons_values_leaves_the_chain_whole(desk: Desk) -> None:
    """Property 6: values may go, commitments stay."""
    story(desk)

    with pytest.raises(DBAPIError, match="audit value delete"):
        desk.arrange("DELETE FROM audit_value")
    second = desk.staff("Sam", Role.OWNER)
    desk.arrange(
        "INSERT INTO erasure (id, patron_id, reason, requested_by, requested_label, requested_at) "
        "SELECT id, id, '', :who, 'Dana', created_at FROM patron",
        {"who": desk.owner.id},
    )
    desk.arrange(
        "UPDATE erasure SET confirmed_by = :who, confirmed_at = requested_at", {"who": second.id}
    )
    desk.arrange(
        "DELETE FROM audit_value WHERE seq IN "
        "(SELECT seq FROM audit_entry WHERE patron_id IS NOT NULL)"
    )

    assert broken(desk) is None
    assert all(not line.values for line in desk.lines() if line.patron_id)
    assert NEW not in repr(desk.dump()["audit_entry"])


def test_the_same_value_twice_has_two_commitments(desk: Desk) -> None:
    """Salted: no one recognises a value by comparing entries."""
    for _ in range(2):
        event = AuditEvent(
            action=Action.SIGN_IN_REFUSED,
            actor=OPERATOR,
            channel=Channel.CRM,
            values={"tried": "mara@example.com"},
        )
        desk.write(lambda session, event=event: trail.record(session, [event], now=desk.now))

    tried = "SELECT DISTINCT commitments FROM audit_entry WHERE action = 'staff.sign_in_refused'"
    salt = "SELECT DISTINCT salt FROM audit_value WHERE name = 'tried'"
    salts = desk.column(salt)
    assert 2 == len(desk.column(tried)) == len(salts)
    assert all(len(salt) == 2 * trail.SALT_BYTES for salt in salts)


def test_many_writers_keep_one_chain(desk: Desk) -> None:
    """Property 6: the head row orders them, in any order of arrival."""
    patrons = [desk.patron(email=f"p{i}@example.com", given_name=f"P{i}") for i in range(6)]
    links = [desk.asked(p, f"new{i}@example.org")[1] for i, p in enumerate(patrons)]
    before = desk.read(trail.head_seq)

    results = together(
        *[lambda link=link: desk.decide(link) for link in links],
        *[lambda i=i: desk.patron(email=f"q{i}@example.com") for i in range(4)],
    )

    assert [result for result in results if isinstance(result, Exception)] == []
    assert before + 4 * 6 + 4 == desk.read(trail.head_seq)
    assert broken(desk) is None
    seqs = desk.column("SELECT seq FROM audit_entry ORDER BY seq")
    assert list(range(1, len(seqs) + 1)) == seqs


def test_a_failed_writer_leaves_no_gap(desk: Desk) -> None:
    event = AuditEvent(action=Action.STAFF_DISABLED, actor=OPERATOR, channel=Channel.CRM)
    before = desk.read(trail.head_seq)

    try:
        with desk.database.transaction() as session:
            trail.record(session, [event, event], now=desk.now)
            raise KeyError
    except KeyError:
        pass

    assert before == desk.read(trail.head_seq)
    desk.write(lambda session: trail.record(session, [event], now=desk.now))
    assert broken(desk) is None


def test_the_timeline_pages_and_filters(desk: Desk) -> None:
    story(desk)
    lines = desk.read(lambda session: trail.timeline(session, limit=2))
    older = desk.read(lambda session: trail.timeline(session, limit=2, before=lines[-1].seq))

    assert [lines[0].seq - n for n in range(4)] == [line.seq for line in (*lines, *older)]
    assert desk.actions(action=Action.FIELD_APPLIED) == [Action.FIELD_APPLIED]


def test_a_story_of_every_path_records_every_action(
    database: Database, clock: FrozenClock, tmp_path: Path
) -> None:
    """The other story has what is sold. The command line and a page record exports (see
    `test_bundle` and `test_reports`), and nothing restores rows yet.
    """
    desk = Engine(database, clock)
    main_paths(desk)
    two_people(desk)
    notices_of_changes(desk)
    clock_and_provider(desk)
    mail_troubles(desk)
    tell_of_erasure(desk)
    staff_accounts(desk)
    unusual(desk)
    house_and_programme(desk)
    tampering(desk, Witness(tmp_path / "seen.json"))

    rotate(desk.database, to=OTHER_RING, now=desk.now)
    recorded = {Action(word) for word in desk.column("SELECT DISTINCT action FROM audit_entry")}
    assert set(Action) - recorded == {
        Action.TRAIL_EXPORTED,
        Action.REPORT_EXPORTED,
        Action.ROWS_RESTORED,
        *OF_SALES,
    }
    assert broken(desk, OTHER_RING) is None
    ensure_told(desk)


def test_a_story_of_sales_records_every_action_of_them(
    database: Database, clock: FrozenClock
) -> None:
    desk = Engine(database, clock)
    sales(desk)

    recorded = {Action(word) for word in desk.column("SELECT DISTINCT action FROM audit_entry")}
    assert recorded >= OF_SALES
    assert broken(desk) is None
    ensure_told(desk)


def ensure_told(desk: Desk) -> None:
    """Every page that tells of entries can tell of each of them."""
    lines = desk.lines()
    for line in lines:
        row = rows.trail_row(line, numbers={}, shows_values=True, time_zone=UTC)
        assert row.words
        assert {change.label for change in row.changes if "." in change.label} == set()
    entries = timeline_entries(lines, access=EVERYTHING, now=desk.now, time_zone=UTC)
    assert sum(1 + len(entry.after) for entry in entries) == len(lines)
    assert all(entry.words for entry in entries)


def main_paths(desk: Engine) -> None:
    """What one member and one patron do, and what operators do."""
    mara = desk.patron()
    edit(desk, mara)
    look(desk, mara)
    phone = {"phone": {"phone": "+1 212 555 0199"}}
    desk.propose(mara, changes=phone)
    desk.decide(desk.claims(OLD))
    desk.propose(mara, "one@example.org")
    request, link = desk.asked(mara)
    desk.clock.advance(days(0.1))
    desk.resend(request)
    desk.decide(desk.claims(NEW))
    desk.decide(desk.claims(OLD), Decision.OBJECT)
    assert link.request_id == request.request_id
    vera = desk.patron("vera@example.org")  # an objection after the yes froze the first record
    _request, other = desk.asked(vera, "two@example.org")
    desk.decide(other, Decision.REJECT)
    _request, other = desk.asked(vera, "three@example.org")
    desk.decide(other, Decision.OBJECT)
    desk.withdraw(desk.propose(vera, "four@example.org"))
    lapsing = desk.propose(vera, "five@example.org")
    desk.clock.advance(days(7))
    desk.expire(lapsing)
    rosa = desk.staff("Rosa", Role.MANAGER)
    details = replace(desk.read(settings.details), name="Lantern")
    who = {"actor": OPERATOR, "channel": Channel.COMMAND_LINE, "now": desk.now}
    address = "rosa@staff.example.org"

    def staff_story(session: Session) -> None:
        token = sessions.begin(session, staff_id=rosa.id, user_agent="", ip_prefix="", now=desk.now)
        sessions.end(session, token, now=desk.now)
        sessions.record_refusal(session, email=address, now=desk.now)
        accounts.reset_password(session, email=address, password_hash="x", **who)
        accounts.disable(session, email=address, **who)
        settings.change(desk.staff_context(session, desk.owner), proposed=details)

    desk.write(staff_story)


def two_people(desk: Engine) -> None:
    """What takes a second member: release, the desk, codes, disputes, more care than before."""
    vic, zoe = desk.staff("Vic", Role.MANAGER), desk.staff("Zoe", Role.MANAGER)
    phone = FieldPolicy(asked=Asked.CURRENT, second_person=True)
    desk.set_policy(replace(DEFAULT, fields={"phone": phone}))
    ana = desk.patron("ana@example.com", "Ana")
    desk.release(desk.propose(ana, changes={"phone": {"phone": "+1 212 555 0188"}}), vic)
    desk.set_policy(DEFAULT)
    first = desk.identify(ana, desk.owner, {"email": {"email": "ana1@example.org"}})
    desk.decline(first, vic)
    second = desk.identify(ana, desk.owner, {"email": {"email": "ana2@example.org"}})
    desk.vouch(second, vic)
    desk.decide(desk.claims("ana2@example.org"))
    desk.take_effect(second, after=DEFAULT.desk_wait)
    desk.revert(second, vic)

    ben = desk.patron("ben@example.com", "Ben")
    request = desk.propose(ben, "ben1@example.org")
    desk.deliver()
    (code,) = desk.codes_in("ben1@example.org")
    assert not desk.redeem(request, "ABCD-EFGH")
    assert desk.read_out(request, desk.owner, code)
    desk.protect(ben, vic)
    assert RequestState.PENDING is desk.confirm_code(request, zoe)  # the other mailbox, too
    desk.ask_to_unprotect(ben, vic)
    desk.decline_change(ben, vic)
    desk.ask_to_unprotect(ben, vic)
    desk.confirm_change(ben, zoe)
    gus = desk.patron("gus@example.com", "Gus")
    desk.set_status(gus, PatronStatus.INACTIVE)
    desk.decide(desk.claims("ben@example.com"))
    desk.deliver()
    desk.decide(desk.claims("ben@example.com"), Decision.OBJECT)
    desk.clear(ben, vic)
    desk.clear(ben, zoe)


def notices_of_changes(desk: Engine) -> None:
    """What becomes of a notice, and of mailboxes that turn out to be a stranger's."""
    wim, lea = desk.staff("Wim", Role.MANAGER), desk.staff("Lea", Role.MANAGER)
    gil = desk.patron_with_stake("gil@example.com", "Gil")
    request, link = desk.asked(gil, "gil1@example.org")
    desk.decide(link)
    desk.propose(gil, changes={"phone": {"phone": "+1 212 555 0155"}})  # left open
    desk.tell(EventKind.BOUNCED, request)
    desk.look(request)
    desk.end_period(request, wim)
    desk.decide(desk.claims("gil@example.com"), Decision.OBJECT)
    out = desk.scalar("SELECT max(id) FROM suppressed_address")
    desk.lift(out, wim)
    desk.lift(out, lea)
    hal = desk.patron("", "Hal")
    at_desk = desk.identify(hal, desk.owner, {"email": {"email": "hal@example.org"}})
    desk.vouch(at_desk, wim)
    desk.letter(at_desk, wim)
    request, link = desk.asked(desk.patron_with_stake("ivo@example.com", "Ivo"), "ivo1@example.org")
    desk.decide(link)
    newer = replace(desk.room, codec=LinkCodec([LinkKey("newer", b"n" * 32)]))
    desk.write(
        lambda session: scheduled.revoke(
            CommandContext(session=session, notifier=newer, now=desk.now),
            request_id=request.request_id,
        )
    )


def clock_and_provider(desk: Engine) -> None:
    """What happens without the desk: reminders, and mail that comes back."""
    cleo = desk.patron("cleo@example.com", "Cleo")
    request = desk.propose(cleo, changes={"phone": {"phone": "+1 212 555 0177"}})
    desk.deliver()
    desk.clock.advance(days(3))
    desk.remind(request)
    desk.bounce(request, Reviewer.CURRENT)


def mail_troubles(desk: Engine) -> None:
    """What a provider that refused leaves to staff: a mail to send again, a pause to end."""
    fay = desk.patron("fay@example.com", "Fay")
    request = desk.propose(fay, "fay1@example.org")
    of_request = {"request": request.request_id}
    desk.arrange(
        "UPDATE mail_outbox SET state = 'failed', transport = 'resend' WHERE request_id = :request",
        of_request,
    )
    failed = "SELECT min(id) FROM mail_outbox WHERE state = 'failed' AND transport = 'resend'"
    mail_id = str(desk.scalar(failed))

    def mended(session: Session) -> None:
        context = desk.staff_context(session, desk.owner)
        resend_mail.send_again(context, mail_id=mail_id)
        send_gate.pause(session, until=desk.now + days(1), reason="key")
        resend_mail.resume(context)

    desk.write(mended)


def tell_of_erasure(desk: Engine) -> None:
    """Declined once, then done."""
    dora = desk.patron("dora@example.com", "Dora")
    second = desk.staff("Una", Role.PRIVACY_LEAD)

    def told(session: Session) -> None:
        who = {"patron_id": dora.id}
        erasure.request_erasure(desk.staff_context(session, desk.owner), reason="by letter", **who)
        erasure.decline_erasure(desk.staff_context(session, second), note="whose letter?", **who)
        erasure.request_erasure(desk.staff_context(session, desk.owner), reason="by letter", **who)
        erasure.confirm_erasure(desk.staff_context(session, second), **who)

    desk.write(told)


def staff_accounts(desk: Engine) -> None:
    """Who joins, goes and comes back, and how they prove who they are."""
    office = Office(desk.database, desk.clock)
    owner, sam = desk.owner, desk.staff("Sam", Role.BOX_OFFICE)
    stolen, own = office.sign_in(sam), office.sign_in(sam)
    _secret, codes = office.enrol(own)
    assert office.found(stolen) is None
    office.give(own, "000000")
    office.give(own, codes[0])
    own = office.write(
        lambda s: sessions.prove(
            s, office.inside_of(s, own), with_factor="authenticator app", now=desk.now
        )
    )

    def told(session: Session) -> None:
        post, now = office.post, desk.now
        for device in ("", "another"):
            devices.recognise(session, staff_id=sam.id, token=device, now=now)
        here = office.inside_of(session, own)
        second_factor.new_codes(session, here, now=now)
        second_factor.remove(session, here, passkey_id=None, now=now)
        password_reset.send_link(
            CommandContext(session=session, now=now, notifier=post), email=sam.email_key
        )
        password_reset.change(
            CommandContext(session=session, now=now, notifier=post), here, password_hash="x"
        )
        by = office.team_context(session, owner)
        member_admin.change_role(by, staff_id=sam.id, role=Role.MANAGER)
        member_admin.rename(by, staff_id=sam.id, display_name="Samir", desk="")
        offboarding.let_go(desk.staff_context(session, owner), staff_id=sam.id, to_id=None)
        member_admin.enable(by, staff_id=sam.id)
        policy = SecurityPolicy(second_factor=frozenset({Role.OWNER}))
        security.change(by, proposed=policy)
        for email in ("nia@staff.example.org", "ola@staff.example.org"):
            asked = {"display_name": "Nia", "desk": "", "role": Role.AUDITOR}
            invited = invitations.invite(by, email=email, **asked)
            invitations.resend(by, invitation_id=invited)
        invitations.withdraw(by, invitation_id=invited)

    desk.write(told)
    claims = [office.link_in(m) for m in desk.deliver() if m.to == "nia@staff.example.org"][-1]
    desk.write(
        lambda s: invitations.accept(
            CommandContext(session=s, now=desk.now, notifier=office.post),
            claims,
            display_name="Nia",
            password_hash="x",
        )
    )


def look(desk: Desk, patron: PatronRecord) -> None:
    desk.act(
        desk.owner, reveals.reveal, patron_id=patron.id, field="phone", reason="a call at once"
    )


def unusual(desk: Engine) -> None:
    """A member proposes too much, an owner looks; another one leaves, and one is stopped."""
    desk.set_policy(replace(DEFAULT, thresholds=Thresholds(at_once=1, burst=2)))
    hal, iva = desk.staff("Hal", Role.BOX_OFFICE), desk.staff("Iva", Role.MANAGER)
    for number in range(3):
        patron = desk.patron(f"h{number}@example.com", "Hal")
        desk.propose(patron, f"h{number}@venue{number}.example", actor=hal)
    desk.close_alert(hal, iva)
    desk.hand_over(hal, iva, desk.owner)
    desk.freeze(hal, iva)


def house_and_programme(desk: Engine) -> None:
    """A comment on a request; a venue with a hall, its plan, an event and its performances."""
    owner = desk.owner
    nora = desk.patron("noted@example.com", "Nora")
    request = desk.propose(nora, "nora@example.org")
    desk.act(owner, teamwork.comment, reference=request.reference, text="Calls back on Monday.")
    desk.act(owner, held_data.export, patron_id=nora.id)

    venue = desk.act(owner, venues.add_venue, typed={"name": "Barn", "address": "Field Lane"})
    barn = {"name": "The Barn", "address": "Field Lane"}
    desk.act(owner, venues.change_venue, venue_id=venue, version=1, typed=barn)
    hall = desk.act(owner, venues.add_hall, venue_id=venue, typed={"name": "Loft"})
    desk.act(owner, venues.change_hall, hall_id=hall, version=1, typed={"name": "The Loft"})
    stalls = FIELDS | {"name": "Stalls", "rows": "2", "seats": "4"}
    desk.act(owner, plans.save, hall_id=hall, after=0, sections=[stalls])
    file = seating_file.to_file(desk.read(lambda s: plans.get(s, hall, 1)).plan).encode()
    desk.act(owner, plans.save, hall_id=hall, after=1, sections=[stalls | {"rows": "3"}])
    desk.act(owner, plans.bring_back, hall_id=hall, version=1, after=2)
    desk.act(owner, plans.save, hall_id=hall, after=3, sections=[stalls | {"rows": "5"}])
    desk.act(owner, plans.import_file, hall_id=hall, after=4, content=file)

    event = desk.act(owner, programme.add_event, typed={"title": "Hamlet"})
    desk.act(owner, programme.change_event, event_id=event, version=1, typed={"title": "Macbeth"})
    days = [date(2030, 3, 1), date(2030, 3, 2)]
    when: dict[str, Any] = {"days": days, "at": time(19, 30)}
    desk.act(owner, programme.add_performances, event_id=event, hall_id=hall, **when)
    french = {"title": "Macbeth, roi d’Écosse"}
    said: dict[str, Any] = {"event_id": event, "language": "fr", "version": 2, "typed": french}
    desk.act(owner, translations.translate, **said)
    some = [str(one) for one in desk.column("SELECT id FROM performance ORDER BY id")]
    desk.act(owner, copying.copy_event, event_id=event, title="Macbeth, once more")
    picture = Picture(sizes={320: (200, b"jpeg")}, digest="d" * 64)
    shown: dict[str, Any] = {"event_id": event, "version": 3, "picture": picture, "alt": "A king"}
    desk.act(owner, pictures.set_picture, **shown)
    moved = {
        one: performances.Place(hall_id=hall, day=day, at=time(20), access=())
        for one, day in zip(some, days, strict=True)
    }
    desk.act(owner, performances.move, places=moved, versions=dict.fromkeys(some, 1))
    seats_of(desk, some[0])
    prices_of(desk, event)
    desk.act(owner, performances.put_on_sale, performance_ids=some, checks=())
    desk.act(owner, performances.pause, performance_ids=some)
    desk.act(owner, performances.cancel, performance_ids=some[:1])
    desk.clock.set(datetime(2030, 3, 9, tzinfo=UTC))
    desk.write(
        lambda s: performances.mark_performed(desk.command_context(s), performance_id=some[1])
    )


def seats_of(desk: Engine, performance: str) -> None:
    """A performance is laid out by an older plan, moved to the newest one, and partly held back."""
    owner, [hall] = desk.owner, desk.column("SELECT DISTINCT hall_id FROM performance")
    desk.act(owner, seatings.lay_out, performance_id=performance)
    desk.act(owner, plans.bring_back, hall_id=hall, version=4, after=5)
    desk.act(owner, seatings.move_to_newest_plan, performance_id=performance)
    desk.act(owner, seatings.declare_rush, performance_id=performance, is_rush=True)
    seat = str(desk.scalar("SELECT min(seat_id) FROM seat_state"))
    held = desk.act(
        owner,
        house_holds.hold_back,
        performance_id=performance,
        letter="H",
        reason="For the critics",
        seat_ids=[seat],
    )
    desk.act(owner, house_holds.release, house_hold_id=held)


def prices_of(desk: Engine, event: str) -> None:
    """Prices of an event, and a sale window that is moved and removed."""
    owner = desk.owner
    adult = desk.act(owner, price_types.add_price_type, typed={"name": "Adult"})
    full = {"name": "Full price"}
    desk.act(owner, price_types.change_price_type, type_id=adult, version=1, typed=full)
    rate = desk.act(owner, price_types.add_tax_rate, typed={"name": "VAT", "rate": "5"})
    [hall] = desk.read(lambda session: zones_of_event(session, event))
    amounts = {Cell(zone, adult): 3000 for zone in hall.sizes}
    new = NewPrices(amounts=amounts, fees=[], tax_rate_id=rate, starts_at=desk.now)
    desk.act(owner, price_lists.save, event_id=event, after=0, new=new)
    desk.act(owner, price_types.retire_tax_rate, rate_id=rate)
    window = NewWindow(audience=Audience.PUBLIC, channels=[SaleChannel.PHONE], opens_at=desk.now)
    desk.act(owner, window_commands.add_windows, event_id=event, new=window)
    [made] = desk.read(lambda session: window_commands.windows(session, event))
    which = {"event_id": event, "window_id": made.id}
    later: dict[str, Any] = {"opens_at": desk.now + days(1), "closes_at": None}
    desk.act(owner, window_commands.change_window, **which, **later)
    desk.act(owner, window_commands.remove_window, **which)


def tampering(desk: Desk, witness: Witness) -> None:
    """A row is written by raw SQL, found, and put back."""
    watch = Watch(desk.database, witness)
    where = f"WHERE id = '{desk.owner.id}'"
    for place in ("vault", desk.owner.desk):
        desk.forge(f"UPDATE staff SET desk = '{place}' {where}")
        watch.turn(now=desk.now)


def edit(desk: Desk, patron: PatronRecord) -> None:
    desk.act(desk.owner, commands.edit, patron_id=patron.id, free={"note": "x"})
