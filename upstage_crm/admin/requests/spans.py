"""Two values cut where they differ, so that a changed letter is seen. Pure."""

from dataclasses import dataclass
from difflib import SequenceMatcher

ALIKE = 0.7  # from this likeness on, marking the differing letters helps; below it is noise


@dataclass(frozen=True)
class Span:
    """A piece of a value, and whether it differs from the other side."""

    text: str = ""
    differs: bool = False


def spans(now: str, proposed: str) -> tuple[list[Span], list[Span]]:
    """Both values cut where they differ; nothing when they are not alike."""
    matcher = SequenceMatcher(None, now, proposed, autojunk=False)
    if not now or matcher.ratio() < ALIKE:
        return [], []
    left: list[Span] = []
    right: list[Span] = []
    for tag, a0, a1, b0, b1 in matcher.get_opcodes():
        differs = tag != "equal"
        if a1 > a0:
            left.append(Span(now[a0:a1], differs))
        if b1 > b0:
            right.append(Span(proposed[b0:b1], differs))
    return left, right
