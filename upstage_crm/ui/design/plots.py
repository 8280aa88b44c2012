"""What plots are drawn from: plain texts, with lengths as percentages. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Bar:
    """One bar. `share` is its length, `href` the list behind it, "" without one."""

    label: str = ""
    number: str = "0"
    share: str = "0%"
    href: str = ""


@dataclass(frozen=True)
class TimeColumn:
    """Two columns of one stretch of time. `words` say both numbers, `*_top` where each begins."""

    label: str = ""
    words: str = ""
    whole: str = "0%"
    whole_top: str = "100%"
    part: str = "0%"
    part_top: str = "100%"
    href: str = ""


def percent(count: float, most: float) -> str:
    """The length of a bar among others of which the longest is `most`."""
    return f"{100 * count / most:.2f}%" if most else "0%"
