"""The app: every page, every route and every task in one visible place."""

from __future__ import annotations

import os
from functools import partial

import reflex as rx
from starlette.applications import Starlette

from upstage_crm.admin import incoming_files
from upstage_crm.admin.account import page as account
from upstage_crm.admin.account import routes as account_routes
from upstage_crm.admin.account.state import AccountState
from upstage_crm.admin.audit import export as audit_export
from upstage_crm.admin.audit import page as audit
from upstage_crm.admin.audit.state import AuditState
from upstage_crm.admin.dashboard import page as dashboard
from upstage_crm.admin.dashboard.state import DashboardState
from upstage_crm.admin.guard import Guard, is_signed_in
from upstage_crm.admin.house import house_page as house
from upstage_crm.admin.house.house_state import HouseState
from upstage_crm.admin.login_redirect import StaffGate
from upstage_crm.admin.mailbox import export as mailbox_export
from upstage_crm.admin.mailbox import gallery
from upstage_crm.admin.mailbox import page as mailbox
from upstage_crm.admin.mailbox import raw as raw_mail
from upstage_crm.admin.mailbox.gallery import GalleryState
from upstage_crm.admin.mailbox.state import MailboxState
from upstage_crm.admin.orders import list_page as orders
from upstage_crm.admin.orders import order_page as order
from upstage_crm.admin.orders import ticket_printing
from upstage_crm.admin.orders.list_state import OrderListState
from upstage_crm.admin.orders.order_state import OrderRecordState
from upstage_crm.admin.patron_list import list_page as patrons
from upstage_crm.admin.patron_list.list_state import PatronListState
from upstage_crm.admin.patrons import data_export
from upstage_crm.admin.patrons import record_page as patron
from upstage_crm.admin.patrons.record_state import PatronRecordState
from upstage_crm.admin.prices import prices_page as event_prices
from upstage_crm.admin.prices import types_page as price_types
from upstage_crm.admin.prices.prices_state import EventPricesState
from upstage_crm.admin.prices.types_state import PriceTypesState
from upstage_crm.admin.programme import calendar_page as calendar
from upstage_crm.admin.programme import event_page as event
from upstage_crm.admin.programme import list_page as events
from upstage_crm.admin.programme import picture_files
from upstage_crm.admin.programme.calendar_state import CalendarState
from upstage_crm.admin.programme.event_state import EventState
from upstage_crm.admin.programme.list_state import EventListState
from upstage_crm.admin.reports import report_files, report_pages
from upstage_crm.admin.reports.report_state import (
    DeferredReportState,
    EntriesReportState,
    SalesReportState,
    TakingsReportState,
)
from upstage_crm.admin.requests import detail_page as request
from upstage_crm.admin.requests import queue_page as requests
from upstage_crm.admin.requests import receipt as staff_receipt
from upstage_crm.admin.requests.detail_state import RequestDetailState
from upstage_crm.admin.requests.queue_state import RequestQueueState
from upstage_crm.admin.settings import page as settings_page
from upstage_crm.admin.settings.state import SettingsState
from upstage_crm.admin.sign_in import link_pages, link_routes, second_page, second_routes
from upstage_crm.admin.sign_in import page as sign_in
from upstage_crm.admin.sign_in import routes as sign_in_routes
from upstage_crm.admin.sign_in.link_state import StaffLinkState
from upstage_crm.admin.sign_in.second_state import SecondState
from upstage_crm.admin.sign_in.state import SignInState
from upstage_crm.admin.team import page as team
from upstage_crm.admin.team.state import TeamState
from upstage_crm.admin.venues import list_page as venues
from upstage_crm.admin.venues import plan_files
from upstage_crm.admin.venues import plan_page as seat_plan
from upstage_crm.admin.venues import venue_page as venue
from upstage_crm.admin.venues.list_state import VenueListState
from upstage_crm.admin.venues.plan_state import SeatPlanState
from upstage_crm.admin.venues.venue_state import VenueRecordState
from upstage_crm.box_office.door import routes as door_routes
from upstage_crm.box_office.shifts import shifts_page
from upstage_crm.box_office.shifts.shifts_state import ShiftsState
from upstage_crm.box_office.till import display_page, till_page
from upstage_crm.box_office.till.display_state import TillDisplayState
from upstage_crm.box_office.till.till_state import TillState
from upstage_crm.confirm import page as confirm
from upstage_crm.confirm import routes as confirm_routes
from upstage_crm.confirm.broken_page import broken_page
from upstage_crm.confirm.link_visit import holds_link
from upstage_crm.confirm.state import ConfirmGuard, ConfirmState
from upstage_crm.http.session_cookie import signed_in_by_cookie
from upstage_crm.jobs import card_payments, integrity_checks, row_sealing, schedule
from upstage_crm.pages.event_errors import TroubleState, tell_of_failure
from upstage_crm.pages.live import hub
from upstage_crm.pages.registry import Page, registry, staff_places
from upstage_crm.portal import limit_alerts
from upstage_crm.portal import routes as portal_routes
from upstage_crm.portal.acquirer import routes as acquirer_routes
from upstage_crm.settings import Settings
from upstage_crm.ui.components.document import broken_boundary
from upstage_crm.ui.design.tokens import STYLESHEETS
from upstage_crm.ui.layout import connection_banner
from upstage_crm.web import health, visits
from upstage_crm.web.browser_errors import BrowserErrors
from upstage_crm.web.edge import edge
from upstage_crm.web.house_name import HouseNames
from upstage_crm.web.ready import announce_when_ready
from upstage_crm.web.roll_call import RollCall
from upstage_crm.web.socket_messages import EventsOnly
from upstage_crm.web.visitor_limits import SocketLimit
from upstage_crm.webhooks import resend as resend_webhook
from upstage_crm.webhooks import stripe as stripe_webhook
from upstage_crm.wiring import runtime

# Handlers that anyone on the internet may call. Reviewed by name; a test compares.
PUBLIC_HANDLERS = frozenset(
    f"{state.get_full_name()}.{name}"
    for state, names in (
        (SignInState, ("load",)),
        (SecondState, ("load",)),
        (StaffLinkState, ("load",)),
        (TroubleState, ("tell",)),
        (ConfirmState, ("load", "approve", "reject", "answer_each", "object_to")),
    )
    for name in names
)


PAGES: tuple[Page, ...] = (
    Page(
        route="/",
        name="Dashboard",
        view=dashboard.page,
        state=DashboardState,
        icon="layout-dashboard",
    ),
    Page(
        route="/patrons",
        name="Patrons",
        view=patrons.page,
        state=PatronListState,
        icon="users",
    ),
    Page(route="/patrons/[number]", name="Patron", view=patron.page, state=PatronRecordState),
    Page(
        route="/requests",
        name="Requests",
        view=requests.page,
        state=RequestQueueState,
        icon="clipboard-check",
    ),
    Page(
        route="/requests/[reference]", name="Request", view=request.page, state=RequestDetailState
    ),
    Page(
        route="/box-office",
        name="Box office",
        view=till_page.page,
        state=TillState,
        icon="inbox",
    ),
    Page(
        route="/box-office/shifts",
        name="Tills and shifts",
        view=shifts_page.page,
        state=ShiftsState,
    ),
    Page(
        route="/box-office/display",
        name="Your tickets",
        view=display_page.page,
        state=TillDisplayState,
    ),
    Page(route="/orders", name="Orders", view=orders.page, state=OrderListState, icon="receipt"),
    Page(route="/orders/[reference]", name="Order", view=order.page, state=OrderRecordState),
    Page(route="/events", name="Events", view=events.page, state=EventListState, icon="ticket"),
    Page(route="/events/[eventid]", name="Event", view=event.page, state=EventState),
    Page(
        route="/events/[eventid]/prices",
        name="Prices of an event",
        view=event_prices.page,
        state=EventPricesState,
    ),
    Page(route="/events/[eventid]/[performance]", name="House", view=house.page, state=HouseState),
    Page(
        route="/calendar",
        name="Calendar",
        view=calendar.page,
        state=CalendarState,
        icon="calendar",
    ),
    Page(
        route="/prices",
        name="Price types",
        view=price_types.page,
        state=PriceTypesState,
        icon="tag",
    ),
    Page(route="/venues", name="Venues", view=venues.page, state=VenueListState, icon="map-pin"),
    Page(route="/venues/[venue]", name="Venue", view=venue.page, state=VenueRecordState),
    Page(
        route="/venues/[venue]/[hall]", name="Seat plan", view=seat_plan.page, state=SeatPlanState
    ),
    Page(
        route="/reports",
        name="Reports",
        view=report_pages.sales_page,
        state=SalesReportState,
        icon="chart-column",
    ),
    Page(
        route="/reports/takings",
        name="Takings",
        view=report_pages.takings_page,
        state=TakingsReportState,
    ),
    Page(
        route="/reports/deferred",
        name="Deferred income",
        view=report_pages.deferred_page,
        state=DeferredReportState,
    ),
    Page(
        route="/reports/entries",
        name="Entries",
        view=report_pages.entries_page,
        state=EntriesReportState,
    ),
    Page(route="/mailbox", name="Mailbox", view=mailbox.page, state=MailboxState, icon="mail"),
    Page(route="/mailbox/gallery", name="Every email", view=gallery.page, state=GalleryState),
    Page(route="/team", name="Team", view=team.page, state=TeamState, icon="id-card"),
    Page(route="/audit", name="Audit", view=audit.page, state=AuditState, icon="scroll-text"),
    Page(
        route="/settings",
        name="Settings",
        view=settings_page.page,
        state=SettingsState,
        icon="settings",
    ),
    Page(route="/account", name="Your account", view=account.page, state=AccountState),
    Page(route="/sign-in", name="Sign in", view=sign_in.page, state=SignInState),
    Page(route="/sign-in/second", name="Sign in", view=second_page.second_page, state=SecondState),
    Page(
        route="/sign-in/again",
        name="Is it still you?",
        view=second_page.again_page,
        state=SecondState,
    ),
    Page(
        route="/sign-in/join", name="Join the team", view=link_pages.join_page, state=StaffLinkState
    ),
    Page(route="/sign-in/reset", name="Password", view=link_pages.reset_page, state=StaffLinkState),
    Page(route="/sign-in/forgot", name="Forgotten password", view=link_pages.forgot_page),
    Page(
        route="/confirm",
        name="Your decision",
        title="Your decision",
        view=confirm.page,
        state=ConfirmState,
    ),
)
STAFF_PLACES = staff_places(PAGES)
registry.declare(PAGES)

settings = Settings.load(os.environ)
roll_call = RollCall()
INCOMING = incoming_files.by_kind(plan_files.INCOMING, picture_files.INCOMING)
routes = Starlette(
    routes=[
        *sign_in_routes.ROUTES,
        *second_routes.ROUTES,
        *link_routes.ROUTES,
        *account_routes.ROUTES,
        *confirm_routes.ROUTES,
        *raw_mail.ROUTES,
        *mailbox_export.ROUTES,
        *audit_export.ROUTES,
        *data_export.ROUTES,
        *report_files.ROUTES,
        *gallery.ROUTES,
        *plan_files.ROUTES,
        *picture_files.ROUTES,
        *ticket_printing.ROUTES,
        *incoming_files.routes(INCOMING),
        *staff_receipt.ROUTES,
        *portal_routes.ROUTES,
        *acquirer_routes.routes(is_offered=settings.takes_test_cards),
        *health.ROUTES,
        *door_routes.ROUTES,
        *resend_webhook.routes(has_secret=bool(settings.webhook_secrets)),
        *stripe_webhook.routes(has_secret=bool(settings.stripe_secrets)),
    ]
)


def is_known(cookie_header: str) -> bool:
    """Whether a browser brings a live session of staff or a link of ours: no stranger."""
    return holds_link(cookie_header) or signed_in_by_cookie(cookie_header) is not None


app = rx.App(
    html_lang="en",
    stylesheets=STYLESHEETS,
    toaster=None,
    extra_app_wraps={
        (55, "ErrorBoundary"): lambda _is_stateful: broken_boundary(broken_page()),
        (5, "Overlay"): lambda is_stateful: (
            connection_banner(TroubleState.words) if is_stateful else None
        ),
    },
    frontend_exception_handler=BrowserErrors(),
    backend_exception_handler=tell_of_failure,
    api_transformer=[
        routes,
        partial(StaffGate, places=STAFF_PLACES),
        EventsOnly,
        roll_call.around,
        partial(SocketLimit, is_known=is_known),
        *edge(
            settings,
            body_limit=incoming_files.body_limit(INCOMING),
            house=HouseNames(runtime).now,
        ),
    ],
)
app.add_middleware(Guard(PUBLIC_HANDLERS))
app.add_middleware(ConfirmGuard())
for page in PAGES:
    app.add_page(page.view, route=page.route, title=page.tab_title, on_load=page.on_load)


async def live_updates() -> None:
    """Tell the open tabs of this worker what was committed; a lifespan task."""
    await hub.run(app)


async def forget_visits() -> None:
    """Give back the memory of visitors who have gone; a lifespan task."""
    await visits.forget_visits(app, is_signed_in=is_signed_in)


async def watch_memory() -> None:
    """End websockets that fill the memory; a lifespan task."""
    await roll_call.watch()


for task in (
    announce_when_ready,
    schedule.send_mail,
    schedule.keep_time,
    card_payments.keep_settled,
    integrity_checks.keep_watch,
    row_sealing.keep_sealing,
    limit_alerts.watch_limits,
    live_updates,
    forget_visits,
    watch_memory,
):
    app.register_lifespan_task(task)
