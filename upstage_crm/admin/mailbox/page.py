"""The page at `/mailbox/`: the list of mails, and one of them open."""

from typing import cast

import reflex as rx

from upstage_crm.admin.frame import framed
from upstage_crm.admin.mailbox.open_page import (
    masked_mail,
    missing_mail,
    opened_mail,
    waiting_mail,
)
from upstage_crm.admin.mailbox.rows import MailLine
from upstage_crm.admin.mailbox.state import MailboxState as State
from upstage_crm.admin.mailbox.url import TROUBLED
from upstage_crm.mail.delivery import MailState
from upstage_crm.pages.view import rows_here
from upstage_crm.ui.components.base import Child, filled, show_if
from upstage_crm.ui.components.button import button, link, link_button
from upstage_crm.ui.components.choice import search_input
from upstage_crm.ui.components.feedback import (
    empty_state,
    error_state,
    notice,
    skeleton_rows,
)
from upstage_crm.ui.components.page import card, page_header, stack, tile, tiles
from upstage_crm.ui.components.shortcut import focus_key
from upstage_crm.ui.components.status import MAIL_LOOKS, mail_chip
from upstage_crm.ui.components.table import (
    cell,
    column,
    data_table,
    empty_row,
    lead_cell,
    pagination,
    table_row,
)
from upstage_crm.ui.components.text import reference, when
from upstage_crm.ui.components.toolbar import filter_select, result_count, toolbar
from upstage_crm.wording.sentences import MAIL_KIND_WORDS

COLUMNS = 5
SEARCH_PAUSE_MS = 50
PLAY = (
    "Mail is not being sent. It is kept here; open a mail and press its links to play the patron."
)
_STATES = [
    ("", "Any state"),
    (TROUBLED, "Needs a person"),
    *((state.value, MAIL_LOOKS[state].label) for state in MailState),
]
_KINDS = [("", "Any kind"), *((kind.value, words) for kind, words in MAIL_KIND_WORDS.items())]


def page() -> rx.Component:
    """Return the page."""
    opened = rx.match(
        State.shown,
        ("mail", opened_mail()),
        ("missing", missing_mail()),
        ("masked", masked_mail()),
        ("failed", card(_failed())),
        waiting_mail(),
    )
    one = rows_here(State, opened, waiting_mail())
    return framed(
        State, rx.cond(filled(State.subject), one, _list()), active="mailbox", waiting=_empty_list()
    )


def _empty_list() -> rx.Component:
    return stack(
        page_header("Mailbox"),
        card(data_table(_columns(), _waiting(), label="Mails", busy=True), flush=True),
    )


def _list() -> rx.Component:
    return rx.fragment(
        focus_key("/", "search"),
        page_header(
            "Mailbox",
            actions=(
                show_if(
                    State.may_see_gallery,
                    link_button("Every mail", href="/mailbox/gallery/", icon="mail"),
                ),
                show_if(
                    State.may_export,
                    link_button(
                        "Export list", href=State.export_href, icon="download", full_load=True
                    ),
                ),
            ),
        ),
        stack(
            show_if(State.is_demo, notice(PLAY, live=False)),
            show_if(filled(State.problem), notice(State.problem, tone="danger")),
            show_if(filled(State.done), notice(State.done, tone="success")),
            _strip(),
            toolbar(
                _search(),
                filter_select(
                    "State",
                    _STATES,
                    value=State.wanted_state,
                    on_change=State.choose_state,
                    id="state",
                ),
                filter_select(
                    "Kind", _KINDS, value=State.wanted_kind, on_change=State.choose_kind, id="kind"
                ),
                actions=(rows_here(State, result_count(State.count), rx.fragment()),),
            ),
            card(
                data_table(
                    _columns(),
                    rows_here(State, _body(), _waiting()),
                    label="Mails",
                    busy=State.is_busy,
                ),
                rows_here(
                    State,
                    show_if(
                        State.shown == "rows",
                        pagination(
                            summary=State.summary,
                            on_previous=State.previous_page,
                            on_next=State.next_page,
                            has_previous=State.page > 1,
                            has_next=State.has_next,
                        ),
                    ),
                    rx.fragment(),
                ),
                flush=True,
            ),
        ),
    )


def _strip() -> rx.Component:
    """How the outbox does; a pause says why, and who mended its cause need not wait."""
    strip = State.strip
    return stack(
        tiles(
            tile("Waiting to leave", strip.waiting),
            tile("Oldest of them", strip.oldest),
            tile("Pace", strip.pace),
            tile("May have left or not", strip.unsure),
        ),
        show_if(
            filled(strip.paused),
            notice(
                strip.paused,
                " One mail is tried at ",
                strip.paused_until,
                ".",
                tone="danger",
                live=False,
                action=show_if(
                    State.may_resume, button("Try again now", size="small", on_click=State.resume)
                ),
            ),
        ),
    )


def _search() -> rx.Component:
    # Uncontrolled, so that no answer of the server can take a letter from who types fast; the key
    # draws it anew when the address or "Show all mails" changes the words.
    return rx.el.div(
        search_input(
            "Search mails",
            placeholder="Address, subject or reference",
            shortcut="/",
            on_change=State.search.debounce(SEARCH_PAUSE_MS),
            default_value=State.query,
            max_length=100,
        ),
        key=State.search_box,
        class_name="u-grow",
    )


def _columns() -> list[rx.Component]:
    return [
        column("Subject"),
        column("To"),
        column("State"),
        column("Request"),
        column("Written"),
    ]


def _waiting() -> rx.Component:
    return skeleton_rows(10, columns=COLUMNS)


def _body() -> Child:
    return rx.match(
        State.shown,
        ("rows", rx.fragment(rx.foreach(State.rows, lambda row: _row(row=row)))),
        ("failed", empty_row(_failed(), columns=COLUMNS)),
        ("empty", empty_row(_empty(), columns=COLUMNS)),
        ("nothing", empty_row(_nothing(), columns=COLUMNS)),
        _waiting(),
    )


@rx.memo
def _row(row: rx.Var[MailLine]) -> rx.Component:
    return _cells(cast("MailLine", row))  # every attribute is a var as well


def _cells(row: MailLine) -> rx.Component:
    return table_row(
        lead_cell(rx.el.bdi(row.subject), href=row.href, sub=row.kind),
        cell(
            rx.el.div(
                rx.el.div(rx.el.bdi(row.address), class_name="u-fit"),
                rx.el.div(row.audience, class_name="u-sub"),
            ),
            label="To",
        ),
        cell(
            rx.el.div(
                mail_chip(row.state),
                show_if(filled(row.note), rx.el.div(row.note, class_name="u-sub")),
            ),
            label="State",
        ),
        cell(show_if(filled(row.reference), _request(row)), label="Request"),
        cell(when(row.time, iso=row.time_iso), label="Written"),
    )


def _request(row: MailLine) -> rx.Component:
    return link(reference(row.reference), href=row.request_href)


def _failed() -> rx.Component:
    return error_state(
        "The mails could not be loaded",
        rx.el.p("Nothing was lost. The database did not answer."),
        action=button("Try again", icon="refresh-cw", on_click=State.refresh),
    )


def _empty() -> rx.Component:
    return empty_state(
        "No mail yet",
        rx.el.p("Propose a change to a patron’s record, and the mail about it stands here."),
        icon="mail",
        action=link_button("Go to the patrons", href="/patrons/"),
    )


def _nothing() -> rx.Component:
    return empty_state(
        "No mail fits",
        rx.el.p("Mails are found by address, by words of the subject, or by a reference."),
        icon="search",
        action=button("Show all mails", on_click=State.clear),
    )
