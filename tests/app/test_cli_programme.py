"""`upstage-crm programme check` as its operator meets it: exit codes and plain sentences."""

from __future__ import annotations

from datetime import date

import pytest

from tests.app.test_performances import put_on_sale
from tests.app.test_programme import event_of, hall, hamlet, perform
from tests.support.factories import Desk
from upstage_crm.cli import commands

__all__ = ["hall", "hamlet"]  # the fixtures of events

pytestmark = pytest.mark.usefixtures("operator")


def test_nothing_on_sale_is_no_trouble(
    desk: Desk, hamlet: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert commands.main(["programme", "check"]) == 0
    assert capsys.readouterr().out == "Nothing is on sale.\n"


def test_what_is_on_sale_and_not_ready_is_named(
    desk: Desk, hall: str, hamlet: str, capsys: pytest.CaptureFixture[str]
) -> None:
    perform(desk, hamlet, hall, date(2035, 12, 4), date(2035, 12, 5))
    one, _ = event_of(desk, hamlet).performances
    put_on_sale(desk, one, checks=())

    assert commands.main(["programme", "check"]) == 1

    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("Hamlet, ")
    assert lines[0].endswith(
        "Studio, Lantern Street Theatre: The event does not say how long it takes."
    )
    assert lines[1].endswith(": The hall has no seat plan.")
    assert lines[2].endswith(": No sale window is open, and none opens before it begins.")
    assert lines[3:] == ["1 performance on sale, 1 not ready."]
