"""What stops a start besides a bad setting; the sentences stand in `upstage_crm.web.words`.

Conflict
├── NotMigrated      the database is at another revision than this code
├── GuardsMissing    the database would let somebody write what no patron approved
├── KeysLost         no open link was made with a key that is set: all of them would be withdrawn
├── DemoExposed      demo accounts would be reachable from outside
└── NotTheDemo       only the demo's own database is attacked without being named
"""

from __future__ import annotations

from upstage_crm.core.errors import Conflict


class NotMigrated(Conflict):
    """The database is not at this code's revision."""

    code = "not_migrated"


class GuardsMissing(Conflict):
    """A guard is missing or altered in the database."""

    code = "guards_missing"


class KeysLost(Conflict):
    """The keys are the wrong ones, or all were changed at once."""

    code = "keys_lost"


class DemoExposed(Conflict):
    """The demo belongs to a new SQLite file of our own, on this machine only."""

    code = "demo_exposed"


class NotTheDemo(Conflict):
    """The database is not the demo's, and nobody named it."""

    code = "not_the_demo"
