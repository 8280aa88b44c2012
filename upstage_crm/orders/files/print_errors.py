"""The refusals of printing.

UpstageError
├── ScriptNotPrintable    the printer has no letters for a text: let the browser print it
└── NotPrinted            the printer did not say that it printed
"""

from __future__ import annotations

from upstage_crm.core.errors import Conflict, Invalid


class ScriptNotPrintable(Invalid):
    """A text is in a script that the printer's page of characters lacks."""

    code = "script_not_printable"


class NotPrinted(Conflict):
    """The paper may be blank. Facts: `why`, one of `unreachable`, `no_answer`, `no_paper`."""

    code = "not_printed"
