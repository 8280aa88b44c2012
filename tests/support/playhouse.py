"""One story in the browser: who sits at which one, and the mails that really left.

A mail is read as the built-in mailbox gives it out, by a member who may open it, and its button is
what the patron presses first.
"""

from __future__ import annotations

import html
import re
import time
from collections import Counter
from typing import Any

import sqlalchemy as sa
from playwright.sync_api import Page, expect

from tests.support.journey import PATIENCE_MS, PageOf, opened, send_proposal, start_proposal
from tests.support.server import Server
from tests.support.stage import CLERK, LEAD, Stage
from upstage_crm.mail.delivery import MailState
from upstage_crm.mail.message import MailKind
from upstage_crm.mail.outbox import OUTBOX
from upstage_crm.orders.steps import ORDER


class Playhouse:
    """The browsers of one test. `presses` are those of patrons, by mailbox."""

    def __init__(self, page_of: PageOf, house: tuple[Server, Stage]) -> None:
        self.page_of = page_of
        self.server, self.stage = house
        self.presses: Counter[str] = Counter()
        self._members: dict[str, Page] = {}
        self._known = set(self._column(sa.select(OUTBOX.c.id)))

    def member(self, email: str) -> Page:
        """A member's browser; signed in once."""
        if email not in self._members:
            self._members[email] = self.page_of(email)
        return self._members[email]

    def record(self, number: int, email: str = CLERK) -> Page:
        """A member looks at a record."""
        return opened(self.member(email), f"{self.server.url}/patrons/{number}/")

    def request(self, reference: str, email: str = CLERK) -> Page:
        """A member looks at a request."""
        return opened(self.member(email), f"{self.server.url}/requests/{reference}/")

    def propose(self, number: int, email: str, *, by: str = CLERK) -> str:
        """Propose an address; return the reference."""
        page = self.member(by)
        start_proposal(page, self.server, number)
        page.get_by_role("dialog").get_by_label("Email address").fill(email)
        return send_proposal(page)

    def answer(self, to: str, kind: MailKind, link: str, button: str) -> Page:
        """Press a button of the newest mail of its kind, and a button of the page that it opens."""
        phone = opened(self.page_of(""), self.link(to, kind, link))
        phone.get_by_role("button", name=button, exact=True).click()
        self.presses[to] += 2
        return phone

    def link(self, to: str, kind: MailKind, words: str) -> str:
        """Where the button with these words leads, in the newest mail of its kind to an address."""
        found = re.search(rf'href="([^"]+)"[^>]*>\s*{re.escape(words)}\s*<', self.mail(to, kind))
        assert found is not None, f"{kind} to {to} has no {words}"
        return html.unescape(found[1])

    def mail(self, to: str, kind: MailKind) -> str:
        """The newest mail of its kind to an address, as HTML."""
        wanted = sa.and_(OUTBOX.c.to_address == to, OUTBOX.c.kind == kind)
        mail_id = self._wait_for(wanted)
        answer = self.member(LEAD).request.get(f"{self.server.url}/mailbox/raw/{mail_id}")
        assert answer.ok, f"{kind} to {to}: {answer.status}"
        return answer.text()

    def read(self, to: str, kind: MailKind) -> str:
        """The same mail as text on one line."""
        text = html.unescape(re.sub(r"<style>.*?</style>|<[^>]*>", "", self.mail(to, kind)))
        return " ".join(text.split())

    def auth_link(self, to: str) -> str:
        """Where an invitation to the team leads."""
        found = re.search(r"/auth/link/[\w.-]+", self.mail(to, MailKind.STAFF_INVITATION))
        assert found is not None
        return self.server.url + found[0]

    def pass_time(self, reference: str, hours: int) -> None:
        """Let the clock do what is due some hours from now, once all mail of today has left."""
        self.wait_for_quiet()
        self.stage.pass_time(reference, hours, url=self.server.url)

    def mails(self) -> Counter[str]:
        """How many mails about requests left since the story began, by recipient."""
        self.wait_for_quiet()
        query = sa.select(OUTBOX.c.id, OUTBOX.c.to_address)
        query = query.where(OUTBOX.c.state == MailState.CAPTURED, OUTBOX.c.request_id.is_not(None))
        with self.stage.parts.database.reading() as session:
            rows = session.connection().execute(query).all()
        return Counter(row.to_address for row in rows if row.id not in self._known)

    def _wait_for(self, wanted: sa.ColumnElement[bool]) -> str:
        query = sa.select(OUTBOX.c.id).where(wanted, OUTBOX.c.state == MailState.CAPTURED)
        ends_at = time.monotonic() + PATIENCE_MS / 1_000
        while not (found := self._column(query.order_by(OUTBOX.c.id.desc()))):
            assert time.monotonic() < ends_at, f"no mail for {wanted}"
            time.sleep(0.05)
        return str(found[0])

    def wait_for_quiet(self) -> None:
        """All mail of now has left."""
        waiting = (MailState.QUEUED, MailState.SENDING)
        query = sa.select(OUTBOX.c.id).where(OUTBOX.c.state.in_(waiting))
        ends_at = time.monotonic() + PATIENCE_MS / 1_000
        while self._column(query):
            assert time.monotonic() < ends_at, "mails do not leave"
            time.sleep(0.05)

    def wait_for_filing(self) -> None:
        """What guests bought lies at records, which the clock does within some seconds."""
        query = sa.select(ORDER.c.id).where(ORDER.c.filed_at.is_(None))
        ends_at = time.monotonic() + PATIENCE_MS / 1_000
        while self._column(query):
            assert time.monotonic() < ends_at, "an order is not filed"
            time.sleep(0.05)

    def _column(self, query: sa.Select[Any]) -> list[Any]:
        with self.stage.parts.database.reading() as session:
            return list(session.connection().execute(query).scalars())


def says(page: Page, words: str) -> None:
    """The page's headline has these words."""
    expect(page.get_by_role("heading", level=1)).to_contain_text(words)
