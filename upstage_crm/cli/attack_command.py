"""The command line's attack on the demo: what raw SQL can do, and who stops it."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from itertools import groupby

from upstage_crm import wiring
from upstage_crm.cli.audit_commands import migrated
from upstage_crm.core.db import Database, make_engine
from upstage_crm.demo.attack import Outcome, Result, attack
from upstage_crm.settings import Settings
from upstage_crm.staff import demo_account
from upstage_crm.web.errors import NotTheDemo
from upstage_crm.wording.actions import counted

PASSED = 1
_WORDS, _STATEMENT = 44, 64  # columns
# Neither an id nor an address is printed: the database may be another than the demo's.
_PRIVATE = re.compile(r"'(?:[0-9a-f]{32}|(?!evil@)[^']*@[^']*)'")
_COLUMNS = re.compile(r"\([a-z_, ]{40,}\) SELECT .* FROM")


def run(options: argparse.Namespace, settings: Settings) -> int:
    """Attack the demo, or the named database; fail when anything passes or any row is another."""
    named: str | None = options.database
    database = Database(make_engine(named)) if named else migrated(settings).database
    try:
        if named is None:
            _ensure_demo(database)
        result = attack(database, protected=wiring.PROTECTED, ring=wiring.key_ring(settings))
    finally:
        database.dispose()
    for line in _lines(result):
        print(line)
    is_good = not result.passed and not result.unwatched and result.is_unchanged
    return 0 if is_good else PASSED


def _ensure_demo(database: Database) -> None:
    with database.reading() as session:
        if not demo_account.stands(session):
            raise NotTheDemo


def _lines(result: Result) -> Iterator[str]:
    yield f"  {'Attempt':<{_WORDS}} {'Statement (the last one)':<{_STATEMENT}} Stopped by"
    for group, outcomes in groupby(result.outcomes, key=lambda o: o.attempt.group):
        yield f"\n{group}"
        for _attempt, ways in groupby(outcomes, key=lambda o: id(o.attempt)):
            yield from _rows(list(ways))
    attempts = len({id(outcome.attempt) for outcome in result.outcomes})
    tried = f"{counted(attempts, 'attempt')}, run {counted(len(result.outcomes), 'time')}"
    passed = f"{len(result.passed):,} passed" if result.passed else "none passed"
    rows = "not one row is another" if result.is_unchanged else "SOME ROW IS ANOTHER"
    yield f"\n{tried}: {passed}, {rows}."
    taken = [outcome for outcome in result.outcomes if outcome.is_taken]
    seen = f"{len(taken) - len(result.unwatched)} of {len(taken)}"
    yield f"Taken by the database and found by the running server within a minute: {seen}."


def _rows(ways: list[Outcome]) -> Iterator[str]:
    """One line when every way ended alike, else one for each."""
    attempt = ways[0].attempt
    last = _short(attempt.statements[-1]) if attempt.statements else "(a script)"
    first = f"  {attempt.words:<{_WORDS}} {last:<{_STATEMENT}}"
    if len({way.stopped_by for way in ways}) == 1:
        yield f"{first} {ways[0].stopped_by or 'PASSED'}"
        return
    for way in ways:
        yield f"{first} {way.stopped_by or 'PASSED'} ({way.way})"


def _short(statement: str) -> str:
    text = _COLUMNS.sub("(…) SELECT … FROM", _PRIVATE.sub("'…'", statement))
    return text if len(text) <= _STATEMENT else f"{text[: _STATEMENT - 1]}…"
