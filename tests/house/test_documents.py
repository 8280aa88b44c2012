"""What the documents say of the code is what the code is, and what code and tests cite is there."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.routing import Route

from tests.house.test_shape import tracked
from upstage_crm.change_requests.model.policy import DEFAULT, LIMITS, TRIPWIRES
from upstage_crm.change_requests.model.rules import Cause, RequestState
from upstage_crm.cli import commands
from upstage_crm.patrons.fields import FIELDS
from upstage_crm.settings import known_names
from upstage_crm.staff.roles import PERMISSIONS, Permission, Role
from upstage_crm.staff.visibility import THE_FEW, sees

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
README_LINES = 120


def text_of(path: Path) -> str:
    return path.read_text("utf-8")


OPERATIONS, RULES = text_of(DOCS / "operations.md"), text_of(DOCS / "rules.md")
DOCUMENTS = [*sorted(ROOT.glob("*.md")), *sorted(DOCS.rglob("*.md"))]


def section(text: str, heading: str) -> str:
    """What a document says under a heading of the second level."""
    _, found, rest = text.partition(f"\n## {heading}\n")
    assert found, heading
    return rest.partition("\n## ")[0]


def rows(text: str) -> list[list[str]]:
    """The rows of the tables of `text` as cells, without heads and rules."""
    lines = text.splitlines()
    return [
        [cell.strip() for cell in line.strip("|").split("|")]
        for before, line in zip(["", *lines], lines, strict=False)
        if line.startswith("|") and before.startswith("|") and not line.startswith("|--")
    ]


def quoted(text: str) -> list[str]:
    """What is in code type; fenced blocks are left out."""
    prose = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
    assert prose.count("`") % 2 == 0
    return re.findall(r"`([^`]+)`", prose)


# --- README and links -----------------------------------------------------------------------------


def test_the_readme_is_short() -> None:
    assert len(text_of(ROOT / "README.md").splitlines()) <= README_LINES


def test_the_readme_names_every_package() -> None:
    table = section(text_of(ROOT / "README.md"), "Where things are")
    named = {part.strip("/").rpartition("/")[2] for row in rows(table) for part in quoted(row[0])}
    packages = {path.parent.name for path in (ROOT / "upstage_crm").glob("*/__init__.py")}

    assert packages - named == set()


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_leads_somewhere(path: Path) -> None:
    targets = re.findall(r"\]\((?!https?:)([^)#]+)", text_of(path))

    assert [target for target in targets if not (path.parent / target).exists()] == []


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_file_that_is_named_exists(path: Path) -> None:
    """A path of ours in code type: from the top, or below the package or a room of the heart."""
    places = (ROOT, ROOT / "upstage_crm", ROOT / "upstage_crm" / "change_requests", ROOT / "tests")
    named = {
        name.partition("::")[0]
        for name in quoted(text_of(path))
        if re.fullmatch(
            r"(?!var/)[\w.-]+(?:/[\w.-]+)+(?:\.(?:py|md|toml|conf|txt)(?:::\w+)?|/)", name
        )
    }
    missing = {name for name in named if not any((place / name).exists() for place in places)}

    assert missing == set()


def test_every_function_that_is_named_exists() -> None:
    named = {name for path in DOCUMENTS for name in re.findall(r"[\w/]+\.py::\w+", text_of(path))}
    sources = "".join(text_of(path) for path in (ROOT / "upstage_crm").rglob("*.py"))

    assert named
    assert {name for name in named if f"\ndef {name.partition('::')[2]}(" not in sources} == set()


def test_the_list_of_decisions_is_complete() -> None:
    records = sorted(path.name for path in (DOCS / "decisions").glob("[0-9]*.md"))
    listed = re.findall(r"\((\d{4}-[\w-]+\.md)\) \| (.+) \|", text_of(DOCS / "decisions/README.md"))

    assert [name for name, _ in listed] == records
    assert [int(name[:4]) for name in records] == list(range(1, len(records) + 1))
    for name, title in listed:
        first = text_of(DOCS / "decisions" / name).splitlines()[0]
        assert first == f"# {name[:4]}. {title}"


# --- operations.md --------------------------------------------------------------------------------


def test_every_setting_is_described() -> None:
    described = [row[0].strip("`") for row in rows(section(OPERATIONS, "Settings"))]

    assert sorted(described) == sorted(known_names())


def commands_of(parser: argparse.ArgumentParser, name: str = "") -> Iterator[tuple[str, set[str]]]:
    """Every command of the command line with its options."""
    groups = [
        action for action in parser._actions if isinstance(action, argparse._SubParsersAction)
    ]
    for action in groups:
        for key, below in action.choices.items():
            yield from commands_of(below, f"{name} {key}".strip())
    if not groups:
        options = {option for action in parser._actions for option in action.option_strings}
        yield name, options - {"-h", "--help"}


def test_every_command_is_described_with_its_options() -> None:
    described = {
        row[0].strip("`"): {word for cell in row[1:] for word in quoted(cell) if word[:2] == "--"}
        for row in rows(section(OPERATIONS, "Commands"))
    }

    assert described == dict(commands_of(commands._parser()))


def test_every_page_and_route_is_described() -> None:
    from upstage_crm.upstage_crm import PAGES, routes

    parts = section(OPERATIONS, "Pages and routes")
    described = {word for row in rows(parts) for word in quoted(row[0])}
    pages = {page.route for page in PAGES}
    served = {
        f"{method} {route.path.replace(':path', '').rstrip('/')}"
        for route in routes.routes
        if isinstance(route, Route)
        for method in (route.methods or set()) - {"HEAD"}
    }

    assert described == pages | served | {"POST /webhooks/resend", "POST /webhooks/stripe"}


# --- rules.md -------------------------------------------------------------------------------------


def test_the_states_and_causes_of_a_request_are_described() -> None:
    states = section(RULES, "States of a request")
    causes = re.search(r"causes of a withdrawal: (.+?)\.\n", states, re.DOTALL)

    assert causes is not None
    assert set(quoted(causes[1])) == set(Cause)
    assert set(re.findall(r"\b[A-Z_]{4,}\b", states)) == {state.name for state in RequestState}


def test_every_number_that_owners_choose_is_described() -> None:
    described = [
        (name.strip("`"), int(standard), span)
        for name, _, standard, span in rows(section(RULES, "Numbers"))
    ]

    assert described == [
        (limit.name, limit.count(DEFAULT), f"{limit.least} to {limit.most}")
        for limit in (*LIMITS, *TRIPWIRES)
    ]


def test_who_may_do_what_is_described() -> None:
    part = section(RULES, "Who may do what")
    roles = [role for role in Role if role is not Role.OWNER]
    described = {row[0].strip("`"): [cell == "yes" for cell in row[1:]] for row in rows(part)}

    assert f"| permission | {' | '.join(roles)} |" in part
    assert PERMISSIONS[Role.OWNER] == frozenset(Permission)
    assert described == {
        permission.value: [permission in PERMISSIONS[role] for role in roles]
        for permission in Permission
    }


def test_who_reads_what_is_described() -> None:
    part = section(RULES, "Who reads what")
    described = {row[0]: [cell == "full" for cell in row[1:]] for row in rows(part)}

    assert f"| role | {' | '.join(FIELDS)} |" in part
    assert {role for role in Role if role.value not in described} == THE_FEW
    assert described == {
        role.value: [sees(role, key, is_protected=False) for key in FIELDS]
        for role in Role
        if role not in THE_FEW
    }


# --- what code and tests cite ---------------------------------------------------------------------


def numbers_under(text: str) -> set[int]:
    return {int(number) for number in re.findall(r"^(\d+)\. ", text, re.MULTILINE)}


def test_every_case_that_a_test_names_is_in_the_acceptance_cases() -> None:
    cases, _, properties = text_of(DOCS / "acceptance.md").partition("## Properties")
    known = {"case": numbers_under(cases), "property": numbers_under(properties)}
    cited = re.compile(r"\b(cases?|propert(?:y|ies)) (\d+)((?:(?:, | and | to |, and )\d+)*)", re.I)
    unknown = {
        f"{path.relative_to(ROOT)}: {match[0]}"
        for path in tracked()
        if path.suffix == ".py" and path.is_relative_to(ROOT / "tests")
        for match in cited.finditer(text_of(path))
        for number in re.findall(r"\d+", match[2] + match[3])
        if int(number) not in known["case" if match[1].lower().startswith("case") else "property"]
    }

    assert known["case"] == set(range(1, max(known["case"]) + 1))
    assert unknown == set()


def test_what_code_and_tests_cite_of_the_documents_is_there() -> None:
    """`docs/rules.md, Reviewers` names a heading, `docs/decisions/0015` a record."""
    missing: set[str] = set()
    for path in tracked():
        if path.suffix not in {".py", ".md", ".toml", ".css"}:
            continue
        text = text_of(path)
        for name, heading in re.findall(r"\bdocs/([\w-]+\.md), ([A-Z][\w ]+?)[:.`]", text):
            if f"\n## {heading}\n" not in text_of(DOCS / name):
                missing.add(f"{path.relative_to(ROOT)}: {name}, {heading}")
        for number in re.findall(r"docs/decisions/(\d{4})", text):
            if not list((DOCS / "decisions").glob(f"{number}-*.md")):
                missing.add(f"{path.relative_to(ROOT)}: decision {number}")
        missing |= {
            f"{path.relative_to(ROOT)}: {name}"
            for name in re.findall(r"\bdocs/[\w/-]+\.md\b", text)
            if not (ROOT / name).exists()
        }

    assert missing == set()


def test_nothing_cites_a_document_that_a_clone_does_not_have() -> None:
    foreign = re.compile(r"\b(?:DES" r"IGN(?:\.md)? (?:§ ?)?\d|ACCEPT" r"ANCE\.md|FAU" r"LTS\.md)")
    found = {
        f"{path.relative_to(ROOT)}: {match[0]}"
        for path in tracked()
        if path.suffix in {".py", ".md", ".toml", ".css", ".js", ".html", ".txt"}
        for match in foreign.finditer(text_of(path))
    }

    assert found == set()
