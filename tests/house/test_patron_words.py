"""Patrons and staff read plain English: the listed words do not appear in their sentences."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support import messages
from upstage_crm.mail.render import TEMPLATES
from upstage_crm.wording import limits, mails, policy, sentences, staff, values

# Word for word what readers stumbled over, and what says it better.
STILTED = {
    r"somebody|whoever": "someone, or who it is",
    r"nobody answered|nobody approved": "there was no answer",
    r"a mail|our mails?|by mail|newe(?:r|st) mail|your mail|the mail": "email",
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
    r"too many tries|do not fit": "attempts; wrong",
    r"found out who": "checked their identity",
    r"the yes of|no say": "approval",
}


FOR_STAFF = (limits, mails, policy, sentences, staff, values)


@pytest.mark.parametrize(("words", "better"), STILTED.items(), ids=list(STILTED.values()))
def test_no_sentence_is_stilted(words: str, better: str) -> None:
    listed = re.compile(rf"\b(?:{words})\b", re.IGNORECASE)
    said = [*messages.wanted(), *(text for room in FOR_STAFF for text in messages.of_module(room))]

    found = [sentence for sentence in said if listed.search(sentence)]

    assert found == [], f"say instead: {better}"


def test_the_list_finds_what_it_lists() -> None:
    said = "It was not answered until Monday; somebody put back what stands in our mail."

    found = [better for words, better in STILTED.items() if re.search(rf"\b(?:{words})\b", said)]

    assert found == ["someone, or who it is", "email", "appears, is", "undo, restore", "by"]


@pytest.mark.parametrize("template", sorted(TEMPLATES.rglob("*.html")), ids=lambda p: p.parent.name)
def test_a_link_in_a_mail_is_words(template: Path) -> None:
    source = template.read_text("utf-8")

    for shown in re.findall(r"<a [^>]*>(.*?)</a>", source):
        assert "links." not in shown
        assert "public_url" not in shown
