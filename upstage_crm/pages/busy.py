"""The answer when there is no room for one more: nothing was changed, try again.

It is said in the visitor's language, because it may be the answer to a patron's press.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from starlette.datastructures import Headers
from starlette.responses import HTMLResponse, Response

from upstage_crm.core.languages import SOURCE, negotiate, speaker
from upstage_crm.pages import calm_page
from upstage_crm.pages.calm_page import CalmPage

if TYPE_CHECKING:
    from starlette.types import Scope

SERVICE_UNAVAILABLE: Final = 503
RETRY_AFTER_S: Final = 5

TITLE: Final = "Please try again in a moment"
LEAD: Final = (
    "Too many people are using this page right now. Nothing has changed. "
    "Wait a few seconds, then try again."
)


def busy_answer(scope: Scope) -> Response:
    """The answer to a request for which there is no room."""
    language = negotiate(Headers(scope=scope).get("accept-language", ""), SOURCE)
    say = speaker(language)
    return try_again(CalmPage(title=say(TITLE), lines=(say(LEAD),), language=language))


def try_again(page: CalmPage, *, after_s: int = RETRY_AFTER_S) -> Response:
    """`page` with the status and the header that tell programs to come back later."""
    headers = {
        "retry-after": str(after_s),
        "cache-control": "no-store",
        "content-security-policy": calm_page.POLICY,
    }
    return HTMLResponse(page.as_html(), SERVICE_UNAVAILABLE, headers)
