"""What happens when an event fails unexpectedly: a log line, and a line in the tab.

Reflex would print the trace as it is, and then ask the browser to evaluate a text, which our
content policy forbids: the visitor would see nothing.
"""

from __future__ import annotations

import logging
from typing import Any, Final

import reflex as rx
from reflex.state import BaseState
from reflex_base.event import EventHandler, EventSpec

from upstage_crm.core.languages import SOURCE, negotiate, speaker
from upstage_crm.http.patron_paths import is_for_patrons
from upstage_crm.wording import failures, sentences

_log = logging.getLogger(__name__)


class TroubleState(rx.State):
    """Says in one tab that something failed. `words` is empty while nothing did."""

    words: str = ""

    @rx.event
    def tell(self) -> None:
        """Say it, to a patron in their own language. Visitors may call this: it reads no data."""
        data: dict[str, Any] = self.router_data
        accepted = str(dict(data.get("headers") or {}).get("accept-language", ""))
        if is_for_patrons(str(data.get("pathname", ""))):
            self.words = failures.for_patron(speaker(negotiate(accepted, SOURCE)))
        else:
            self.words = sentences.FAILED


TELL: Final = f"{TroubleState.get_full_name()}.tell"


def tell_of_failure(exception: Exception) -> EventSpec:
    """Log a failure with its trace, and tell the tab; what Reflex calls."""
    _log.error("an event failed", exc_info=exception)
    handler: EventHandler = TroubleState.event_handlers["tell"]
    return handler()


async def forget_trouble(state: BaseState) -> None:
    """Take the line away: the tab turns to a page anew."""
    trouble = await state.get_state(TroubleState)
    if trouble.words:
        trouble.words = ""
