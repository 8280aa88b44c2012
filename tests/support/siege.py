"""A server to attack: real, with patrons in it and a session of its clerk."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from tests.support.dump import Dump, dump
from tests.support.links import links_of
from tests.support.server import Server, running_server
from tests.support.stage import CLERK, PATRONS, Stage, set_stage
from tests.support.wire import Wire
from upstage_crm.audit.events import Action
from upstage_crm.change_requests.lifecycle import staff_commands
from upstage_crm.change_requests.lifecycle.staff_commands import Proposed
from upstage_crm.change_requests.model.rules import (
    NoticeState,
    ReasonCode,
    RequestState,
)
from upstage_crm.change_requests.reads.requests import get
from upstage_crm.core.heartbeat import HEARTBEAT
from upstage_crm.http.session_cookie import NAME
from upstage_crm.links.claims import LinkClaims
from upstage_crm.mail.delivery import MailState
from upstage_crm.patrons.queries import get_by_number
from upstage_crm.staff.accounts import find_by_email_key
from upstage_crm.staff.auth import sessions
from upstage_crm.tables import metadata

# What the first patrons are asked to approve, one address each, where a siege begins with requests.
PROPOSED = ("mara.new@example.org", "theo.new@example.org", "quental.new@example.net")
PRIVATE = (
    *(person[part] for person in PATRONS for part in ("family_name", "email")),
    *PROPOSED,
)
TRACES = ("Traceback", 'File "', "site-packages", "sqlalchemy", "starlette.")
# It has the form of one of our links; no key signed it.
A_TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhdHRhY2sifQ.c2lnbmF0dXJlLW9mLWFuLWF0dGFja2Vy"


@dataclass(frozen=True)
class House:
    """A server with patrons, and a session of its clerk."""

    server: Server
    stage: Stage
    session: str
    requests: tuple[Proposed, ...] = ()

    @property
    def cookie(self) -> str:
        return f"{NAME}={self.session}"

    def cookie_of(self, email: str) -> str:
        """The Cookie header of a new session of some member."""
        return f"{NAME}={begin_session(self.stage, email)}"

    def claims(self, place: int, link: str = "decision") -> LinkClaims:
        """What the newest link of that name says about the request in that place."""
        return links_of(self.stage.parts, self.requests[place].request_id)[link]

    def token(self, place: int, link: str = "decision") -> str:
        """The newest link of that name, as it stands in its mail."""
        return self.stage.parts.codec.mint(self.claims(place, link))

    def state(self, place: int) -> RequestState:
        """What became of the request in that place."""
        with self.stage.parts.database.reading() as session:
            return get(session, self.requests[place].reference).state

    def dump(self) -> Dump:
        """Every row but the one that `/health` writes whenever it is asked."""
        return {**dump(self.stage.parts.database.engine), HEARTBEAT.name: []}

    def substance(self) -> Dump:
        """Every row but what is noted of refused sign-ins, which any visitor may cause.

        Mails that wait leave first: they would change rows by themselves.
        """
        self.server.process.wait_until(lambda: not _waiting(self.stage))
        tables = self.dump()
        entries, values = metadata.tables["audit_entry"], metadata.tables["audit_value"]
        action, seq = (list(entries.c.keys()).index(name) for name in ("action", "seq"))
        kept = [row for row in tables[entries.name] if row[action] != Action.SIGN_IN_REFUSED]
        numbers, place = {row[seq] for row in kept}, list(values.c.keys()).index("seq")
        opened = [row for row in tables[values.name] if row[place] in numbers]
        del tables["audit_head"], tables["sign_in_failure"]
        return {**tables, entries.name: kept, values.name: opened}

    def wire(self, token: str = "a-tab", **how: Any) -> Wire:
        return Wire(self.server, token=token, **how)


@contextmanager
def besieged(
    folder: Path,
    *,
    requests: int = 0,
    settings: Mapping[str, str] | None = None,
    database_url: str = "",
) -> Iterator[House]:
    """Give a server with patrons for the length of the block.

    With `requests`, so many of them are asked about `PROPOSED`, and their mails have left.
    """
    database_url = database_url or f"sqlite:///{folder / 'upstage.db'}"
    stage = set_stage(database_url)
    token = begin_session(stage, CLERK)
    asked = tuple(_propose(stage, place, email) for place, email in enumerate(PROPOSED[:requests]))
    with running_server(folder, database_url=database_url, settings=settings) as server:
        server.process.wait_until(lambda: not _waiting(stage))
        yield House(server, stage, token, asked)
    stage.parts.database.dispose()


def begin_session(stage: Stage, email: str) -> str:
    """Sign a member in without the form; the token of the session."""
    with stage.parts.database.transaction() as session:
        row = find_by_email_key(session, email)
        assert row is not None
        return sessions.begin(
            session,
            staff_id=row.id,
            user_agent="test",
            ip_prefix="127.0.0.0",
            now=stage.parts.clock.now(),
        )


def _propose(stage: Stage, place: int, email: str) -> Proposed:
    parts = stage.parts
    with parts.database.transaction() as session:
        return staff_commands.propose(
            parts.staff_context(session, stage.owner),
            patron_id=get_by_number(session, stage.numbers[place]).id,
            changes={"email": {"email": email}},
            reason_code=ReasonCode.ASKED_BY_PHONE,
            reason_text="",
            parsing=parts.context(),
        )


def _waiting(stage: Stage) -> int:
    """How many mails have not left yet, and notices whose arrival was not noted: with each of
    them the server changes something by itself.
    """
    state = metadata.tables["mail_outbox"].c.state
    mails = sa.select(sa.func.count()).where(state.in_([MailState.QUEUED, MailState.SENDING]))
    requests = metadata.tables["change_request"].c
    notices = sa.select(sa.func.count()).where(
        requests.notice_state == NoticeState.ON_ITS_WAY, requests.ended_at.is_(None)
    )
    with stage.parts.database.reading() as session:
        run = session.connection().execute
        return run(mails).scalar_one() + run(notices).scalar_one()


def leaks(text: str) -> list[str]:
    """Signs of a stack trace, and private words, in what was answered."""
    return [word for word in (*TRACES, *PRIVATE) if word in text]
