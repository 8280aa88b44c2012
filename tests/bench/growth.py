"""What a page's reading costs at the demo's volume and at a hundred times that, on both databases.

The reading alone, as the page's own function does it, without the browser. Pages of three rows, and
a search of a hundred mails, so that the small volume fills them too: what a page costs more is what
it reads and does not show. The shortest of the rounds is compared: in the others it may have
waited for a busy machine.
"""

from __future__ import annotations

import gc
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

from sqlmodel import Session

from tests.bench.report import Figure, figure
from tests.conftest import START
from tests.support.keyring import opened
from tests.support.pipeline import installed
from tests.support.postgres import Postgres
from tests.support.volume import multiply
from upstage_crm import wiring
from upstage_crm.admin.audit import lines as audit_lines
from upstage_crm.admin.audit import url as audit_url
from upstage_crm.admin.dashboard import state as dashboard_state
from upstage_crm.admin.mailbox import export as mail_export
from upstage_crm.admin.mailbox import state as mailbox_state
from upstage_crm.admin.mailbox import url as mailbox_url
from upstage_crm.admin.patron_list import list_state as patrons_state
from upstage_crm.admin.patrons import url as patrons_url
from upstage_crm.admin.patrons.tabs import record_reading
from upstage_crm.admin.requests import queue_state
from upstage_crm.admin.requests import url as queue_url
from upstage_crm.audit import database_roles
from upstage_crm.change_requests.reads.queue import View
from upstage_crm.core.clock import FrozenClock
from upstage_crm.core.email_address import parse_email
from upstage_crm.demo import seed
from upstage_crm.mail.delivery import MailState
from upstage_crm.pages.list_url import ListShape, ListUrl
from upstage_crm.patrons.search.list_order import PatronSort
from upstage_crm.staff import accounts, demo_account
from upstage_crm.staff.roles import StaffMember
from upstage_crm.web import health
from upstage_crm.wiring import Runtime

TIMES = 100
MOST = 1.5
ROUNDS = 9
SIZE = 3  # rows of a page
SEARCHED = 100  # mails that are read for a word; the small volume has several hundred

Look = Callable[[Session, StaffMember], object]


def measure(folder: Path, server: Postgres, *, times: int = TIMES) -> Iterator[Figure]:
    """Two figures for each page and database: what it costs, and that with `times` the rows."""
    origin, large = folder / "once.db", folder / "often.db"
    _fill(f"sqlite:///{origin}")
    shutil.copyfile(origin, large)
    _multiply(f"sqlite:///{large}", times)
    yield from _compare("SQLite", f"sqlite:///{origin}", f"sqlite:///{large}", times)
    owner = database_roles.OWNER
    server.create("once")
    _fill(server.url("once", owner))
    with server.fresh(template="once") as url:
        _multiply(url, times)
        yield from _compare("Postgres", server.url("once", owner), url, times)
    server.drop("once")


def _fill(url: str) -> None:
    database = opened(url)
    with installed(database, FrozenClock(START)) as parts:
        seed.seed(parts)
    database.dispose()


def _multiply(url: str, times: int) -> None:
    database = opened(url)
    multiply(database.engine, times - 1)
    database.dispose()


def _compare(name: str, small: str, large: str, times: int) -> Iterator[Figure]:
    with ExitStack() as stack:
        both: list[Runtime] = []
        for url in (small, large):
            database = opened(url)
            stack.callback(database.dispose)
            both.append(stack.enter_context(installed(database, FrozenClock(START))))
        for title, look in LOOKS.items():
            once, often = _in_turns(both, look)
            yield figure(f"growth, {name}", title, [1000 * each for each in once], unit="ms")
            yield figure(
                f"growth, {name}",
                title,
                [min(often) / min(once)],
                against=f"{times} times the rows",
                at_most=MOST,
            )


def _in_turns(both: list[Runtime], look: Look) -> list[list[float]]:
    """Seconds of each look at the two; the first ones warm caches up and do not count."""
    gc.collect()
    spent: list[list[float]] = [[], []]
    for number in range(ROUNDS):
        for parts, found in zip(both, spent, strict=True):
            wiring.install(parts)
            with parts.database.reading() as session:
                who = _owner(session)
                begun = time.perf_counter()
                look(session, who)
                if number:
                    found.append(time.perf_counter() - begun)
    return spent


def _owner(session: Session) -> StaffMember:
    row = accounts.find_by_email_key(session, parse_email(demo_account.EMAIL).key)
    assert row is not None
    return accounts.member_of(row)


def _address(shape: ListShape, **asked: str) -> ListUrl:
    return shape.read(asked)


def _mails(**asked: str) -> Look:
    url = _address(mailbox_url.SHAPE, **asked)

    def look(session: Session, who: StaffMember) -> object:
        with patch.object(mail_export, "SEARCHED", SEARCHED):
            return mailbox_state._look(session, url, reader=who.role, size=SIZE)

    return look


def _mail_file(_session: Session, who: StaffMember) -> object:
    """The first stretch of the export; each one after it begins where the last one ended."""
    return mail_export._page(_address(mailbox_url.SHAPE), "", who.role)


def _trail(**asked: str) -> Look:
    url = _address(audit_url.SHAPE, **asked)
    return lambda s, who: audit_lines.page_of(s, url, viewer=who, size=SIZE)


def _queue(*, is_last: bool = False, **asked: str) -> Look:
    url = _address(queue_url.SHAPE, **asked)

    def look(session: Session, who: StaffMember) -> object:
        pages = 1
        if is_last:
            pages = session.connection().exec_driver_sql(_REQUESTS).scalar_one() // SIZE
        return queue_state._requests(session, replace(url, page=pages), viewer=who, size=SIZE)

    return look


_REQUESTS = "SELECT count(*) FROM change_request"


def _newest_patron(session: Session) -> int:
    return session.connection().exec_driver_sql("SELECT max(number) FROM patron").scalar_one()


def _patrons(**asked: str) -> Look:
    url = _address(patrons_url.SHAPE, **asked)
    return lambda s, who: patrons_state._patrons(s, url, reader=who, size=SIZE)


LOOKS: dict[str, Look] = {
    "/health": lambda _s, _who: health.check(wiring.runtime()),
    "dashboard": lambda s, who: dashboard_state._overview(s, wiring.runtime().clock.now(), who, ""),
    "mailbox": _mails(),
    "mailbox, page 2": _mails(page="2"),
    **{f"mailbox, {state}": _mails(state=state) for state in (*MailState, mailbox_url.TROUBLED)},
    "mailbox, a kind": _mails(kind="decision_request"),
    "mailbox, a rare kind": _mails(kind="staff_password_link"),
    "mailbox, a search": _mails(q="address"),
    "mailbox, a rare search": _mails(q="no mail says this"),
    "mailbox, export": _mail_file,
    "audit": _trail(),
    "audit, by patrons": _trail(who="patron"),
    "audit, by strangers": _trail(who="outsider"),
    "audit, by the operator": _trail(who="operator"),
    "requests": _queue(),
    **{f"requests, {view}": _queue(view=view) for view in (*View,)},
    "requests, all, last page": _queue(view="all", is_last=True),
    "requests, as asked": _queue(view="all", sort="asked", desc="1"),
    "requests, a search": _queue(view="all", q="smith"),
    "patrons": _patrons(),
    **{f"patrons, by {sort}": _patrons(sort=sort) for sort in (*PatronSort,)},
    "patrons, a name": _patrons(q="smith"),
    "patrons, an address": _patrons(q="nobody@example.com"),
    "patron": lambda s, who: record_reading.read(s, _newest_patron(s), who),
}
