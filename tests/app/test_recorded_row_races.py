"""PostgreSQL lets others commit in the midst of a command: their changes are never signed."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from tests.support.factories import Desk
from upstage_crm.audit import recorded
from upstage_crm.audit.errors import RowMoved
from upstage_crm.staff import accounts
from upstage_crm.staff.roles import Role

pytestmark = pytest.mark.each_database

WAITS = (
    "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' "
    "AND datname = current_database()"
)


@pytest.fixture
def desk(desk: Desk) -> Desk:
    if desk.database.engine.dialect.name == "sqlite":
        pytest.skip("SQLite has one writer at a time")
    return desk


@contextmanager
def held_up(desk: Desk, statement: str) -> Iterator[Connection]:
    """Hold the locks of a statement until a command waits for them, then commit it."""
    with desk.database.engine.connect() as connection, connection.begin():
        connection.execute(sa.text(statement))
        yield connection
        while not desk.scalar(WAITS):
            pass


def test_a_change_that_another_one_commits_while_the_command_waits_is_not_signed(
    desk: Desk,
) -> None:
    """The attacker's role is not visible to the proof, and is when the entry is written."""
    clerk = desk.staff("Vic", Role.BOX_OFFICE)
    came: list[object] = []

    def end_sessions() -> None:
        try:
            desk.write(lambda s: came.append(end(s)))
        except RowMoved as refusal:
            came.append(refusal)

    def end(session: recorded.Session) -> None:
        accounts.reset_password(
            session,
            email="vic@staff.example.org",
            password_hash="x",
            actor=desk.owner.as_actor(),
            channel=accounts.Channel.CRM,
            now=desk.now,
        )

    desk.owner  # noqa: B018  # added before the locks are taken
    command = threading.Thread(target=end_sessions)
    raw = f"UPDATE staff SET role = 'owner', role_at = created_at WHERE id = '{clerk.id}'"
    with held_up(desk, raw):
        command.start()
    command.join()

    assert [type(one) for one in came] == [RowMoved]
    found = desk.read(lambda s: recorded.disagreement(s, "staff", clerk.id))
    assert found is not None
    assert found.detail == f"staff {clerk.id}: role, role_at"
