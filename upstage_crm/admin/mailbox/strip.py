"""How the outbox does, in four facts: what waits, since when, how fast it leaves, and whether."""

from dataclasses import dataclass
from datetime import datetime, tzinfo

from sqlmodel import Session

from upstage_crm.core import when
from upstage_crm.mail.queries import health
from upstage_crm.wiring import runtime
from upstage_crm.wording.sentences import PAUSE_WORDS


@dataclass(frozen=True)
class Strip:
    """The facts in words. `paused` is empty while mail leaves."""

    waiting: str = ""
    oldest: str = ""
    pace: str = ""
    unsure: str = ""
    paused: str = ""
    paused_until: str = ""


def strip_of(session: Session, *, now: datetime, time_zone: tzinfo) -> Strip:
    """Return the facts as they stand."""
    parts = runtime()
    found, rate = health(session, now=now), parts.dispatcher.rate
    paused = found.paused_reason
    return Strip(
        waiting=f"{found.queued:,}",
        oldest=when.span(found.oldest_age) if found.oldest_age else "–",
        pace=f"{rate:g} a second" if parts.settings.sends_real_mail else "Immediate",
        unsure=f"{found.uncertain:,}",
        paused=PAUSE_WORDS.get(paused, PAUSE_WORDS["other"]) if paused else "",
        paused_until=when.short(found.paused_until, time_zone) if found.paused_until else "",
    )
