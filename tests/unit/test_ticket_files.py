"""Tickets as files: the same facts are the same bytes, and every code on them is read back."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from icalendar import Calendar

from tests.support.tickets import (
    CODE,
    NEXT_SEAT,
    SLIP,
    TICKET,
    VISIT,
    codes_on,
    pages_of,
)
from upstage_crm.orders.files import calendar_file, print_page, ticket_pdf
from upstage_crm.orders.files.ticket_facts import TicketFacts, VisitFacts

LONG = replace(
    TICKET,
    event="Die Geschichte vom Soldaten und andere sehr lange Titel " * 2,
    seat="Second balcony left, standing places behind row AA, place 112",
    address="Llanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogogoch 1\nWales",
)
ARABIC = replace(TICKET, language="ar", event="حلم ليلة صيف", organisation="مسرح الفانوس")


class TestPdf:
    def test_every_ticket_has_a_page_whose_code_is_read(self) -> None:
        pages = pages_of(ticket_pdf.render([TICKET, NEXT_SEAT]))

        assert [codes_on(page) for page in pages] == [[TICKET.code], [NEXT_SEAT.code]]

    @pytest.mark.parametrize("facts", [TICKET, LONG, ARABIC, replace(TICKET, is_duplicate=True)])
    def test_the_same_ticket_is_the_same_bytes(self, facts: TicketFacts) -> None:
        pdf = ticket_pdf.render([facts])

        assert ticket_pdf.render([facts]) == pdf
        assert codes_on(pages_of(pdf)[0]) == [CODE]

    def test_what_is_frozen_draws_the_same_bytes(self) -> None:
        frozen = json.loads(json.dumps(TICKET.as_json()))

        assert TicketFacts.of_json(frozen) == TICKET

    def test_a_duplicate_says_so(self) -> None:
        again = ticket_pdf.render([replace(TICKET, is_duplicate=True)])

        assert again != ticket_pdf.render([TICKET])


class TestPrintPage:
    def test_a_page_loads_and_runs_nothing(self) -> None:
        page = print_page.tickets_page([TICKET, NEXT_SEAT])

        assert page.count("<svg") == 2
        assert "<script" not in page
        assert "src=" not in page

    def test_what_people_typed_is_escaped(self) -> None:
        page = print_page.tickets_page([replace(TICKET, event="<b>Tosca</b> & more")])

        assert "&lt;b&gt;Tosca&lt;/b&gt; &amp; more" in page

    def test_only_a_duplicate_is_called_one(self) -> None:
        assert "Duplicate" not in print_page.tickets_page([TICKET])
        assert "Duplicate" in print_page.tickets_page([replace(TICKET, is_duplicate=True)])

    def test_a_receipt_shows_every_amount(self) -> None:
        page = print_page.slip_page(SLIP)

        for _, amount in (*SLIP.lines, *SLIP.taxes, *SLIP.tenders):
            assert amount in page
        assert SLIP.total in page


class TestCalendar:
    def entry(self, visit: VisitFacts) -> tuple[Calendar, Calendar]:
        calendar = Calendar.from_ical(calendar_file.render(visit))
        assert isinstance(calendar, Calendar)
        [event] = calendar.walk("VEVENT")
        return calendar, event  # pyright: ignore[reportReturnType]  # a component like any other

    def test_it_keeps_the_clock_of_the_hall_and_brings_its_rules(self) -> None:
        text = calendar_file.render(VISIT).decode()

        assert "DTSTART;TZID=Europe/London:20261204T193000" in text
        assert "BEGIN:VTIMEZONE" in text
        assert len(text) < 2_000

    def test_the_same_visit_is_the_same_bytes(self) -> None:
        assert calendar_file.render(VISIT) == calendar_file.render(VISIT)

    def test_a_change_keeps_the_name_and_counts_on(self) -> None:
        moved = replace(VISIT, sequence=1, starts_at=VISIT.starts_at.replace(day=5))

        calendar, entry = self.entry(moved)

        assert str(entry["uid"]) == VISIT.uid
        assert entry["sequence"] == 1
        assert calendar["method"] == "PUBLISH"
        assert calendar_file.media_type(moved).endswith("method=PUBLISH")

    def test_what_is_off_is_cancelled(self) -> None:
        off = replace(VISIT, sequence=2, is_cancelled=True)

        calendar, entry = self.entry(off)

        assert calendar["method"] == "CANCEL"
        assert entry["status"] == "CANCELLED"
        assert calendar_file.media_type(off).endswith("method=CANCEL")

    def test_it_says_how_long_it_takes_and_not_which_time_of_day_it_ends(self) -> None:
        """Where the clocks go back meanwhile, 01:30 is two instants."""
        night = datetime(2026, 10, 25, 0, 30, tzinfo=ZoneInfo("Europe/London"))

        _, entry = self.entry(replace(VISIT, starts_at=night, minutes=120))

        assert entry.decoded("duration") == timedelta(minutes=120)
        assert "dtend" not in entry

    def test_without_a_running_time_there_is_no_end(self) -> None:
        _, entry = self.entry(replace(VISIT, minutes=None))

        assert "duration" not in entry

    def test_no_text_adds_a_line(self) -> None:
        sly = replace(VISIT, title="Tosca\r\nATTENDEE:mailto:eve@example.org", organiser='A"\r\nB')

        calendar, entry = self.entry(sly)

        assert "attendee" not in entry
        assert len(calendar.walk("VEVENT")) == 1
