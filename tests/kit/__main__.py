"""Serves the kit until it is told to stop: `make kit`, then http://localhost:3000/kit/.

The kit is no part of the product. So a copy of the project is served, as a demo with a database of
its own.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from tests.support.project import copy_with_kit


def main() -> int:
    """Return what the server ended with."""
    with tempfile.TemporaryDirectory(prefix="upstage-kit-") as folder:
        project = copy_with_kit(Path(folder) / "project")
        try:
            command = [sys.executable, "-m", "upstage_crm", "serve"]
            return subprocess.run(command, cwd=project, check=False).returncode
        except KeyboardInterrupt:
            return 0


if __name__ == "__main__":
    sys.exit(main())
