"""The dialogs and forms of the CRM: each acts for the subject it was opened for, or not at all."""

from __future__ import annotations

import re
from collections.abc import Coroutine, Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest

from tests.support.engine import Engine
from tests.support.factories import NEW, OLD, PUBLIC_URL
from tests.support.houses import add_venue, laid_out
from tests.support.pipeline import Client, Pipeline, sign_in
from upstage_crm import upstage_crm as app_module
from upstage_crm.admin.account.state import AccountState
from upstage_crm.admin.audit.state import AuditState
from upstage_crm.admin.dashboard.state import DashboardState
from upstage_crm.admin.guard import AdminState
from upstage_crm.admin.house.house_state import HouseState
from upstage_crm.admin.mailbox.state import MailboxState
from upstage_crm.admin.orders.order_state import OrderRecordState
from upstage_crm.admin.patron_list.list_state import PatronListState
from upstage_crm.admin.patrons.care_state import PatronCareState
from upstage_crm.admin.patrons.propose_state import ProposeState
from upstage_crm.admin.patrons.record_state import PatronRecordState
from upstage_crm.admin.prices.prices_state import EventPricesState
from upstage_crm.admin.prices.types_state import PriceTypesState
from upstage_crm.admin.programme.calendar_state import CalendarState
from upstage_crm.admin.programme.event_state import EventState
from upstage_crm.admin.programme.list_state import EventListState
from upstage_crm.admin.requests.detail_state import RequestDetailState
from upstage_crm.admin.requests.queue_state import RequestQueueState
from upstage_crm.admin.requests.task_state import RequestTaskState
from upstage_crm.admin.team.dialog_state import TeamDialogState
from upstage_crm.admin.team.dialogs import team_dialogs
from upstage_crm.admin.team.state import TeamState
from upstage_crm.admin.venues.list_state import VenueListState
from upstage_crm.admin.venues.venue_state import VenueRecordState
from upstage_crm.box_office.shifts.shifts_state import ShiftsState
from upstage_crm.box_office.till.till_state import TillState
from upstage_crm.change_requests.model.rules import RequestState
from upstage_crm.core.clock import FrozenClock
from upstage_crm.mail.sending.dispatcher import Dispatcher
from upstage_crm.pages.dialog_state import DRAFT, OPENING, SUBJECT, DialogMixin
from upstage_crm.pages.page_state import PageMixin
from upstage_crm.patrons.views import PatronRecord
from upstage_crm.privacy.erasure import find_waiting
from upstage_crm.staff.roles import Role
from upstage_crm.wiring import Runtime, mailboxes_of
from upstage_crm.wording.sentences import SENTENCES

MOVED = SENTENCES["subject_moved"]
PHONE = {"phone": {"phone": "+1 212 555 0199"}}
SENDING = {"email": NEW, "reason": "asked_by_phone", "reason_text": ""}


def heirs(kind: type[Any]) -> Iterator[type[Any]]:
    for heir in kind.__subclasses__():
        yield heir
        yield from heirs(heir)


DIALOGS = [
    kind
    for kind in heirs(DialogMixin)
    if kind.__module__.startswith("upstage_crm.") and not kind.__name__.endswith("Mixin")
]


@dataclass
class Scene:
    """A venue with two patrons, Alice and Gerald, and the tab of one member."""

    engine: Engine
    pipeline: Pipeline
    parts: Runtime
    alice: PatronRecord
    gerald: PatronRecord

    def tab(self, role: Role = Role.OWNER, name: str = "Olga") -> Client:
        at, email = self.engine.now, f"{name.lower()}@desk.example"
        cookie = sign_in(self.parts.database, role, at=at, name=name, email=email)
        return self.pipeline.client(cookie)

    async def record(self, tab: Client, patron: PatronRecord) -> None:
        await self.pipeline.send(tab, PatronRecordState.load, f"/patrons/{patron.number}/")

    async def said(self, tab: Client) -> tuple[str, str]:
        admin = await self.pipeline.state(tab, AdminState)
        return admin.problem, admin.done


@pytest.fixture
def scene(made: Runtime, clock: FrozenClock, pipeline: Pipeline) -> Scene:
    engine = Engine(made.database, clock)
    engine.room = replace(made.notifier, public_url=PUBLIC_URL)
    engine.codec = made.codec
    engine.dispatcher = Dispatcher(
        made.database, engine.mailbox, made.codec, clock, mailboxes_of=mailboxes_of
    )
    alice = engine.patron(OLD, "Alice", "Abbott")
    gerald = engine.patron("gerald@example.com", "Gerald", "Abbott")
    return Scene(engine, pipeline, made, alice, gerald)


# --- every dialog, every page -------------------------------------------------------------------


DRAWN = re.compile(r'(\w+)\.dialog_rx_state_\S*\s*===?\s*[^"]{0,30}"(\w+)"')


def test_every_dialog_is_drawn_once() -> None:
    """Two that open together lie over each other, and neither can be pressed."""
    drawn = [
        found for page in app_module.PAGES for found in DRAWN.findall(str(page.view().render()))
    ]

    wanted = [
        (kind.get_full_name().replace(".", "__"), name) for kind in DIALOGS for name in kind.dialogs
    ]
    assert sorted(drawn) == sorted(wanted)


def test_every_page_of_the_crm_ends_with_its_address() -> None:
    pages = {kind for kind in heirs(PageMixin) if kind.__module__.startswith("upstage_crm.")}
    loads = {kind.load for kind in pages if not kind.__name__.endswith("Mixin")}
    open_to_all = ("/sign-in", "/confirm")

    for page in app_module.PAGES:
        assert (page.on_load in loads) is not page.route.startswith(open_to_all), page.route


@pytest.mark.parametrize("kind", DIALOGS)
async def test_a_dialog_holds_nothing_after_the_tab_has_turned(
    scene: Scene, kind: type[DialogMixin]
) -> None:
    tab = scene.tab()
    venue = add_venue(scene.engine)
    made = laid_out(scene.engine, venue=venue)
    paths = {
        AccountState: "/account/",
        AuditState: "/audit/",
        CalendarState: "/calendar/",
        EventListState: "/events/",
        EventState: f"/events/{made.event}/",
        EventPricesState: f"/events/{made.event}/prices/",
        HouseState: f"/events/{made.event}/{made.performance}/",
        OrderRecordState: "/orders/K7-2FQ/",
        PriceTypesState: "/prices/",
        PatronListState: "/patrons/",
        PatronRecordState: f"/patrons/{scene.alice.number}/",
        RequestDetailState: f"/requests/{scene.engine.propose(scene.alice).reference}/",
        RequestQueueState: "/requests/",
        ShiftsState: "/box-office/shifts/",
        TeamState: "/team/",
        TillState: "/box-office/",
        VenueListState: "/venues/",
        VenueRecordState: f"/venues/{venue}/",
    }
    for name in kind.dialogs:
        await scene.pipeline.send(tab, kind.page.load, paths[kind.page])
        dialog = await scene.pipeline.state(tab, kind)
        assert await dialog._open(name, subject="7", about="Alice Abbott · 7")
        dialog.refusal = "something was wrong"

        await scene.pipeline.send(tab, DashboardState.load, "/")

        left = await scene.pipeline.state(tab, kind)
        kept = {"opening", "_answered"}
        held = {
            field
            for field, declared in kind.get_fields().items()
            if declared._owner is kind and getattr(left, field) != declared.default_value()
        }
        assert held <= kept, name


# --- the faults that were found -----------------------------------------------------------------


async def test_a_proposal_is_never_sent_for_the_patron_of_another_page(scene: Scene) -> None:
    """Alice's dialog is open; Back, then Gerald: Alice is not asked."""

    tab = scene.tab()
    await scene.record(tab, scene.alice)
    await scene.pipeline.press(tab, ProposeState.open, field="email")
    stale = await scene.pipeline.drawn(tab, ProposeState.send)
    await scene.pipeline.send(tab, PatronListState.load, "/patrons/")
    await scene.record(tab, scene.gerald)
    dialog = await scene.pipeline.state(tab, ProposeState)
    assert (dialog.dialog, dialog.about) == ("", "")
    before = scene.engine.dump()

    await scene.pipeline.send(tab, ProposeState.send, form=SENDING | stale)

    assert await scene.said(tab) == (MOVED, "")
    after = scene.engine.dump()
    assert [name for name in after if after[name] != before[name]] in ([], ["staff_session"])

    await scene.pipeline.press(tab, ProposeState.open, field="email")
    assert (await scene.pipeline.state(tab, ProposeState)).about == (
        f"Gerald Abbott · {scene.gerald.number}"
    )
    await scene.pipeline.submit(tab, ProposeState.send, SENDING)
    assert scene.engine.scalar("SELECT patron_id FROM change_request") == scene.gerald.id


async def test_an_erasure_is_never_asked_for_the_patron_of_another_page(scene: Scene) -> None:
    tab = scene.tab()
    await scene.record(tab, scene.alice)
    await scene.pipeline.press(tab, PatronCareState.ask, dialog="erase")
    stale = await scene.pipeline.drawn(tab, PatronCareState.erase)
    await scene.record(tab, scene.gerald)

    form = {"note": "by letter", **stale}
    await scene.pipeline.send(tab, PatronCareState.erase, form=form)

    assert await scene.said(tab) == (MOVED, "")
    for patron in (scene.alice, scene.gerald):
        assert scene.engine.read(lambda s, one=patron: find_waiting(s, one.id)) is None


async def test_a_protection_is_marked_as_it_was_asked(scene: Scene) -> None:
    """A colleague marked the patron meanwhile: the second "protect" must not take it away."""

    tab = scene.tab()
    await scene.record(tab, scene.alice)
    await scene.pipeline.press(tab, PatronCareState.ask, dialog="protect")
    scene.engine.protect(scene.alice, scene.engine.owner)
    await scene.pipeline.push(tab, PatronRecordState.refresh)

    await scene.pipeline.submit(tab, PatronCareState.protect, {"note": "a minister"})

    assert scene.engine.record(scene.alice).is_protected


async def test_a_document_that_is_loaded_begins_empty(scene: Scene) -> None:
    """Reload and a typed address: what the tab held is gone before the browser is sent anything."""

    tab = scene.tab()
    await scene.record(tab, scene.alice)
    await scene.pipeline.press(tab, ProposeState.open, field="email")
    tab.deltas.clear()

    path = f"/patrons/{scene.gerald.number}/"
    await scene.pipeline.connect(tab, path, is_new_document=True)

    assert "Alice" not in str(tab.deltas)
    assert (await scene.pipeline.state(tab, ProposeState)).dialog == ""


async def test_a_connection_that_comes_back_takes_nothing_away(scene: Scene) -> None:
    tab = scene.tab()
    await scene.record(tab, scene.alice)
    await scene.pipeline.press(tab, ProposeState.open, field="email")
    await scene.pipeline.connect(tab, tab.path, is_new_document=False)
    await scene.pipeline.send(tab, PatronRecordState.load)
    assert (await scene.pipeline.state(tab, ProposeState)).dialog == "propose"

    await scene.pipeline.submit(tab, ProposeState.send, SENDING)

    assert scene.engine.scalar("SELECT patron_id FROM change_request") == scene.alice.id


async def test_a_connection_that_comes_back_elsewhere_is_another_page(scene: Scene) -> None:
    """Browsers keep whole documents for Back; what such a one shows is not what the tab held."""

    tab = scene.tab()
    await scene.record(tab, scene.alice)
    await scene.pipeline.press(tab, ProposeState.open, field="email")
    path = f"/patrons/{scene.gerald.number}/"
    await scene.pipeline.connect(tab, path, is_new_document=False)
    await scene.pipeline.send(tab, PatronRecordState.load, path)

    assert (await scene.pipeline.state(tab, ProposeState)).dialog == ""
    record = await scene.pipeline.state(tab, PatronRecordState)
    assert (record.head.name, record.path) == ("Gerald Abbott", path)


async def test_a_page_that_the_role_does_not_include_ends_the_one_before(scene: Scene) -> None:
    tab = scene.tab(Role.BOX_OFFICE, "Dan")
    await scene.record(tab, scene.alice)
    await scene.pipeline.press(tab, ProposeState.open, field="email")

    await scene.pipeline.send(tab, AuditState.load, "/audit/")

    record = await scene.pipeline.state(tab, PatronRecordState)
    assert (record.head.name, record.subject) == ("", "")
    assert (await scene.pipeline.state(tab, ProposeState)).dialog == ""
    admin = await scene.pipeline.state(tab, AdminState)
    assert admin.refused_at == "/audit/"


# --- drafts -------------------------------------------------------------------------------------

TYPED = {"email": NEW, "reason": "asked_by_phone", "reason_text": "She rang this morning."}


async def type_in(scene: Scene, tab: Client, kind: type[DialogMixin], form: dict[str, str]) -> None:
    """Type into the open dialog: the browser tells of it when the person pauses."""
    await scene.pipeline.send(tab, kind.keep, form={**await carried(scene, tab, kind), **form})


async def carried(scene: Scene, tab: Client, kind: type[DialogMixin]) -> dict[str, str]:
    """What the form of the open dialog carries along now."""
    dialog = await scene.pipeline.state(tab, kind)
    drawn = {SUBJECT: dialog.subject, OPENING: str(dialog.opening)}
    return {**drawn, DRAFT: dialog.draft_of}


def press_escape(scene: Scene, tab: Client) -> Coroutine[Any, Any, None]:
    return scene.pipeline.send(tab, ProposeState.turn, is_open=False)


def go_back(scene: Scene, tab: Client) -> Coroutine[Any, Any, None]:
    return scene.pipeline.send(tab, PatronListState.load, "/patrons/")


def reload(scene: Scene, tab: Client) -> Coroutine[Any, Any, None]:
    return scene.pipeline.connect(tab, tab.path, is_new_document=True)


@pytest.mark.parametrize("leave", [press_escape, go_back, reload])
async def test_what_was_typed_is_there_when_the_dialog_is_opened_again(
    scene: Scene, leave: Any
) -> None:
    tab = scene.tab()
    await scene.record(tab, scene.alice)
    await scene.pipeline.press(tab, ProposeState.open, field="email")
    await type_in(scene, tab, ProposeState, TYPED)

    await leave(scene, tab)
    await scene.record(tab, scene.gerald)
    await scene.pipeline.press(tab, ProposeState.open, field="email")
    assert (await scene.pipeline.state(tab, ProposeState)).draft == {}
    await scene.record(tab, scene.alice)
    await scene.pipeline.press(tab, ProposeState.open, field="phone")
    assert (await scene.pipeline.state(tab, ProposeState)).draft == {}
    await scene.pipeline.press(tab, ProposeState.open, field="email")

    dialog = await scene.pipeline.state(tab, ProposeState)
    assert dialog.is_restored
    assert {name: dialog.start[name] for name in TYPED} == TYPED
    await scene.pipeline.submit(tab, ProposeState.send, TYPED)
    await scene.pipeline.press(tab, ProposeState.open, field="email")
    assert (await scene.pipeline.state(tab, ProposeState)).draft == {}


async def test_what_arrives_after_the_dialog_closed_is_kept_and_after_it_was_sent_is_not(
    scene: Scene,
) -> None:
    """The browser tells of a text a moment after it was typed."""

    tab, note = scene.tab(), {"note": "in the press"}
    await scene.record(tab, scene.alice)
    await scene.pipeline.press(tab, PatronCareState.ask, dialog="protect")
    late = await carried(scene, tab, PatronCareState)
    await scene.pipeline.send(tab, PatronCareState.turn, is_open=False)
    await scene.pipeline.send(tab, PatronCareState.keep, form=late | note)

    await scene.pipeline.press(tab, PatronCareState.ask, dialog="protect")
    assert (await scene.pipeline.state(tab, PatronCareState)).draft == note
    late = await carried(scene, tab, PatronCareState)
    await scene.pipeline.submit(tab, PatronCareState.protect, note)
    await scene.pipeline.send(tab, PatronCareState.keep, form=late | note)

    await scene.pipeline.press(tab, PatronCareState.ask, dialog="protect")
    assert (await scene.pipeline.state(tab, PatronCareState)).draft == {}


async def test_a_draft_is_its_members_alone_and_outlives_their_session(scene: Scene) -> None:
    tab = scene.tab()
    own = tab.cookie
    await scene.record(tab, scene.alice)
    await scene.pipeline.press(tab, ProposeState.open, field="email")
    await type_in(scene, tab, ProposeState, TYPED)

    tab.cookie = ""
    await scene.pipeline.submit(tab, ProposeState.send, TYPED)
    assert tab.redirects()[-1] == f"/sign-in/?next=/patrons/{scene.alice.number}/"
    tab.cookie = scene.tab(Role.OWNER, "Una").cookie
    await scene.record(tab, scene.alice)
    await scene.pipeline.press(tab, ProposeState.open, field="email")
    assert (await scene.pipeline.state(tab, ProposeState)).draft == {}
    assert "She rang" not in str(tab.deltas)

    tab.cookie = own
    await scene.record(tab, scene.alice)
    await scene.pipeline.press(tab, ProposeState.open, field="email")
    assert (await scene.pipeline.state(tab, ProposeState)).start["email"] == NEW


async def test_starting_over_gives_up_what_was_kept(scene: Scene) -> None:
    tab = scene.tab()
    await scene.record(tab, scene.alice)
    await scene.pipeline.press(tab, ProposeState.open, field="email")
    await type_in(scene, tab, ProposeState, TYPED)
    await scene.pipeline.press(tab, ProposeState.open, field="email")
    before = (await scene.pipeline.state(tab, ProposeState)).opening

    await scene.pipeline.send(tab, ProposeState.start_over)

    dialog = await scene.pipeline.state(tab, ProposeState)
    assert (dialog.start, dialog.draft, dialog.is_restored) == ({"reason": ""}, {}, False)
    assert dialog.opening == before + 1
    await scene.pipeline.press(tab, ProposeState.open, field="email")
    assert (await scene.pipeline.state(tab, ProposeState)).draft == {}


async def test_a_code_that_was_read_out_is_not_kept(scene: Scene) -> None:
    tab = scene.tab()
    request = scene.engine.propose(scene.alice)
    await scene.pipeline.send(tab, RequestDetailState.load, f"/requests/{request.reference}/")
    await scene.pipeline.press(tab, RequestTaskState.ask, dialog="code")

    await type_in(scene, tab, RequestTaskState, {"code": "7QK2-M9XD"})

    assert (await scene.pipeline.state(tab, AdminState))._drafts == {}


async def test_a_half_written_note_is_kept_and_a_colleagues_is_not_overwritten(
    scene: Scene,
) -> None:
    ines, dana = scene.tab(Role.OWNER, "Ines"), scene.tab(Role.OWNER, "Dana")
    for tab in (ines, dana):
        await scene.record(tab, scene.alice)
        await scene.pipeline.press(tab, PatronRecordState.edit, name="note")
    subject = {SUBJECT: str(scene.alice.number)}
    half = {"note": "prefers the aisle", **subject}
    await scene.pipeline.send(dana, PatronRecordState.keep, form=half)
    await scene.pipeline.send(dana, PatronListState.load, "/patrons/")
    theirs = {"note": "needs wheelchair space", **subject}
    await scene.pipeline.send(ines, PatronRecordState.save, form=theirs)

    await scene.record(dana, scene.alice)
    await scene.pipeline.press(dana, PatronRecordState.edit, name="note")
    record = await scene.pipeline.state(dana, PatronRecordState)
    assert record.start == "prefers the aisle"
    await scene.pipeline.send(dana, PatronRecordState.save, form=half)

    record = await scene.pipeline.state(dana, PatronRecordState)
    assert "A colleague has changed this" in record.edit_error
    assert record.free["note"] == "needs wheelchair space"


# --- buttons without a dialog -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("handler", "payload"),
    [
        (RequestTaskState.release, {}),
        (RequestTaskState.confirm, {"kind": "identity"}),
        (RequestTaskState.ask, {"dialog": "withdraw"}),
    ],
)
async def test_a_button_of_another_request_does_nothing(
    scene: Scene, clock: FrozenClock, handler: Any, payload: dict[str, Any]
) -> None:
    mine = scene.engine.identify(scene.alice, scene.engine.owner, PHONE)
    other = scene.engine.identify(scene.gerald, scene.engine.owner, PHONE)
    tab = scene.tab()
    path = f"/requests/{mine.reference}/"
    await scene.pipeline.send(tab, RequestDetailState.load, path)

    await scene.pipeline.send(tab, handler, subject=other.reference, **payload)

    assert await scene.said(tab) == (MOVED, "")
    assert scene.engine.state(mine) is RequestState.HELD
    assert scene.engine.state(other) is RequestState.HELD
    assert (await scene.pipeline.state(tab, RequestTaskState)).dialog == ""


async def test_what_waits_is_confirmed_as_it_was_drawn(scene: Scene) -> None:
    """The card offered to confirm an answer by code; another step waits by now."""

    request = scene.engine.identify(scene.alice, scene.engine.owner, PHONE)
    tab = scene.tab()
    await scene.pipeline.send(tab, RequestDetailState.load, f"/requests/{request.reference}/")

    await scene.pipeline.press(tab, RequestTaskState.confirm, kind="code")

    assert await scene.said(tab) == (MOVED, "")
    assert scene.engine.view(request).applies_at is None


async def test_a_mail_is_sent_again_from_its_own_page_alone(scene: Scene) -> None:
    scene.engine.propose(scene.alice)
    mail_id = scene.engine.scalar("SELECT min(id) FROM mail_outbox")
    tab = scene.tab()
    await scene.pipeline.send(tab, MailboxState.load, f"/mailbox/?mail={mail_id}")

    await scene.pipeline.send(tab, MailboxState.send_again, subject="0" * 32)

    assert await scene.said(tab) == (MOVED, "")


# --- what is edited in place --------------------------------------------------------------------


def note_of(scene: Scene, patron: PatronRecord) -> str:
    return scene.engine.record(patron).free["note"]


async def test_a_note_is_saved_for_the_patron_it_was_written_for(scene: Scene) -> None:
    tab = scene.tab()
    await scene.record(tab, scene.alice)
    await scene.pipeline.press(tab, PatronRecordState.edit, name="note")
    form = await scene.pipeline.drawn(tab, PatronRecordState.save)
    await scene.record(tab, scene.gerald)
    await scene.pipeline.press(tab, PatronRecordState.edit, name="note")

    form = {"note": "Alice needs a ramp", **form}
    await scene.pipeline.send(tab, PatronRecordState.save, form=form)

    assert await scene.said(tab) == (MOVED, "")
    assert (note_of(scene, scene.alice), note_of(scene, scene.gerald)) == ("", "")


async def test_the_second_of_two_editors_is_told_before_anything_is_lost(scene: Scene) -> None:
    """Case 64."""

    ines, dan = scene.tab(name="Ines"), scene.tab(name="Dan")
    for tab in (ines, dan):
        await scene.record(tab, scene.alice)
        await scene.pipeline.press(tab, PatronRecordState.edit, name="note")
    await scene.pipeline.submit(ines, PatronRecordState.save, {"note": "Needs a ramp"})
    await scene.pipeline.push(dan, PatronRecordState.refresh)

    await scene.pipeline.submit(dan, PatronRecordState.save, {"note": "Likes row F"})

    told = await scene.pipeline.state(dan, PatronRecordState)
    assert told.editing == "note"
    assert told.edit_error == f"{SENTENCES['edited_meanwhile']} It now says “Needs a ramp”."
    assert note_of(scene, scene.alice) == "Needs a ramp"

    await scene.pipeline.submit(dan, PatronRecordState.save, {"note": "Ramp, likes row F"})
    assert note_of(scene, scene.alice) == "Ramp, likes row F"


async def test_the_password_form_of_one_account_changes_no_other(scene: Scene) -> None:
    tab = scene.tab()
    await scene.pipeline.send(tab, AccountState.load, "/account/")
    form = {"subject": scene.engine.owner.id, "old": "x", "new": "seven velvet lanterns"}

    await scene.pipeline.send(tab, AccountState.change_password, form=form)

    assert await scene.said(tab) == (MOVED, "")


# --- stopping an account ------------------------------------------------------------------------


async def test_a_freeze_says_its_numbers_first(scene: Scene) -> None:
    engine = scene.engine
    vic = engine.staff("Vic", Role.BOX_OFFICE)
    engine.propose(scene.alice, actor=vic)
    engine.deliver()
    engine.propose(scene.gerald, changes=PHONE, actor=vic)
    tab = scene.tab()
    await scene.pipeline.send(tab, TeamState.load, "/team/")

    await scene.pipeline.send(tab, TeamDialogState.ask_freeze, staff_id=vic.id)

    dialog = await scene.pipeline.state(tab, TeamDialogState)
    assert dialog.about == "Vic, box office · vic@staff.example.org"
    assert dialog.ending == "Withdraws 2 open requests and sends 2 emails to patrons."
    assert engine.scalar("SELECT count(*) FROM staff WHERE disabled_at IS NOT NULL") == 0

    await scene.pipeline.submit(tab, TeamDialogState.freeze, {})
    words = "Frozen. The account can no longer sign in. 2 open requests were withdrawn."
    assert await scene.said(tab) == ("", words)


async def test_a_disabled_account_says_its_numbers_first(scene: Scene) -> None:
    """The number stands beside the choice of who takes the requests over."""
    engine = scene.engine
    vic = engine.staff("Vic", Role.BOX_OFFICE)
    engine.propose(scene.alice, actor=vic)
    engine.deliver()
    engine.propose(scene.gerald, changes=PHONE, actor=vic)
    tab = scene.tab()
    await scene.pipeline.send(tab, TeamState.load, "/team/")

    await scene.pipeline.send(tab, TeamDialogState.open_member, staff_id=vic.id)

    dialog = await scene.pipeline.state(tab, TeamDialogState)
    assert dialog.ending == "Withdraws 2 open requests and sends 2 emails to patrons."
    assert engine.scalar("SELECT count(*) FROM staff WHERE disabled_at IS NOT NULL") == 0


def test_who_disables_or_enables_reads_what_does_not_come_back() -> None:
    drawn = str(team_dialogs())

    assert "does not bring withdrawn requests back" in drawn
    assert "Requests that were withdrawn stay withdrawn." in drawn


async def test_a_member_is_stopped_for_whom_the_dialog_was_opened(scene: Scene) -> None:
    vic, wim = (scene.engine.staff(name, Role.BOX_OFFICE) for name in ("Vic", "Wim"))
    tab = scene.tab()
    await scene.pipeline.send(tab, TeamState.load, "/team/")
    await scene.pipeline.send(tab, TeamDialogState.open_member, staff_id=vic.id)
    stale = await scene.pipeline.drawn(tab, TeamDialogState.disable)
    await scene.pipeline.send(tab, TeamDialogState.open_member, staff_id=wim.id)

    await scene.pipeline.send(tab, TeamDialogState.disable, form=stale)

    assert await scene.said(tab) == (MOVED, "")
    assert scene.engine.scalar("SELECT count(*) FROM staff WHERE disabled_at IS NOT NULL") == 0
