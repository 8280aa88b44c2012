"""Who reads a page of the portal: the language, and how its links keep it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from starlette.requests import Request

from upstage_crm.core.languages import negotiate
from upstage_crm.portal.addresses import LANGUAGE, chosen_language, with_query


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """A visitor as far as public pages know one. `chosen` is the language of the address, or ""."""

    language: str
    chosen: str = ""

    def href(self, path: str, values: Mapping[str, str] | None = None) -> str:
        """A link to one of our pages that stays in the language that was chosen."""
        return with_query(path, {**(values or {}), LANGUAGE: self.chosen})


def reader_of(request: Request, *, usual: str) -> Reader:
    """The reader of a request; `usual` is the organisation's own language."""
    chosen = chosen_language(request.query_params)
    accepted = request.headers.get("accept-language", "")
    return Reader(language=chosen or negotiate(accepted, usual), chosen=chosen)
