"""When a member's proposals look like those of somebody who should not have the account. Pure.

Each number says how many are allowed; the next one trips. What a patron could be mailed about is
counted as proposals; what is refused outright counts every attempt, whether it succeeded or not.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

BLINK = timedelta(seconds=3)  # no hand fills in three dialogs in that time; a script does
PACE = timedelta(minutes=10)  # what "at once" and "a burst" are counted over
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


class Verdict(StrEnum):
    """What becomes of a proposal, the mildest first."""

    GO = "go"
    COOLING = "cooling"
    QUARANTINE = "quarantine"
    REFUSED = "refused"


class Wire(StrEnum):
    """Which limit was passed; the values are stored in alerts."""

    AT_SPEED = "at_speed"
    AT_ONCE = "at_once"
    REPLACING = "replacing"
    BURST = "burst"
    ALONE_AT_ONCE = "alone_at_once"
    ALONE_PER_HOUR = "alone_per_hour"
    PER_HOUR = "per_hour"
    PER_DOMAIN = "per_domain"
    HIGH_VALUE = "high_value"
    AT_NIGHT = "at_night"
    ALERT_OPEN = "alert_open"
    ATTEMPTS = "attempts"
    PER_PATRON = "per_patron"
    PER_ADDRESS = "per_address"


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """How much of one member is usual. Stored with the policy, so owners choose within limits.

    Within three seconds `at_speed` proposals are a person's. Within ten minutes `at_once`
    proposals go out at once, those up to `burst` wait `cooling` first. Where the proposed mailbox
    alone would decide at once, `alone_at_once` go out within ten minutes, those up to
    `alone_per_hour` wait: nobody else could stop them. `per_hour`, `per_domain`,
    `per_common_domain` and `high_value` are for one hour, `at_night` is for one night, which lasts
    from `night_from` to `night_until` o'clock at the organisation. `attempts` are for an hour and
    one member; `per_patron` and `per_address` are for a day and all members together.
    """

    at_speed: int = 2
    at_once: int = 6
    cooling: timedelta = timedelta(minutes=5)
    burst: int = 12
    alone_at_once: int = 2
    alone_per_hour: int = 5
    per_hour: int = 30
    per_domain: int = 4
    per_common_domain: int = 12
    high_value: int = 3
    at_night: int = 6
    night_from: int = 23
    night_until: int = 6
    attempts: int = 60
    per_patron: int = 10
    per_address: int = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """What was counted, the proposal that is judged included; zero where it adds nothing.

    `blink` counts those of three seconds, `replacing` those of them that took the place of one
    that patrons had heard of. `alone` and `alone_hour` count, of ten minutes and of an hour, those
    where the proposed mailbox alone would decide at once, if the one that is judged is of them.
    `is_common_domain` says that the domain is one of the mailbox providers that many patrons use.
    """

    blink: int = 1
    recent: int = 1
    replacing: int = 0
    alone: int = 0
    alone_hour: int = 0
    hour: int = 1
    domain: int = 0
    is_common_domain: bool = False
    high_value: int = 0
    night: int = 0
    attempts: int = 1
    patron: int = 1
    address: int = 0
    has_alert: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """The verdict, the wire that led to it, how much was counted and how much is allowed."""

    verdict: Verdict
    wire: Wire | None = None
    count: int = 0
    limit: int = 0

    @property
    def trips(self) -> bool:
        """Whether it opens an alert: a wire was passed that nobody looks into yet."""
        return self.verdict is Verdict.QUARANTINE and self.wire is not Wire.ALERT_OPEN


def judge(counts: Counts, thresholds: Thresholds, *, local_hour: int) -> Ruling:
    """Say what becomes of a proposal that was counted; the gravest reason counts.

    `local_hour` is the hour of the day at the organisation.
    """
    limits = thresholds
    domain = limits.per_common_domain if counts.is_common_domain else limits.per_domain
    night = counts.night if is_night(local_hour, limits) else 0
    refused, held, waits = Verdict.REFUSED, Verdict.QUARANTINE, Verdict.COOLING
    for verdict, wire, count, limit in (
        (refused, Wire.ATTEMPTS, counts.attempts, limits.attempts),
        (refused, Wire.PER_PATRON, counts.patron, limits.per_patron),
        (refused, Wire.PER_ADDRESS, counts.address, limits.per_address),
        (held, Wire.ALERT_OPEN, int(counts.has_alert), 0),
        (held, Wire.AT_SPEED, counts.blink, limits.at_speed),
        (held, Wire.BURST, counts.recent, limits.burst),
        (held, Wire.ALONE_PER_HOUR, counts.alone_hour, limits.alone_per_hour),
        (held, Wire.PER_HOUR, counts.hour, limits.per_hour),
        (held, Wire.PER_DOMAIN, counts.domain, domain),
        (held, Wire.HIGH_VALUE, counts.high_value, limits.high_value),
        (held, Wire.AT_NIGHT, night, limits.at_night),
        (waits, Wire.AT_ONCE, counts.recent, limits.at_once),
        (waits, Wire.ALONE_AT_ONCE, counts.alone, limits.alone_at_once),
        # Each replacing mails one address more than a plain proposal: goodbye, to the former one.
        (waits, Wire.REPLACING, counts.replacing, 1),
    ):
        if count > limit:
            return Ruling(verdict=verdict, wire=wire, count=count, limit=limit)
    return Ruling(verdict=Verdict.GO)


def is_night(hour: int, thresholds: Thresholds) -> bool:
    """Whether an hour of the day belongs to the night, which may go over midnight."""
    start, end = thresholds.night_from % 24, thresholds.night_until % 24
    if start == end:
        return False
    return start <= hour < end if start < end else hour >= start or hour < end


def night_began(local: datetime, thresholds: Thresholds) -> datetime:
    """The instant at which the night of `local`, a time at the organisation, began."""
    began = local.replace(hour=thresholds.night_from % 24, minute=0, second=0, microsecond=0)
    return began if began <= local else began - DAY
