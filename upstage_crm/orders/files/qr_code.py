"""A ticket code as a QR code: squares for paper, SVG for a page. Imports `segno` when one is drawn.

Always dark on white with the margin that readers need, whatever the theme.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from markupsafe import Markup

MARGIN = 4  # squares on each side, as the standard asks (ISO/IEC 18004)
_CORRECTION = "m"  # 15 % of the squares may be unreadable


@lru_cache(maxsize=64)  # a page and its PDF are drawn one after the other
def squares(digits: str) -> Sequence[Sequence[bool]]:
    """The rows of squares, True for a dark one; without the margin."""
    import segno

    code = segno.make(digits, error=_CORRECTION, micro=False)
    return tuple(tuple(bool(square) for square in row) for row in code.matrix)


def svg(digits: str) -> Markup:
    """The code as an SVG element with its margin; the page says in words what it is."""
    import segno

    code = segno.make(digits, error=_CORRECTION, micro=False)
    drawn = code.svg_inline(border=MARGIN, dark="#000", light="#fff", omitsize=True)
    return Markup(drawn)  # noqa: S704  # a library's drawing of digits
