"""The database fails while the server runs: visitors stay calm, nothing is lost, all comes back."""

from __future__ import annotations

import json
import re
import resource
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest
from psycopg import sql
from sqlalchemy.engine import make_url

from tests.support.postgres import TEMPLATE, Postgres
from tests.support.raw_http import Answer, ask, press
from tests.support.siege import House, besieged
from upstage_crm.change_requests.model.rules import RequestState
from upstage_crm.core.languages import speaker
from upstage_crm.wording import failures, sentences

BROWSER = {"Accept": "text/html,*/*;q=0.8", "Accept_Language": "de-DE,de;q=0.9"}
IN_GERMAN = speaker("de")(failures.TITLE)
ENDLESS = resource.RLIM_INFINITY


def health(house: House) -> tuple[int, dict[str, Any]]:
    answer = ask(house.server, "/health")
    return answer.status, json.loads(answer.body)


def wait_for(house: House, is_met: Callable[[], bool]) -> None:
    house.server.process.wait_until(is_met)


class Patron:
    """A patron with a link, on the page without scripts."""

    def __init__(self, house: House) -> None:
        self.house = house
        key = house.claims(0).key
        self.path = f"/confirm/plain?link={key}"
        self.cookie = f"upstage-link-{key}={house.token(0)}"
        found = re.search(r'name="nonce" value="([^"]+)"', self.look().body)
        assert found is not None
        self.form = {"answer": "approve", "read": "yes", "nonce": found[1]}

    def look(self) -> Answer:
        return ask(self.house.server, self.path, Cookie=self.cookie, **BROWSER)

    def approve(self) -> Answer:
        return press(self.house.server, self.path, self.form, cookie=self.cookie, **BROWSER)


def assert_calm(answer: Answer, words: str) -> None:
    assert answer.status == 500
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert f"<h1>{words}</h1>" in answer.body
    assert "Internal Server Error" not in answer.body


@contextmanager
def full_disk(house: House) -> Generator[None]:
    """Let no byte more fit into any file of the server; the kernel refuses as a full disk does."""
    leash = psutil.Process(house.server.process._process.pid)
    family = leash.children(recursive=True)
    for member in family:
        member.rlimit(psutil.RLIMIT_FSIZE, (1, ENDLESS))
    try:
        yield
    finally:
        for member in family:
            member.rlimit(psutil.RLIMIT_FSIZE, (ENDLESS, ENDLESS))


@pytest.mark.skipif(
    not hasattr(psutil.Process, "rlimit"), reason="only Linux limits another process"
)
def test_a_full_disk(tmp_path: Path) -> None:
    with besieged(tmp_path, requests=1) as house:
        patron = Patron(house)
        with full_disk(house):
            wait_for(house, lambda: health(house)[0] == 503)
            _status, said = health(house)
            assert said["problems"] == ["database_write"]
            assert (said["database_read"], said["database_write"]) == ("ok", "failing")

            assert patron.look().status == 200, "what only reads goes on"
            assert_calm(patron.approve(), IN_GERMAN)
            signed_in = press(
                house.server, "/auth/sign-in", {"email": "x", "password": "y"}, **BROWSER
            )
            assert_calm(signed_in, failures.TITLE)
            assert sentences.CHECK_FIRST in signed_in.body
            assert house.state(0) is RequestState.PENDING

        wait_for(house, lambda: health(house)[0] == 200)
        assert patron.approve().status == 303
        assert house.state(0) is RequestState.APPROVED


@contextmanager
def away(server: Postgres, url: str) -> Generator[None]:
    """Cut every connection to a database, and let no one in."""
    name = make_url(url).database or ""

    def tell(*statements: sql.Composed) -> None:
        with psycopg.connect(
            host=str(server.sockets), user="postgres", dbname="postgres", autocommit=True
        ) as connection:
            for statement in statements:
                connection.execute(statement)

    allow = sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS {}")
    cut = sql.SQL("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = {}")
    tell(allow.format(sql.Identifier(name), sql.SQL("false")), cut.format(sql.Literal(name)))
    try:
        yield
    finally:
        tell(allow.format(sql.Identifier(name), sql.SQL("true")))


def test_a_database_server_that_goes_away(tmp_path: Path, postgres: Postgres) -> None:
    with (
        postgres.fresh(template=TEMPLATE) as url,
        besieged(tmp_path, requests=1, database_url=url) as house,
    ):
        patron = Patron(house)
        house.stage.parts.database.dispose()
        with away(postgres, url):
            wait_for(house, lambda: health(house)[0] == 503)
            _status, said = health(house)
            assert said["problems"] == ["database_read"]
            assert said["database_read"] == "away"

            assert_calm(patron.look(), IN_GERMAN)
            assert_calm(patron.approve(), IN_GERMAN)
            assert_calm(
                ask(house.server, "/patrons/", Cookie=house.cookie, **BROWSER),
                failures.TITLE,
            )
            plain = ask(house.server, "/patrons/", Cookie=house.cookie)
            assert plain.headers["content-type"] == "text/plain; charset=utf-8"
            assert "Traceback (most recent call last)\n" not in house.server.log

        wait_for(house, lambda: health(house)[0] == 200)
        assert patron.approve().status == 303
        assert house.state(0) is RequestState.APPROVED
