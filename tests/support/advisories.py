"""`python -m tests.support.advisories`: whether a known weakness stands against a pinned package.

Asks the package index's advisories for every line of the lock, and keeps the answer beside this
file. Where no index can be asked (no network, or a mirror that knows no advisories), it says so
loudly and judges by the answer that was kept. It fails on a weakness that is known either way.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from upstage_crm.core.clock import SystemClock

LOCK = Path("requirements.txt")
KEPT = Path(__file__).with_suffix(".json")
PATIENCE_S = 120
STALE = timedelta(days=7)  # an answer that says the same is written down once a week

_LINE = "!" * 80


@dataclass(frozen=True)
class Answer:
    """What was said of which versions, and when; `weak` names the advisories against a package."""

    asked_on: date | None = None
    packages: Mapping[str, str] = field(default_factory=dict[str, str])
    weak: Mapping[str, list[str]] = field(default_factory=dict[str, list[str]])

    @classmethod
    def read(cls, text: str) -> Answer:
        """The answer that `to_json` wrote."""
        kept = json.loads(text)
        asked_on = date.fromisoformat(kept["asked_on"]) if kept["asked_on"] else None
        return cls(asked_on, kept["packages"], kept["weak"])

    def to_json(self) -> str:
        """The answer as a file that shows by its lines what changed."""
        asked_on = self.asked_on.isoformat() if self.asked_on else None
        kept = {"asked_on": asked_on, "packages": self.packages, "weak": self.weak}
        return json.dumps(kept, indent=1, sort_keys=True) + "\n"

    def says_the_same(self, other: Answer) -> bool:
        """Whether it differs from the other one by its date at most."""
        return (self.packages, self.weak) == (other.packages, other.weak)


@dataclass(frozen=True)
class Verdict:
    """What to say, whether it may pass, and the answer that is worth keeping, if there is one."""

    words: str
    may_pass: bool
    worth_keeping: Answer | None = None


def ask(lock: Path, *, today: date) -> Answer | None:
    """What the advisories say, None when they could not be asked or know none of the packages."""
    how = ["--disable-pip", "--no-deps", "--progress-spinner", "off", "--timeout", "10"]
    command = [sys.executable, "-m", "pip_audit", "-r", str(lock), "-f", "json", *how]
    try:
        done = subprocess.run(command, capture_output=True, timeout=PATIENCE_S, check=False)
        return answer_of(json.loads(done.stdout)["dependencies"], today=today)
    except (subprocess.TimeoutExpired, ValueError, KeyError):
        return None


def answer_of(found: Sequence[Mapping[str, Any]], *, today: date) -> Answer | None:
    """The answer in what `pip-audit` found; None when it knew none of the packages."""
    known = [one for one in found if "vulns" in one]
    if not known:
        return None
    return Answer(
        today,
        {one["name"]: one["version"] for one in known},
        {one["name"]: [weak["id"] for weak in one["vulns"]] for one in known if one["vulns"]},
    )


def locked(lock: str) -> dict[str, str]:
    """Every package of a lock file, and its version."""
    return dict(re.findall(r"^([a-z0-9._-]+)==(\S+)", lock, re.MULTILINE))


def judge(asked: Answer | None, kept: Answer, *, lock: Mapping[str, str], today: date) -> Verdict:
    """What follows from the answer of now or, when there is none, from the one that was kept."""
    answer = asked or kept
    known = {name for name, version in answer.packages.items() if lock.get(name) == version}
    weak = {name: ids for name, ids in answer.weak.items() if name in known}
    counted = f"{len(known)} of {len(lock)} packages"
    if weak:
        names = ", ".join(f"{name} {lock[name]} ({', '.join(weak[name])})" for name in sorted(weak))
        words = f"Advisories: known weaknesses in {names}."
    else:
        words = f"Advisories: none against {counted}."
    if asked is None:
        return Verdict(_loudly(words, kept, today), may_pass=not weak)
    is_old = kept.asked_on is None or today - kept.asked_on >= STALE
    is_news = is_old or not asked.says_the_same(kept)
    return Verdict(words, may_pass=not weak, worth_keeping=asked if is_news else None)


def _loudly(words: str, kept: Answer, today: date) -> str:
    if kept.asked_on is None:
        lines = ("ADVISORIES: NOBODY COULD BE ASKED, AND NO EARLIER ANSWER IS KEPT.",)
        last = "Nothing is known of any package. Run `make lint` once with the network."
    else:
        days = (today - kept.asked_on).days
        lines = (
            "ADVISORIES: NOBODY COULD BE ASKED.",
            f"The last answer is of {kept.asked_on}, {days} days ago. It said:",
        )
        last = words
    return "\n".join([_LINE, *lines, last, _LINE])


def main() -> int:
    """Ask, or fall back on what was kept; keep what is new."""
    today = SystemClock().now().date()
    kept = Answer.read(KEPT.read_text("utf-8"))
    lock = locked(LOCK.read_text("utf-8"))
    verdict = judge(ask(LOCK, today=today), kept, lock=lock, today=today)
    if verdict.worth_keeping:
        KEPT.write_text(verdict.worth_keeping.to_json(), "utf-8")
    print(verdict.words)
    return 0 if verdict.may_pass else 1


if __name__ == "__main__":
    sys.exit(main())
