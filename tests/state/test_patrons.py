from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC
from typing import Any

import pytest
import sqlalchemy as sa

from tests.support.factories import Desk
from tests.support.pipeline import Client, Pipeline, finished, sign_in
from upstage_crm.admin.patron_list.list_state import PatronListState
from upstage_crm.admin.patrons.add_state import AddPatronState, prefilled
from upstage_crm.admin.patrons.care_state import PatronCareState
from upstage_crm.admin.patrons.free_fields import FREE_FIELDS
from upstage_crm.admin.patrons.propose_state import ProposeState
from upstage_crm.admin.patrons.record_state import PatronRecordState
from upstage_crm.admin.patrons.rows import list_row
from upstage_crm.admin.patrons.tabs.trail_tabs import AuditTabState
from upstage_crm.admin.requests.detail_state import RequestDetailState
from upstage_crm.admin.requests.task_state import RequestTaskState
from upstage_crm.audit.events import Channel
from upstage_crm.change_requests.reads import requests, reviewer_page
from upstage_crm.core.clock import FrozenClock
from upstage_crm.core.db import Database
from upstage_crm.links.claims import LinkClaims, Purpose, Reviewer
from upstage_crm.pages.list_state import PAGE_SIZE
from upstage_crm.patrons import commands, queries
from upstage_crm.patrons.commands import PatronKind
from upstage_crm.patrons.fields import FIELDS
from upstage_crm.patrons.search import patron_list
from upstage_crm.staff.roles import Role, StaffMember
from upstage_crm.wiring import Runtime

SEED = StaffMember(
    id="seed", display_name="Seed", desk="", role=Role.OWNER, email_key="seed@desk.example"
)


def add(made: Runtime, **raw: str) -> int:
    """Add a patron as a colleague did before the test; return the number."""
    tags = raw.pop("tags", "")
    language = raw.pop("language", "en")
    with made.database.transaction() as session:
        return commands.add(
            made.staff_context(session, SEED, channel=Channel.DEMO),
            kind=PatronKind.PERSON,
            raw=raw,
            free={"language": language},
            tags=tags,
            parsing=made.context(),
            even_if_duplicate=True,
        )


def staff(made: Runtime, role: Role = Role.BOX_OFFICE, **who: str) -> str:
    return sign_in(made.database, role, at=made.clock.now(), **who)


async def opened(pipeline: Pipeline, cookie: str, path: str = "/patrons/") -> Client:
    client = pipeline.client(cookie)
    await pipeline.send(client, PatronListState.load, path)
    return client


async def names(pipeline: Pipeline, client: Client) -> list[str]:
    return [row.name for row in (await pipeline.state(client, PatronListState)).rows]


class TestList:
    async def test_an_outsider_gets_nothing(self, made: Runtime, pipeline: Pipeline) -> None:
        add(made, given_name="Jane", family_name="Okafor")

        outsider = await opened(pipeline, "")

        assert outsider.doors() == ["/sign-in/"]
        assert await names(pipeline, outsider) == []
        assert "Okafor" not in str(outsider.deltas)

    async def test_search_tag_order_and_page_are_those_of_the_address(
        self, made: Runtime, pipeline: Pipeline
    ) -> None:
        for number in range(PAGE_SIZE + 3):
            add(made, given_name="Jane", family_name=f"Okafor{number:03}", tags="Donor")
        add(made, given_name="Jane", family_name="Unrelated")
        cookie = staff(made)

        path = "/patrons/?q=okafor&tag=donor&sort=number&desc=1&page=2"
        dana = await opened(pipeline, cookie, path)

        assert await names(pipeline, dana) == [
            "Jane Okafor002",
            "Jane Okafor001",
            "Jane Okafor000",
        ]
        state = await pipeline.state(dana, PatronListState)
        assert (state.count, state.summary) == ("53 patrons", "51–53 of 53")

    async def test_the_reference_of_a_request_finds_its_patron(
        self, made: Runtime, clock: FrozenClock, pipeline: Pipeline
    ) -> None:
        desk = Desk(made.database, clock)
        desk.patron("ole@example.org", "Ole", "Berg")
        reference = desk.propose(desk.patron()).reference

        dana = await opened(pipeline, staff(made), f"/patrons/?q={reference}")

        assert await names(pipeline, dana) == ["Mara Smith"]

    async def test_enter_opens_the_patron_who_is_the_only_one(
        self, made: Runtime, pipeline: Pipeline
    ) -> None:
        add(made, given_name="Anna", family_name="Brandt")
        number = add(made, **JANE)
        cookie = staff(made)

        dana = await opened(pipeline, cookie)
        await pipeline.send(dana, PatronListState.find, form={"q": JANE["email"]})

        assert dana.redirects()[-1] == f"/patrons/{number}/"

    @pytest.mark.parametrize(
        ("what", "state"),
        [
            ({"email_bounced": True, "email_verified": True}, "bounced"),
            ({"email_verified": True}, "verified"),
            ({}, "unverified"),
            ({"email": "", "email_bounced": True}, ""),
        ],
    )
    def test_a_row_says_whether_its_address_can_be_asked(
        self, made: Runtime, what: dict[str, Any], state: str
    ) -> None:
        add(made, **JANE)
        with made.database.reading() as session:
            (line,) = patron_list.page(session).lines

        row = list_row(replace(line, **what), pending=0, now=made.clock.now(), time_zone=UTC)

        assert row.email_state == state


JANE = {"given_name": "Jane", "family_name": "Okafor", "email": "jane@old.example"}
SENDING = {"email": "jane@new.example", "reason": "asked_by_phone", "reason_text": ""}


def contents(database: Database) -> str:
    """A digest of every row of every table, but for when staff were seen and what they tried."""
    with database.reading() as session:
        connection = session.connection()
        tables = sorted(sa.inspect(connection).get_table_names())
        kept = [
            (table, sorted(map(str, connection.execute(sa.text(f'select * from "{table}"')))))
            for table in tables
            if table not in ("staff_session", "proposal_attempt")
        ]
    return hashlib.sha256(str(kept).encode()).hexdigest()


def mails(database: Database) -> list[str]:
    with database.reading() as session:
        found = session.execute(sa.text("select kind, to_address from mail_outbox order by kind"))
        return [f"{kind} {address}" for kind, address in found]


async def on_record(pipeline: Pipeline, cookie: str, number: int) -> Client:
    client = pipeline.client(cookie)
    await pipeline.send(client, PatronRecordState.load, f"/patrons/{number}/")
    return client


class TestRecord:
    async def test_an_outsider_gets_nothing(self, made: Runtime, pipeline: Pipeline) -> None:
        number = add(made, **JANE)

        outsider = await on_record(pipeline, "", number)

        assert outsider.doors() == ["/sign-in/"]
        assert "Okafor" not in str(outsider.deltas)

    async def test_it_shows_every_field_of_the_registry_and_the_history(
        self, made: Runtime, pipeline: Pipeline
    ) -> None:
        number = add(made, **JANE)
        cookie = staff(made)

        dana = await on_record(pipeline, cookie, number)

        state = await pipeline.state(dana, PatronRecordState)
        assert (state.shown, state.head.name) == ("record", "Jane Okafor")
        assert list(FIELDS) == [field.key for field in state.protected]
        by_key = {field.key: field for field in state.protected}
        assert list(by_key["email"].lines) == ["jane@old.example"]
        assert by_key["email"].mark == "unverified"
        assert [(tab.label, tab.count, tab.is_open) for tab in state.tabs] == [
            ("Overview", "", True),
            ("Changes", "", False),
            ("Orders", "", False),
            ("Communications", "", False),
            ("Privacy", "", False),
            ("Audit", "", False),
        ]

    @pytest.mark.parametrize("number", ["999999", "0", "-1", "abc", "99999999999999999999", "¹"])
    async def test_a_number_that_nobody_has_is_said_calmly(
        self, made: Runtime, number: str, pipeline: Pipeline
    ) -> None:
        cookie = staff(made)

        dana = pipeline.client(cookie)
        await pipeline.send(dana, PatronRecordState.load, f"/patrons/{number}/")

        assert (await pipeline.state(dana, PatronRecordState)).shown == "missing"

    def test_the_free_fields_are_the_free_columns(self) -> None:
        assert tuple(field.name for field in FREE_FIELDS) == queries.FREE_COLUMNS

    async def test_a_free_field_is_edited_in_place_and_recorded(
        self, made: Runtime, pipeline: Pipeline
    ) -> None:
        number = add(made, **JANE)
        cookie = staff(made)

        dana = await on_record(pipeline, cookie, number)
        await pipeline.press(dana, PatronRecordState.edit, name="pronouns")
        await pipeline.submit(dana, PatronRecordState.save, {"pronouns": " she/her "})

        state = await pipeline.state(dana, PatronRecordState)
        assert (
            state.free["pronouns"],
            state.editing,
            state.done,
        ) == ("she/her", "", "Pronouns saved.")
        await pipeline.send(dana, PatronRecordState.load, f"/patrons/{number}/?tab=audit")
        audit = await pipeline.state(dana, AuditTabState)
        assert [event.words for event in audit.events] == [
            "Edited the record: pronouns",
            "Added the patron",
        ]

    @pytest.mark.parametrize(
        ("name", "typed", "sentence"),
        [
            ("pronouns", "x" * 41, "This is too long: 40 characters at most."),
            ("language", "tlh", "Choose a language from the list."),
            ("time_zone", "Europe/Atlantis", "Choose a time zone from the list."),
        ],
    )
    async def test_a_refused_edit_stays_open_and_changes_nothing(
        self, made: Runtime, name: str, typed: str, sentence: str, pipeline: Pipeline
    ) -> None:
        number = add(made, **JANE)
        cookie = staff(made)

        dana = await on_record(pipeline, cookie, number)
        await pipeline.press(dana, PatronRecordState.edit, name=name)
        before = contents(made.database)
        await pipeline.submit(dana, PatronRecordState.save, {name: typed})

        state = await pipeline.state(dana, PatronRecordState)
        assert (name, sentence) == (state.editing, state.edit_error)
        assert before == contents(made.database)

    @pytest.mark.parametrize("role", [Role.READ_ONLY, Role.AUDITOR])
    async def test_who_may_only_look_cannot_edit(
        self, made: Runtime, role: Role, pipeline: Pipeline
    ) -> None:
        number = add(made, **JANE)
        cookie = staff(made, role)

        eve = await on_record(pipeline, cookie, number)
        state = await pipeline.state(eve, PatronRecordState)
        before = contents(made.database)
        state.editing = "note"  # as if the page had offered it
        await pipeline.submit(eve, PatronRecordState.save, {"note": "mine"})

        assert not state.may_edit
        assert "Your role does not allow this." in state.edit_error
        assert before == contents(made.database)

    async def test_a_protected_column_cannot_be_sent_as_a_free_one(
        self, made: Runtime, pipeline: Pipeline
    ) -> None:
        number = add(made, **JANE)
        cookie = staff(made)

        dana = await on_record(pipeline, cookie, number)
        before = contents(made.database)
        await pipeline.press(dana, PatronRecordState.edit, name="email")
        await pipeline.submit(dana, PatronRecordState.save, {"email": "x@y.example"})

        assert before == contents(made.database)


async def proposing(pipeline: Pipeline, cookie: str, number: int, field: str = "email") -> Client:
    client = await on_record(pipeline, cookie, number)
    await pipeline.press(client, ProposeState.open, field=field)
    return client


class TestPropose:
    async def test_a_proposal_is_one_request_and_two_mails_shown_at_once(
        self, made: Runtime, pipeline: Pipeline
    ) -> None:
        number = add(made, **JANE)
        cookie = staff(made)

        dana = await proposing(pipeline, cookie, number)
        await pipeline.submit(dana, ProposeState.send, SENDING)

        state = await pipeline.state(dana, PatronRecordState)
        assert (await pipeline.state(dana, ProposeState)).field == ""
        assert mails(made.database) == [
            "change_notice jane@old.example",
            "decision_request jane@new.example",
        ]
        email = state.protected[0]
        assert (
            list(email.lines),
            email.state,
            email.proposed,
        ) == (["jane@old.example"], "pending", "jane@new.example")
        assert [state.done_reference] == [item.reference for item in state.requests]

    async def test_a_double_press_proposes_once(self, made: Runtime, pipeline: Pipeline) -> None:
        number = add(made, **JANE)
        cookie = staff(made)

        dana = await proposing(pipeline, cookie, number)
        form = SENDING | await pipeline.drawn(dana, ProposeState.send)
        presses = [await pipeline.start(dana, ProposeState.send, form=form) for _ in range(2)]
        await finished(*presses)

        assert len((await pipeline.state(dana, PatronRecordState)).requests) == 1
        assert len(mails(made.database)) == 2

    async def test_the_same_value_again_says_so_and_sends_nothing(
        self, made: Runtime, pipeline: Pipeline
    ) -> None:
        number = add(made, **JANE)
        cookie = staff(made)

        dana = await proposing(pipeline, cookie, number)
        await pipeline.submit(dana, ProposeState.send, SENDING)
        first = (await pipeline.state(dana, PatronRecordState)).done_reference
        before = contents(made.database)
        await pipeline.press(dana, ProposeState.open, field="email")
        again = SENDING | {"email": "JANE@new.example"}
        await pipeline.submit(dana, ProposeState.send, again)

        state = await pipeline.state(dana, PatronRecordState)
        assert "proposed already" in state.done
        assert (first, before) == (state.done_reference, contents(made.database))

    @pytest.mark.parametrize(
        ("form", "place", "words"),
        [
            ({"email": "jane@@new.example"}, "email", "An address has exactly one @ sign."),
            ({"email": ""}, "email", "Enter an email address."),
            ({"email": "Jane@old.example"}, "email", "This is already on the record."),
            ({"email": "bob@other.example"}, "email", "already has this address"),
            ({"email": "box_office@desk.example"}, "email", "belongs to a staff account"),
            ({"reason": ""}, "reason", "Choose a reason."),
            ({"reason": "because"}, "reason", "Choose a reason."),
            (
                {"reason": "other"},
                "reason_text",
                "Choose a reason. For another reason, describe it.",
            ),
            ({"reason_text": "card 4111 1111 1111 1111"}, "reason_text", "payment card"),
            ({"reason_text": "x" * 501}, "reason_text", "500 characters at most"),
        ],
    )
    async def test_a_refusal_stands_at_its_input_and_changes_nothing(
        self, made: Runtime, form: dict[str, str], place: str, words: str, pipeline: Pipeline
    ) -> None:
        number = add(made, **JANE)
        add(made, given_name="Bob", family_name="Other", email="bob@other.example")
        cookie = staff(made)

        dana = await proposing(pipeline, cookie, number)
        opened = (await pipeline.state(dana, ProposeState)).form
        before = contents(made.database)
        await pipeline.submit(dana, ProposeState.send, SENDING | form)

        state = await pipeline.state(dana, ProposeState)
        assert words in state.errors[place]
        # Still open, and the inputs were not drawn anew: what was typed stands there.
        assert ("email", opened) == (state.field, state.form)
        assert before == contents(made.database)

    async def test_what_is_sent_is_remembered_refused_or_not(
        self, made: Runtime, pipeline: Pipeline
    ) -> None:
        """For the tripwires: a proposal in its own transaction, a refusal in another one."""
        number = add(made, **JANE)
        add(made, given_name="Bob", family_name="Other", email="bob@other.example")
        cookie = staff(made)

        for email in ("bob@other.example", "no address", "jane@new.example"):
            dana = await proposing(pipeline, cookie, number)
            await pipeline.submit(dana, ProposeState.send, SENDING | {"email": email})
        with made.database.reading() as session:
            query = sa.text("SELECT outcome FROM proposal_attempt ORDER BY outcome")
            found = session.connection().execute(query).scalars().all()
        assert found == ["mistyped", "proposed", "refused"]

    async def test_the_dialog_begins_with_the_reason_of_the_last_proposal(
        self, made: Runtime, pipeline: Pipeline
    ) -> None:
        """Of the member's own last one of this shift, in whatever tab; of none before the first."""
        number = add(made, **JANE)
        dana, eve = staff(made), staff(made, Role.MANAGER)
        first = await proposing(pipeline, dana, number)
        before = (await pipeline.state(first, ProposeState)).start["reason"]
        await pipeline.submit(first, ProposeState.send, SENDING)

        for cookie, expected in ((dana, SENDING["reason"]), (eve, "")):
            tab = await proposing(pipeline, cookie, number, "phone")
            assert (await pipeline.state(tab, ProposeState)).start["reason"] == expected
        assert before == ""

    async def test_the_first_line_says_that_nobody_can_be_asked(
        self, made: Runtime, pipeline: Pipeline
    ) -> None:
        number = add(made, given_name="Jane", family_name="Okafor")
        cookie = staff(made)

        dana = await on_record(pipeline, cookie, number)
        record = await pipeline.state(dana, PatronRecordState)
        no_email = "This patron has no email address, so no one can be asked by email"
        assert (record.obstacle.title, record.obstacle.field) == (no_email, "email")
        ways = {view.key: view.way for view in record.protected}
        assert ways == dict.fromkeys(FIELDS, "desk") | {"email": "email"}

        await pipeline.press(dana, ProposeState.open, field="phone")
        dialog = await pipeline.state(dana, ProposeState)
        assert dialog.lead.startswith(no_email)
        assert not dialog.has_mailbox  # so no current one is offered to be asked, or called lost
        assert (dialog.is_at_desk, dialog.is_lost) == (True, True)
        await pipeline.send(dana, ProposeState.lose, is_lost=False)
        assert (await pipeline.state(dana, ProposeState)).is_lost

    async def test_buttons_that_cannot_work_are_not_live(
        self, made: Runtime, pipeline: Pipeline
    ) -> None:
        number = add(made, **JANE)
        cookie = staff(made)

        dana = await on_record(pipeline, cookie, number)
        await pipeline.press(dana, PatronCareState.ask, dialog="status")
        form = {"note": "told by the family", "status": "deceased"}
        await pipeline.submit(dana, PatronCareState.change_status, form)

        await pipeline.press(dana, ProposeState.open, field="email")

        record = await pipeline.state(dana, PatronRecordState)
        assert record.obstacle.title == "This patron has died"
        assert record.obstacle.is_status
        assert not record.may_propose
        assert {view.way for view in record.protected} == {""}
        assert (await pipeline.state(dana, ProposeState)).dialog == ""

    async def test_a_withdrawn_request_is_proposed_again_as_it_was(
        self, made: Runtime, pipeline: Pipeline
    ) -> None:
        number = add(made, **JANE)
        cookie = staff(made)

        dana = await proposing(pipeline, cookie, number)
        sent = SENDING | {"reason_text": "She rang us this morning."}
        await pipeline.submit(dana, ProposeState.send, sent)
        first = (await pipeline.state(dana, PatronRecordState)).done_reference
        path = f"/requests/{first}/"
        await pipeline.send(dana, RequestDetailState.load, path)
        await pipeline.press(dana, RequestTaskState.ask, dialog="withdraw")
        await pipeline.submit(dana, RequestTaskState.withdraw, {})
        page = (await pipeline.state(dana, RequestDetailState)).detail
        assert page.again == "Propose again"

        await pipeline.send(dana, PatronRecordState.load, page.again_href)
        dialog = await pipeline.state(dana, ProposeState)
        assert (dialog.dialog, dialog.field) == ("propose", "email")
        assert {name: dialog.start[name] for name in sent} == sent
        assert dialog.preview.until
        assert dana.redirects()[-1:] == [f"/patrons/{number}/"]
        await pipeline.send(dana, PatronRecordState.load, f"/patrons/{number}/")
        assert (await pipeline.state(dana, ProposeState)).dialog == "propose"
        await pipeline.submit(dana, ProposeState.send, sent)

        record = await pipeline.state(dana, PatronRecordState)
        assert sorted(item.state for item in record.requests) == ["pending", "withdrawn"]

    async def test_another_patrons_request_is_not_proposed_again_here(
        self, made: Runtime, pipeline: Pipeline
    ) -> None:
        number = add(made, **JANE)
        other = add(made, given_name="Bob", family_name="Other", email="bob@other.example")
        cookie = staff(made)

        dana = await proposing(pipeline, cookie, number)
        await pipeline.submit(dana, ProposeState.send, SENDING)
        first = (await pipeline.state(dana, PatronRecordState)).done_reference

        await pipeline.send(dana, PatronRecordState.load, f"/patrons/{other}/?again={first}")

        assert (await pipeline.state(dana, ProposeState)).dialog == ""

    async def test_who_writes_is_told_in_which_language_the_patron_reads(
        self, made: Runtime, pipeline: Pipeline
    ) -> None:
        """Our own words are translated, a message is not."""
        cookie = staff(made)
        told = {}
        for language, name in (("ar", "Amina"), ("en", "Jane")):
            number = add(made, language=language, given_name=name)
            dana = await proposing(pipeline, cookie, number)
            told[language] = (await pipeline.state(dana, ProposeState)).reads

        assert told == {"ar": "Arabic", "en": ""}

    async def test_an_address_and_a_number_can_be_written_to_and_called(
        self, made: Runtime, pipeline: Pipeline
    ) -> None:
        number = add(made, **JANE, phone="+1 212 555 0117")
        cookie = staff(made)

        dana = await on_record(pipeline, cookie, number)

        state = await pipeline.state(dana, PatronRecordState)
        reached = {view.key: view.href for view in state.protected if view.href}
        assert reached == {"email": "mailto:jane@old.example", "phone": "tel:+12125550117"}

    async def test_a_taken_address_offers_its_record(
        self, made: Runtime, pipeline: Pipeline
    ) -> None:
        number = add(made, **JANE)
        other = add(made, given_name="Bob", family_name="Other", email="bob@other.example")
        cookie = staff(made)

        dana = await proposing(pipeline, cookie, number)
        await pipeline.send(dana, ProposeState.typed, part="email", text="bob@other.example")
        await pipeline.send(dana, ProposeState.check)

        problems = (await pipeline.state(dana, ProposeState)).problems
        assert f"/patrons/{other}/" == problems.href

    @pytest.mark.parametrize("role", [Role.READ_ONLY, Role.MARKETING, Role.AUDITOR])
    async def test_a_role_without_the_permission_proposes_nothing(
        self, made: Runtime, role: Role, pipeline: Pipeline
    ) -> None:
        number = add(made, **JANE)
        cookie = staff(made, role)

        eve = await proposing(pipeline, cookie, number)
        before = contents(made.database)
        await pipeline.submit(eve, ProposeState.send, SENDING)
        await pipeline.send(eve, ProposeState.check)

        assert not (await pipeline.state(eve, PatronRecordState)).may_propose
        assert (await pipeline.state(eve, ProposeState)).field == ""
        assert before == contents(made.database)

    async def test_an_outsider_proposes_nothing(self, made: Runtime, pipeline: Pipeline) -> None:
        number = add(made, **JANE)

        before = contents(made.database)
        outsider = await proposing(pipeline, "", number)
        await pipeline.submit(outsider, ProposeState.send, SENDING)

        assert {"/sign-in/"} == set(outsider.doors())
        assert before == contents(made.database)

    async def test_checking_writes_nothing_and_shows_what_is_then_read(
        self, made: Runtime, pipeline: Pipeline
    ) -> None:
        number = add(made, **JANE)
        cookie = staff(made)
        words = "Jane Okafor called about jane@old.example."

        dana = await proposing(pipeline, cookie, number)
        before = contents(made.database)
        await pipeline.send(dana, ProposeState.typed, part="email", text="jane@new.example")
        await pipeline.send(dana, ProposeState.choose, reason="asked_by_phone")
        await pipeline.send(dana, ProposeState.write, words=words)
        await pipeline.send(dana, ProposeState.check)
        assert before == contents(made.database)
        state = await pipeline.state(dana, ProposeState)
        shown = state.preview
        told, asked = shown.readings
        warned = " ".join(hint.words for hint in state.hints)
        await pipeline.submit(dana, ProposeState.send, SENDING | {"reason_text": words})

        read = as_read(made, number, Reviewer.PROPOSED)
        assert asked.mailbox == "jane@new.example"
        assert read == (
            asked.greeting,
            asked.words,
            shown.reason,
            asked.fields[0].now,
            asked.fields[0].proposed,
        )
        assert "Okafor" not in str(asked)
        assert "jane@old" not in str(asked)
        read = as_read(made, number, Reviewer.CURRENT)
        assert (told.mailbox, told.words) == ("jane@old.example", "")
        assert "mentions the name on the record" in warned
        assert "mentions the email address on the record" in warned
        assert read == (
            told.greeting,
            told.words,
            shown.reason,
            told.fields[0].now,
            told.fields[0].proposed,
        )

    async def test_a_likely_typo_is_mended_with_one_press(
        self, made: Runtime, pipeline: Pipeline
    ) -> None:
        number = add(made, **JANE)
        cookie = staff(made)

        dana = await proposing(pipeline, cookie, number)
        await pipeline.send(dana, ProposeState.typed, part="email", text="jane@gmial.com")
        await pipeline.send(dana, ProposeState.check)
        state = await pipeline.state(dana, ProposeState)
        hint = next(hint for hint in state.hints if hint.suggestion)
        await pipeline.send(dana, ProposeState.use, suggestion=hint.suggestion)

        assert (state.start["email"], list(state.hints)) == ("jane@gmail.com", [])
        assert state.preview.readings[1].mailbox == "jane@gmail.com"

    async def test_a_rejected_value_rests_and_only_a_lead_may_override(
        self, made: Runtime, pipeline: Pipeline
    ) -> None:
        number = add(made, **JANE)
        other = add(made, given_name="Bob", family_name="Other", email="bob@other.example")
        desk, lead = staff(made), staff(made, Role.MANAGER)

        dana = await proposing(pipeline, desk, number)
        await pipeline.submit(dana, ProposeState.send, SENDING)
        await pipeline.send(dana, PatronRecordState.load, f"/patrons/{other}/")
        for cookie, expected in ((desk, False), (lead, True)):
            mia = await proposing(pipeline, cookie, other)
            await pipeline.submit(mia, ProposeState.send, SENDING)
            state = await pipeline.state(mia, ProposeState)
            assert "in the last 30 days" in state.errors["email"]
            assert expected == state.can_override
            await pipeline.send(mia, ProposeState.allow, override=True)
            await pipeline.submit(mia, ProposeState.send, SENDING)
            record = await pipeline.state(mia, PatronRecordState)
            assert expected == bool(record.requests)

    async def test_arguments_of_any_kind_are_no_error(
        self, made: Runtime, pipeline: Pipeline
    ) -> None:
        number = add(made, **JANE)
        cookie = staff(made)

        dana = await proposing(pipeline, cookie, number)
        before = contents(made.database)
        odd: list[tuple[Any, dict[str, Any]]] = [
            (ProposeState.open, {"field": ["email"], "subject": str(number)}),
            (ProposeState.open, {"field": "email_key", "subject": str(number)}),
            (ProposeState.open, {"field": "email", "subject": ["1"]}),
            (ProposeState.typed, {"part": 1, "text": None}),
            (ProposeState.typed, {"part": "status", "text": "inactive"}),
            (ProposeState.choose, {"reason": {"a": 1}}),
            (ProposeState.write, {"words": 7}),
            (ProposeState.allow, {"override": "yes"}),
            (ProposeState.use, {"suggestion": []}),
            (ProposeState.send, {"form": {"email": 1, "reason": []}}),
        ]
        for handler, payload in odd:
            await pipeline.send(dana, handler, **payload)

        assert before == contents(made.database)


def as_read(made: Runtime, number: int, reviewer: Reviewer) -> tuple[str, str, str, str, str]:
    """What the only request's page shows to this reviewer."""
    now = made.clock.now()
    with made.database.reading() as session:
        found = queries.get_by_number(session, number)
        (request,) = requests.of_patron(session, found.id)
        claims = LinkClaims(
            request_id=request.id,
            purpose=Purpose.DECISION,
            reviewer=reviewer,
            version=1,
            jti="x",
            issued_at=now,
            expires_at=request.expires_at,
            kid="test",
        )
        review = reviewer_page.review(session, claims=claims, now=now)
    (field,) = review.fields
    return (
        review.patron_name,
        review.reason_text,
        review.reason_sentence,
        field.now,
        field.proposed,
    )


async def adding(pipeline: Pipeline, cookie: str, query: str = "") -> Client:
    client = await opened(pipeline, cookie)
    await pipeline.send(client, AddPatronState.open, query=query)
    return client


async def typed(pipeline: Pipeline, tab: Client, form: dict[str, str]) -> None:
    """Type into the dialog: the browser tells of it when the person pauses."""
    dialog = await pipeline.state(tab, AddPatronState)
    carried = await pipeline.drawn(tab, AddPatronState.add) | {"draft": dialog.draft_of}
    await pipeline.send(tab, AddPatronState.keep, form=carried | form)


class TestAdd:
    async def test_a_new_patron_is_shown_with_an_unverified_email(
        self, made: Runtime, pipeline: Pipeline
    ) -> None:
        cookie = staff(made)

        dana = await adding(pipeline, cookie)
        form = JANE | {"kind": "person", "language": "fr", "tags": "donor, Donor ,vip"}
        await pipeline.submit(dana, AddPatronState.add, form)

        (href,) = dana.redirects()
        await pipeline.send(dana, PatronRecordState.load, href)
        state = await pipeline.state(dana, PatronRecordState)
        assert (state.head.name, state.done) == ("Jane Okafor", "Added.")
        assert (state.protected[0].mark, state.protected[0].href) == (
            "unverified",
            f"mailto:{JANE['email']}",
        )
        assert (state.free["language"], state.free["tags"]) == ("fr", "donor, vip")

    @pytest.mark.parametrize(
        ("typed", "address"),
        [
            ({}, ()),
            (
                {"address_line1": "1 Quay St", "address_city": "Albany"},
                ("1 Quay St", "Albany", "United States"),
            ),
        ],
    )
    async def test_an_address_begins_with_the_houses_country_and_is_none_without_more(
        self,
        made: Runtime,
        pipeline: Pipeline,
        typed: dict[str, str],
        address: tuple[str, ...],
    ) -> None:
        cookie = staff(made)

        dana = await adding(pipeline, cookie)
        drawn = await pipeline.drawn(dana, AddPatronState.add)
        assert (await pipeline.state(dana, AddPatronState)).start["address_country"] == "US"
        form = {**drawn, "given_name": "Jo", "address_country": "US", **typed}
        await pipeline.submit(dana, AddPatronState.add, form)

        (href,) = dana.redirects()
        await pipeline.send(dana, PatronRecordState.load, href)
        record = await pipeline.state(dana, PatronRecordState)
        shown = {view.key: tuple(view.lines) for view in record.protected}
        assert shown["address"] == address

    async def test_a_double_press_adds_once(self, made: Runtime, pipeline: Pipeline) -> None:
        cookie = staff(made)

        dana = await adding(pipeline, cookie)
        form = {"given_name": "Jane", "anyway": "on"}
        form |= await pipeline.drawn(dana, AddPatronState.add)
        presses = [await pipeline.start(dana, AddPatronState.add, form=form) for _ in range(2)]
        await finished(*presses)

        with made.database.reading() as session:
            assert queries.count(session) == 1

    async def test_a_possible_duplicate_is_shown_before_it_is_added_anyway(
        self, made: Runtime, pipeline: Pipeline
    ) -> None:
        number = add(made, **JANE)
        cookie = staff(made)

        dana = await adding(pipeline, cookie)
        before = contents(made.database)
        form = {"given_name": "JANE", "family_name": "okafor", "email": "j@two.example"}
        await pipeline.submit(dana, AddPatronState.add, form)

        state = await pipeline.state(dana, AddPatronState)
        (found,) = state.duplicates
        assert (f"/patrons/{number}/", "same name") == (found.href, found.reasons)
        assert before == contents(made.database)
        await pipeline.submit(dana, AddPatronState.add, form | {"anyway": "on"})
        assert dana.redirects() != []

    async def test_whom_it_may_be_is_said_while_it_is_typed(
        self, made: Runtime, pipeline: Pipeline
    ) -> None:
        number = add(made, **JANE)
        cookie = staff(made)

        dana = await adding(pipeline, cookie)
        form = {"given_name": "jane", "family_name": "Okafor", "email": "jane@"}
        await typed(pipeline, dana, form)
        state = await pipeline.state(dana, AddPatronState)
        assert [each.number for each in state.duplicates] == [str(number)]
        assert (state.taken_by, state.errors) == ("", {})

        await typed(pipeline, dana, {"given_name": "Jo", "email": JANE["email"].upper()})
        state = await pipeline.state(dana, AddPatronState)
        assert state.duplicates == []
        assert (state.taken_by, state.errors) == (str(number), {})

    async def test_what_is_typed_tells_nothing_once_the_dialog_is_closed(
        self, made: Runtime, pipeline: Pipeline
    ) -> None:
        add(made, **JANE)
        cookie = staff(made)

        dana = await adding(pipeline, cookie)
        late = await pipeline.drawn(dana, AddPatronState.add) | {"draft": "add/add/"} | JANE
        await pipeline.send(dana, AddPatronState.turn, is_open=False)
        await pipeline.send(dana, AddPatronState.keep, form=late)

        state = await pipeline.state(dana, AddPatronState)
        assert (state.duplicates, state.taken_by) == ([], "")

    @pytest.mark.parametrize(
        ("form", "place", "words"),
        [
            ({"email": "no address"}, "email", "An address needs"),
            ({"phone": "12"}, "phone", "too short"),
            ({"address_line1": "1 Quay"}, "address_city", "Enter a value."),
            ({"date_of_birth": "2999-01-01"}, "date_of_birth", "in the future"),
            ({"given_name": "", "family_name": ""}, "given_name", "Enter a given name"),
            ({"given_name": "<b>"}, "given_name", "cannot hold the character <"),
            ({"email": "bob@other.example"}, "email", "already has this address"),
        ],
    )
    async def test_a_refusal_stands_at_its_input_and_changes_nothing(
        self, made: Runtime, form: dict[str, str], place: str, words: str, pipeline: Pipeline
    ) -> None:
        add(made, given_name="Bob", family_name="Other", email="bob@other.example")
        cookie = staff(made)

        dana = await adding(pipeline, cookie)
        drawn = (await pipeline.state(dana, AddPatronState)).opening
        before = contents(made.database)
        await pipeline.submit(dana, AddPatronState.add, JANE | form)

        state = await pipeline.state(dana, AddPatronState)
        assert words in state.errors[place]
        assert ("add", drawn) == (state.dialog, state.opening)
        assert before == contents(made.database)

    @pytest.mark.parametrize("role", [Role.READ_ONLY, Role.MARKETING])
    async def test_a_role_without_the_permission_adds_nobody(
        self, made: Runtime, role: Role, pipeline: Pipeline
    ) -> None:
        cookie = staff(made, role)

        before = contents(made.database)
        eve = await adding(pipeline, cookie)
        await pipeline.submit(eve, AddPatronState.add, JANE)

        assert not (await pipeline.state(eve, PatronListState)).may_add
        assert before == contents(made.database)

    @pytest.mark.parametrize(
        ("query", "expected"),
        [
            ("jane", {"given_name": "jane"}),
            ("Mary Jane Okafor", {"given_name": "Mary Jane", "family_name": "Okafor"}),
            (" j@new.example ", {"email": "j@new.example"}),
            ("mailto:j@new.example", {"email": "j@new.example"}),
            ("020 7946 0958", {"phone": "020 7946 0958"}),
            ("  ", {}),
        ],
    )
    def test_what_was_searched_for_goes_into_its_inputs(
        self, query: str, expected: dict[str, str]
    ) -> None:
        assert expected == prefilled(query)
