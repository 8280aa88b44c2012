"""Everything that people can meet has words."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator
from enum import Enum
from pathlib import Path

import pytest

import upstage_crm
from upstage_crm.audit.events import Action, ActorKind, Channel
from upstage_crm.audit.findings import Problem
from upstage_crm.change_requests.model.rules import (
    Cause,
    Decision,
    FieldOutcome,
    HeldFor,
    ReasonCode,
    RequestState,
)
from upstage_crm.change_requests.model.thresholds import Wire
from upstage_crm.change_requests.notifications import alert_mails
from upstage_crm.change_requests.reads.proposable import Obstacle
from upstage_crm.cli import start_words
from upstage_crm.core.errors import UpstageError
from upstage_crm.households.rules import RelationKind
from upstage_crm.mail import render
from upstage_crm.mail.catalogue import CATALOGUE
from upstage_crm.mail.message import MailKind
from upstage_crm.mail.render import TEMPLATES
from upstage_crm.patrons.advice import AdviceCode
from upstage_crm.patrons.details.preferences import (
    WORDING,
    Answer,
    Basis,
    ContactChannel,
    Purpose,
    Source,
)
from upstage_crm.patrons.tables import PatronStatus
from upstage_crm.privacy.erasure import BlockerKind
from upstage_crm.programme.prices.views import Audience, CompReason, SaleChannel
from upstage_crm.staff.roles import PERMISSIONS, Permission, Role
from upstage_crm.wording import (
    action_table,
    actions,
    households,
    limits,
    obstacles,
    preferences,
    programme,
    sentences,
    staff,
)

# Told apart for a page's layout alone; to everybody outside it is one refusal with one code.
SHARE_A_CODE = {"LinkMissing"}
# Said by `words.sentence` from more than the code: which setting, which port, which right.
AT_THE_TERMINAL = {
    *("bad_setting", "build_failed", "build_changed", "port_unusable", "too_many_rights"),
}

for _found in pkgutil.walk_packages(upstage_crm.__path__, "upstage_crm."):
    if not _found.name.endswith("__main__"):
        importlib.import_module(_found.name)


def errors(cls: type[UpstageError] = UpstageError) -> Iterator[type[UpstageError]]:
    if cls.__module__.startswith("upstage_crm."):
        yield cls
    for heir in cls.__subclasses__():
        yield from errors(heir)


def codes() -> set[str]:
    """The codes of every refusal: a class's own, and each that it may take."""
    return {code for cls in errors() for code in (cls.code, *getattr(cls, "codes", ()))}


def test_every_code_has_a_sentence() -> None:
    assert set() == codes() - set(sentences.SENTENCES) - set(start_words.STOPPED) - AT_THE_TERMINAL


def test_every_sentence_has_a_code() -> None:
    """A sentence that nothing raises is a promise that is not kept."""
    assert set() == (set(sentences.SENTENCES) | set(start_words.STOPPED)) - codes()
    assert codes() >= AT_THE_TERMINAL


def test_every_error_has_a_code_of_its_own() -> None:
    found: dict[str, str] = {}
    for cls in set(errors()):
        own = cls.__dict__.get("code")
        if cls.__name__ in SHARE_A_CODE:
            assert own is None
            continue
        assert own, f"{cls.__name__} says no code of its own"
        assert re.fullmatch(r"[a-z][a-z0-9_]+", own), cls
        assert found.setdefault(own, cls.__qualname__) == cls.__qualname__, own


# A sentence may end with what to type.
COMMANDS = ("migrate", "verify", "repair", "--apply", "--new-key", "keys revoke")


def test_sentences_are_sentences() -> None:
    for code, sentence in {**sentences.SENTENCES, **start_words.STOPPED}.items():
        assert sentence[0].isupper(), code
        assert sentence.endswith((".", "?", *COMMANDS)), code


def test_a_sentence_without_its_facts_is_still_one() -> None:
    for code in sentences.SENTENCES:
        made = type("Made", (UpstageError,), {"code": code, "__module__": "tests"})
        assert "{" not in sentences.sentence(made())


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        (action_table.ACTIONS, Action),
        (sentences.CHANNEL_WORDS, Channel),
        (sentences.STATE_WORDS, RequestState),
        (sentences.OUTCOME_WORDS, FieldOutcome),
        (sentences.CAUSE_WORDS, Cause),
        (sentences.DECISION_WORDS, Decision),
        (sentences.BLOCKER_WORDS, BlockerKind),
        (sentences.STATUS_WORDS, PatronStatus),
        (staff.ROLE_WORDS, Role),
        (households.RELATION_WORDS, RelationKind),
        (preferences.CHANNEL_WORDS, ContactChannel),
        (preferences.PURPOSE_WORDS, Purpose),
        (preferences.ANSWER_WORDS, Answer),
        (preferences.BASIS_WORDS, Basis),
        (preferences.SOURCE_WORDS, Source),
        (programme.AUDIENCE_WORDS, Audience),
        (programme.CHANNEL_WORDS, SaleChannel),
        (programme.COMP_WORDS, CompReason),
        (sentences.ADVICE, AdviceCode),
        (actions.ACTOR_WORDS, ActorKind),
        (actions.PROBLEM_WORDS, Problem),
        (alert_mails.WIRE_WORDS, Wire),
        (limits.HELD_WORDS, HeldFor),
        (obstacles.OBSTACLE_WORDS, Obstacle),
    ],
)
def test_every_member_has_words(said: dict[object, object], kind: type[Enum]) -> None:
    assert set(kind) == set(said)
    assert all(said.values())


# What the words of a role say that it cannot do.
CANNOT = {
    "erase": Permission.ERASE_PATRON,
    "propose changes": Permission.PROPOSE_CHANGE,
    "second steps": Permission.DESK_CONFIRM,
    "mailbox": Permission.VIEW_MAILBOX,
    "audit trail": Permission.VIEW_AUDIT,
    "team": Permission.MANAGE_TEAM,
    "rules": Permission.EDIT_POLICY,
    "settings": Permission.EDIT_SETTINGS,
}


@pytest.mark.parametrize("role", Role)
def test_what_a_role_cannot_do_is_said_and_true(role: Role) -> None:
    may_do, _, cannot = staff.ROLE_HINTS[role].partition("Cannot ")

    said = {permission for words, permission in CANNOT.items() if words in cannot}

    assert said & PERMISSIONS[role] == set()
    assert bool(said) == (role is not Role.OWNER and "changes nothing" not in may_do)


def test_what_an_answer_was_asked_with_can_be_read_for_every_cell() -> None:
    cells = [(way, purpose) for way in ContactChannel for purpose in Purpose]

    said = {preferences.asking(WORDING, *cell, house="Lyric") for cell in cells}

    assert len(said) == len(cells)


def test_every_reason_code_has_both_its_texts() -> None:
    from upstage_crm.change_requests.model.reasons import REASONS

    assert set(ReasonCode) == set(REASONS)


def test_the_catalogue_and_the_template_folders_agree() -> None:
    """Neither a mail without words nor words without a mail; four parts each."""
    folders = {path.name for path in TEMPLATES.iterdir() if path.is_dir()}

    assert {kind.value for kind in MailKind} == folders
    assert set(MailKind) == set(CATALOGUE)
    for folder in folders:
        parts = {path.name for path in (TEMPLATES / folder).iterdir()}
        assert parts == {"subject.txt", "preheader.html", "body.txt", "body.html"}, folder


def test_every_included_template_exists_and_is_used() -> None:
    shared = {path.name for path in TEMPLATES.glob("_*")}
    texts = [*TEMPLATES.rglob("*.*"), Path(render.__file__)]
    sources = "".join(path.read_text("utf-8") for path in texts)

    named = set(re.findall(r'"(_[\w.]+)"', sources))

    assert shared == named
