"""Patrons and staff read plain English: the listed words do not appear in their sentences."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.support import messages
from tests.support.project import ROOT
from upstage_crm.mail.render import TEMPLATES

# Word for word what readers stumbled over, and what says it better.
STILTED = {
    r"somebody|whoever": "someone, or who it is",
    r"nobody|anybody": "no one, or what is the case",
    r"a mail|mails|our mail|by mail|newe(?:r|st) mail|your mail|the mail": "email",
    r"stands?": "appears, is",
    r"lately": "recently",
    r"put(?:s|ting)? (?:it |this |back)|put back": "undo, restore",
    r"runs? out|run out": "expire",
    r"from then on|any more|anew|at hand|by itself|once more": "will; no longer; again",
    r"take(?:s|n)? (?:it )?away": "remove",
    r"not before": "on … at the earliest",
    r"not (?:answered )?until": "by",
    r"(?:uses|is used) .* since": "has used … since",
    r"holds again|what held": "is back",
    r"too many tries|tries left|do not fit": "attempts; wrong",
    r"(?:one|a|another|second|two) members?(?! of)|the member": "a colleague, or who it is",
    r"in quarantine|tripwires?|no clock runs": "paused: unusual activity; no deadline",
    r"found out who": "checked their identity",
    r"the yes of|no say": "approval",
}


# Packages whose texts reach people, and what is no text of theirs: code for the browser, and the
# file in an export that explains it to an auditor who checks signatures.
SPEAKING = (
    *("admin", "box_office", "change_requests", "cli", "confirm", "door", "orders", "pages"),
    *("portal", "receipts", "team", "tills", "ui", "web"),
)
NOT_WORDS = {"ui/components/arrival.py"}


@pytest.fixture(scope="module")
def said() -> tuple[str, ...]:
    """Every text that people read."""
    return (*messages.wanted(), *said_to_staff())


def said_to_staff(rooms: Sequence[str] = ("wording", *SPEAKING)) -> Iterator[str]:
    """Every text of the code that has more than one word: on a page, in a mail, at a terminal."""
    for path in (path for room in rooms for path in (ROOT / "upstage_crm" / room).rglob("*.py")):
        if path.relative_to(ROOT / "upstage_crm").as_posix() in NOT_WORDS:
            continue
        tree = ast.parse(path.read_text("utf-8"))
        spoken_of = {
            id(node.value)
            for node in ast.walk(tree)
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        }
        for node in ast.walk(tree):
            match node:
                case ast.Constant(value=str(text)) if id(node) not in spoken_of and " " in text:
                    yield text
                case _:
                    pass


@pytest.mark.parametrize(("words", "better"), STILTED.items(), ids=list(STILTED.values()))
def test_no_sentence_is_stilted(said: tuple[str, ...], words: str, better: str) -> None:
    listed = re.compile(rf"\b(?:{words})\b", re.IGNORECASE)

    found = [sentence for sentence in said if listed.search(sentence)]

    assert found == [], f"say instead: {better}"


def test_the_list_finds_what_it_lists() -> None:
    said = "It was not answered until Monday; somebody put back what stands in our mail."

    found = [better for words, better in STILTED.items() if re.search(rf"\b(?:{words})\b", said)]

    assert found == ["someone, or who it is", "email", "appears, is", "undo, restore", "by"]


def test_an_apostrophe_on_screen_and_in_a_mail_is_a_typographic_one() -> None:
    """A terminal and the log get the straight one."""
    on_screen = (*messages.wanted(), *said_to_staff(("wording", "admin")))
    sentences = [text for text in on_screen if text[0].isupper()]

    found = [text for text in sentences if re.search(r"[A-Za-z]'[a-z]|s' ", text)]

    assert found == []


@pytest.mark.parametrize("template", sorted(TEMPLATES.rglob("*.html")), ids=lambda p: p.parent.name)
def test_a_link_in_a_mail_is_words(template: Path) -> None:
    source = template.read_text("utf-8")

    for shown in re.findall(r"<a [^>]*>(.*?)</a>", source):
        assert "links." not in shown
        assert "public_url" not in shown
