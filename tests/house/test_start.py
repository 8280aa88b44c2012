"""What a start loads: a library that few requests need is loaded with the first of them."""

from __future__ import annotations

import subprocess
import sys

# Together they cost half a second and 40 MB of every worker.
FOR_FEW = ("fpdf", "uharfbuzz", "fontTools", "PIL", "xlsxwriter", "stripe")


def test_no_start_loads_a_library_that_few_requests_need() -> None:
    code = (
        "import sys; import upstage_crm.upstage_crm; "
        f"print([name for name in {FOR_FEW} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)

    assert done.stdout.strip() == "[]"
