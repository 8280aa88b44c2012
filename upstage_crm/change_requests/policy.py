"""Numbers and choices of the change process, and the one function that says who is asked. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from upstage_crm.links.claims import Reviewer


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The numbers that a deployment runs with."""

    link_life: timedelta = timedelta(days=7)
    revert_window: timedelta = timedelta(hours=72)
    resend_cooldown: timedelta = timedelta(minutes=5)
    resend_limit_per_day: int = 3
    rejected_rest: timedelta = timedelta(days=30)
    address_rest: timedelta = timedelta(days=30)


DEFAULT = Policy()


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailboxes:
    """What is known, at proposal, of the two mailboxes that could be asked."""

    current: str | None
    current_bounced: bool
    proposed: str | None

    @property
    def current_reachable(self) -> bool:
        """Whether mail to the current address has a chance."""
        return self.current is not None and not self.current_bounced


def reviewers(field_reviewer: Reviewer, mailboxes: Mailboxes) -> tuple[Reviewer, ...]:
    """Return who is asked about one field; empty when nobody can be.

    `field_reviewer` is the field's own default. A field that the proposed address decides (the
    email) goes to that address alone; any other field goes to the current address, if it works.
    """
    if field_reviewer is Reviewer.PROPOSED:
        return (Reviewer.PROPOSED,) if mailboxes.proposed else ()
    return (Reviewer.CURRENT,) if mailboxes.current_reachable else ()


def resend_wait(policy: Policy, *, last_sent_at: datetime, now: datetime) -> timedelta:
    """How long until the decision mail may be sent again; zero or less means now."""
    return last_sent_at + policy.resend_cooldown - now
