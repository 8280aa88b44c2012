"""`python -m upstage_crm`, and `upstage-crm`."""

from __future__ import annotations

import gc
import sys

# Spare the start the search for garbage among modules, of which none is; nor is there any later.
gc.disable()

from upstage_crm.cli.commands import main  # noqa: E402  # see above

gc.freeze()
gc.enable()


def run() -> None:
    """Run the command of the command line, and end with what it returns."""
    sys.exit(main())


if __name__ == "__main__":
    run()
