"""What keeps a database from its work, told from its own error. Pure but for the drivers' codes."""

from __future__ import annotations

import sqlite3
from enum import StrEnum

from upstage_crm.core.writers import WritersBusy


class Trouble(StrEnum):
    """Why the database does not do what it is asked. Each value is stable; `/health` says it."""

    AWAY = "away"  # no such file or server, or it does not answer
    FULL = "full"  # no room on its disk
    FAILING = "failing"  # its disk refuses for another reason
    READ_ONLY = "read_only"
    REFUSED = "refused"  # it does not let our user or role do this
    DAMAGED = "damaged"  # a file cut short, or no database at all
    BUSY = "busy"  # another process has held it for longer than we wait


_SQLITE = {
    sqlite3.SQLITE_PERM: Trouble.REFUSED,
    sqlite3.SQLITE_AUTH: Trouble.REFUSED,
    sqlite3.SQLITE_BUSY: Trouble.BUSY,
    sqlite3.SQLITE_LOCKED: Trouble.BUSY,
    sqlite3.SQLITE_READONLY: Trouble.READ_ONLY,
    sqlite3.SQLITE_IOERR: Trouble.FAILING,
    sqlite3.SQLITE_CORRUPT: Trouble.DAMAGED,
    sqlite3.SQLITE_NOTADB: Trouble.DAMAGED,
    sqlite3.SQLITE_FULL: Trouble.FULL,
    sqlite3.SQLITE_CANTOPEN: Trouble.AWAY,
}
# By the beginning of the SQLSTATE (PostgreSQL's manual, appendix A); the first that fits counts.
_POSTGRES = (
    ("08", Trouble.AWAY),  # connection exception
    ("3D000", Trouble.AWAY),  # no database of that name
    ("57P", Trouble.AWAY),  # shutting down, or starting
    ("25006", Trouble.READ_ONLY),  # read-only transaction: a standby
    ("28", Trouble.REFUSED),  # password or role
    ("42501", Trouble.REFUSED),  # the role lacks a right
    ("53100", Trouble.FULL),  # disk full
    ("53", Trouble.BUSY),  # too many connections, out of memory
    ("55P03", Trouble.BUSY),  # a lock that was not to be had
    ("55000", Trouble.AWAY),  # the database takes no connections
    ("58", Trouble.FAILING),  # the server's disk
    ("XX001", Trouble.DAMAGED),
    ("XX002", Trouble.DAMAGED),
)


def trouble_of(error: BaseException) -> Trouble | None:
    """What is wrong with the database, or None when the error is another one: ours, most likely.

    `error` is SQLAlchemy's or the driver's own.
    """
    error = getattr(error, "orig", None) or error
    if isinstance(error, WritersBusy):
        return Trouble.BUSY
    if isinstance(error, sqlite3.Error):
        code = getattr(error, "sqlite_errorcode", 0)  # not every error of the module has one
        return _SQLITE.get(code & 0xFF)  # the rest of it says more than we need
    state = getattr(error, "sqlstate", "")
    if state is None:  # psycopg's own: there was no server to name a state
        return Trouble.AWAY
    return next((found for start, found in _POSTGRES if state.startswith(start)), None)
