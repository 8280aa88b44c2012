"""A page of paper as a PDF: texts in any of our scripts, measured. The only importer of `fpdf`.

Loading the library costs 0.3 s and 30 MB: import this module only where a PDF is asked for.
The same page gives the same bytes.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from fpdf import FPDF
from fpdf.enums import Align
from fpdf.fonts import TTFFont

from upstage_crm.core.languages import direction

FONTS: Final = Path(__file__).with_name("fonts")
WIDTH, HEIGHT, MARGIN = 210.0, 297.0, 18.0  # millimetres, like every length here
INNER = WIDTH - 2 * MARGIN
_LEADING = 1.35 * 25.4 / 72  # millimetres of line for a point of type
_LINES = 16  # of one value at most

_ARABIC = re.compile("[\u0600-\u06ff\u0750-\u077f\u08a0-\u08ff]")
# A text reads the way of its first letter, like `dir="auto"`: a phone number stays a phone number.
_RTL = re.compile("[^A-Za-z\u00c0-\u058f]*[\u0590-\u08ff]")
_HEBREW = re.compile("[\u0590-\u05ff\ufb1d-\ufb4f]")

TEXT, ACCENT, HAIR, MUTED = "#1f1c1a", "#9b1c31", "#dcd8d2", "#645e58"


@dataclass(frozen=True, slots=True)
class Ink:
    """How a piece of text is set. `size` is in points."""

    size: float
    style: str = ""
    colour: str = TEXT
    family: str = "sans"

    @property
    def line(self) -> float:
        """The height of one line."""
        return self.size * _LEADING


class Paper:
    """A document of A4 pages. Every `x` is a distance from the side where reading starts.

    `script` is all text that will be set, by which its fonts are chosen; `no_glyphs` is what is
    set in place of a text whose script none of them has.
    """

    def __init__(
        self,
        *,
        language: str,
        title: str,
        author: str,
        made_at: datetime,
        script: str,
        no_glyphs: str,
    ) -> None:
        self._mirrored = direction(language) == "rtl"
        self._no_glyphs = no_glyphs
        self._widths: dict[tuple[str, str, str], float] = {}  # of text, family, style; in points
        pdf = self._pdf = FPDF(format="A4")
        pdf.set_auto_page_break(False)
        pdf.set_margin(0)
        pdf.c_margin = 0
        self._load_fonts(script)
        pdf.set_lang(language)
        pdf.set_title(title)
        pdf.set_author(author)
        pdf.set_creation_date(made_at)
        self._made_at = made_at

    def attach(self, content: bytes, *, name: str, media_type: str) -> None:
        """Put a file into the document."""
        self._pdf.embed_file(
            bytes=content, basename=name, modification_date=self._made_at, mime_type=media_type
        )

    def turn(self) -> None:
        """Begin the next page."""
        self._pdf.add_page()

    def finish(self) -> bytes:
        """The file."""
        return bytes(self._pdf.output())

    def write(
        self,
        text: str,
        x: float,
        y: float,
        width: float,
        ink: Ink,
        *,
        at_end: bool = False,
        dry: bool = False,
    ) -> float:
        """Set a text in its box and return where the next may begin; `dry` only measures."""
        self._pdf.set_text_shaping(True, direction="rtl" if _RTL.match(text) else "ltr")
        lines = self.lines(text, width, ink)
        if dry:
            return y + len(lines) * ink.line
        left = WIDTH - MARGIN - x - width if self._mirrored else MARGIN + x
        is_right = at_end is not self._mirrored and ink.family != "mono"
        self._pdf.set_text_color(ink.colour)
        for line in lines:
            self._pdf.set_xy(left, y)
            self._pdf.cell(width, ink.line, line, align=Align.R if is_right else Align.L)
            y += ink.line
        return y

    def lines(self, text: str, width: float, ink: Ink) -> list[str]:
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

    def _fitting(self, word: str, width: float, ink: Ink) -> int:
        """How many characters of a word that is too long go into one line; at least one."""
        cuts = range(2, len(word) + 1)
        return 1 + bisect_right(cuts, width, key=lambda cut: self._width(word[:cut], ink))

    def _width(self, text: str, ink: Ink) -> float:
        """How wide a text is in the font that is set. It is measured once for all sizes."""
        known = (text, ink.family, ink.style)
        if known not in self._widths:
            self._widths[known] = self._pdf.get_string_width(text) / ink.size
        return self._widths[known] * ink.size

    def rule(self, y: float, *, thickness: float, colour: str) -> None:
        """Draw a line across the page."""
        self._pdf.set_draw_color(colour)
        self._pdf.set_line_width(thickness)
        self._pdf.line(MARGIN, y, WIDTH - MARGIN, y)

    def squares(self, rows: Sequence[Sequence[bool]], x: float, y: float, side: float) -> None:
        """Draw a grid of dark and light squares, `side` long; one stroke for each dark run."""
        step = side / len(rows)
        left = WIDTH - MARGIN - x - side if self._mirrored else MARGIN + x
        self._pdf.set_fill_color("#000000")
        for number, row in enumerate(rows):
            for start, end in _runs(row):
                width = (end - start) * step
                self._pdf.rect(left + start * step, y + number * step, width, step, style="F")

    def _load_fonts(self, script: str) -> None:
        """Take the fonts that the text needs: reading one costs tens of milliseconds."""
        pdf = self._pdf
        pdf.add_font("sans", "", FONTS / "NotoSans-Regular.ttf")
        pdf.add_font("sans", "B", FONTS / "NotoSans-Bold.ttf")
        pdf.add_font("mono", "", FONTS / "DejaVuSansMono.ttf")
        others: list[str] = []
        if self._mirrored or _ARABIC.search(script):
            pdf.add_font("arabic", "", FONTS / "NotoSansArabic-Regular.ttf")
            pdf.add_font("arabic", "B", FONTS / "NotoSansArabic-Bold.ttf")
            others.append("arabic")
        if _HEBREW.search(script):
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
        return text if is_known else self._no_glyphs


def _pieces(paragraph: str) -> Iterator[str]:
    """The places where a line may break: behind blanks, and inside addresses."""
    return (match[0] for match in re.finditer(r"[^\s@./-]*[@./-]?\s*", paragraph) if match[0])


def _runs(row: Sequence[bool]) -> Iterator[tuple[int, int]]:
    """The stretches of dark squares in a row: where each begins, and what is behind its end."""
    start: int | None = None
    for at, is_dark in enumerate((*row, False)):
        if is_dark and start is None:
            start = at
        elif not is_dark and start is not None:
            yield start, at
            start = None
