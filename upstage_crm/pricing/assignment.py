"""Which reduction each line gets, so that a buyer saves the most that is possible. Pure.

A reduction may be for a limited number of lines. The best for one line is then not always the best
for the basket: lines are taken in one by one, and those that stand make room where that saves more
(shortest augmenting paths, which keep the whole the best there is after every line).
"""

from __future__ import annotations

from collections.abc import Sequence

NOTHING = -1  # the place of no reduction
_Moves = dict[int, tuple[int, int]]  # to an option: from which one, and the line that moves there


def best_assignment(
    savings: Sequence[Sequence[int]], allowances: Sequence[int | None]
) -> list[int | None]:
    """The reduction of each line, by its place; None where it gets none.

    `savings[line][reduction]` is what the reduction saves on the line, 0 for nothing. The sum of
    the savings is the largest there is; among equal sums earlier reductions are used first.
    """
    count = len(allowances)
    # One more unit of savings weighs more than all preferences together.
    weight = len(savings) * (count + 1) + 1
    gains = [
        [each * weight + count - at if each > 0 else 0 for at, each in enumerate(row)]
        for row in savings
    ]
    chosen: list[int] = []
    for line in range(len(savings)):
        chosen.append(NOTHING)
        _take_in(line, chosen, gains, allowances)
    return [None if at == NOTHING or not gains[line][at] else at for line, at in enumerate(chosen)]


def _take_in(
    line: int,
    chosen: list[int],
    gains: Sequence[Sequence[int]],
    allowances: Sequence[int | None],
) -> None:
    """Give a line its reduction, and others another one where all together gain by it."""
    best = {NOTHING: 0, **dict(enumerate(gains[line]))}
    moves: _Moves = {}
    for _ in range(len(best)):
        if not _relax(best, moves, chosen[:line], gains):
            break
    free = [
        option
        for option in best
        if option == NOTHING
        or (most := allowances[option]) is None
        or chosen[:line].count(option) < most
    ]
    at = max(free, key=lambda option: best[option])
    while at in moves:
        before, moved = moves[at]
        chosen[moved], at = at, before
    chosen[line] = at


def _relax(
    best: dict[int, int], moves: _Moves, chosen: Sequence[int], gains: Sequence[Sequence[int]]
) -> bool:
    """Find ways that gain more by moving one more line; whether there was one."""
    found = False
    for line, source in enumerate(chosen):
        held = 0 if source == NOTHING else gains[line][source]
        for target, known in best.items():
            if target == source:
                continue
            gain = best[source] - held + (0 if target == NOTHING else gains[line][target])
            if gain > known:
                best[target], moves[target], found = gain, (source, line), True
    return found
