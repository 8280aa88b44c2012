"""What the page of an event has beside its performances: the picture, and the other languages.

picture_card()      the picture, and the form that gives another one
languages_card()    the languages that patrons read, each with its title
part_dialogs()      the dialogs of both, and the one that copies the event
"""

from __future__ import annotations

from typing import Any

import reflex as rx

from upstage_crm.admin.incoming_files import FILE
from upstage_crm.admin.programme.dialog_state import COPY, REMOVE, TRANSLATE
from upstage_crm.admin.programme.dialog_state import EventDialogState as Dialogs
from upstage_crm.admin.programme.event_inputs import LABELS, title_input, translation_inputs
from upstage_crm.admin.programme.event_state import EventState as State
from upstage_crm.admin.programme.picture_files import VERSION
from upstage_crm.pages.view import question
from upstage_crm.programme.event_texts import ALT, ALT_LIMIT, TRANSLATED
from upstage_crm.programme.picture_reading import LEAST_WIDTH, MOST_BYTES
from upstage_crm.ui.components.base import Child, filled, hidden_text, show_if
from upstage_crm.ui.components.button import button
from upstage_crm.ui.components.forms.form import form_actions, native_form, text_field
from upstage_crm.ui.components.page import card, halves, stack
from upstage_crm.ui.components.records.record import plain_row, record
from upstage_crm.ui.components.text import empty_value


def picture_card() -> rx.Component:
    """Return the picture with what is said of it; who may edit gives another one here."""
    shown = rx.el.figure(
        rx.el.img(src=State.picture_large, alt=State.picture_alt, class_name="u-event-picture"),
        rx.el.figcaption(State.picture_alt, class_name="u-sub"),
    )
    nothing = rx.el.p("No picture yet.", class_name="u-muted")
    return card(
        halves(
            show_if(filled(State.picture), shown, nothing),
            show_if(State.may_edit, _picture_form()),
        ),
        title="Picture",
        actions=(
            show_if(
                State.may_edit & (State.picture != ""),
                button("Remove picture", size="small", on_click=Dialogs.ask_remove),
            ),
        ),
    )


def _picture_form() -> Child:
    label, purpose = LABELS[ALT]
    return native_form(
        rx.el.input(type="hidden", name=VERSION, value=State.version),
        rx.el.label("Picture file", html_for="picture-file", class_name="u-label"),
        rx.el.p(
            f"JPEG, PNG or WebP, up to {MOST_BYTES // 1_000_000} MB, {LEAST_WIDTH} pixels wide or "
            "more. We store copies of our own sizes, without what a camera wrote into it.",
            class_name="u-hint",
        ),
        rx.el.input(
            type="file",
            id="picture-file",
            name=FILE,
            accept="image/jpeg,image/png,image/webp",
            class_name="u-input",
        ),
        text_field(
            label,
            ALT,
            hint=purpose,
            default_value=State.picture_alt,
            max_length=ALT_LIMIT,
            auto_complete="off",
            id="picture-alt",
            key=State.picture_alt,
        ),
        form_actions(button("Save picture", type="submit")),
        action=State.picture_path,
        custom_attrs={"encType": "multipart/form-data"},
    )


def languages_card() -> rx.Component:
    """Return the languages; a text without a translation is read in the event's own."""
    return card(
        record(rx.foreach(State.languages, _language), label="Other languages"),
        rx.el.p(
            "What is not translated is read in ",
            State.language,
            ".",
            class_name="u-hint u-card-note",
        ),
        title="Other languages",
        flush=True,
    )


def _language(line: Any) -> rx.Component:
    said = show_if(filled(line.title), rx.el.bdi(line.title), "Translated in part")
    change = button(
        show_if(line.is_translated, "Change", "Translate"),
        hidden_text(" ", line.name),
        size="small",
        on_click=Dialogs.open_translate(line.code),
    )
    return plain_row(
        line.name,
        show_if(line.is_translated, said, empty_value("Not translated")),
        show_if(State.may_edit, change),
    )


def part_dialogs() -> tuple[rx.Component, ...]:
    """Return the dialogs."""
    own = {name: Dialogs.own[name] for name in TRANSLATED}
    return (
        question(
            Dialogs,
            TRANSLATE,
            stack(*translation_inputs(Dialogs, TRANSLATE, own)),
            title="Translate event",
            description="A text that is left empty is read as the event says it.",
            on_submit=Dialogs.translate,
            send="Save",
            size="large",
        ),
        question(
            Dialogs,
            COPY,
            title_input(Dialogs, COPY),
            title="Copy event",
            description="With its texts in all languages and its picture, without performances.",
            on_submit=Dialogs.copy_event,
            send="Copy",
        ),
        question(
            Dialogs,
            REMOVE,
            rx.el.p("The picture is deleted. You can give another one at any time."),
            title="Remove picture?",
            on_submit=Dialogs.remove,
            send="Remove",
            send_variant="danger",
            cancel="Keep it",
            size="small",
        ),
    )
