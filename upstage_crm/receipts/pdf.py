"""A receipt as a PDF of one page. The only module that imports `fpdf`.

Loading the library costs 0.3 s and 30 MB: import this module only where a PDF is asked for.
The same receipt gives the same bytes; the receipt's JSON is attached, so that the file can be
checked by itself.
"""

from __future__ import annotations

import json
import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from fpdf import FPDF
from fpdf.enums import Align
from fpdf.fonts import TTFFont

from upstage_crm.core.languages import direction, speaker
from upstage_crm.receipts import words as w
from upstage_crm.receipts.shape import document
from upstage_crm.receipts.visibility import SeenReceipt

FONTS: Final = Path(__file__).with_name("fonts")
_WIDTH, _HEIGHT, _MARGIN = 210.0, 297.0, 18.0  # millimetres, like every length here
_INNER = _WIDTH - 2 * _MARGIN
_LEADING = 1.35 * 25.4 / 72  # millimetres of line for a point of type
_COLUMNS = (30.0, 52.0, 52.0, 40.0)
_GAP = 3.0
_SCALES = (1.0, 0.9, 0.8, 0.7, 0.6, 0.5)  # of the table's type, until all of it fits
_LINES = 16  # of one value at most; the JSON has the rest

_ARABIC = re.compile("[\u0600-\u06ff\u0750-\u077f\u08a0-\u08ff]")
# A text reads the way of its first letter, like `dir="auto"`: a phone number stays a phone number.
_RTL = re.compile("[^A-Za-z\u00c0-\u058f]*[\u0590-\u08ff]")
_HEBREW = re.compile("[\u0590-\u05ff\ufb1d-\ufb4f]")


@dataclass(frozen=True, slots=True)
class _Ink:
    """How a piece of text is set. `size` is in points."""

    size: float
    style: str = ""
    colour: str = "#1f1c1a"
    family: str = "sans"

    @property
    def line(self) -> float:
        return self.size * _LEADING


_ACCENT, _HAIR = "#9b1c31", "#dcd8d2"
_MUTED = "#645e58"
_LABEL, _BODY, _STRONG = _Ink(7.5, colour=_MUTED), _Ink(9.5), _Ink(9.5, "B")
_SMALL, _MONO = _Ink(8.5, colour=_MUTED), _Ink(7, colour=_MUTED, family="mono")


def render(receipt: SeenReceipt) -> bytes:
    """The PDF of a receipt, as its reader sees it: one A4 page with its fonts inside."""
    page = _Page(receipt)
    y = page.head()
    y = page.facts(y)
    page.table(y, below=page.proof())
    return page.finish()


class _Page:
    """One page. Every `x` is a distance from the side where reading starts."""

    def __init__(self, receipt: SeenReceipt) -> None:
        self._receipt, self._words = receipt, w.words(receipt)
        self._say = speaker(receipt.language)
        self._mirrored = direction(receipt.language) == "rtl"
        self._json = json.dumps(document(receipt), ensure_ascii=False, indent=2)
        self._widths: dict[tuple[str, str, str], float] = {}  # of text, family, style; in points
        pdf = self._pdf = FPDF(format="A4")
        pdf.set_auto_page_break(False)
        pdf.set_margin(0)
        pdf.c_margin = 0
        self._load_fonts()
        pdf.set_lang(receipt.language)
        pdf.set_title(f"{self._say(w.RECEIPT)} {receipt.reference}")
        pdf.set_author(receipt.organisation.name)
        pdf.set_creation_date(receipt.decided_at)
        pdf.embed_file(
            bytes=self._json.encode(),
            basename="receipt.json",
            modification_date=receipt.decided_at,
            mime_type="application/json",
        )
        pdf.add_page()

    def head(self) -> float:
        """Whose receipt it is, and what was decided."""
        half = _INNER / 2
        self._write(self._words.organisation, 0, _MARGIN, half, _Ink(11, "B"))
        self._write(self._say(w.RECEIPT), half, _MARGIN, half, _Ink(9, colour=_MUTED), at_end=True)
        self._rule(_MARGIN + 8, thickness=0.9, colour=_ACCENT)
        return self._write(self._words.headline, 0, _MARGIN + 15, _INNER, _Ink(19, "B")) + 5

    def facts(self, y: float) -> float:
        """Who and when, in two columns."""
        width = (_INNER - 2 * _GAP) / 2
        for left in range(0, len(self._words.facts), 2):
            ends = [y]
            for column, (label, text) in enumerate(self._words.facts[left : left + 2]):
                x = column * (width + 2 * _GAP)
                under = self._write(label, x, y, width, _LABEL)
                ends.append(self._write(text, x, under + 0.4, width, _BODY))
            y = max(ends) + 3
        return y + 3

    def table(self, y: float, *, below: float) -> None:
        """Every field: before, proposed, decision. Its type shrinks until it ends above `below`."""
        heads = (
            self._say(w.DETAIL),
            self._say(w.BEFORE),
            self._say(w.PROPOSED),
            self._say(w.DECISION),
        )
        for x, width, head in zip(_starts(), _COLUMNS, heads, strict=True):
            self._write(head, x, y, width - _GAP, _LABEL)
        y += _LABEL.line + 1.2
        self._rule(y, thickness=0.3, colour="#1f1c1a")
        scale = next(
            (scale for scale in _SCALES if y + self._rows(y, scale, dry=True) <= below),
            _SCALES[-1],
        )
        self._rows(y, scale)

    def proof(self) -> float:
        """The foot of the page, built upwards; returns where it begins."""
        parts: tuple[tuple[str, _Ink, float], ...] = (
            (self._say(w.WHAT_IT_PROVES), replace(_STRONG, size=9), 0.6),
            *((sentence, _SMALL, 0.6) for sentence in self._words.proves),
            ("", replace(_SMALL, size=3), 0),
            (self._say(w.HOW_TO_CHECK), replace(_STRONG, size=9), 0.6),
            (self._say(w.CHECK_PDF), _SMALL, 2),
            (f"{self._say(w.PUBLIC_KEY)} ({self._receipt.kid})", _LABEL, 0.2),
            (self._receipt.public_key, _MONO, 1.4),
            (self._say(w.SIGNATURE), _LABEL, 0.2),
            (self._receipt.signature, _MONO, 1.4),
            *self._place(),
            (self._words.contact, _LABEL, 0),
        )
        if self._words.is_masked:
            parts = ((self._say(w.IN_PART), _SMALL, 3), *parts)
        height = sum(
            len(self._lines(text, _INNER, ink)) * ink.line + after for text, ink, after in parts
        )
        top = y = _HEIGHT - _MARGIN - height
        self._rule(y - 3.5, thickness=0.3, colour=_HAIR)
        for text, ink, after in parts:
            y = self._write(text, 0, y, _INNER, ink) + after
        return top - 5

    def _place(self) -> Iterator[tuple[str, _Ink, float]]:
        if self._receipt.head is not None:
            seq, head = self._receipt.head
            yield self._say(w.PLACE), _LABEL, 0.2
            yield f"{seq} {head}", _MONO, 3

    def finish(self) -> bytes:
        """The file."""
        return bytes(self._pdf.output())

    def _rows(self, y: float, scale: float, *, dry: bool = False) -> float:
        """Draw the rows, or only measure them; returns their height."""
        start = y
        body, strong = replace(_BODY, size=9.5 * scale), replace(_STRONG, size=9.5 * scale)
        note = replace(_LABEL, size=max(7.5 * scale, 5))
        for row in self._words.rows:
            y += 2.4 * scale
            cells = ((row.label, strong), (row.now, body), (row.proposed, body))
            ends = [
                self._write(text, x, y, width - _GAP, ink, dry=dry)
                for (text, ink), x, width in zip(cells, _starts(), _COLUMNS, strict=False)
            ]
            x, width = _starts()[-1], _COLUMNS[-1]
            under = self._write(row.outcome, x, y, width, strong, dry=dry)
            ends.append(self._write(row.note, x, under, width, note, dry=dry))
            y = max(ends) + 2.4 * scale
            if not dry:
                self._rule(y, thickness=0.2, colour=_HAIR)
        return y - start

    def _write(
        self,
        text: str,
        x: float,
        y: float,
        width: float,
        ink: _Ink,
        *,
        at_end: bool = False,
        dry: bool = False,
    ) -> float:
        """Set a text in its box and return where the next may begin; `dry` only measures."""
        self._pdf.set_text_shaping(True, direction="rtl" if _RTL.match(text) else "ltr")
        lines = self._lines(text, width, ink)
        if dry:
            return y + len(lines) * ink.line
        left = _WIDTH - _MARGIN - x - width if self._mirrored else _MARGIN + x
        is_right = at_end is not self._mirrored and ink.family != "mono"
        self._pdf.set_text_color(ink.colour)
        for line in lines:
            self._pdf.set_xy(left, y)
            self._pdf.cell(width, ink.line, line, align=Align.R if is_right else Align.L)
            y += ink.line
        return y

    def _lines(self, text: str, width: float, ink: _Ink) -> list[str]:
        """Break a text into lines that fit. Order is settled line by line, so it must be here."""
        self._pdf.set_font(ink.family, ink.style, ink.size)
        lines: list[str] = []
        for paragraph in self._printable(text).split("\n"):
            line = ""
            for word in _pieces(paragraph):
                if line and self._width((line + word).rstrip(), ink) > width:
                    lines.append(line.rstrip())
                    line = ""
                line += word
                while self._width(line.rstrip(), ink) > width:
                    cut = self._fitting(line, width, ink)
                    lines.append(line[:cut])
                    line = line[cut:]
            lines.append(line.rstrip())
        return lines if len(lines) <= _LINES else [*lines[: _LINES - 1], "…"]

    def _fitting(self, word: str, width: float, ink: _Ink) -> int:
        """How many characters of a word that is too long go into one line; at least one."""
        cuts = range(2, len(word) + 1)
        return 1 + bisect_right(cuts, width, key=lambda cut: self._width(word[:cut], ink))

    def _width(self, text: str, ink: _Ink) -> float:
        """How wide a text is in the font that is set. It is measured once for all sizes."""
        known = (text, ink.family, ink.style)
        if known not in self._widths:
            self._widths[known] = self._pdf.get_string_width(text) / ink.size
        return self._widths[known] * ink.size

    def _rule(self, y: float, *, thickness: float, colour: str) -> None:
        self._pdf.set_draw_color(colour)
        self._pdf.set_line_width(thickness)
        self._pdf.line(_MARGIN, y, _WIDTH - _MARGIN, y)

    def _load_fonts(self) -> None:
        """Take the fonts that this receipt needs: reading one costs tens of milliseconds."""
        pdf = self._pdf
        pdf.add_font("sans", "", FONTS / "NotoSans-Regular.ttf")
        pdf.add_font("sans", "B", FONTS / "NotoSans-Bold.ttf")
        pdf.add_font("mono", "", FONTS / "DejaVuSansMono.ttf")
        others: list[str] = []
        if self._mirrored or _ARABIC.search(self._json):
            pdf.add_font("arabic", "", FONTS / "NotoSansArabic-Regular.ttf")
            pdf.add_font("arabic", "B", FONTS / "NotoSansArabic-Bold.ttf")
            others.append("arabic")
        if _HEBREW.search(self._json):
            pdf.add_font("hebrew", "", FONTS / "NotoSansHebrew-Regular.ttf")
            others.append("hebrew")
        pdf.set_fallback_fonts(others, exact_match=False)
        self._glyphs = {
            glyph for font in pdf.fonts.values() if isinstance(font, TTFFont) for glyph in font.cmap
        }

    def _printable(self, text: str) -> str:
        """The text, or a sentence in its place when no font here has its script."""
        is_known = all(
            ord(character) in self._glyphs or unicodedata.category(character)[0] in "CZ"
            for character in text
        )
        return text if is_known else self._say(w.NO_GLYPHS)


def _starts() -> tuple[float, ...]:
    """Where each column of the table begins."""
    return tuple(sum(_COLUMNS[:number]) for number in range(len(_COLUMNS)))


def _pieces(paragraph: str) -> Iterator[str]:
    """The places where a line may break: behind blanks, and inside addresses."""
    return (match[0] for match in re.finditer(r"[^\s@./-]*[@./-]?\s*", paragraph) if match[0])
