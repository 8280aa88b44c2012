"""`python -m tests.support.advisories`: whether a known weakness stands against a pinned package.

Asks the package index's advisories for every line of the lock. Fails on a weakness that is known;
when nobody can be asked (no network), it says so and passes, because it knows nothing then.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

LOCK = "requirements.txt"
PATIENCE_S = 120


def ask(lock: Path) -> list[dict[str, object]] | None:
    """What the advisories say of each package, None when they could not be asked."""
    how = ["--disable-pip", "--no-deps", "--progress-spinner", "off", "--timeout", "10"]
    command = [sys.executable, "-m", "pip_audit", "-r", str(lock), "-f", "json", *how]
    try:
        done = subprocess.run(command, capture_output=True, timeout=PATIENCE_S, check=False)
        return list(json.loads(done.stdout)["dependencies"])
    except (subprocess.TimeoutExpired, ValueError, KeyError):
        return None


def verdict(found: list[dict[str, object]] | None) -> tuple[str, bool]:
    """The sentence for what was found, and whether it may pass."""
    if found is None:
        return "Advisories: nobody could be asked.", True
    known = [one for one in found if "vulns" in one]
    weak = [one for one in known if one["vulns"]]
    if weak:
        names = ", ".join(f"{one['name']} {one['version']}" for one in weak)
        return f"Advisories: known weaknesses in {names}.", False
    if not known:
        return f"Advisories: nothing is said of any of {len(found)} packages.", True
    return f"Advisories: none against {len(known)} of {len(found)} packages.", True


def main() -> int:
    words, may_pass = verdict(ask(Path(LOCK)))
    print(words)
    return 0 if may_pass else 1


if __name__ == "__main__":
    sys.exit(main())
