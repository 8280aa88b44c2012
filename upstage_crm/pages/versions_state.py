"""A page that makes versions: what it keeps never changes, and an older one can be brought back."""

from collections.abc import Callable

import reflex as rx
from sqlmodel import Session

from upstage_crm.core.errors import UpstageError
from upstage_crm.pages.page_state import PageMixin

LONGEST_NUMBER = 9  # digits of a version


class VersionMixin(PageMixin, rx.State, mixin=True):
    """The page of something that is kept in versions."""

    async def _bring(
        self, number: str, command: Callable[[Session, int], int], *, draft: str
    ) -> bool:
        """Run the command that makes version `number` the newest one, and say how it went.

        The `draft` of the form is given up. False when the number, which a browser sent, is none.
        """
        self._quiet()
        if not (number.isascii() and number.isdecimal() and len(number) <= LONGEST_NUMBER):
            return False
        try:
            saved = await self._command(lambda session: command(session, int(number)))
        except UpstageError as error:
            self._refuse(error)
        else:
            self._drop_draft(draft)
            self._succeed(f"Version {number} is back, as version {saved}.")
        return True
