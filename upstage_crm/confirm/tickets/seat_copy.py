"""What the page about another seat says. Pure; in English, see `locales/`."""

from __future__ import annotations

from typing import Final

ASKED: Final = "May we move you to another seat?"
SAME_PRICE: Final = "The other seat is for the same performance, and costs you nothing."
UNTIL: Final = "You can answer until {until}. Until then the other seat is kept for you."
SILENCE: Final = "If you say no, or nothing, you keep the seat that you have."
NOW: Final = "Your seat now"
PROPOSED: Final = "Proposed"
WAS: Final = "Your seat was"
IS: Final = "Your new seat"
NOT_TAKEN: Final = "It was proposed"
YES: Final = "Yes, move me to the other seat"
NO: Final = "No, I keep my seat"
MOVED: Final = "You have a new seat"
MOVED_HINT: Final = "We have emailed you the new ticket. The earlier code no longer opens the door."
KEPT: Final = "You keep your seat"
KEPT_HINT: Final = "Your ticket is as it was, and its code opens the door."
OVER: Final = "This question is closed"
OVER_HINT: Final = "It was withdrawn, its time is over, or the ticket has changed since."
NO_LONGER: Final = "The other seat can no longer be had. You keep the seat that you have."
