"""What the page about tickets that someone offers says. Pure; in English, see `locales/`."""

from __future__ import annotations

from typing import Final

ASKED: Final = "Would you like these tickets?"
FROM: Final = "They are offered by {giver}."
FROM_SOMEONE: Final = "Someone would like to give them to you."
IF_YES: Final = (
    "If you say yes, we email you tickets with new codes. The codes of the person who gives them "
    "no longer open the door."
)
SEATS: Final = "Seats"
YES: Final = "Yes, I take them"
NO: Final = "No, thank you"
TAKEN: Final = "The tickets are yours"
TAKEN_HINT: Final = (
    "We have emailed them to you. Show the code at the door, on your phone or on paper."
)
DECLINED: Final = "You did not take the tickets"
DECLINED_HINT: Final = "We have told the person who offered them. You need not do anything."
OVER: Final = "This offer is over"
OVER_HINT: Final = "It was taken back, or the tickets can no longer change hands."
