"""The change requests of the demo: one short story for each way a request can go. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from upstage_crm.change_requests.model.rules import ReasonCode


class Ending(StrEnum):
    """How a demo request ends; PENDING ones wait for the visitor who plays the patron."""

    PENDING = "pending"
    APPROVED = "approved"
    PARTLY_APPROVED = "partly_approved"
    REJECTED = "rejected"
    OBJECTED = "objected"
    EXPIRES = "expires"
    WITHDRAWN = "withdrawn"
    SUPERSEDED = "superseded"
    HELD = "held"
    RELEASED = "released"
    REMINDED = "reminded"
    UNDELIVERABLE = "undeliverable"
    DESK_WAITS = "desk_waits"
    DESK_CONFIRMED = "desk_confirmed"
    DESK_APPLIED = "desk_applied"
    REVERTED = "reverted"
    FROZEN = "frozen"
    LOOKED_AT = "looked_at"
    WAITS = "waits"
    STOPPED = "stopped"
    LEFT = "left"
    DISPUTED_LATE = "disputed_late"


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """One request: whose (a place among the demo patrons), when, why, and what became of it.

    `answered_after` is in minutes; `twist` makes a second proposed address differ. With
    `asks_both` the current address decides, too.
    """

    patron: int
    days_ago: int
    ending: Ending
    reason: ReasonCode = ReasonCode.ASKED_BY_PHONE
    words: str = ""
    fields: tuple[str, ...] = ("email",)
    minutes: int = 0
    answered_after: int = 95
    comment: str = ""
    twist: str = ""
    asks_both: bool = False

    def again(self) -> Story:
        """The newer proposal that takes this one's place, and stays pending."""
        return replace(self, ending=Ending.PENDING, twist=".new", words="Spelled out once more.")


def _many(ending: Ending, patrons: range, days: range, **details: object) -> tuple[Story, ...]:
    """One story for each patron, spread over `days`."""
    base = Story(patron=0, days_ago=0, ending=ending)
    return tuple(
        replace(
            base,
            patron=patron,
            days_ago=days[place % len(days)],
            minutes=37 * (place + 1) % 600,
            answered_after=40 + 113 * place % 2_000,
            **details,
        )
        for place, patron in enumerate(patrons)
    )


STORIES: tuple[Story, ...] = (
    *_many(Ending.APPROVED, range(20, 38), range(1, 37, 2)),
    *_many(Ending.APPROVED, range(40, 46), range(2, 34, 5), fields=("phone",)),
    *_many(
        Ending.REJECTED,
        range(50, 54),
        range(2, 30, 5),
        reason=ReasonCode.BOOKING_DIFFERS,
        comment="That booking was my sister's. Please keep my own address.",
    ),
    *_many(
        Ending.OBJECTED,
        range(60, 62),
        range(4, 26, 6),
        fields=("phone",),
        reason=ReasonCode.ASKED_AT_DESK,
        comment="I was not at the box office that day.",
    ),
    *_many(Ending.EXPIRES, range(70, 77), range(9, 38, 4), reason=ReasonCode.TYPING_MISTAKE),
    *_many(Ending.WITHDRAWN, range(80, 83), range(1, 30, 7), words="Taken down wrongly."),
    *_many(Ending.SUPERSEDED, range(90, 92), range(2, 5, 2)),
    *_many(
        Ending.PARTLY_APPROVED,
        range(95, 97),
        range(3, 25, 6),
        fields=("email", "phone"),
        comment="The address is right, the phone number is not mine.",
    ),
    *_many(Ending.PENDING, range(100, 107), range(1, 6), reason=ReasonCode.ASKED_IN_WRITING),
    *_many(Ending.PENDING, range(108, 110), range(6, 7), reason=ReasonCode.MAIL_CAME_BACK),
    # What takes two people, and what ends by itself.
    Story(patron=120, days_ago=1, ending=Ending.HELD, fields=("date_of_birth",)),
    Story(patron=121, days_ago=3, ending=Ending.RELEASED, fields=("date_of_birth",)),
    Story(patron=122, days_ago=4, ending=Ending.REMINDED, answered_after=0),
    Story(patron=123, days_ago=2, ending=Ending.UNDELIVERABLE),
    Story(patron=124, days_ago=1, ending=Ending.DESK_WAITS, words="Lost the phone with the mail."),
    Story(patron=125, days_ago=2, ending=Ending.DESK_CONFIRMED, words="Forgot the password."),
    Story(patron=126, days_ago=12, ending=Ending.DESK_APPLIED),
    Story(patron=127, days_ago=8, ending=Ending.REVERTED),
    Story(
        patron=128,
        days_ago=5,
        ending=Ending.FROZEN,
        comment="I have not asked for this. Who was it?",
    ),
    Story(patron=129, days_ago=6, ending=Ending.LOOKED_AT),
    # What was approved, and what a notice to the current mailbox leads to.
    *_many(Ending.WAITS, range(132, 136), range(1, 3), words="Changed her provider."),
    Story(patron=136, days_ago=1, ending=Ending.STOPPED, answered_after=30),
    Story(patron=137, days_ago=2, ending=Ending.LEFT, words="Works somewhere else by now."),
    Story(
        patron=138,
        days_ago=16,
        ending=Ending.DISPUTED_LATE,
        comment="I was travelling. This is not my address!",
    ),
    Story(patron=130, days_ago=1, ending=Ending.PENDING, asks_both=True),
    Story(
        patron=131,
        days_ago=1,
        ending=Ending.PENDING,
        fields=("email", "phone", "name", "address"),
        reason=ReasonCode.ASKED_IN_WRITING,
    ),
    Story(
        patron=0,
        days_ago=0,
        minutes=25,
        ending=Ending.PENDING,
        words="Rang this morning: her old provider is closing at the end of the month.",
    ),
)
