"""Dates and times that people read are written in one place: `core/when.py`."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

from tests.support.project import ROOT

PACKAGE = ROOT / "upstage_crm"
WHEN = "core/when.py"
BABELS = {"babel.dates": "every form of a date"}
WRITERS = {"strftime", "isoformat", "ctime", "format_datetime", "format_date", "format_time"}

# Who reads what these modules write: never a person. A folder ends in a slash.
MACHINES: Mapping[str, str] = {
    "admin/dashboard/plot_rows.py": "the days in the address of a list",
    "admin/mailbox/rows.py": "the Date head of an email, as its standard writes it",
    "admin/prices/window_dialogs.py": "values of date and time inputs",
    "admin/programme/": "values of date and time inputs, keys of the days of a calendar",
    "admin/reports/report_lines.py": "what the lines are sorted by",
    "audit/": "what is signed",
    "change_requests/lifecycle/": "facts of the trail",
    "demo/people.py": "stored values",
    "jobs/integrity_checks.py": "the key of a night's check",
    "mail/eml.py": "the Date head of an email, as its standard writes it",
    "orders/files/ticket_facts.py": "what is stored for a file",
    "pages/list_url.py": "an address",
    "patrons/details/edit_preferences.py": "facts of the trail",
    "patrons/spellings.py": "every way in which people write a day, to be blanked out",
    "patrons/values.py": "stored values",
    "portal/addresses.py": "an address",
    "portal/basket/order_words.py": "`<time datetime>`",
    "portal/listings/": "`<time datetime>`, addresses, and data for search engines",
    "programme/": "facts of the trail and of refusals",
    "receipts/shape.py": "what is signed",
    "reporting/rollups.py": "keys of stored days",
    "team/": "keys that let one email leave once",
    "web/request_log.py": "the log",
}


def writers(path: Path) -> Iterator[str]:
    """Each way in which a module writes a date or a time itself."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        match node:
            case ast.ImportFrom(module=str(name)) if name in BABELS:
                yield f"{node.lineno}: {name}"
            case ast.Call(func=ast.Attribute(attr=name) | ast.Name(id=name)) if name in WRITERS:
                yield f"{node.lineno}: {name}"
            case ast.FormattedValue(format_spec=ast.JoinedStr(values=[ast.Constant(value=str(f))])):
                if "%" in f.rstrip("%"):  # ":.0%" is a share, ":%H:%M" a time
                    yield f"{node.lineno}: {f}"
            case _:
                pass


def is_for_a_machine(module: str) -> bool:
    return any(module == at or (at.endswith("/") and module.startswith(at)) for at in MACHINES)


def found_in_the_package() -> dict[str, list[str]]:
    modules = {path.relative_to(PACKAGE).as_posix(): path for path in PACKAGE.rglob("*.py")}
    found = {module: list(writers(path)) for module, path in modules.items() if module != WHEN}
    return {module: lines for module, lines in found.items() if lines}


def test_dates_that_people_read_are_written_in_one_place() -> None:
    found = found_in_the_package()

    assert {module: lines for module, lines in found.items() if not is_for_a_machine(module)} == {}


def test_only_modules_that_write_for_machines_are_excused() -> None:
    found = found_in_the_package()

    unused = {at for at in MACHINES if not any(one.startswith(at) for one in found)}

    assert unused == set()


def test_every_way_of_writing_a_date_is_found(tmp_path: Path) -> None:
    module = tmp_path / "module.py"
    module.write_text(
        "from babel.dates import format_date\n"
        "a = format_date(day)\n"
        "b = at.isoformat()\n"
        'c = f"{at:%d.%m.%Y}"\n'
        'd = f"{share:.0%} of {count:,}"\n'
        "e = time.strftime('%H')\n"
    )

    lines = [found.partition(":")[0] for found in writers(module)]

    assert sorted(lines) == ["1", "2", "3", "4", "6"]
