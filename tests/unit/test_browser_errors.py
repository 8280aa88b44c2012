"""Reports of browsers are short, and only so many a minute."""

from __future__ import annotations

import logging

import pytest

from upstage_crm.web.browser_errors import LONGEST, MOST, WINDOW_S, BrowserErrors


def test_there_is_room_for_some_reports_a_minute(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    now = 0.0
    errors = BrowserErrors(lambda: now)

    for number in range(3 * MOST):
        errors(ValueError(f"report {number}"))
    first = [record.getMessage() for record in caplog.records]
    caplog.clear()
    now = WINDOW_S
    errors(ValueError("later"))

    assert len(first) == MOST + 1
    assert "report 0" in first[0]
    assert "left out" in first[-1]
    assert [r.getMessage() for r in caplog.records] == ["a browser's script failed: later"]


def test_a_report_is_cut(caplog: pytest.LogCaptureFixture) -> None:
    BrowserErrors()(ValueError("x" * 100_000))

    [record] = caplog.records
    assert record.getMessage().count("x") == LONGEST
