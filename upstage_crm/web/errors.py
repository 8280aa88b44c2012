"""What stops a start besides a bad setting; the sentences stand in `upstage_crm.cli.start_words`.

Conflict
├── NotMigrated      the database is at another revision than this code
├── GuardsMissing    the database would let an attacker write what no patron approved
├── TooManyRights    the app's database role could get past the guards
├── PlantedObjects   code of another role would run with the owner's rights
├── OtherDatabase    the owner's address leads to another database than the app's
├── NeedsOwner       only the owner of the database may do this
├── KeysLost         no open link was made with a key that is set: all of them would be withdrawn
├── DemoExposed      demo accounts would be reachable from outside
└── NotTheDemo       only the demo's own database is attacked without being named
"""

from __future__ import annotations

from upstage_crm.audit.rights import RightsFinding
from upstage_crm.core.errors import Conflict


class NotMigrated(Conflict):
    """The database is not at this code's revision."""

    code = "not_migrated"


class GuardsMissing(Conflict):
    """A guard is missing or altered in the database."""

    code = "guards_missing"


class TooManyRights(Conflict):
    """With a public address the app's database role may do no more than it needs.

    Facts: `finding`, the first of what `rights` found.
    """

    code = "too_many_rights"

    def __init__(self, finding: RightsFinding) -> None:
        super().__init__(finding=finding)
        self.finding = finding


class PlantedObjects(Conflict):
    """Our schema holds functions or operators of others. Facts: `what`, the first of them."""

    code = "planted_objects"


class OtherDatabase(Conflict):
    """The owner's address leads to another database than the app's."""

    code = "other_database"


class NeedsOwner(Conflict):
    """Rows are restored past the guards, which only the owner of the database may take down."""

    code = "needs_owner"


class KeysLost(Conflict):
    """The keys are the wrong ones, or all were changed at once."""

    code = "keys_lost"


class DemoExposed(Conflict):
    """The demo belongs to a new SQLite file of our own, on this machine only."""

    code = "demo_exposed"


class NotTheDemo(Conflict):
    """The database is not the demo's, and no setting named it."""

    code = "not_the_demo"
