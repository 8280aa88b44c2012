"""The patron's page: one column, made once for everybody and filled by `ConfirmState`.

What is built ahead holds no button: until the page answers to presses, it shows grey lines and the
way to the plain page. `routes` puts the link's key into that one link.
"""

from typing import Any, cast

import reflex as rx
from reflex.vars import ObjectVar
from reflex_components_core.core.banner import has_too_many_connection_errors

from upstage_crm.change_requests.model.rules import Decision
from upstage_crm.change_requests.model.views import Phase
from upstage_crm.confirm import fixed_copy
from upstage_crm.confirm.page_view import (
    CODE_PHASE,
    Fact,
    PageWords,
)
from upstage_crm.confirm.plain_html import CODE_PATH
from upstage_crm.confirm.state import EACH, TITLE_ID, ConfirmState
from upstage_crm.core.text import REMARK_LIMIT
from upstage_crm.patrons.views import FieldLine
from upstage_crm.ui.components.base import Child, filled, show_if
from upstage_crm.ui.components.button import button, link
from upstage_crm.ui.components.document import document_of
from upstage_crm.ui.components.feedback import notice, skeleton_lines
from upstage_crm.ui.components.forms.form import (
    event_form,
    native_form,
    text_area,
    text_field,
)
from upstage_crm.ui.components.here import with_this_query
from upstage_crm.ui.components.page import (
    card,
    equal_buttons,
    page_header,
    quote,
    section,
    stack,
)
from upstage_crm.ui.components.patron import disclosure, fact, facts, outcome_mark, steps
from upstage_crm.ui.components.records.diff import (
    diff,
    diff_row,
)
from upstage_crm.ui.components.records.status import chip
from upstage_crm.ui.components.text import reference
from upstage_crm.ui.layout import patron_shell, when_hydrated

PLAIN_PATH = "/confirm/plain"
_REJECT_FORM = "reject-form"

# On the class a var stands where an instance holds a value.
_words = cast("ObjectVar[PageWords]", ConfirmState.words)
_busy = cast("rx.Var[str]", ConfirmState.busy)
_problem = cast("rx.Var[str]", ConfirmState.problem)
_is_open = _words.phase == Phase.OPEN.value


def _said(name: str) -> rx.Var[str]:
    """One of the words of `fixed_copy`, in the reader's language."""
    return cast("rx.Var[str]", cast("Any", _words.fixed)[name])


def page() -> rx.Component:
    """Return the page."""
    return rx.fragment(
        document_of(lang=_words.lang, dir=_words.dir, title=_words.document_title),
        patron_shell(
            show_if(rx.State.is_hydrated & filled(_words.title), _request(), _waiting()),
            lang=_words.lang,
            dir=_words.dir,
            skip=_said("SKIP"),
            organisation=_words.organisation,
            footer=when_hydrated(_footer(), rx.fragment()),
        ),
    )


def _waiting() -> rx.Component:
    return stack(
        page_header(fixed_copy.LOADING_TITLE, subtitle=fixed_copy.LOADING),
        skeleton_lines(4),
        rx.el.p(
            fixed_copy.SIMPLE_HINT,
            " ",
            link(fixed_copy.SIMPLE_PAGE, href=PLAIN_PATH, full_load=True),
        ),
    )


def _request() -> rx.Component:
    """What there is to read and to answer.

    The key makes a new element of every answer: a browser that translates pages moves their texts
    into elements of its own, and React fails when it looks for one of them.
    """
    return rx.el.div(
        rx.el.div(
            stack(
                show_if(~_is_open, outcome_mark(_words.icon, _words.tone)),
                page_header(_words.title),
            ),
            id=TITLE_ID,
            tab_index=-1,
        ),
        show_if(filled(_words.pressed), notice(_words.pressed, live=False)),
        stack(rx.foreach(_words.lead, _paragraph), gap="small"),
        show_if(
            _words.changes.length() > 0,
            card(diff(rx.foreach(_words.changes, _change)), flush=True),
        ),
        show_if(filled(_words.until), rx.el.p(rx.el.strong(_words.until))),
        show_if(filled(_problem), notice(_problem, tone="danger")),
        show_if(has_too_many_connection_errors & _is_open, _offline()),
        show_if(_words.can_decide, _decision()),
        show_if(_words.is_notice & filled(_words.object_title), _objection_in_full()),
        show_if(
            ~_words.is_notice & filled(_words.object_title),
            disclosure(
                _words.object_title,
                rx.el.p(_words.object_words),
                _objection_button(),
                open=_words.choice == _words.objection,
            ),
        ),
        show_if(_is_open, disclosure(_said("MORE"), *_more()), rx.fragment(*_more())),
        show_if(
            _words.steps.length() > 0,
            section(
                steps(rx.foreach(_words.steps, _step)),
                title=_said("NEXT_STEPS"),
            ),
        ),
        show_if(
            filled(_words.receipt),
            rx.el.p(link(_said("RECEIPT"), href=_words.receipt, full_load=True)),
        ),
        show_if(_words.can_enter_code, _code_form()),
        key=ConfirmState.turn,
        class_name="u-stack",
        data_gap="medium",
    )


def _more() -> tuple[Child, ...]:
    """Who asks, why, and what each answer does: read when a patron wants to know more."""
    return (
        show_if(_words.facts.length() > 0, facts(rx.foreach(_words.facts, _fact))),
        show_if(filled(_words.quote), quote(_words.quote, source=_words.quote_source)),
        show_if(
            _words.answers.length() > 0,
            section(facts(rx.foreach(_words.answers, _fact)), title=_said("WHAT_HAPPENS")),
        ),
    )


def _offline() -> rx.Component:
    """The way on when presses no longer reach us."""
    return notice(rx.el.p(_said("OFFLINE")), rx.el.p(_simple_page()), tone="warning")


def _simple_page() -> rx.Component:
    return link(_said("SIMPLE_PAGE"), href=with_this_query(PLAIN_PATH), full_load=True)


def _decision() -> rx.Component:
    """Two equal answers. The reason, for a patron who wants to give one, opens beneath them."""
    return stack(
        equal_buttons(
            button(
                _words.approve,
                variant="strong",
                size="large",
                icon="check",
                on_click=ConfirmState.approve,
                **_answering(Decision.APPROVE),
            ),
            button(
                _words.reject,
                variant="strong",
                size="large",
                icon="x",
                type="submit",
                form=_REJECT_FORM,
                **_answering(Decision.REJECT),
            ),
        ),
        show_if(_words.can_choose_each, _each()),
        event_form(
            disclosure(
                _said("COMMENT_SUMMARY"),
                text_area(
                    _said("COMMENT_LABEL"),
                    "comment",
                    hint=_said("COMMENT_HINT"),
                    max_length=REMARK_LIMIT,
                    optional=True,
                    optional_mark=_said("OPTIONAL"),
                ),
                # A patron who has written something looks for the button under it.
                button(
                    _said("COMMENT_SEND"),
                    size="large",
                    type="submit",
                    **_busy_with(Decision.REJECT),
                ),
            ),
            on_submit=ConfirmState.reject,
            id=_REJECT_FORM,
        ),
    )


def _each() -> Child:
    """For a patron who wants one answer for this and another for that."""
    return event_form(
        disclosure(
            _said("EACH_SUMMARY"),
            rx.el.p(_said("EACH_HINT")),
            rx.foreach(_words.changes, _question),
            button(
                _said("EACH_SEND"),
                size="large",
                type="submit",
                busy=_busy == EACH,
                disabled=filled(_busy),
            ),
        ),
        on_submit=ConfirmState.answer_each,
    )


def _question(change: ObjectVar[FieldLine]) -> Child:
    answers = ((Decision.APPROVE, _said("APPROVE")), (Decision.REJECT, _said("REJECT")))
    asked = rx.el.fieldset(
        rx.el.legend(change.label, class_name="u-label"),
        *(_answer_for(change, decision, words) for decision, words in answers),
        class_name="u-field u-fieldset",
    )
    return show_if(filled(change.key), asked)


def _answer_for(
    change: ObjectVar[FieldLine], decision: Decision, words: rx.Var[str]
) -> rx.Component:
    own = f"{change.key}-{decision.value}"
    box = rx.el.input(
        type="radio", id=own, name=change.key, value=decision.value, class_name="u-radio"
    )
    return rx.el.div(
        box, rx.el.label(words, html_for=own, class_name="u-choice-label"), class_name="u-choice"
    )


def _code_form() -> Child:
    """The way in without a link; the browser itself sends it, so it works on any of our pages."""
    typed = {"auto_capitalize": "characters", "spell_check": False, "max_length": 20}
    form = native_form(
        text_field(
            _said("CODE_REFERENCE"),
            "reference",
            hint=_said("CODE_REFERENCE_HINT"),
            auto_complete="off",
            **typed,
        ),
        text_field(
            _said("CODE"), "code", hint=_said("CODE_HINT"), auto_complete="one-time-code", **typed
        ),
        button(_said("CODE_OPEN"), size="large", type="submit"),
        action=CODE_PATH,
    )
    other_way = section(rx.el.p(_said("CODE_LEAD")), form, title=_said("CODE_TITLE"))
    return show_if(_words.phase == CODE_PHASE, form, other_way)


def _objection_in_full() -> rx.Component:
    return section(rx.el.p(_words.object_words), _objection_button(), title=_words.object_title)


def _objection_button() -> rx.Component:
    return button(
        _words.object_button,
        size="large",
        on_click=ConfirmState.object_to,
        busy=_busy == _words.objection,
        disabled=filled(_busy),
        data_marked=rx.cond(_words.choice == _words.objection, "true", "false"),
    )


def _answering(decision: Decision) -> dict[str, Any]:
    """What all answers share; the one that was pressed in the mail is outlined."""
    marked = rx.cond(_words.choice == decision.value, "true", "false")
    return {**_busy_with(decision), "data_marked": marked}


def _busy_with(decision: Decision) -> dict[str, Any]:
    """One answer at a time."""
    return {"busy": _busy == decision.value, "disabled": filled(_busy)}


def _change(change: ObjectVar[FieldLine]) -> rx.Component:
    return diff_row(
        change.label,
        change.now,
        change.proposed,
        outcome=show_if(filled(change.outcome), chip(change.outcome, icon="info")),
        now_heading=change.now_heading,
        proposed_heading=change.proposed_heading,
        is_kept=change.is_kept,
        nothing=_said("NOTHING"),
        level=2,
    )


def _fact(item: ObjectVar[Fact]) -> rx.Component:
    return fact(item.label, item.text)


def _paragraph(line: rx.Var[str]) -> rx.Component:
    return rx.el.p(line)


def _step(line: rx.Var[str]) -> rx.Component:
    return rx.el.li(line)


def _footer() -> rx.Component:
    """How to reach us, and the simple page for a browser in which something does not work."""
    return rx.el.div(
        show_if(filled(_words.phone), _help()),
        show_if(_is_open, rx.el.p(_said("SIMPLE_OFFER"), " ", _simple_page())),
        key=ConfirmState.turn,
    )


def _help() -> Child:
    return stack(
        rx.el.p(
            _said("QUESTIONS"),
            " ",
            link(
                rx.el.bdi(_words.phone, class_name="u-when"), href=_words.phone_href, full_load=True
            ),
            show_if(
                filled(_words.reference),
                rx.fragment(" ", _said("SAY_REFERENCE"), " ", reference(_words.reference)),
            ),
            ".",
        ),
        show_if(_words.can_decide | _words.is_notice, rx.el.p(_said("NEVER"))),
        gap="small",
    )
