"""The rows of a list as a file, written while it is sent. Pure but for the answer itself."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from typing import Final

from starlette.responses import StreamingResponse

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def csv_line(cells: Sequence[str]) -> str:
    """One line; a cell that a spreadsheet would take for a formula is quoted."""
    line = io.StringIO()
    csv.writer(line).writerow([f"'{cell}" if cell.startswith(_FORMULA) else cell for cell in cells])
    return line.getvalue()


def csv_file(name: str, lines: Iterator[str]) -> StreamingResponse:
    """The answer that saves these lines as a file."""
    headers = {
        "content-disposition": f'attachment; filename="{name}"',
        "cache-control": "no-store",
        "x-robots-tag": "noindex",
    }
    return StreamingResponse(lines, media_type="text/csv", headers=headers)
