"""How taking a person's data out refuses.

Conflict
└── ExportWaits    a change of the record may still be put back
"""

from __future__ import annotations

from upstage_crm.core.errors import Conflict


class ExportWaits(Conflict):
    """A change of the record may still be put back, so it may not be this person's.

    Facts: `reference` of the request, `until` when.
    """

    code = "export_waits"
