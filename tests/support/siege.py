"""A server to attack: real, with patrons in it and a session of its clerk."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from tests.support.server import Server, running_server
from tests.support.stage import CLERK, PATRONS, Stage, set_stage
from tests.support.wire import Wire
from upstage_crm.staff import sessions
from upstage_crm.staff.accounts import find_by_email_key
from upstage_crm.tables import metadata
from upstage_crm.web.session_cookie import NAME

PRIVATE = tuple(person[part] for person in PATRONS for part in ("family_name", "email"))
TRACES = ("Traceback", 'File "', "site-packages", "sqlalchemy", "starlette.")
# It has the form of one of our links; nobody signed it.
A_TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhdHRhY2sifQ.c2lnbmF0dXJlLW9mLWFuLWF0dGFja2Vy"


@dataclass(frozen=True)
class House:
    """A server with patrons, and a session of its clerk."""

    server: Server
    stage: Stage
    session: str

    @property
    def cookie(self) -> str:
        return f"{NAME}={self.session}"

    def dump(self) -> dict[str, list[Any]]:
        with self.stage.parts.database.engine.connect() as connection:
            return {
                table.name: sorted(map(tuple, connection.execute(sa.select(table))), key=repr)
                for table in metadata.sorted_tables
            }

    def wire(self, token: str = "a-tab", **how: Any) -> Wire:
        return Wire(self.server, token=token, **how)


@contextmanager
def besieged(folder: Path) -> Iterator[House]:
    """Give a server with patrons for the length of the block."""
    database_url = f"sqlite:///{folder / 'upstage.db'}"
    stage = set_stage(database_url)
    now = stage.parts.clock.now()
    with stage.parts.database.transaction() as session:
        clerk = find_by_email_key(session, CLERK)
        assert clerk is not None
        token = sessions.begin(
            session, staff_id=clerk.id, user_agent="test", ip_prefix="127.0.0.0", now=now
        )
    with running_server(folder, database_url=database_url) as server:
        yield House(server, stage, token)
    stage.parts.database.dispose()


def leaks(text: str) -> list[str]:
    """Signs of a stack trace, and private words, in what was answered."""
    return [word for word in (*TRACES, *PRIVATE) if word in text]
