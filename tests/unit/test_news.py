from __future__ import annotations

import pytest

from upstage_crm.audit.events import Action
from upstage_crm.jobs.news import EVERYTHING, News, Topic, topics_of

MARA, OLE = "mara", "ole"


@pytest.mark.parametrize("action", Action)
def test_every_action_is_news_of_the_trail(action: Action) -> None:
    assert Topic.TRAIL in topics_of(action)


def test_a_sign_in_wakes_no_list_of_patrons_or_requests() -> None:
    assert topics_of(Action.STAFF_SIGNED_IN) == {Topic.MAILS, Topic.TRAIL}


@pytest.mark.parametrize(
    ("topics", "subjects", "expected"),
    [
        ({Topic.PATRONS}, set[str](), True),
        ({Topic.PATRONS}, {MARA}, True),
        ({Topic.PATRONS}, {OLE}, False),
        ({Topic.MAILS}, {MARA}, False),
        ({Topic.MAILS, Topic.PATRONS}, {OLE, MARA}, True),
    ],
)
def test_news_about_a_patron(topics: set[Topic], subjects: set[str], expected: bool) -> None:
    edited = News(frozenset({Topic.PATRONS}), frozenset({MARA}))

    assert edited.concerns(frozenset(topics), frozenset(subjects)) == expected


def test_everything_concerns_every_record() -> None:
    assert EVERYTHING.concerns(frozenset({Topic.REQUESTS}), frozenset({OLE}))
