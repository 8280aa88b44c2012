"""How an answer about a cancelled or moved performance is refused.

Conflict
├── AnsweredBefore
├── AnswerTooLate
├── DateNotPossible
└── NothingOwed
"""

from __future__ import annotations

from upstage_crm.core.errors import Conflict


class AnsweredBefore(Conflict):
    """The buyer has answered already."""

    code = "answered_before"


class AnswerTooLate(Conflict):
    """The time to answer is over."""

    code = "answer_too_late"


class DateNotPossible(Conflict):
    """The tickets cannot be changed to that date: it has no room, or costs more than was paid."""

    code = "date_not_possible"


class NothingOwed(Conflict):
    """Nothing of the order waits for the desk to give it back."""

    code = "nothing_owed"
