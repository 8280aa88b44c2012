"""What the page kit refuses."""

from __future__ import annotations

from upstage_crm.core.errors import Conflict


class SubjectMoved(Conflict):
    """A form or a button speaks of another subject than the page shows now. Nothing was done."""

    code = "subject_moved"
