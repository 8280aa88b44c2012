"""Why a patron cannot be asked as usual, and the ways on: the first line of a record."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from upstage_crm.change_requests.reads.proposable import Obstacle


class ObstacleWords(NamedTuple):
    """What stands in the way, and what staff can do about it."""

    title: str
    ways_on: str


_DESK = "For any other change two colleagues confirm the patron’s identity at the desk."
OBSTACLE_WORDS: Mapping[Obstacle, ObstacleWords] = {
    Obstacle.ERASED: ObstacleWords(
        "This record was erased",
        "Nothing about this person is kept. The number and what happened stay as evidence.",
    ),
    Obstacle.DECEASED: ObstacleWords(
        "This patron has died",
        "This patron can’t be asked. If that is a mistake, change the status back to active first.",
    ),
    Obstacle.INACTIVE: ObstacleWords(
        "This record is inactive",
        "This patron can’t be asked. Change the status to active first.",
    ),
    Obstacle.OWN_RECORD: ObstacleWords(
        "This is your own patron record",
        "Ask a colleague to propose a change of it.",
    ),
    Obstacle.FROZEN: ObstacleWords(
        "This record is in dispute",
        "Nothing can be proposed until two colleagues have ended the dispute.",
    ),
    Obstacle.NO_EMAIL: ObstacleWords(
        "This patron has no email address, so no one can be asked by email",
        f"Propose an email address first: its owner is asked. {_DESK}",
    ),
    Obstacle.MAILBOX_OUT: ObstacleWords(
        "We do not write to this patron’s email address",
        f"It was reported as not theirs. Propose a new one first. {_DESK}",
    ),
    Obstacle.MAILBOX_DEAD: ObstacleWords(
        "Emails to this patron bounce, so no one can be asked there",
        f"Propose a new email address first. {_DESK}",
    ),
    Obstacle.BOUNCED: ObstacleWords(
        "The last email to this patron bounced",
        "We still ask at this address, but it may not arrive. Check it with the patron.",
    ),
}
