"""What is masked for a role reaches it on no page, in no state and in no response.

One patron whose every value is known, in every place where values stand: record, requests, mails,
trail, notes. Each role opens every page; then all that was sent, and all that the server holds for
the tab, is searched for what the role may not see.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

import pytest
import reflex as rx
import sqlalchemy as sa
from sqlmodel import Session
from starlette.applications import Starlette

from tests.support.engine import Engine
from tests.support.pipeline import Client, Pipeline, installed, sign_in
from tests.support.visitor import Visitor
from upstage_crm.admin.guard import AdminState
from upstage_crm.admin.mailbox import export, raw
from upstage_crm.admin.mailbox.state import MailboxState
from upstage_crm.admin.patron_list.list_state import PatronListState
from upstage_crm.admin.patrons.add_state import AddPatronState
from upstage_crm.admin.patrons.propose_state import ProposeState
from upstage_crm.admin.patrons.record_state import PatronRecordState
from upstage_crm.admin.patrons.reveal_state import RevealState
from upstage_crm.admin.patrons.tabs.record_tabs import TABS
from upstage_crm.admin.requests import receipt
from upstage_crm.admin.requests.queue_state import RequestQueueState
from upstage_crm.audit.events import Action
from upstage_crm.change_requests.disputes import freezing
from upstage_crm.change_requests.model.rules import (
    Decision,
    ReasonCode,
)
from upstage_crm.change_requests.model.tables import ChangeRequestRow
from upstage_crm.core.clock import FrozenClock
from upstage_crm.core.db import Database, table_of
from upstage_crm.mail.outbox import OUTBOX
from upstage_crm.patrons import commands, queries
from upstage_crm.patrons.commands import PatronKind
from upstage_crm.patrons.fields import FIELDS
from upstage_crm.patrons.views import PatronRecord
from upstage_crm.privacy import erasure
from upstage_crm.receipts.tables import ReceiptRow
from upstage_crm.staff.roles import PERMISSIONS, Permission, Role
from upstage_crm.staff.visibility import sees
from upstage_crm.upstage_crm import PAGES
from upstage_crm.wiring import Runtime

EMAIL, BEFORE, NEXT = "quill@old.example", "quondam@gone.example", "zephyr@next.example"
SAID = (
    f"Not {BEFORE}, not {EMAIL} and not {NEXT}: Mara Okonkwo on 212-555-0117, 7 Dock Lane, "
    "Springfield, 62704, born 1961-03-04"
)
# What tells a value, as it is stored or shown, now or at another time of its life.
TELLS = {
    "email": ("quill", "quondam", "zephyr"),
    "phone": ("5550117", "555-0117", "555 0117", "5550199", "555-0199"),
    "name": ("Mara", "Okonkwo", "okonkwo", "Maria"),
    "address": ("Dock Lane", "Springfield", "62704"),
    "date_of_birth": ("1961-03", "March 4, 1961", "1962-04", "April 5, 1962"),
}
RAW = {
    "email": EMAIL,
    "phone": "+12125550117",
    "given_name": "Mara",
    "family_name": "Okonkwo",
    "address_line1": "7 Dock Lane",
    "address_city": "Springfield",
    "address_postcode": "62704",
    "address_country": "US",
    "date_of_birth": "1961-03-04",
}
BELOW = [role for role in Role if not sees(role, "name", is_protected=True)]
NOTHING = "[] []"


@dataclass
class Venue:
    """One patron in every place that shows a value."""

    parts: Runtime
    desk: Engine
    patron: PatronRecord

    def cookie(self, role: Role, email: str = "") -> str:
        return sign_in(self.parts.database, role, at=self.desk.now, name="Sam Field", email=email)

    def ids(self, column: sa.Column[Any]) -> list[str]:
        return list(self.desk.read(lambda session: session.execute(sa.select(column)).scalars()))

    def paths(self) -> list[tuple[Any, str]]:
        """Every page of the CRM by its load handler, at every address that shows something."""
        references = self.ids(table_of(ChangeRequestRow).c.reference)
        mails = [f"/mailbox/?mail={one}" for one in self.ids(OUTBOX.c.id)]
        where = {
            "/patrons/[number]": [
                f"/patrons/{self.patron.number}/" + (f"?tab={tab.key}" if tab.key else "")
                for tab in TABS
            ],
            "/requests": ["/requests/", "/requests/?view=all", "/requests/?who=mine"],
            "/requests/[reference]": [f"/requests/{one}/" for one in references],
            "/mailbox": ["/mailbox/", *mails],
        }
        return [
            (handler, path)
            for page in PAGES
            if page.on_load is not None
            for handler in (page.on_load if isinstance(page.on_load, list) else [page.on_load])
            for path in where.get(page.route, [f"{page.route.rstrip('/')}/"])
        ]


@pytest.fixture(params=[False, True], ids=["open", "protected"])
def is_protected(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


@pytest.fixture
def venue(database: Database, clock: FrozenClock, is_protected: bool) -> Iterator[Venue]:
    with installed(database, clock) as parts:
        desk = Engine(database, clock)
        patron = added(desk)
        fill(desk, patron)
        if is_protected:
            desk.protect(patron, desk.owner)
        yield Venue(parts, desk, patron)


def added(desk: Engine) -> PatronRecord:
    owner = desk.owner

    def add(session: Session) -> PatronRecord:
        number = commands.add(
            desk.staff_context(session, owner),
            kind=PatronKind.PERSON,
            raw=RAW | {"email": BEFORE},
            free={"note": SAID},
            parsing=desk.context,
        )
        return queries.get_by_number(session, number)

    return desk.write(add)


def fill(desk: Engine, patron: PatronRecord) -> None:
    """Let everything happen that leaves a value somewhere."""
    desk.act(desk.owner, erasure.request_erasure, patron_id=patron.id, reason=SAID)
    desk.decide(desk.asked(patron, EMAIL, reason_text=SAID)[1])
    desk.propose(patron, changes={"phone": {"phone": "+1 212 555 0199"}}, reason_text=SAID)
    desk.decide(desk.claims(EMAIL), Decision.REJECT, comment=SAID)
    for changes in (
        {"name": {"given_name": "Maria", "family_name": "Okonkwo"}},
        {
            "address": {**{c: RAW.get(c, "") for c in FIELDS["address"].columns}}
            | {"address_line1": "9 Dock Lane"}
        },
    ):
        desk.propose(patron, changes=changes, reason_text=SAID)
    # One mail to the new address, which is told of the address only; one to the current, of both.
    born = {"date_of_birth": {"date_of_birth": "1962-04-05"}}
    desk.propose(patron, NEXT, changes=born, reason_text=SAID)
    desk.deliver()
    desk.arrange(
        "UPDATE mail_outbox SET state = 'failed' WHERE id = (SELECT max(id) FROM mail_outbox)"
    )
    desk.act(desk.owner, commands.edit, patron_id=patron.id, free={"note": f"{SAID}!"})


def freeze(desk: Engine, patron: PatronRecord) -> None:
    """An objection after the change, and what the first of two members found."""
    desk.decide(desk.claims(BEFORE), Decision.OBJECT, comment=SAID)
    desk.act(desk.owner, freezing.clear, patron_id=patron.id, note=SAID)


def hidden_from(role: Role, *, is_protected: bool) -> tuple[str, ...]:
    return tuple(
        word
        for key, words in TELLS.items()
        if not sees(role, key, is_protected=is_protected)
        for word in words
    )


def shown(client: Client) -> str:
    """Everything that was sent to a tab."""
    return f"{client.deltas} {[(event.name, event.payload) for event in client.events]}"


async def held(pipeline: Pipeline, client: Client) -> str:
    """Everything that the server keeps for a tab."""

    def texts(state: rx.State) -> Iterator[str]:
        for name in type(state).get_fields():
            if not name.startswith("rx_router") and name != "router_data":
                yield repr(getattr(state, name))
        for below in state.substates.values():
            yield from texts(cast("rx.State", below))

    return " ".join(texts(await pipeline.state(client, AdminState)))


def found(text: str, words: tuple[str, ...]) -> list[str]:
    return [
        f"{word}: …{text[max(0, at - 60) : at + 40]}…"
        for word in words
        if (at := text.find(word)) >= 0
    ]


async def everything(
    pipeline: Pipeline, venue: Venue, role: Role, email: str = ""
) -> list[tuple[str, str, str]]:
    """Each address with what it sent to a role's tab, and what the server holds for the tab."""
    cookie, seen = venue.cookie(role, email), list[tuple[str, str, str]]()
    for handler, path in venue.paths():
        tab = pipeline.client(cookie)
        await pipeline.send(tab, handler, path)
        seen.append((path, shown(tab), await held(pipeline, tab)))
    return seen


async def test_no_page_shows_or_holds_what_is_masked(
    venue: Venue, is_protected: bool, pipeline: Pipeline
) -> None:
    for role in Role:
        words = hidden_from(role, is_protected=is_protected)
        for path, sent, kept in await everything(pipeline, venue, role):
            assert sent != NOTHING, (role, path)
            assert found(sent, words) == [], (role, path)
            assert found(kept, words) == [], (role, path)


async def test_a_record_in_dispute_shows_no_more(
    venue: Venue, is_protected: bool, pipeline: Pipeline
) -> None:
    freeze(venue.desk, venue.patron)

    for role in BELOW:
        words = hidden_from(role, is_protected=is_protected)
        for path, sent, _kept in await everything(pipeline, venue, role):
            assert found(sent, words) == [], (role, path)


async def test_what_is_not_masked_is_there(
    venue: Venue, is_protected: bool, pipeline: Pipeline
) -> None:
    """The tests above look where values are: a role that sees a field finds it on the record."""

    for role in Role:
        tab = await opened(pipeline, venue, role)
        record = await pipeline.state(tab, PatronRecordState)
        assert list(FIELDS) == [view.key for view in record.protected]
        for view in record.protected:
            is_seen = any(word in str(view.lines) for word in TELLS[view.key])
            assert sees(role, view.key, is_protected=is_protected) == is_seen, (role, view.key)
            assert view.lines, (role, view.key)  # a mask, if not the value
    words = tuple(word for words in TELLS.values() for word in words)
    seen = await everything(pipeline, venue, Role.OWNER, "another.owner@desk.example")
    telling = {path for path, sent, _kept in seen if found(sent, words)}
    record = f"/patrons/{venue.patron.number}/"
    assert {record, "/", "/patrons/", "/requests/", "/mailbox/", "/audit/"} <= telling


def test_no_response_holds_what_is_masked(venue: Venue, is_protected: bool) -> None:
    app = Starlette(routes=[*raw.ROUTES, *export.ROUTES, *receipt.ROUTES])
    mails = [
        f"/mailbox/raw/{one}?format={form}"
        for one in venue.ids(OUTBOX.c.id)
        for form in ("html", "text", "eml")
    ]
    receipts = [f"{receipt.PATH}/{one}.json" for one in venue.ids(table_of(ReceiptRow).c.id)]
    assert receipts
    for role in Role:
        words = hidden_from(role, is_protected=is_protected)
        web = Visitor(app, cookie=venue.cookie(role))

        answers = {path: web.get(path) for path in (*mails, *receipts, "/mailbox/export.csv")}

        for path, answer in answers.items():
            assert found(answer.text, words) == [], (role, path)
        may_look = Permission.VIEW_MAILBOX in PERMISSIONS[role]
        may_take = may_look and Permission.EXPORT_DATA in PERMISSIONS[role]
        given = 200 if may_take and sees(role, "email", is_protected=False) else 404
        assert given == answers["/mailbox/export.csv"].status_code, role
        read = [path for path in mails if answers[path].status_code == 200]
        if not may_look or not sees(role, "email", is_protected=is_protected):
            assert read == [], role
        elif sees(role, "date_of_birth", is_protected=is_protected):
            assert mails == read, role
        else:
            assert 0 < len(read) < len(mails), role  # not those that tell a date of birth


async def test_a_mail_that_shows_more_says_that_it_is_not_for_this_role(
    venue: Venue, pipeline: Pipeline
) -> None:
    cookie, mail = venue.cookie(Role.AUDITOR), venue.ids(OUTBOX.c.id)[0]

    tab = pipeline.client(cookie)
    await pipeline.send(tab, MailboxState.load, f"/mailbox/?mail={mail}")
    state = await pipeline.state(tab, MailboxState)
    assert (state.shown, state.mail.raw) == ("masked", "")
    assert not state.may_export


async def test_a_member_proposes_without_seeing_what_is_there(
    venue: Venue, is_protected: bool, pipeline: Pipeline
) -> None:
    typed = {
        "date_of_birth": "1971-07-08",
        "email": "fresh@other.example",
        "phone": "+1 212 555 0166",
        "given_name": "Nora",
        "family_name": "Novak",
        "address_line1": "1 New Road",
        "address_city": "Salem",
        "address_country": "US",
    }

    for role in (Role.BOX_OFFICE, Role.MANAGER):
        words = hidden_from(role, is_protected=is_protected)
        tab = await opened(pipeline, venue, role)
        for key, entry in FIELDS.items():
            await pipeline.press(tab, ProposeState.open, field=key)
            state = await pipeline.state(tab, ProposeState)
            assert (key, True) == (state.field, bool(state.now))
            for column in entry.columns:
                text = typed.get(column, "")
                await pipeline.send(tab, ProposeState.typed, part=column, text=text)
            await pipeline.send(tab, ProposeState.check)
            state = await pipeline.state(tab, ProposeState)
            assert state.preview.until, (role, key, state.refusal)
            assert found(shown(tab), words) == [], (role, key)
            assert found(await held(pipeline, tab), words) == [], (role, key)
        # The last one of the registry, whose value a clerk never sees.
        form = {**typed, "reason": ReasonCode.ASKED_BY_PHONE.value}
        await pipeline.submit(tab, ProposeState.send, form)
        record = await pipeline.state(tab, PatronRecordState)
        assert record.done.startswith("Sent."), role
        typed["date_of_birth"] = "1972-07-08"  # the next role proposes another one


async def test_a_hint_at_somebody_alike_shows_no_more(
    venue: Venue, is_protected: bool, pipeline: Pipeline
) -> None:
    for role in (Role.BOX_OFFICE, Role.MANAGER):
        tab = pipeline.client(venue.cookie(role))
        await pipeline.send(tab, PatronListState.load, "/patrons/")
        await pipeline.send(tab, AddPatronState.open, query="")
        form = {"given_name": "Somebody", "phone": RAW["phone"]}
        await pipeline.submit(tab, AddPatronState.add, form)
        (hint,) = (await pipeline.state(tab, AddPatronState)).duplicates
        assert sees(role, "email", is_protected=is_protected) == (hint.email == EMAIL)
        assert sees(role, "name", is_protected=is_protected) == (hint.name == "Mara Okonkwo")
        assert str(venue.patron.number) == hint.number


async def test_a_complete_value_finds_and_shows_the_mask(
    venue: Venue, is_protected: bool, pipeline: Pipeline
) -> None:
    words = hidden_from(Role.READ_ONLY, is_protected=is_protected)
    cookie = venue.cookie(Role.READ_ONLY)

    for state, path in (
        (PatronListState, "/patrons/?"),
        (RequestQueueState, "/requests/?view=all&"),
    ):
        tab = pipeline.client(cookie)
        await pipeline.send(tab, state.load, f"{path}q={EMAIL}")
        rows = (await pipeline.state(tab, state)).rows
        assert rows, path
        assert found(str(rows), words) == [], path
        await pipeline.send(tab, state.search, text=EMAIL[:-3])
        assert (await pipeline.state(tab, state)).rows == [], path


async def opened(pipeline: Pipeline, venue: Venue, role: Role) -> Client:
    """A tab in which a member of this role has opened the record."""
    tab = pipeline.client(venue.cookie(role))
    await pipeline.send(tab, PatronRecordState.load, f"/patrons/{venue.patron.number}/")
    return tab


class TestReveal:
    async def lines(self, pipeline: Pipeline, tab: Client) -> dict[str, list[str]]:
        record = await pipeline.state(tab, PatronRecordState)
        return {view.key: view.lines for view in record.protected}

    async def test_a_value_is_shown_for_a_reason_until_the_page_is_left(
        self, venue: Venue, is_protected: bool, pipeline: Pipeline
    ) -> None:
        tab = await opened(pipeline, venue, Role.MARKETING)
        before = await self.lines(pipeline, tab)
        await pipeline.press(tab, RevealState.open, field="phone")
        await pipeline.submit(tab, RevealState.reveal, {"reason": "an urgent call"})
        if is_protected:
            state = await pipeline.state(tab, RevealState)
            assert "This patron is protected." in state.refusal
            assert before == await self.lines(pipeline, tab)
            assert Action.VALUE_REVEALED not in venue.desk.actions()
            return
        assert {**before, "phone": ["(212) 555-0117"]} == await self.lines(pipeline, tab)
        assert (await pipeline.state(tab, RevealState)).field == ""
        assert venue.desk.actions()[-1] == Action.VALUE_REVEALED

        await pipeline.send(tab, PatronRecordState.refresh)
        assert (await self.lines(pipeline, tab))["phone"] == ["(212) 555-0117"]

        await pipeline.press(tab, PatronRecordState.hide, field="phone")
        assert before == await self.lines(pipeline, tab)
        await pipeline.press(tab, RevealState.open, field="phone")
        await pipeline.submit(tab, RevealState.reveal, {"reason": "an urgent call"})
        assert before != await self.lines(pipeline, tab)

        path = tab.path
        await pipeline.send(tab, PatronListState.load, "/patrons/")
        assert "555-0117" not in await held(pipeline, tab)
        await pipeline.send(tab, PatronRecordState.load, path)
        assert before == await self.lines(pipeline, tab)

    async def test_without_a_reason_the_dialog_stays(
        self, venue: Venue, is_protected: bool, pipeline: Pipeline
    ) -> None:
        tab = await opened(pipeline, venue, Role.BOX_OFFICE)
        await pipeline.press(tab, RevealState.open, field="date_of_birth")
        await pipeline.submit(tab, RevealState.reveal, {"reason": " "})
        state = await pipeline.state(tab, RevealState)
        assert (
            state.field,
            state.refusal,
        ) == ("date_of_birth", "Enter why you need to see it.")

    async def test_a_record_that_changed_hides_it_again(
        self, venue: Venue, is_protected: bool, pipeline: Pipeline
    ) -> None:
        """It may be protected by now, or hold another value that no reason was given for."""
        if is_protected:
            return

        tab = await opened(pipeline, venue, Role.BOX_OFFICE)
        await pipeline.press(tab, RevealState.open, field="date_of_birth")
        await pipeline.submit(tab, RevealState.reveal, {"reason": "a youth price"})
        assert (await self.lines(pipeline, tab))["date_of_birth"] == ["March 4, 1961"]

        venue.desk.protect(venue.patron, venue.desk.owner)
        await pipeline.push(tab, PatronRecordState.refresh)

        assert (await self.lines(pipeline, tab))["date_of_birth"] == ["•••"]
        assert "1961" not in await held(pipeline, tab)

    async def test_the_button_is_there_for_who_may(
        self, venue: Venue, is_protected: bool, pipeline: Pipeline
    ) -> None:
        for role in Role:
            tab = await opened(pipeline, venue, role)
            record = await pipeline.state(tab, PatronRecordState)
            may = Permission.REVEAL_VALUE in PERMISSIONS[role] and not is_protected
            for view in record.protected:
                expected = may and not sees(role, view.key, is_protected=is_protected)
                assert expected == view.can_reveal, (role, view.key)

    async def test_a_note_that_was_cleaned_is_not_saved(
        self, venue: Venue, is_protected: bool, pipeline: Pipeline
    ) -> None:
        """Saving what a member does not read would lose it."""

        tab = await opened(pipeline, venue, Role.MARKETING)
        await pipeline.press(tab, PatronRecordState.edit, name="note")
        state = await pipeline.state(tab, PatronRecordState)
        assert ("note" in state.fixed, "") == (True, state.editing)
