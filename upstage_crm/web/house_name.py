"""The name of the house, for a page that strangers ask for."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from sqlalchemy.exc import SQLAlchemyError

from upstage_crm.core.errors import Conflict
from upstage_crm.organisation.settings import details

if TYPE_CHECKING:
    from collections.abc import Callable

    from upstage_crm.wiring import Runtime

FRESH_S = 60.0


class HouseNames:
    """Reads the name at most once a minute: unknown addresses must not keep the database busy."""

    def __init__(
        self, parts: Callable[[], Runtime], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._parts = parts
        self._clock = clock
        self._known: tuple[float, str] | None = None

    async def now(self) -> str:
        """Return the name; nothing while the database does not answer."""
        if self._known is None or self._clock() - self._known[0] >= FRESH_S:
            name = await asyncio.to_thread(self._read)
            self._known = (self._clock(), name)
        return self._known[1]

    def _read(self) -> str:
        try:
            with self._parts().database.reading() as session:
                return details(session).name
        except (SQLAlchemyError, Conflict):  # a name that is not proven is no name
            return ""
