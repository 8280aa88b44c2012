"""The keys that vouch for rows travel with the session, so that no command can forget them."""

from __future__ import annotations

from collections import deque
from typing import TypeVar, cast

from sqlmodel import Session

from upstage_crm.audit.signing import KeyRing

_NAME = "upstage_crm.audit.keys"
_SUSPECTS = 1_000  # rows that failed a proof and wait for the next check; more say no more

T = TypeVar("T")


class Keys:
    """The ring of one database in this process, and what was checked with it so far.

    `suspects` are rows that failed a proof, as (subject or table, row id): the next check looks at
    them, whatever the log of touched rows says.
    """

    def __init__(self, ring: KeyRing) -> None:
        self.ring = ring
        self.suspects: deque[tuple[str, str]] = deque(maxlen=_SUSPECTS)
        self._caches: dict[type, object] = {}

    def cache(self, kind: type[T]) -> T:
        """The one cache of this kind."""
        return cast("T", self._caches.setdefault(kind, kind()))


def give(info: dict[str, object], ring: KeyRing) -> bool:
    """Let every session that is made with `info` carry `ring`; return whether it carried one."""
    had_one = _NAME in info
    info[_NAME] = Keys(ring)
    return had_one


def of(session: Session) -> Keys:
    """The keys of a session.

    Raises:
        RuntimeError: the database was opened without any; nothing can be recorded through it.
    """
    found = session.info.get(_NAME)
    if not isinstance(found, Keys):
        raise RuntimeError("this database was opened without keys: see audit.trail.attach")
    return found
