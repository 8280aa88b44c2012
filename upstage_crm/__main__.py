"""`python -m upstage_crm`."""

from __future__ import annotations

import sys

from upstage_crm.cli.commands import main

sys.exit(main())
