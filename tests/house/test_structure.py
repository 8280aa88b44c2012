"""The figures of `structure` do not grow: each bound is today's figure, and may only be lowered."""

from __future__ import annotations

import statistics

import pytest

from tests.house import structure

MODULES_IN_A_FOLDER = 20
LONGEST_MODULE = 400  # lines
MEDIAN_MODULE = 125  # lines
# Files and functions of ours that a step runs through. Aimed at: 25 files to propose, 20 to decide.
FILES = {"propose": 56, "deliver": 23, "read": 15, "decide": 60}
FUNCTIONS = {"propose": 280, "deliver": 94, "read": 53, "decide": 278}


def test_no_folder_has_too_many_modules() -> None:
    full = {
        folder: count
        for folder, count in structure.modules_by_folder().items()
        if count > MODULES_IN_A_FOLDER
    }

    assert full == {}


def test_modules_stay_short() -> None:
    lengths = [structure.lines_of(path) for path in structure.modules()]

    assert statistics.median(lengths) <= MEDIAN_MODULE
    assert max(lengths) <= LONGEST_MODULE


def test_imports_go_neither_in_circles_nor_upward() -> None:
    graph = structure.imports()

    assert structure.circles(graph) == []
    assert structure.upward(graph) == []


def test_one_change_runs_through_no_more_of_our_code() -> None:
    traces = structure.measured_path()

    assert traces.keys() == FILES.keys()
    assert {step: trace for step, trace in traces.items() if trace.files > FILES[step]} == {}
    assert {
        step: trace for step, trace in traces.items() if trace.functions > FUNCTIONS[step]
    } == {}


# --- that the figures are right -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("graph", "found"),
    [
        ({"a": {"b"}, "b": {"c"}, "c": set()}, []),
        ({"a": {"b"}, "b": {"a"}}, [["a", "b"]]),
        ({"a": {"b", "d"}, "b": {"c"}, "c": {"a"}, "d": set()}, [["a", "b", "c"]]),
    ],
)
def test_a_circle_is_found(graph: dict[str, set[str]], found: list[list[str]]) -> None:
    assert structure.circles(graph) == found


def test_an_upward_import_is_found() -> None:
    lower, upper = "upstage_crm.mail.outbox", "upstage_crm.admin.guard"
    room, above = (
        "upstage_crm.change_requests.model.rules",
        "upstage_crm.change_requests.desk.codes",
    )

    assert structure.upward({upper: {lower}, above: {room}}) == []
    assert structure.upward({lower: {upper}, room: {above}}) == [(lower, upper), (room, above)]


def test_a_trace_counts_what_ran() -> None:
    from upstage_crm.core import text

    trace = structure.traced(lambda: text.find_emails("ada@example.org"))

    assert trace.files == 1
    assert trace.functions >= 1
    assert trace.lines >= trace.functions
