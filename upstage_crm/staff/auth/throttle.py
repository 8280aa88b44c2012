"""How many wrong passwords are too many. Pure.

The one who guesses is slowed down, not the one whose name is guessed: what counts first is a name
from one network. A name that is tried from everywhere is closed to browsers that never signed in
with it, and stays open to its owner's.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

WINDOW = timedelta(minutes=15)
PAIR_LIMIT = 5  # wrong passwords for one name from one network
NETWORK_LIMIT = 40  # wrong passwords from one network, whatever the names; an office shares one
NAME_LIMIT = 60  # wrong passwords for one name, from anywhere
CODE_LIMIT = 5  # wrong codes of a second factor within one session


@dataclass(frozen=True, slots=True, kw_only=True)
class Tries:
    """What went wrong within the last `WINDOW`, and when the last of it did."""

    pair: int
    network: int
    name: int
    last_at: datetime | None


def wait(tries: Tries, *, is_known_device: bool, now: datetime) -> timedelta:
    """How long no try is allowed from here; zero when it may be tried now.

    Each wrong try beyond the limit doubles the pause, from half a minute to the whole window.
    """
    over = max(
        tries.pair - PAIR_LIMIT + 1,
        tries.network - NETWORK_LIMIT + 1,
        0 if is_known_device else tries.name - NAME_LIMIT + 1,
    )
    if over <= 0 or tries.last_at is None:
        return timedelta()
    pause = min(timedelta(seconds=30) * 2 ** min(over - 1, 10), WINDOW)
    return max(tries.last_at + pause - now, timedelta())
