"""What stands in place of a page whose script has failed in the browser.

A translating browser, an extension or an old engine can break a page after a patron's answer has
been recorded. The patron reads a calm sentence, and the simple page says what holds.
"""

from __future__ import annotations

from typing import Final, cast

import reflex as rx

from upstage_crm.confirm import fixed_copy
from upstage_crm.confirm.plain import PATH
from upstage_crm.core.languages import LANGUAGES, SOURCE, speaker
from upstage_crm.ui.components.base import Text, text_for
from upstage_crm.ui.components.button import link
from upstage_crm.ui.components.page import page_header

# Nothing here may depend on the state of the app: it is what failed.
_LANGUAGE: Final = cast("rx.Var[str]", rx.Var("document.documentElement.lang", _var_type=str))
_IS_PATRONS: Final = rx.Var('window.location.pathname.startsWith("/confirm")', _var_type=bool)
_SIMPLE_PAGE: Final = cast(
    "rx.Var[str]", rx.Var(f'("{PATH}" + window.location.search)', _var_type=str)
)


def broken_page() -> rx.Component:
    """Return the calm page: for patrons with the simple page beside it, for staff with a reload."""
    return rx.el.main(
        rx.cond(_IS_PATRONS, _for_patrons(), _for_staff()),
        class_name="u-one-column u-patron",
    )


def _for_patrons() -> rx.Component:
    return rx.el.div(
        page_header(_said(fixed_copy.BROKEN_TITLE), subtitle=_said(fixed_copy.BROKEN)),
        rx.el.p(link(_said(fixed_copy.SIMPLE_PAGE), href=_SIMPLE_PAGE, full_load=True)),
    )


def _for_staff() -> rx.Component:
    return rx.el.div(
        page_header(
            "This page stopped working",
            subtitle="Everything that was saved is safe. Load the page again to go on.",
        ),
        rx.el.p(link("Load the page again", href="", full_load=True)),
    )


def _said(sentence: str) -> Text:
    """A sentence in the language of the document."""
    spoken = {code: speaker(code)(sentence) for code in LANGUAGES if code != SOURCE}
    return text_for(_LANGUAGE, spoken, sentence)
