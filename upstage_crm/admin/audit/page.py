"""The page at `/audit/`: the trail as a timeline in plain language."""

from typing import cast

import reflex as rx

from upstage_crm.admin.audit.findings import findings_card, restore_dialog
from upstage_crm.admin.audit.rows import TrailRow, ValueLine
from upstage_crm.admin.audit.state import AuditState as State
from upstage_crm.admin.frame import framed
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
from upstage_crm.ui.components.text import empty_value, reference, when
from upstage_crm.ui.components.timeline import timeline, timeline_item
from upstage_crm.ui.components.toolbar import filter_select, toolbar
from upstage_crm.wording.actions import (
    ACTOR_WORDS,
    GROUP_WORDS,
)

_ACTORS = [("", "Everybody"), *((kind.value, words) for kind, words in ACTOR_WORDS.items())]
_GROUPS = [("", "Everything"), *((group.value, words) for group, words in GROUP_WORDS.items())]


def page() -> rx.Component:
    """Return the page."""
    return framed(
        State,
        page_header(
            "Audit",
            subtitle=rx.fragment(
                "Every change, who made it and by which way. Nothing here can be altered.",
                show_if(filled(State.time_zone), rx.fragment(" Times: ", State.time_zone, ".")),
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
            toolbar(
                filter_select(
                    "Who", _ACTORS, value=State.wanted_actor, on_change=State.choose_actor, id="who"
                ),
                filter_select(
                    "What",
                    _GROUPS,
                    value=State.wanted_group,
                    on_change=State.choose_group,
                    id="what",
                ),
            ),
            card(rows_here(State, _entries(), skeleton_lines(10))),
            rows_here(State, _steps(), rx.fragment()),
        ),
        restore_dialog(),
        active="audit",
        waiting=stack(page_header("Audit"), card(skeleton_lines(10))),
    )


def _found_tone() -> rx.Var[str]:
    return rx.cond(State.is_unbroken, "success", "danger")


def _entries() -> Child:
    return rx.match(
        State.shown,
        ("rows", timeline(rx.foreach(State.rows, _entry), label="Audit trail")),
        ("failed", _failed()),
        ("nothing", _nothing()),
        ("empty", _empty()),
        skeleton_lines(10),
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
            link_button("Newest", href=State.newest_href, icon="arrow-up", size="small"),
        ),
        show_if(
            filled(State.older_href),
            link_button("Older", href=State.older_href, icon="arrow-down", size="small"),
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
        "Nothing like this was recorded",
        icon="scroll-text",
        action=link_button("Show everything", href="/audit/"),
    )


def _empty() -> rx.Component:
    return empty_state("Nothing has happened yet", icon="scroll-text")
