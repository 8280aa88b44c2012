"""A receipt as a PDF of one page.

The same receipt gives the same bytes; the receipt's JSON is attached, so that the file can be
checked by itself.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

from upstage_crm.core.languages import speaker
from upstage_crm.receipts import words as w
from upstage_crm.receipts.paper import ACCENT, HAIR, HEIGHT, INNER, MARGIN, MUTED, TEXT, Ink, Paper
from upstage_crm.receipts.shape import document
from upstage_crm.receipts.visibility import SeenReceipt

_COLUMNS = (30.0, 52.0, 52.0, 40.0)
_GAP = 3.0
_SCALES = (1.0, 0.9, 0.8, 0.7, 0.6, 0.5)  # of the table's type, until all of it fits
_LABEL, _BODY, _STRONG = Ink(7.5, colour=MUTED), Ink(9.5), Ink(9.5, "B")
_SMALL, _MONO = Ink(8.5, colour=MUTED), Ink(7, colour=MUTED, family="mono")


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
        text = json.dumps(document(receipt), ensure_ascii=False, indent=2)
        self._paper = Paper(
            language=receipt.language,
            title=f"{self._say(w.RECEIPT)} {receipt.reference}",
            author=receipt.organisation.name,
            made_at=receipt.decided_at,
            script=text,
            no_glyphs=self._say(w.NO_GLYPHS),
        )
        self._paper.attach(text.encode(), name="receipt.json", media_type="application/json")
        self._paper.turn()

    def head(self) -> float:
        """Whose receipt it is, and what was decided."""
        half = INNER / 2
        self._paper.write(self._words.organisation, 0, MARGIN, half, Ink(11, "B"))
        self._paper.write(
            self._say(w.RECEIPT), half, MARGIN, half, Ink(9, colour=MUTED), at_end=True
        )
        self._paper.rule(MARGIN + 8, thickness=0.9, colour=ACCENT)
        return self._paper.write(self._words.headline, 0, MARGIN + 15, INNER, Ink(19, "B")) + 5

    def facts(self, y: float) -> float:
        """Who and when, in two columns."""
        width = (INNER - 2 * _GAP) / 2
        for left in range(0, len(self._words.facts), 2):
            ends = [y]
            for column, (label, text) in enumerate(self._words.facts[left : left + 2]):
                x = column * (width + 2 * _GAP)
                under = self._paper.write(label, x, y, width, _LABEL)
                ends.append(self._paper.write(text, x, under + 0.4, width, _BODY))
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
            self._paper.write(head, x, y, width - _GAP, _LABEL)
        y += _LABEL.line + 1.2
        self._paper.rule(y, thickness=0.3, colour=TEXT)
        scale = next(
            (scale for scale in _SCALES if y + self._rows(y, scale, dry=True) <= below),
            _SCALES[-1],
        )
        self._rows(y, scale)

    def proof(self) -> float:
        """The foot of the page, built upwards; returns where it begins."""
        parts: tuple[tuple[str, Ink, float], ...] = (
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
            len(self._paper.lines(text, INNER, ink)) * ink.line + after
            for text, ink, after in parts
        )
        top = y = HEIGHT - MARGIN - height
        self._paper.rule(y - 3.5, thickness=0.3, colour=HAIR)
        for text, ink, after in parts:
            y = self._paper.write(text, 0, y, INNER, ink) + after
        return top - 5

    def _place(self) -> Iterator[tuple[str, Ink, float]]:
        if self._receipt.head is not None:
            seq, head = self._receipt.head
            yield self._say(w.PLACE), _LABEL, 0.2
            yield f"{seq} {head}", _MONO, 3

    def finish(self) -> bytes:
        """The file."""
        return self._paper.finish()

    def _rows(self, y: float, scale: float, *, dry: bool = False) -> float:
        """Draw the rows, or only measure them; returns their height."""
        start = y
        body, strong = replace(_BODY, size=9.5 * scale), replace(_STRONG, size=9.5 * scale)
        note = replace(_LABEL, size=max(7.5 * scale, 5))
        for row in self._words.rows:
            y += 2.4 * scale
            cells = ((row.label, strong), (row.now, body), (row.proposed, body))
            ends = [
                self._paper.write(text, x, y, width - _GAP, ink, dry=dry)
                for (text, ink), x, width in zip(cells, _starts(), _COLUMNS, strict=False)
            ]
            x, width = _starts()[-1], _COLUMNS[-1]
            under = self._paper.write(row.outcome, x, y, width, strong, dry=dry)
            ends.append(self._paper.write(row.note, x, under, width, note, dry=dry))
            y = max(ends) + 2.4 * scale
            if not dry:
                self._paper.rule(y, thickness=0.2, colour=HAIR)
        return y - start


def _starts() -> tuple[float, ...]:
    """Where each column of the table begins."""
    return tuple(sum(_COLUMNS[:number]) for number in range(len(_COLUMNS)))
