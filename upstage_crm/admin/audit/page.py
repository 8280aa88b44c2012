"""The page at `/audit/`: the trail as a timeline in plain language."""

from typing import cast

import reflex as rx

from upstage_crm.admin.audit.findings import findings_card, restore_dialog
from upstage_crm.admin.audit.rows import TrailRow, ValueLine
from upstage_crm.admin.audit.state import AuditState as State
from upstage_crm.admin.frame import framed
from upstage_crm.pages.list_page import list_dates, list_rows, list_select, list_tools
from upstage_crm.pages.view import rows_here
from upstage_crm.ui.components.base import Child, filled, hidden_text, icon, show_if
from upstage_crm.ui.components.button import button, link, link_button
from upstage_crm.ui.components.feedback import (
    empty_state,
    error_state,
    notice,
    skeleton_lines,
)
from upstage_crm.ui.components.page import card, page_header, quote, stack
from upstage_crm.ui.components.records.timeline import (
    timeline,
    timeline_item,
)
from upstage_crm.ui.components.text import empty_value, reference, when
from upstage_crm.wording.actions import (
    ACTOR_WORDS,
    GROUP_WORDS,
)

_ACTORS = [("", "Anyone"), *((kind.value, words) for kind, words in ACTOR_WORDS.items())]
_GROUPS = [("", "Everything"), *((group.value, words) for group, words in GROUP_WORDS.items())]


def page() -> rx.Component:
    """Return the page."""
    return framed(
        State,
        page_header(
            "Audit",
            subtitle=rx.fragment(
                "Every change: who, what and how. Nothing here can be altered.",
                show_if(filled(State.clock), rx.fragment(" Times: ", State.clock, ".")),
            ),
            actions=(
                button(
                    "Check everything",
                    icon="shield-check",
                    busy=State.is_checking,
                    on_click=State.check,
                ),
            ),
        ),
        stack(
            # Always there, so that a screen reader hears the result come in.
            rx.el.div(
                show_if(
                    State.check_result.length() > 0,
                    notice(
                        stack(rx.foreach(State.check_result, rx.el.p), gap="small"),
                        tone=_found_tone(),
                        live=False,
                    ),
                ),
                role="status",
            ),
            findings_card(),
            list_tools(
                State,
                list_select(State, "who", "Who", _ACTORS),
                list_select(State, "what", "What", _GROUPS),
                list_dates(State, "Date"),
                label="Search the trail",
                placeholder="Patron, colleague or reference",
                actions=(
                    show_if(
                        State.may_export,
                        link_button(
                            "Export", href=State.export_href, icon="download", full_load=True
                        ),
                    ),
                ),
            ),
            card(_entries()),
            rows_here(State, _steps(), rx.fragment()),
        ),
        restore_dialog(),
        active="audit",
        waiting=stack(page_header("Audit"), card(skeleton_lines(10))),
    )


def _found_tone() -> rx.Var[str]:
    return rx.cond(State.is_unbroken, "success", "danger")


def _entries() -> Child:
    return list_rows(
        State,
        timeline(rx.foreach(State.rows, _entry), label="Audit trail"),
        skeleton_lines(10),
        empty=_empty(),
        nothing=_nothing(),
        failed=_failed(),
    )


def _entry(row: TrailRow) -> rx.Component:
    return timeline_item(
        rx.fragment(
            row.words,
            show_if(filled(row.reference), _after(reference(row.reference), row.request_href)),
            show_if(filled(row.patron), _after(row.patron, row.patron_href)),
        ),
        icon=row.icon,
        tone=cast("rx.Var[str]", row.tone),
        actor=row.actor,
        channel=row.channel,
        time=rx.fragment(when(row.time, iso=row.time_iso), " · entry ", row.seq),
        detail=rx.fragment(
            show_if(filled(row.note), rx.el.p(row.note)),
            rx.foreach(row.changes, _change),
            show_if(filled(row.quote), quote(row.quote, source=row.quote_source)),
        ),
    )


def _after(words: Child, href: str) -> rx.Component:
    return rx.fragment(" ", link(words, href=href))


def _change(line: ValueLine) -> rx.Component:
    return rx.el.p(
        rx.el.span(line.label, ": ", class_name="u-muted"),
        _side("from ", line.old),
        icon("arrow-right", size=14),
        _side("to ", line.new),
        class_name="u-moved",
    )


def _side(spoken: str, text: str) -> rx.Component:
    return rx.fragment(
        hidden_text(spoken),
        show_if(filled(text), rx.el.bdi(text, class_name="u-value"), empty_value("nothing")),
    )


def _steps() -> rx.Component:
    return rx.el.nav(
        show_if(
            State.is_newest,
            rx.fragment(),
            button("Newest", icon="arrow-up", size="small", on_click=State.previous_page),
        ),
        show_if(
            State.has_next,
            button("Older", icon="arrow-down", size="small", on_click=State.next_page),
        ),
        aria_label="Pages",
        class_name="u-inline",
    )


def _failed() -> rx.Component:
    return error_state(
        "The trail could not be loaded",
        rx.el.p("The database did not answer, or an entry cannot be read. Check everything."),
        action=button("Try again", icon="refresh-cw", on_click=State.fetch),
    )


def _nothing() -> rx.Component:
    return empty_state(
        rx.cond(State.query, f"No entry found for “{State.query}”", "No entry fits"),
        rx.el.p("Search by patron (number, name or email), by colleague or by reference."),
        icon="search",
        action=button("Show everything", on_click=State.clear),
    )


def _empty() -> rx.Component:
    return empty_state("Nothing has happened yet", icon="scroll-text")
