"""A venue whose handlers are attacked: something to read, and something to change."""

from __future__ import annotations

from dataclasses import dataclass

from tests.support.factories import Desk
from tests.support.pipeline import sign_in
from upstage_crm.core.clock import FrozenClock
from upstage_crm.core.db import Database
from upstage_crm.staff.roles import Role
from upstage_crm.wiring import Runtime


@dataclass
class Venue:
    """A venue with one patron, one request and their mails; `dana` owns it."""

    parts: Runtime
    desk: Desk
    clock: FrozenClock
    number: int
    dana: str

    @property
    def database(self) -> Database:
        return self.parts.database

    def staff(self, role: Role, name: str = "Sam Field") -> str:
        return sign_in(self.database, role, at=self.clock.now(), name=name)

    def token(self, cookie: str) -> str:
        return cookie.partition("=")[2]
