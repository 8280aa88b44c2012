"""Tickets and receipts as the bytes that narrow printers read: the few ESC/POS commands we need.

A printer's page of characters holds the letters of western Europe and the euro. Other letters lose
their accents; a text in a script that the page lacks is refused, and the browser prints it. No byte
of a text can be read as a command. Pure.
"""

from __future__ import annotations

import textwrap
import unicodedata
from collections.abc import Iterable

from upstage_crm.core.languages import speaker
from upstage_crm.orders.files import ticket_words as w
from upstage_crm.orders.files.print_errors import ScriptNotPrintable
from upstage_crm.orders.files.ticket_facts import SlipFacts, TicketFacts

_ESC, _GS, _DLE = b"\x1b", b"\x1d", b"\x10"
_PAGE, _PAGE_NUMBER = "cp858", 19  # western Europe, with the euro
INIT = _ESC + b"@" + _ESC + b"t" + bytes([_PAGE_NUMBER])
CUT = _GS + b"V\x42\x00"  # feed to the knife, then cut
DRAWER = _ESC + b"p\x00\x19\xfa"  # pin 2; 50 ms on, 500 ms off
ASK_PAPER = _DLE + b"\x04\x04"
NO_PAPER = 0x60  # of the answer to `ASK_PAPER`: the roll's end was seen
LINE = 42  # characters of the usual font on 80 mm
_DOT = 6  # of the code, in dots of 1/8 mm: 41 squares are 31 mm
_PLAIN, _TALL, _BOTH = 0x00, 0x01, 0x11  # width and height, each once or twice
_START, _MIDDLE = 0, 1
# What no decomposition makes plain.
_PLAINER = str.maketrans({"ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ı": "i", "œ": "oe", "Œ": "OE"})
_SIGNS = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "–": "-", "—": "-", "…": "..."})
_NO_WIDTH = ("Cf", "Mn")  # marks of direction, and accents that were taken off


def ticket(facts: TicketFacts) -> bytes:
    """One ticket, cut off at its end.

    Raises:
        ScriptNotPrintable: a text is in a script that the printer's page lacks.
    """
    say = speaker(facts.language)
    parts = [
        INIT,
        _styled(_MIDDLE),
        _line(facts.organisation),
        *([_styled(_MIDDLE, _TALL, bold=True), _line(say(w.DUPLICATE).upper())]
          if facts.is_duplicate else []),
        _styled(_MIDDLE, _BOTH, bold=True),
        _line(facts.event, width=LINE // 2),
        _styled(_MIDDLE),
        _line(facts.when),
        _line(", ".join(filter(None, (facts.venue, facts.hall)))),
        _line(facts.doors),
        _styled(_MIDDLE, _BOTH, bold=True),
        _line(facts.seat, width=LINE // 2),
        _styled(_MIDDLE),
        _line(", ".join(filter(None, (facts.zone, facts.price_type, facts.price)))),
        _line(facts.reference),
        _code(facts.code),
        b"\n",
        CUT,
    ]  # fmt: skip
    return b"".join(parts)


def slip(facts: SlipFacts, *, opens_drawer: bool = False) -> bytes:
    """The receipt of a sale, cut off at its end; the drawer opens first, so that no one waits.

    Raises:
        ScriptNotPrintable: a text is in a script that the printer's page lacks.
    """
    say = speaker(facts.language)
    served = f"{say(w.SERVED_BY)} {facts.by}" if facts.by else ""
    parts = [
        INIT,
        *([DRAWER] if opens_drawer else []),
        _styled(_MIDDLE, _TALL, bold=True),
        _line(facts.organisation),
        _styled(_MIDDLE),
        *(_line(line) for line in facts.address.split("\n")),
        *([_styled(_MIDDLE, _TALL, bold=True), _line(say(w.DUPLICATE).upper())]
          if facts.is_duplicate else []),
        _styled(),
        *(_line(text) for text in (facts.reference, facts.when, facts.place, served)),
        b"\n",
        *_amounts(facts.lines),
        _styled(bold=True),
        *_amounts([(say(w.TOTAL), facts.total)]),
        _styled(),
        *([_line(say(w.TAX_IN_IT)), *_amounts(facts.taxes)] if facts.taxes else []),
        _line(say(w.PAID_WITH)),
        *_amounts(facts.tenders),
        _line(facts.note),
        b"\n",
        CUT,
    ]  # fmt: skip
    return b"".join(parts)


def _styled(align: int = _START, size: int = _PLAIN, *, bold: bool = False) -> bytes:
    return b"".join(
        (_GS, b"!", bytes([size]), _ESC, b"E", bytes([bold]), _ESC, b"a", bytes([align]))
    )


def _line(text: str, *, width: int = LINE) -> bytes:
    """A text in lines that fit; nothing for ""."""
    wrapped = textwrap.wrap(_spoken(text), width)
    return b"".join(_bytes(line) + b"\n" for line in wrapped)


def _amounts(pairs: Iterable[tuple[str, str]]) -> list[bytes]:
    """Words at the left and their amount at the right, below them where both do not fit."""
    lines: list[bytes] = []
    for words, amount in pairs:
        said, sum_ = _spoken(words), _spoken(amount)
        if len(said) + len(sum_) < LINE:
            lines.append(_bytes(f"{said}{sum_.rjust(LINE - len(said))}") + b"\n")
        else:
            lines += [_line(words), _bytes(sum_.rjust(LINE)) + b"\n"]
    return lines


def _code(digits: str) -> bytes:
    """The printer draws the code itself, in the correction of 15 %."""

    def order(function: bytes, body: bytes) -> bytes:
        return _GS + b"(k" + (len(body) + 2).to_bytes(2, "little") + b"1" + function + body

    return b"".join(
        (
            order(b"A", b"2\x00"),
            order(b"C", bytes([_DOT])),
            order(b"E", b"1"),
            order(b"P", b"0" + digits.encode("ascii")),
            order(b"Q", b"0"),
        )
    )


def _spoken(text: str) -> str:
    """A text on one line in letters that the page has, and with nothing that is no letter.

    Raises:
        ScriptNotPrintable: it has a letter of another script.
    """
    plain = "".join(_plain(sign) for sign in " ".join(text.split()).translate(_SIGNS))
    return "".join(sign for sign in plain if unicodedata.category(sign)[0] != "C")


def _plain(sign: str) -> str:
    if _has(sign):
        return sign
    bare = unicodedata.normalize("NFKD", sign.translate(_PLAINER))
    kept = "".join(part for part in bare if unicodedata.category(part) not in _NO_WIDTH)
    if not _has(kept) and unicodedata.category(sign)[0] != "C":
        raise ScriptNotPrintable
    return kept


def _has(text: str) -> bool:
    try:
        text.encode(_PAGE)
    except UnicodeEncodeError:
        return False
    return True


def _bytes(line: str) -> bytes:
    return line.encode(_PAGE)
