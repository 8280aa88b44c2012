"""The rows of a list as a file, written while it is sent. Pure but for the answer itself."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from typing import Final

from starlette.responses import StreamingResponse

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
_NUMBER: Final = re.compile(r"-?[0-9]+(\.[0-9]+)?")


def csv_line(cells: Sequence[str]) -> str:
    """One line; a cell that a spreadsheet would take for a formula is quoted, a number never."""
    line = io.StringIO()
    csv.writer(line).writerow([_harmless(cell) for cell in cells])
    return line.getvalue()


def _harmless(cell: str) -> str:
    is_formula = cell.startswith(_FORMULA) and not _NUMBER.fullmatch(cell)
    return f"'{cell}" if is_formula else cell


def csv_file(name: str, lines: Iterator[str]) -> StreamingResponse:
    """The answer that saves these lines as a file."""
    headers = {
        "content-disposition": f'attachment; filename="{name}"',
        "cache-control": "no-store",
        "x-robots-tag": "noindex",
    }
    return StreamingResponse(lines, media_type="text/csv", headers=headers)
