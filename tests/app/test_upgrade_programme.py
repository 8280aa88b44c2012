"""Events of before: a running time in words becomes minutes, and loses nothing that it said."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from upstage_crm.core import migrations
from upstage_crm.core.db import make_engine

pytestmark = pytest.mark.each_database

ADD = sa.text(
    "INSERT INTO event (id, title, genre, running_time, age_advice, content_notes, description, "
    "version, created_at) VALUES (:id, 'T', '', :said, '', '', 'About it.', 1, :at)"
)
SAID = {
    "exact": ("2 h 20 min", 140, "About it."),
    "more": ("1 h 10 min, no interval", 70, "1 h 10 min, no interval\nAbout it."),
    "words": ("about two hours", None, "about two hours\nAbout it."),
    "nothing": ("", None, "About it."),
    "absurd": ("99 h", None, "99 h\nAbout it."),
}


def test_a_running_time_is_read(blank_url: str) -> None:
    engine = make_engine(blank_url)
    migrations.upgrade(engine, "0030")
    with engine.begin() as connection:
        at = datetime(2026, 11, 1, tzinfo=UTC)
        at = at.replace(tzinfo=None) if connection.dialect.name == "sqlite" else at
        for event_id, (said, _, _) in SAID.items():
            connection.execute(ADD, {"id": event_id, "said": said, "at": at})

    migrations.upgrade(engine)

    with engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT id, running_minutes, description FROM event")
        found = {row[0]: tuple(row[1:]) for row in rows}
    engine.dispose()
    assert found == {event_id: expected[1:] for event_id, expected in SAID.items()}
