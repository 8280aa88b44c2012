"""The rows of a list as a spreadsheet: numbers are numbers, and no text is a formula."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Final

from starlette.responses import Response

Cell = str | int | Decimal
MOST_ROWS: Final = 100_000  # of one sheet: it is made in memory
_TYPE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_WIDTH: Final = 18  # characters


def sheet(
    title: str, headings: Sequence[str], rows: Iterable[Sequence[Cell]], *, decimals: int
) -> bytes:
    """A workbook of one sheet; a `Decimal` is an amount with `decimals`, an int a count."""
    import xlsxwriter  # 3 MB of memory that only the first workbook needs

    made = io.BytesIO()
    book = xlsxwriter.Workbook(made, {"in_memory": True, "strings_to_formulas": False})
    page = book.add_worksheet(title[:31])
    strong = book.add_format({"bold": True})
    money = book.add_format({"num_format": f"#,##0.{'0' * decimals}".rstrip(".")})
    count = book.add_format({"num_format": "#,##0"})
    for at, heading in enumerate(headings):
        page.write_string(0, at, heading, strong)
    for line, cells in enumerate(rows, 1):
        for at, cell in enumerate(cells):
            if isinstance(cell, str):
                page.write_string(line, at, cell)
            else:
                page.write_number(line, at, float(cell), count if isinstance(cell, int) else money)
    page.freeze_panes(1, 0)
    page.set_column(0, max(len(headings) - 1, 0), _WIDTH)
    book.close()
    return made.getvalue()


def sheet_file(name: str, content: bytes) -> Response:
    """The answer that saves a workbook as a file."""
    headers = {
        "content-disposition": f'attachment; filename="{name}"',
        "cache-control": "no-store",
        "x-robots-tag": "noindex",
    }
    return Response(content, media_type=_TYPE, headers=headers)
