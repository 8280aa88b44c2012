"""The dialog in which staff propose a new value and see, before sending, what will be read."""

from typing import Any, cast

import reflex as rx

from upstage_crm.admin.patrons.inputs import error_at, field_inputs
from upstage_crm.admin.patrons.proposal import (
    METHOD,
    NOTE,
    REASON,
    WORDS,
    Hint,
    ReadingView,
)
from upstage_crm.admin.patrons.propose_state import PROPOSE
from upstage_crm.admin.patrons.propose_state import ProposeState as State
from upstage_crm.change_requests.desk.identify import (
    IDENTIFYING,
)
from upstage_crm.change_requests.model.reasons import (
    METHODS,
    STAFF_REASONS,
)
from upstage_crm.core.text import REMARK_LIMIT
from upstage_crm.pages.view import kept, question
from upstage_crm.patrons.fields import FIELDS, ProtectedField
from upstage_crm.patrons.views import FieldLine
from upstage_crm.ui.components.base import Child, filled, show_if, text_for
from upstage_crm.ui.components.button import button, link
from upstage_crm.ui.components.feedback import notice
from upstage_crm.ui.components.forms.choice import checkbox
from upstage_crm.ui.components.forms.form import (
    select_field,
    text_area,
)
from upstage_crm.ui.components.page import inline, quote, section, stack
from upstage_crm.ui.components.records.diff import (
    diff,
    diff_row,
)
from upstage_crm.ui.components.records.record import definitions
from upstage_crm.ui.components.text import live_place, reference, value_lines

ID = "propose"
TITLES = {key: f"Propose change: {field.label.lower()}" for key, field in FIELDS.items()}
WORDS_HINT = (
    "Only a verified mailbox of the patron sees this message. "
    "A new or unverified address sees the reason above instead."
)


def propose_dialog() -> rx.Component:
    """Return the dialog; `ProposeState.open(field, subject)` opens it."""
    return question(
        State,
        PROPOSE,
        show_if(filled(State.lead), notice(State.lead, tone="warning", live=False)),
        rx.fragment(_fields(), key=State.form),
        live_place(show_if(State.hints.length() > 0, _hints())),
        _added(),
        _more(),
        _way_out(),
        _reason(),
        _mailbox(),
        live_place(_preview()),
        title=text_for(State.field, TITLES, "Propose change"),
        description="Nothing changes until the patron approves.",
        on_submit=State.send,
        send="Send proposal",
        send_icon="send",
        size="large",
    )


def _fields() -> Child:
    return rx.match(State.field, *((key, _inputs(f)) for key, f in FIELDS.items()), rx.fragment())


def _added() -> Child:
    """The fields that were added to the request, each with a way to leave it out again."""
    return rx.fragment(
        *(show_if(State.others.contains(key), _other(field)) for key, field in FIELDS.items())
    )


def _other(field: ProtectedField) -> rx.Component:
    leave_out = button(
        f"Leave out {field.label.lower()}", size="small", on_click=State.drop(field.key)
    )
    # A single input says by its label what the field is.
    title = field.label if len(field.parts) > 1 else ""
    return section(_inputs(field), inline(leave_out), title=title)


def _more() -> Child:
    """One press for each further field: one request, one reason, one mail."""
    offered = [
        show_if(
            State.addable.contains(key) & ~_is_asked(key),
            button(field.label, size="small", icon="plus", on_click=State.add(key)),
        )
        for key, field in FIELDS.items()
    ]
    shown = rx.el.div(
        rx.el.p("Also change", class_name="u-hint"), inline(*offered), class_name="u-stack"
    )
    is_left: Any = State.addable.length() > State.others.length() + 1
    return show_if(is_left, shown)


def _mailbox() -> Child:
    """Who is asked besides, and what to do when the patron cannot read the mailbox.

    A record without a working mailbox has none that could be asked besides, or that was lost.
    """
    is_address = [key for key, field in FIELDS.items() if field.is_mailbox]
    both = checkbox(
        "Ask the current address too",
        "ask_both",
        default_checked=kept(State, "ask_both") == "on",
        hint="Both must approve before the address changes.",
        on_change=State.both,
    )
    asked = [show_if(_is_asked(k), both) for k in is_address]
    lost = checkbox(
        rx.cond(
            State.has_mailbox,
            "The patron has lost access to their current email",
            "Confirm their identity at the desk instead",
        ),
        "is_lost",
        default_checked=State.is_lost,
        hint="Two colleagues confirm their identity, then a waiting period starts.",
        on_change=State.lose,
    )
    return rx.fragment(
        rx.cond(State.is_lost, rx.fragment(), show_if(State.has_mailbox, rx.fragment(*asked))),
        rx.cond(State.is_at_desk, rx.fragment(), show_if(State.may_identify, lost)),
        show_if(State.is_lost, _identified()),
    )


def _is_asked(key: str) -> Any:
    """Whether a field is among those of the request."""
    return rx.cond(State.field == key, True, State.others.contains(key))


def _identified() -> rx.Component:
    return stack(
        select_field(
            "How did you check their identity?",
            METHOD,
            [(method.value, METHODS[method].label) for method in IDENTIFYING],
            id=f"{ID}-{METHOD}",
            placeholder="Choose one",
            default_value=kept(State, METHOD),
            error=error_at(State.errors, METHOD),
        ),
        text_area(
            "What did you check?",
            NOTE,
            id=f"{ID}-{NOTE}",
            default_value=kept(State, NOTE),
            hint="The second person reads this. Don’t write down document numbers.",
            error=error_at(State.errors, NOTE),
            rows=2,
            max_length=REMARK_LIMIT,
        ),
    )


def _inputs(field: ProtectedField) -> rx.Component:
    return stack(
        definitions(("Now", value_lines(State.now[field.key].to(list[str])))),
        *_own_inputs(field),
    )


def _own_inputs(field: ProtectedField) -> list[rx.Component]:
    return field_inputs(
        field,
        id_prefix=ID,
        start=State.start,
        errors=State.errors,
        on_typed=State.typed,
        on_pause=State.check,
    )


def _way_out() -> Child:
    way = link(State.problems.link, href=State.problems.href)
    override = checkbox(
        "Propose it all the same",
        "override",
        hint="The history will show that you overrode the waiting time.",
        on_change=State.allow,
    )
    return rx.fragment(
        show_if(filled(State.problems.general), notice(State.problems.general, tone="danger")),
        show_if(filled(State.problems.href), rx.el.p(way)),
        show_if(State.can_override, override),
    )


def _hints() -> Child:
    return stack(
        rx.foreach(State.hints, lambda hint: _hint(cast("Hint", hint))),
        gap="small",
    )


def _hint(hint: Hint) -> rx.Component:
    take = button(
        "Use ",
        rx.el.bdi(hint.suggestion),
        size="small",
        on_click=State.use(hint.suggestion),
    )
    return notice(
        hint.words,
        tone="warning",
        live=False,
        action=show_if(filled(hint.suggestion), take),
    )


def _reason() -> rx.Component:
    options = [(code.value, reason.label) for code, reason in STAFF_REASONS.items()]
    return stack(
        select_field(
            "Reason",
            REASON,
            options,
            id=f"{ID}-{REASON}",
            placeholder="Choose a reason",
            default_value=error_at(State.start, REASON),
            error=error_at(State.errors, REASON),
            on_change=State.choose,
        ),
        text_area(
            "Message to the patron",
            WORDS,
            id=f"{ID}-{WORDS}",
            default_value=error_at(State.start, WORDS),
            hint=WORDS_HINT,
            error=error_at(State.errors, WORDS),
            optional=True,
            rows=2,
            max_length=REMARK_LIMIT,
            on_change=State.write,
            on_blur=State.check,
        ),
        show_if(
            filled(State.reads),
            rx.el.p(
                "The patron reads ",
                State.reads,
                ". We translate our own words, not your message.",
                class_name="u-hint",
            ),
        ),
    )


def _preview() -> Child:
    shown = section(
        show_if(filled(State.preview.standing), _standing()),
        show_if(
            filled(State.preview.replaced),
            notice(
                f"This replaces the open request {State.preview.replaced}.",
                tone="info",
                live=False,
            ),
        ),
        show_if(
            filled(State.preview.second),
            notice(State.preview.second, tone="info", live=False),
        ),
        show_if(
            filled(State.preview.tickets),
            notice(State.preview.tickets, tone="warning", live=False),
        ),
        rx.foreach(State.preview.readings, lambda reading: _reading(cast("ReadingView", reading))),
        rx.el.p(
            "Expires ",
            State.preview.until,
            ". If there is no answer, nothing changes.",
            class_name="u-muted",
        ),
        title="Preview: what each person will see",
    )
    return show_if(filled(State.preview.until), shown)


def _standing() -> rx.Component:
    href = f"/requests/{State.preview.standing}/"
    return notice(
        "This change has already been proposed and is awaiting an answer.",
        tone="info",
        live=False,
        action=link("View request ", reference(State.preview.standing), href=href),
    )


def _reading(reading: ReadingView) -> rx.Component:
    return stack(
        rx.el.p(
            rx.el.strong(rx.el.bdi(reading.mailbox)),
            " ",
            rx.el.span(reading.task, class_name="u-muted"),
        ),
        diff(rx.foreach(reading.fields, lambda field: _read(cast("FieldLine", field)))),
        rx.el.p("They see the name as ", rx.el.bdi(reading.greeting), ".", class_name="u-muted"),
        show_if(filled(State.preview.reason), rx.el.p(State.preview.reason)),
        show_if(filled(reading.words), quote(reading.words, source=State.preview.proposer)),
        gap="small",
    )


def _read(field: FieldLine) -> rx.Component:
    return diff_row(field.label, field.now, field.proposed)
