"""What a narrow printer is sent: read back by a printer of our own, down to the code."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest

from tests.support.narrow_printer import NarrowPrinter, Printed
from tests.support.tickets import CODE, SLIP, TICKET
from upstage_crm.orders.files import escpos, printer
from upstage_crm.orders.files.print_errors import NotPrinted, ScriptNotPrintable


def read(stream: bytes) -> Printed:
    printed = Printed()
    printed.read(io.BytesIO(stream), lambda: None)
    return printed


def test_a_ticket_has_its_words_and_its_code_and_is_cut() -> None:
    printed = read(escpos.ticket(TICKET))

    assert printed.codes == [CODE]
    assert printed.done == ["cut"]
    assert printed.unread == []
    for words in ("Così fan tutte", "Stalls, row F, seat", "£35.00", "K7-2FQ"):
        assert words in printed.text
    assert "DUPLICATE" not in printed.text
    assert "DUPLICATE" in read(escpos.ticket(replace(TICKET, is_duplicate=True))).text


def test_no_line_is_longer_than_the_paper_is_wide() -> None:
    long = replace(TICKET, event="Geschichte " * 12, when="x" * 100)

    assert max(len(line) for line in read(escpos.ticket(long)).text.split("\n")) <= escpos.LINE


def test_no_byte_of_a_name_is_a_command() -> None:
    sly = replace(TICKET, event="Tosca\x1bp\x00\x19\xfa\x1dV\x42\x00\x10\x04\x04")

    printed = read(escpos.ticket(sly))

    assert printed.done == ["cut"]
    assert printed.unread == []


def test_letters_that_the_page_lacks_lose_their_accents() -> None:
    printed = read(escpos.ticket(replace(TICKET, event="Łukasz Żółty: “Duša” – Œdipe")))

    assert 'Lukasz Zólty: "Dusa"' in printed.text.replace("\n", " ")


@pytest.mark.parametrize("event", ["حلم ليلة صيف", "真夏の夜の夢", "Чайка"])
def test_a_script_that_the_page_lacks_is_refused(event: str) -> None:
    with pytest.raises(ScriptNotPrintable):
        escpos.ticket(replace(TICKET, event=event))


def test_a_receipt_has_its_amounts_at_the_edge() -> None:
    lines = read(escpos.slip(SLIP)).text.split("\n")

    assert f"Total{'£36.00'.rjust(escpos.LINE - 5)}" in lines
    assert "£35.00".rjust(escpos.LINE) in lines
    assert f"Cash{'£40.00'.rjust(escpos.LINE - 4)}" in lines


def test_the_drawer_opens_only_when_asked_and_before_the_paper() -> None:
    assert read(escpos.slip(SLIP)).done == ["cut"]
    assert read(escpos.slip(SLIP, opens_drawer=True)).done == ["drawer", "cut"]


def test_a_printer_with_paper_gets_all_of_it() -> None:
    with NarrowPrinter() as at:
        printer.send(at.address, escpos.ticket(TICKET))

    assert at.printed.codes == [CODE]
    assert at.printed.done == ["cut"]


def test_a_printer_without_paper_gets_nothing() -> None:
    with NarrowPrinter(paper=False) as at, pytest.raises(NotPrinted) as refused:
        printer.send(at.address, escpos.ticket(TICKET))

    assert refused.value.facts == {"why": "no_paper"}
    assert at.printed.text == ""


def test_a_printer_that_says_nothing_did_not_print() -> None:
    with NarrowPrinter(mute=True) as at, pytest.raises(NotPrinted) as refused:
        printer.send(at.address, escpos.ticket(TICKET), patience_s=0.05)

    assert refused.value.facts == {"why": "no_answer"}


def test_where_no_printer_is_nothing_is_printed() -> None:
    with NarrowPrinter() as at:
        printer.send(at.address, b"")

    with pytest.raises(NotPrinted) as refused:
        printer.send(at.address, escpos.ticket(TICKET))

    assert refused.value.facts == {"why": "unreachable"}
