"""Who may do what, as one reviewed table: every handler and every route, for every kind of visitor.

A handler or route without a row fails the first tests, so a new one is reviewed before it ships.
The rows say what a page and its command ask for in our words, not in the code's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import NamedTuple

import pytest
from reflex_base.registry import RegistrationContext
from starlette.applications import Starlette
from starlette.routing import Route

from tests.state.test_guard import arguments, disabled, leaked, noted, shown, taken_over
from tests.support.factories import NEW, OLD
from tests.support.pipeline import Pipeline, sign_in
from tests.support.venue import Venue
from tests.support.visitor import OURS, Visitor
from upstage_crm import upstage_crm as app_module
from upstage_crm.admin.guard import AdminState
from upstage_crm.admin.login_redirect import StaffGate
from upstage_crm.audit import trail
from upstage_crm.staff import accounts
from upstage_crm.staff.auth import second_factor, security, sessions
from upstage_crm.staff.auth.security import SecurityPolicy
from upstage_crm.staff.auth.sessions import FRESH_FOR
from upstage_crm.staff.command_context import StaffContext
from upstage_crm.staff.roles import PERMISSIONS, Permission, Role
from upstage_crm.upstage_crm import STAFF_PLACES

P = Permission
REGISTRY = RegistrationContext.get().event_handlers


class Row(NamedTuple):
    """What a page asks for, and its handlers by what their commands ask for on top.

    `looks` read or turn pages; `acts` change something and name the permission; `fresh` are
    those of them that want a proof of the last quarter of an hour.
    """

    page: Permission | None
    looks: str
    acts: dict[str, Permission | None] | None = None
    fresh: str = ""

    def act(self, name: str) -> Permission | None:
        return (self.acts or {}).get(name)


def each(names: str, permission: Permission | None) -> dict[str, Permission | None]:
    """Several handlers that ask for one permission."""
    return dict.fromkeys(names.split(), permission)


PAGE = "load refresh"
LISTED = f"{PAGE} choose clear fetch find next_page previous_page search sort_by"
TABLE: dict[str, Row] = {
    "AccountDialogState": Row(
        None,
        "ask ask_passkey keep start_over turn",
        each("make_codes remove_app remove_passkey", None),
        "make_codes remove_app remove_passkey",
    ),
    "AccountState": Row(
        None,
        f"{PAGE} cancel_app forget_codes",
        each(
            "begin_app change_password confirm_app end_one end_others prepare_passkey",
            None,
        ),
        "begin_app end_one end_others prepare_passkey",
    ),
    "AddPatronState": Row(P.ADD_PATRON, "keep open start_over turn", {"add": P.ADD_PATRON}),
    "AuditState": Row(P.VIEW_AUDIT, f"{LISTED} check"),
    "RestoreState": Row(
        P.RESTORE_ROWS, "ask keep start_over turn", {"restore": P.RESTORE_ROWS}, "ask restore"
    ),
    "ContactsState": Row(
        P.EDIT_PATRON, "ask keep start_over turn", each("add remove", P.EDIT_PATRON)
    ),
    **{
        f"{name}ReportState": Row(P.VIEW_REPORTS, LISTED)
        for name in ("Sales", "Takings", "Deferred", "Entries")
    },
    "DashboardState": Row(P.VIEW_REQUESTS, f"{PAGE} search"),
    "GalleryState": Row(P.VIEW_SETTINGS, f"{PAGE} choose_language choose_mail choose_scheme"),
    "HouseholdState": Row(
        P.EDIT_PATRON,
        "ask choose find keep start_over turn",
        each("join leave make_head relate unrelate", P.EDIT_PATRON),
    ),
    "MailboxState": Row(
        P.VIEW_MAILBOX,
        LISTED,
        {"resume": P.EDIT_SETTINGS, "send_again": P.RESEND_REQUEST},
    ),
    "NotesState": Row(
        P.EDIT_PATRON,
        "ask keep start_over turn",
        each("add change remove", P.EDIT_PATRON),
    ),
    "OrderDialogState": Row(
        P.VIEW_ORDERS,
        "keep open_give_back open_reissue open_return start_over turn",
        {"give_back": P.REFUND_ORDERS, "reissue": P.SELL_TICKETS, "take_back": P.REFUND_ORDERS},
    ),
    "OrderListState": Row(P.VIEW_ORDERS, LISTED),
    "OrderRecordState": Row(P.VIEW_ORDERS, f"{PAGE} hide", {"withdraw_seat": P.SELL_TICKETS}),
    "OrderRevealState": Row(
        P.REVEAL_VALUE, "keep open start_over turn", {"reveal": P.REVEAL_VALUE}
    ),
    "PaletteState": Row(None, "find"),
    "PatronCareState": Row(
        P.VIEW_PATRONS,
        "ask ask_about keep start_over turn",
        {
            "clear": P.CLEAR_FREEZE,
            "protect": P.PROTECT_PATRON,
            "unprotect": P.PROTECT_PATRON,
            "change_status": P.CHANGE_STATUS,
            "confirm_change": P.CONFIRM_RECORD_CHANGE,
            "decline_change": P.CONFIRM_RECORD_CHANGE,
            "erase": P.ERASE_PATRON,
            "confirm_erasure": P.ERASE_PATRON,
            "decline_erasure": P.ERASE_PATRON,
        },
        "clear confirm_change confirm_erasure",
    ),
    "PatronListState": Row(P.VIEW_PATRONS, f"{LISTED} forget_view"),
    "PatronPreviewState": Row(P.VIEW_PATRONS, "show shut"),
    "PatronTagsState": Row(
        P.EDIT_PATRON, "ask keep start_over turn", each("tag untag", P.EDIT_PATRON)
    ),
    "BulkProposeState": Row(
        P.PROPOSE_CHANGE, "ask keep start_over turn", {"propose": P.PROPOSE_CHANGE}
    ),
    "SuggestState": Row(P.VIEW_PATRONS, "ask pick"),
    "SaveViewState": Row(P.VIEW_PATRONS, "keep open save start_over turn"),
    "PatronRecordState": Row(
        P.VIEW_PATRONS, f"{PAGE} cancel dismiss edit hide keep", {"save": P.EDIT_PATRON}
    ),
    "PolicyState": Row(P.VIEW_SETTINGS, "", {"save": P.EDIT_POLICY}, "save"),
    "PreferencesState": Row(P.EDIT_PATRON, "ask keep start_over turn", {"save": P.EDIT_PATRON}),
    "ProposeState": Row(
        P.PROPOSE_CHANGE,
        "add allow both check choose drop keep lose open start_over turn typed use write",
        {"send": P.PROPOSE_CHANGE},
    ),
    "RequestDetailState": Row(P.VIEW_REQUESTS, PAGE),
    "RequestBulkState": Row(
        P.VIEW_REQUESTS,
        "ask keep start_over turn",
        {
            "release": P.RELEASE_REQUEST,
            "resend": P.RESEND_REQUEST,
            "withdraw": P.WITHDRAW_REQUEST,
        },
        fresh="release",
    ),
    "RequestQueueState": Row(P.VIEW_REQUESTS, LISTED),
    "RequestTaskState": Row(
        P.VIEW_REQUESTS,
        "ask keep start_over turn",
        {
            "assign": P.PROPOSE_CHANGE,
            "comment": P.EDIT_PATRON,
            "confirm": P.DESK_CONFIRM,
            "decline": P.DESK_CONFIRM,
            "explain": P.RELEASE_REQUEST,
            "read_out": P.DESK_IDENTIFY,
            "release": P.RELEASE_REQUEST,
            "resend": P.RESEND_REQUEST,
            "revert": P.REVERT_CHANGE,
            "withdraw": P.WITHDRAW_REQUEST,
        },
        "confirm decline explain release",
    ),
    "RevealState": Row(P.REVEAL_VALUE, "keep open start_over turn", {"reveal": P.REVEAL_VALUE}),
    "AnswerDaysState": Row(P.VIEW_SETTINGS, "", {"save": P.EDIT_POLICY}),
    "ContactMonthsState": Row(P.VIEW_SETTINGS, "", {"save": P.EDIT_POLICY}),
    "ReturnHoursState": Row(P.VIEW_SETTINGS, "", {"save": P.EDIT_POLICY}),
    "SeasonState": Row(P.VIEW_SETTINGS, "", {"save": P.EDIT_SETTINGS}),
    "AddVenueState": Row(P.EDIT_VENUES, "keep open start_over turn", {"add": P.EDIT_VENUES}),
    "VenueDialogState": Row(
        P.EDIT_VENUES,
        "keep open_add_hall open_edit open_edit_hall start_over turn",
        each("add_hall edit edit_hall", P.EDIT_VENUES),
    ),
    "AddEventState": Row(P.EDIT_PROGRAMME, "keep open start_over turn", {"add": P.EDIT_PROGRAMME}),
    "EventDialogState": Row(
        P.EDIT_PROGRAMME,
        "ask_remove keep open_copy open_edit open_perform open_translate start_over turn",
        each("copy_event edit perform remove translate", P.EDIT_PROGRAMME),
    ),
    "HouseDialogState": Row(
        P.HOLD_SEATS,
        "ask_release keep open_hold start_over turn",
        each("hold release", P.HOLD_SEATS),
    ),
    "HouseState": Row(
        P.VIEW_PROGRAMME,
        PAGE,
        each("lay_out", P.EDIT_PROGRAMME) | {"rush": P.EDIT_POLICY},
    ),
    "EventListState": Row(P.VIEW_PROGRAMME, LISTED),
    "EventPricesState": Row(
        P.VIEW_PROGRAMME,
        f"{PAGE} choose start_over type_in",
        each("bring_back save", P.EDIT_PRICES),
    ),
    "WindowDialogState": Row(
        P.EDIT_PRICES,
        "ask_remove keep open_add open_change start_over turn",
        each("add change remove", P.EDIT_PRICES),
    ),
    "PriceTypesState": Row(
        P.VIEW_PROGRAMME,
        PAGE,
        {"retire": P.EDIT_PRICES, "choose_currency": P.EDIT_SETTINGS},
    ),
    "PriceTypeDialogState": Row(
        P.EDIT_PRICES,
        "keep open_add open_edit open_rate start_over turn",
        each("add add_rate edit", P.EDIT_PRICES),
    ),
    "CalendarBulkState": Row(
        P.EDIT_PROGRAMME,
        "ask keep start_over turn",
        each("cancel change pause put_on_sale", P.EDIT_PROGRAMME),
    ),
    "CalendarState": Row(
        P.VIEW_PROGRAMME, f"{LISTED} earlier later today", {"undo": P.EDIT_PROGRAMME}
    ),
    "SeasonCopyState": Row(
        P.EDIT_PROGRAMME, "keep open start_over turn", {"copy_season": P.EDIT_PROGRAMME}
    ),
    "EventState": Row(P.VIEW_PROGRAMME, PAGE, {"undo": P.EDIT_PROGRAMME}),
    "PlanMoveState": Row(
        P.EDIT_PROGRAMME, "keep open start_over turn", each("go", P.EDIT_PROGRAMME)
    ),
    "PerformanceBulkState": Row(
        P.EDIT_PROGRAMME,
        "ask keep start_over turn",
        each("cancel change pause put_on_sale", P.EDIT_PROGRAMME),
    ),
    "SeatDialogState": Row(
        P.VIEW_ORDERS, "keep open_propose start_over turn", {"propose": P.SELL_TICKETS}
    ),
    "SeatPlanState": Row(
        P.VIEW_PROGRAMME,
        f"{PAGE} add choose copy_one move_up remove start_over type_in",
        each("bring_back save", P.EDIT_VENUES),
    ),
    "ShiftDialogState": Row(
        P.RUN_TILLS,
        "ask_close ask_move ask_open ask_report keep start_over turn",
        each("begin end move_cash", P.RUN_TILLS),
    ),
    "ShiftsState": Row(P.RUN_TILLS, PAGE, each("decline give", P.GIVE_TICKETS), "give"),
    "TillDialogState": Row(
        P.RUN_TILLS,
        "ask_add ask_close ask_rename ask_report ask_retire keep start_over turn",
        each("add rename retire", P.MANAGE_TILLS) | {"close_left": P.RUN_TILLS},
    ),
    "TillDisplayState": Row(P.RUN_TILLS, PAGE),
    "TillOrderState": Row(
        P.RUN_TILLS,
        "act ask choose_ticket pick scan shut step",
        each("hand_out print_again", P.SELL_TICKETS),
    ),
    "TillParkedState": Row(P.RUN_TILLS, "look park recall"),
    "TillReturnState": Row(P.RUN_TILLS, "keep start_over turn", {"give_back": P.REFUND_ORDERS}),
    "TillPatronState": Row(P.RUN_TILLS, "ask leave_out pick"),
    "TillState": Row(
        P.RUN_TILLS, f"{PAGE} choose choose_zone step", each("add pay remove", P.SELL_TICKETS)
    ),
    "VenueListState": Row(P.VIEW_PROGRAMME, LISTED),
    "VenueRecordState": Row(P.VIEW_PROGRAMME, PAGE),
    "SettingsState": Row(P.VIEW_SETTINGS, PAGE, {"save": P.EDIT_SETTINGS}),
    "SetupState": Row(P.EDIT_SETTINGS, "", {"send_test": P.EDIT_SETTINGS}),
    "TeamDialogState": Row(
        P.VIEW_TEAM,
        "ask_close_alert ask_freeze ask_withdraw keep open_invite open_member start_over turn",
        each(
            "change_role disable enable invite rename send_link take_factors withdraw_invitation",
            P.MANAGE_TEAM,
        )
        | {"freeze": P.FREEZE_ACCOUNT, "close_alert": P.RELEASE_QUARANTINE},
        "change_role close_alert disable enable invite open_invite rename take_factors",
    ),
    "TeamState": Row(
        P.VIEW_TEAM,
        PAGE,
        {"resend_invitation": P.MANAGE_TEAM, "save_security": P.EDIT_SECURITY},
        "save_security",
    ),
}
MAY_ENROL = {"AccountDialogState", "AccountState"}


class Handler(NamedTuple):
    """One cell's subject: a handler with what it asks for."""

    full: str
    page: Permission | None
    act: Permission | None
    is_fresh: bool
    may_enrol: bool


def handlers() -> list[Handler]:
    """Every guarded handler of the registry with its row of the table."""
    found: list[Handler] = []
    for full, registered in sorted(REGISTRY.items()):
        owner = registered.states[0] if registered.states else None
        name = full.rpartition(".")[2]
        if owner is None or not issubclass(owner, AdminState) or name == "setvar":
            continue
        row = TABLE[owner.__name__]
        found.append(
            Handler(
                full,
                row.page,
                row.act(name),
                name in row.fresh.split(),
                owner.__name__ in MAY_ENROL,
            )
        )
    return found


def test_every_handler_has_its_row_and_no_row_is_left_over() -> None:
    real: dict[str, set[str]] = {}
    for full, registered in REGISTRY.items():
        owner = registered.states[0] if registered.states else None
        name = full.rpartition(".")[2]
        if owner is not None and issubclass(owner, AdminState) and name != "setvar":
            real.setdefault(owner.__name__, set()).add(name)

    assert real == {name: {*row.looks.split(), *(row.acts or {})} for name, row in TABLE.items()}


def test_the_code_asks_for_what_the_table_says() -> None:
    for full, registered in REGISTRY.items():
        owner = registered.states[0] if registered.states else None
        if owner is None or not issubclass(owner, AdminState) or owner is AdminState:
            continue
        if full.rpartition(".")[2] != "setvar":
            row = TABLE[owner.__name__]
            assert row.page is owner.permission, owner
            assert set(row.fresh.split()) == owner.fresh, owner
            assert (owner.__name__ in MAY_ENROL) is owner.may_enrol


# --- visitors -------------------------------------------------------------------------------------


def anonymous(_venue: Venue) -> str:
    return ""


def half_open(venue: Venue) -> str:
    """The password was right; the second factor is outstanding."""
    at = venue.clock.now()
    first = sign_in(venue.database, Role.OWNER, at=at, email="half@desk.example")
    now = venue.clock.now()
    with venue.database.transaction() as session:
        found = sessions.find_any(session, venue.token(first), now=now)
        assert found is not None
        staff = accounts.get_row(session, found.member.id)
        staff.second_factor_at = now
        session.add(staff)
        trail.record(session, [], now=now)
    return first


def must_enrol(venue: Venue) -> str:
    cookie = venue.staff(Role.MANAGER)
    owner = venue.desk.owner
    policy = SecurityPolicy(second_factor=frozenset({Role.MANAGER}))
    venue.desk.write(
        lambda s: security.change(
            StaffContext(session=s, now=venue.clock.now(), notifier=None, actor=owner),
            proposed=policy,
        )
    )
    return cookie


@pytest.mark.parametrize(
    ("visitor", "place"),
    [(anonymous, "/sign-in/"), (disabled, "/sign-in/"), (half_open, "/sign-in/second/")],
)
async def test_whoever_is_not_in_is_sent_to_the_door(
    venue: Venue,
    monkeypatch: pytest.MonkeyPatch,
    visitor: Callable[[Venue], str],
    place: str,
    pipeline: Pipeline,
) -> None:
    cookie = visitor(venue)
    before = venue.desk.dump()

    with noted(monkeypatch) as ran:
        for handler in handlers():
            tab = pipeline.client(cookie)
            path = f"/patrons/{venue.number}/"
            await pipeline.send(tab, handler.full, path, **arguments(handler.full))
            assert ([place], []) == (tab.doors(), tab.deltas), handler.full
    assert ran == []
    assert before == venue.desk.dump()


async def test_whoever_must_enrol_reaches_the_own_account_alone(
    venue: Venue, monkeypatch: pytest.MonkeyPatch, pipeline: Pipeline
) -> None:
    cookie = must_enrol(venue)

    with noted(monkeypatch) as ran:
        for handler in handlers():
            tab = pipeline.client(cookie)
            await pipeline.send(tab, handler.full, "/", **arguments(handler.full))
            is_sent_off = tab.redirects()[:1] == ["/account/"]
            assert is_sent_off is not handler.may_enrol, handler.full
    ours = {name.partition(".")[0] for name in ran} & set(TABLE)
    assert ours == MAY_ENROL


async def test_an_old_proof_does_nothing_sensitive(
    venue: Venue, monkeypatch: pytest.MonkeyPatch, pipeline: Pipeline
) -> None:
    """Each handler in its own house: some of them end sessions, and this one must stay."""
    venue.clock.advance(FRESH_FOR)
    before = venue.desk.dump()

    with noted(monkeypatch) as ran:
        for handler in handlers():
            if not handler.is_fresh:
                continue
            tab = pipeline.client(venue.dana)
            await pipeline.send(tab, handler.full, "/team/", **arguments(handler.full))
            assert tab.redirects() == ["/sign-in/again/?next=/team/"], handler.full
    assert ran == []
    after = venue.desk.dump()
    for table in ("staff_session",):  # that it is in use is noted
        before.pop(table)
        after.pop(table)
    assert before == after


@pytest.mark.parametrize("role", list(Role))
async def test_each_role_runs_what_its_pages_include_and_changes_what_its_commands_allow(
    venue: Venue, monkeypatch: pytest.MonkeyPatch, role: Role, pipeline: Pipeline
) -> None:
    held = PERMISSIONS[role]
    at = venue.clock.now()
    cookie = sign_in(venue.database, role, at=at, name="Sam Field", email="sam@desk.example")
    before = venue.desk.dump()

    for handler in handlers():
        if handler.act in held or handler.may_enrol:
            continue  # what it may do is proven where it is done
        with noted(monkeypatch) as ran:
            tab = pipeline.client(cookie)
            path = f"/patrons/{venue.number}/"
            await pipeline.send(tab, handler.full, path, **arguments(handler.full))
            may_run = handler.page is None or handler.page in held
            own = [name for name in ran if name.endswith(handler.full.rpartition(".")[2])]
            assert bool(own) is may_run, handler.full
            if not may_run:
                assert [word for word in (OLD, NEW, "Mara") if word in shown(tab)] == []
    assert before == venue.desk.dump()


async def test_another_members_tab_shows_nothing_of_it(venue: Venue, pipeline: Pipeline) -> None:
    cookie = venue.staff(Role.READ_ONLY)

    for handler in handlers():
        if not handler.full.endswith(".load") or handler.page in PERMISSIONS[Role.READ_ONLY]:
            continue
        tab = pipeline.client(venue.dana)
        await pipeline.send(tab, handler.full, f"/patrons/{venue.number}/")
        await pipeline.send(taken_over(tab, cookie), handler.full)
        assert [word for word in leaked(tab) if word != "Lantern"] == [], handler.full


# --- routes ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Way:
    """What a route answers: to a visitor, to a half-open session, to a role without and with.

    `needs` is the permission of the one who gets 200; None for a route that is everybody's.
    `is_full` says that addresses stand in the answer, so that the role must see them unmasked.
    """

    path: str
    needs: Permission | None = None
    nobody: int = 404
    method: str = "GET"
    is_full: bool = False


SEE_ADDRESSES = set(Role) - {Role.AUDITOR, Role.READ_ONLY}


ROUTES: dict[str, Way] = {
    "POST /auth/sign-in": Way("/auth/sign-in", nobody=303, method="POST"),
    "POST /auth/sign-out": Way("/auth/sign-out", nobody=303, method="POST"),
    "POST /auth/prove": Way("/auth/prove", nobody=303, method="POST"),
    "POST /auth/passkey": Way("/auth/passkey", nobody=303, method="POST"),
    "POST /auth/join": Way("/auth/join", nobody=303, method="POST"),
    "POST /auth/reset": Way("/auth/reset", nobody=303, method="POST"),
    "POST /auth/forgot": Way("/auth/forgot", nobody=303, method="POST"),
    "GET /auth/link/{token:path}": Way("/auth/link/x", nobody=303),
    "GET /c/{token:path}": Way("/c/x", nobody=303),
    "GET /confirm/": Way("/confirm/", nobody=200),
    "GET /confirm/plain": Way("/confirm/plain", nobody=200),
    "POST /confirm/plain": Way("/confirm/plain", nobody=200, method="POST"),
    "GET /health": Way("/health", nobody=200),
    "GET /health/integrity": Way("/health/integrity", nobody=200),
    "GET /mailbox/raw/{mail_id}": Way("/mailbox/raw/{mail}", P.VIEW_MAILBOX, is_full=True),
    "GET /mailbox/export.csv": Way("/mailbox/export.csv", P.EXPORT_DATA, nobody=303, is_full=True),
    "GET /audit/export.csv": Way("/audit/export.csv", P.EXPORT_DATA, nobody=303),
    "GET /patrons/data/{number}.{form}": Way("/patrons/data/{number}.html", P.EXPORT_DATA),
    "GET /venues/plan/{hall}/{version}.json": Way("/venues/plan/x/1.json", nobody=303),
    "GET /events/picture/{event}/{digest}/{width}.jpg": Way(
        "/events/picture/x/x/320.jpg", nobody=303
    ),
    "POST /files/{kind}/{subject}": Way("/files/plan/x", nobody=303, method="POST"),
    "POST /orders/print/{reference}": Way("/orders/print/00-000", method="POST"),
    "GET /reports/files/{name}.{kind}": Way(
        "/reports/files/entries.csv?from=2026-01-01&to=2026-01-02", P.VIEW_REPORTS, nobody=303
    ),
    "GET /door/": Way("/door/", P.CHECK_TICKETS, nobody=303),
    "GET /door/{performance_id}/": Way("/door/x/", nobody=303),
    "POST /door/{performance_id}/": Way("/door/x/", nobody=303, method="POST"),
    "GET /door/{performance_id}/conflicts": Way("/door/x/conflicts", nobody=303),
    "GET /door/{performance_id}/list": Way("/door/x/list", nobody=401),
    "GET /door/{performance_id}/figures": Way("/door/x/figures", nobody=401),
    "POST /door/{performance_id}/scans": Way("/door/x/scans", nobody=401, method="POST"),
    "GET /door/door.mjs": Way("/door/door.mjs", nobody=200),
    "GET /door/codes.mjs": Way("/door/codes.mjs", nobody=200),
    "GET /door/judge.mjs": Way("/door/judge.mjs", nobody=200),
    "GET /door/store.mjs": Way("/door/store.mjs", nobody=200),
    "GET /door/worker.js": Way("/door/worker.js", nobody=200),
    "GET /mailbox/sample": Way(
        "/mailbox/sample?mail=staff_outcome.staff&lang=en", P.VIEW_SETTINGS, nobody=303
    ),
}


def served() -> dict[str, Route]:
    """Every route of ours, by method and path."""
    return {
        f"{method} {route.path}": route
        for route in app_module.routes.routes
        if isinstance(route, Route)
        for method in sorted((route.methods or set()) - {"HEAD"})
    }


def is_of_patrons(route: Route) -> bool:
    """Whether it is a page for everybody: the portal knows no staff session, by import contract."""
    handler = getattr(route.endpoint, "func", route.endpoint)  # one for several ways in is bound
    return handler.__module__.startswith("upstage_crm.portal.")


def test_every_route_has_its_row() -> None:
    known = {
        name
        for name, route in served().items()
        if "/confirm" not in name and not is_of_patrons(route)
    }
    receipts = {name for name in known if "receipt" in name}

    assert known - receipts == {name for name in ROUTES if "/confirm" not in name} - receipts


def browser(cookie: str) -> Visitor:
    app = StaffGate(Starlette(routes=app_module.routes.routes), places=STAFF_PLACES)
    return Visitor(app, cookie=cookie)


def mail_of(venue: Venue) -> str:
    return str(venue.desk.scalar("SELECT min(id) FROM mail_outbox"))


@pytest.mark.parametrize("name", [name for name, way in ROUTES.items() if way.needs])
def test_a_route_is_open_to_who_holds_its_permission_alone(venue: Venue, name: str) -> None:
    way = ROUTES[name]
    path = way.path.format(mail=mail_of(venue), number=venue.number)
    for cookie in ("", disabled(venue), half_open(venue)):
        answer = browser(cookie).get(path)
        assert answer.status_code in (way.nobody, 303), name
        assert [word for word in (OLD, NEW) if word in answer.text] == []
    for role in Role:
        cookie = sign_in(
            venue.database, role, at=venue.clock.now(), email=f"{role.value}@gate.example"
        )
        may_see = role in SEE_ADDRESSES or not way.is_full
        expected = 200 if way.needs in PERMISSIONS[role] and may_see else 404
        assert expected == browser(cookie).get(path).status_code, (name, role)


@pytest.mark.parametrize("name", [n for n, way in ROUTES.items() if way.method == "POST"])
def test_a_form_of_another_site_changes_nothing(venue: Venue, name: str) -> None:
    before = venue.desk.dump()
    for cookie in ("", venue.dana):
        answer = browser(cookie).post(
            ROUTES[name].path, {"email": "x", "answer": "{}"}, origin="https://evil.example"
        )
        assert answer.status_code == 403

    assert before == venue.desk.dump()
    assert OURS != "https://evil.example"


def test_nobody_gets_past_a_form_without_what_it_asks_for(venue: Venue) -> None:
    for name, way in ROUTES.items():
        if way.method == "POST" and "sign-out" not in name:
            answer = browser("").post(way.path, {"email": "x", "password": "y"})
            assert answer.status_code in (way.nobody, 303, 200), name
            assert "upstage-session=" not in answer.headers.get("set-cookie", ""), name
    assert second_factor.CODES


def test_time_alone_ends_a_session_for_routes_too(venue: Venue) -> None:
    assert browser(venue.dana).get(f"/mailbox/raw/{mail_of(venue)}").status_code == 200
    venue.clock.advance(timedelta(hours=3))

    assert browser(venue.dana).get(f"/mailbox/raw/{mail_of(venue)}").status_code == 404
