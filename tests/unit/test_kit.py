"""The kit's parts agree: tokens with stylesheet, icons with sprite, chips with the domain."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from upstage_crm.change_requests.model.rules import (
    FieldOutcome,
    RequestState,
)
from upstage_crm.mail.delivery import MailState
from upstage_crm.programme.views import PerformanceState
from upstage_crm.ui.components.base import icon
from upstage_crm.ui.components.records import status
from upstage_crm.ui.components.records.mark import email_mark
from upstage_crm.ui.design import tokens
from upstage_crm.ui.design.icons import ICON_NAMES, WIFI_OFF

ROOT = Path(__file__).parents[2]
SHEET = (ROOT / "assets" / "upstage.css").read_text("utf-8")
KIT = [*(ROOT / "upstage_crm" / "ui").rglob("*.py")]


@pytest.mark.parametrize("state", status.EMAIL_LOOKS)
def test_a_mark_says_its_word_to_who_points_at_it(state: str) -> None:
    assert f'title:"{status.EMAIL_LOOKS[state].label}"' in str(email_mark(state))


def test_stylesheet_holds_the_current_tokens() -> None:
    assert tokens.with_tokens(SHEET) == SHEET


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_pair_of_colours_has_its_contrast(theme: str) -> None:
    measured = {
        (ink, ground): tokens.contrast(
            getattr(tokens.COLOURS[ink], theme), getattr(tokens.COLOURS[ground], theme)
        )
        - least
        for ink, ground, least in tokens.CONTRAST
    }

    assert {pair: spare for pair, spare in measured.items() if spare < 0} == {}


def test_contrast_is_that_of_the_standard() -> None:
    assert round(tokens.contrast("#000000", "#ffffff"), 2) == 21.0
    assert round(tokens.contrast("#767676", "#ffffff"), 2) == 4.54  # WCAG's well-known border grey


def test_sprite_holds_exactly_the_named_icons() -> None:
    sprite = (ROOT / "assets" / "icons.svg").read_text("utf-8")

    assert set(re.findall(r'<symbol id="([^"]+)"', sprite)) == ICON_NAMES


def test_the_icon_that_is_drawn_without_a_network_is_that_of_the_sprite() -> None:
    sprite = (ROOT / "assets" / "icons.svg").read_text("utf-8")
    symbol = sprite.partition('<symbol id="wifi-off"')[2].partition("</symbol>")[0]

    assert re.findall(r'<path d="([^"]+)"/>', symbol) == list(WIFI_OFF)


def test_unknown_icon_is_refused_while_building() -> None:
    with pytest.raises(ValueError, match="no-such-icon"):
        icon("no-such-icon")


def test_every_state_of_the_domain_has_a_chip() -> None:
    assert set(RequestState) == set(status.REQUEST_LOOKS)
    assert set(FieldOutcome) == set(status.FIELD_LOOKS)
    assert set(MailState) <= set(status.MAIL_LOOKS)
    assert set(PerformanceState) == set(status.PERFORMANCE_LOOKS)


def test_chips_draw_known_icons_in_known_tones() -> None:
    tables = (
        *(status.REQUEST_LOOKS, status.FIELD_LOOKS, status.MAIL_LOOKS, status.EMAIL_LOOKS),
        status.PERFORMANCE_LOOKS,
    )
    looks = [look for table in tables for look in table.values()]

    assert {look.icon for look in looks} <= ICON_NAMES
    assert {look.tone for look in looks} <= set(tokens.TONES)


def test_every_class_that_components_name_is_in_the_stylesheet() -> None:
    drawn = {
        name
        for path in KIT
        for words in re.findall(r"class_name\W+([^)]*?u-[^\"]*)\"", path.read_text("utf-8"))
        for name in re.findall(r"\bu-[a-z][a-z-]*[a-z]\b", words)
    }
    # Variants of a name are put together while building: u-btn-{variant}.
    known = set(re.findall(r"\.(u-[a-z-]+)", SHEET))

    assert len(drawn) > 50
    assert set() == {name for name in drawn - known if f".{name}-" not in SHEET}
