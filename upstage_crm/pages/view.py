"""What pages and dialogs are drawn with.

page_here(state, content, waiting)                 the content of a page, under its own path only
rows_here(state, rows, waiting)                    the rows of a list, under its own address only
subject_dialog(state, name, *body, title, …)       a dialog that names its subject
subject_form(state, *children, on_submit)          a form in it, which carries the subject
question(state, name, *body, title, send, …)       a dialog that is one form
kept(state, name, otherwise)                       what an input of a drafted dialog begins with
subject_input(state)                               what a form of a page or a dialog carries along
"""

from typing import Any, Literal, cast

import reflex as rx

from upstage_crm.pages.dialog_state import DRAFT, OPENING, SUBJECT, DialogMixin
from upstage_crm.pages.list_state import ListMixin
from upstage_crm.pages.page_state import PageMixin
from upstage_crm.ui.components.base import Child, Text, filled, show_if
from upstage_crm.ui.components.button import Variant, button
from upstage_crm.ui.components.dialog import dialog, dialog_close
from upstage_crm.ui.components.feedback import notice
from upstage_crm.ui.components.forms.form import event_form
from upstage_crm.ui.components.here import HERE, HERE_PATH

Size = Literal["small", "medium", "large"]


def page_here(state: type[PageMixin], content: Child, waiting: Child) -> rx.Component:
    """Return a page's `content` where the browser is on that page, else `waiting` (a skeleton).

    The browser turns to another address at once; what the server says of it comes later.
    """
    return rx.fragment(rx.cond(state.path == HERE_PATH, content, waiting))


def rows_here(state: type[ListMixin], rows: Child, waiting: Child) -> Child:
    """Return the `rows` of a list where the browser's address asks for them, else `waiting`."""
    return rx.cond(state.places.contains(HERE), rows, waiting)


def subject_dialog(
    state: type[DialogMixin],
    name: str,
    *body: Child,
    title: Text,
    description: Text = "",
    footer: Child | None = None,
    size: Size = "medium",
) -> rx.Component:
    """Return one of the dialogs of `state`; whom it is about is said beneath its title."""
    assert name in state.dialogs
    return dialog(
        rx.fragment(*body, key=state.opening),
        title=title,
        about=state.about,
        description=description,
        open=state.dialog == name,
        on_open_change=state.turn,
        footer=footer,
        size=size,
    )


def subject_form(
    state: type[DialogMixin], *children: Child, on_submit: Any, name: str = ""
) -> rx.Component:
    """Return a form that says for which subject and in which opening it was filled.

    `name` is its dialog's, where that keeps drafts.
    """
    is_drafted = name in state.drafted
    drafted = [_hidden(DRAFT, state.draft_of)] if is_drafted else []
    # Last in the order of the document, so that the first input gets the focus.
    told = [_draft_notice(state)] if is_drafted else []
    return event_form(
        subject_input(state),
        _hidden(OPENING, f"{state.opening}"),
        *drafted,
        *children,
        *told,
        on_submit=on_submit,
        on_typed=state.keep if is_drafted else None,
    )


def question(
    state: type[DialogMixin],
    name: str,
    *body: Child,
    title: Text,
    on_submit: Any,
    send: Text,
    send_variant: Variant = "primary",
    send_icon: Text | None = None,
    cancel: Text = "Cancel",
    description: Text = "",
    size: Size = "medium",
) -> rx.Component:
    """Return a dialog that is one form: its body, a refusal if there is one, and two buttons."""
    return subject_dialog(
        state,
        name,
        subject_form(
            state,
            *body,
            refusal_of(state),
            rx.el.div(
                dialog_close(cancel, variant="quiet"),
                button(send, type="submit", variant=send_variant, icon=send_icon),
                class_name="u-dialog-foot",
            ),
            on_submit=on_submit,
            name=name,
        ),
        title=title,
        description=description,
        size=size,
    )


def kept(state: type[DialogMixin], name: str, otherwise: Text = "") -> rx.Var[str]:
    """Return what an input begins with: what was typed into it before, else `otherwise`."""
    return cast("rx.Var[str]", rx.cond(state.draft.contains(name), state.draft[name], otherwise))


def _draft_notice(state: type[DialogMixin]) -> Child:
    """Say that the inputs hold what was typed before, with the way to empty ones."""
    again = button("Start over", size="small", variant="quiet", on_click=state.start_over)
    words = "What you typed before was kept."
    told = rx.el.div(notice(words, live=False, action=again), class_name="u-first")
    return show_if(state.is_restored, told)


def refusal_of(state: type[DialogMixin]) -> Child:
    """Return the sentence of why the last press was refused."""
    return show_if(filled(state.refusal), notice(state.refusal, tone="danger"))


def subject_input(state: type[PageMixin] | type[DialogMixin]) -> rx.Component:
    """Return the hidden input in which a form says whom it is about."""
    return _hidden(SUBJECT, state.subject)


def _hidden(name: str, value: rx.Var[Any] | str) -> rx.Component:
    return rx.el.input(type="hidden", name=name, value=value)
