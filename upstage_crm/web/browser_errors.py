"""What scripts of our pages failed with, as browsers tell it: short, and only so many a minute.

Any visitor may tell us anything, as often as they like. It must not bury what the log is for.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Final

LONGEST: Final = 500  # characters of one report
MOST: Final = 20  # reports in a window, from all browsers together
WINDOW_S: Final = 60.0

_log = logging.getLogger(__name__)


class BrowserErrors:
    """Writes reports into the log while there is room; then one line that says there were more."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._begun = clock()
        self._count = 0

    def __call__(self, exception: Exception) -> None:
        """Take one report; Reflex looks at this name and this hint when it starts."""
        if self._clock() - self._begun >= WINDOW_S:
            self._begun, self._count = self._clock(), 0
        self._count += 1
        if self._count <= MOST:
            _log.error("a browser's script failed: %s", str(exception)[:LONGEST])
        elif self._count == MOST + 1:
            _log.warning("more scripts of browsers failed; they are left out for a minute")
