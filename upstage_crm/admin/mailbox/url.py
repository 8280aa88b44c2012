"""The address of the mailbox: what stands after the question mark, read and written. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from upstage_crm.mail.delivery import MailState
from upstage_crm.mail.message import MailKind

PLACE = "/mailbox/"
EXPORT = "/mailbox/export.csv"
QUERY_LIMIT = 100  # characters; no address that we search is longer in practice
TROUBLED = "troubled"  # no state of a mail: all that a person should look at
LAST_PAGE = 100_000  # a larger number is nonsense and would overflow the database's integers
ID_LENGTH = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class MailboxAddress:
    """Which mails the list shows, and which one is open. `page` counts from 1."""

    query: str = ""
    state: MailState | None = None
    troubled: bool = False
    kind: MailKind | None = None
    page: int = 1
    mail: str = ""

    def href(self) -> str:
        """The address; what is as usual is left out, so that the plain list is `/mailbox/`."""
        said = {
            "q": self.query,
            "state": TROUBLED if self.troubled else (self.state.value if self.state else ""),
            "kind": self.kind.value if self.kind else "",
            "page": str(self.page) if self.page > 1 else "",
            "mail": self.mail,
        }
        query = urlencode({name: text for name, text in said.items() if text})
        return f"{PLACE}?{query}" if query else PLACE

    def listed(self) -> MailboxAddress:
        """The same list with no mail open."""
        return replace(self, mail="")

    @property
    def is_narrowed(self) -> bool:
        """Whether some mails are left out."""
        return bool(self.query.strip() or self.state or self.troubled or self.kind or self.page > 1)


def read(parameters: Mapping[str, str]) -> MailboxAddress:
    """Return what an address asks for. Nonsense in it reads as not said: links get old."""
    page = parameters.get("page", "")
    return MailboxAddress(
        query=parameters.get("q", "")[:QUERY_LIMIT],
        state=state_of(parameters.get("state", "")),
        troubled=parameters.get("state", "") == TROUBLED,
        kind=kind_of(parameters.get("kind", "")),
        page=min(int(page), LAST_PAGE) if page.isdecimal() and int(page) > 0 else 1,
        mail=parameters.get("mail", "")[:ID_LENGTH],
    )


def state_of(text: str) -> MailState | None:
    """The state of this name, or None."""
    return MailState(text) if text in list(MailState) else None


def kind_of(text: str) -> MailKind | None:
    """The kind of this name, or None."""
    return MailKind(text) if text in list(MailKind) else None
