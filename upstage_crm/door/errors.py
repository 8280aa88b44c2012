"""The refusals of the door.

UpstageError
├── NonceTaken     a device used one number for two scans
└── ScanUnreadable a scan was sent in no form that we know
"""

from __future__ import annotations

from upstage_crm.core.errors import Conflict, Invalid


class NonceTaken(Conflict):
    """A device used the number of an earlier scan for another one."""

    code = "nonce_taken"


class ScanUnreadable(Invalid):
    """A part of a scan is missing, too long or none of its values. Facts: `part`."""

    code = "scan_unreadable"
