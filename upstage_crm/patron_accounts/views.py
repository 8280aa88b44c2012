"""What the pages of an account are told. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedInPatron:
    """A live session, and whose it is. `email` is the address that signed in, the record's own.

    `is_stale` says that its use was not noted lately.
    """

    session_id: str
    patron_id: str
    email: str
    email_key: str
    language: str
    is_stale: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountSession:
    """A signed-in browser as its owner sees it. `id` names it and opens nothing.

    `browser` is what it calls itself, such as "Firefox, Android"; "" for one without a name.
    """

    id: str
    browser: str
    created_at: datetime
    last_seen_at: datetime
    is_this: bool
