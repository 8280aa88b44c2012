"""What is free, as two bits a seat in the order of the plan: 2,000 seats are 500 bytes. Pure.

The first seat is in the lowest bits of the first byte. A page keeps the plan and asks for this
again while it is looked at.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from upstage_crm.inventory.views import SeatState

CODES: Mapping[SeatState, int] = {
    SeatState.FREE: 0,
    SeatState.HELD: 1,
    SeatState.SOLD: 2,
    SeatState.BLOCKED: 3,
}
_STATES = {code: state for state, code in CODES.items()}


def packed(states: Iterable[SeatState]) -> bytes:
    """The states of seats, four to a byte."""
    return packed_codes([CODES[state] for state in states])


def packed_codes(codes: list[int]) -> bytes:
    """The same of states that are `CODES` already."""
    codes = codes + [0] * (-len(codes) % 4)
    return bytes(
        first | second << 2 | third << 4 | fourth << 6
        for first, second, third, fourth in zip(*[iter(codes)] * 4, strict=True)
    )


def unpacked(content: bytes, count: int) -> list[SeatState]:
    """The states of `count` seats again."""
    return [_STATES[content[at // 4] >> at % 4 * 2 & 3] for at in range(count)]
