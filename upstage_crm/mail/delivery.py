"""What may happen to a mail: its states and the legal moves between them.

    queued ──► sending ──► sent | captured        accepted by the provider | kept in our mailbox
      ▲           │ │
      └─deferred──┘ ├────► failed                 refused for good; a person has to look
      │             ├────► uncertain              may be out or not; never retried by itself
      └─────────────┴────► cancelled              the matter was over before it left

`sent` means accepted, not delivered: what the provider tells later are facts with times
(`delivered_at`, `bounced_at`, …), because a bounce may follow a delivery.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

LEASE = timedelta(seconds=60)  # outlasts the worst call: 3 s connect, 10 s read, 25 s in all
# Resend forgets an idempotency key after 24 h; past that a retry could be a second mail.
RETRY_WINDOW = timedelta(hours=23)
_BACKOFF_S = (5, 30, 120, 600, 1_800)
_BACKOFF_LAST_S = 3_600


class MailState(StrEnum):
    """Where a mail is on its way out of this machine."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    CAPTURED = "captured"
    FAILED = "failed"
    UNCERTAIN = "uncertain"
    CANCELLED = "cancelled"


class Transport(StrEnum):
    """Who carries the mail; chosen when it is queued and never changed."""

    RESEND = "resend"
    LOCAL = "local"


class MailMode(StrEnum):
    """Where a deployment's mail goes, and whether staff may press the links in it."""

    RESEND = "resend"  # it leaves through the provider; its links work for its reader alone
    DEMO = "demo"  # it is kept here and its links work: one person plays staff and patron
    REHEARSAL = "rehearsal"  # it is kept here, over a database that may be real: links are dead


ACCEPTED = frozenset({MailState.SENT, MailState.CAPTURED})
ENDED_UNSENT = frozenset({MailState.FAILED, MailState.CANCELLED})


def backoff(attempts: int, *, jitter: float) -> timedelta:
    """How long to wait after attempt number `attempts` (from 1) failed.

    `jitter` in [0, 1) spreads the wait over 0.8 to 1.2 times its nominal length, so that mails
    that failed together do not come back together.
    """
    steps = len(_BACKOFF_S)
    nominal = _BACKOFF_S[attempts - 1] if attempts <= steps else _BACKOFF_LAST_S
    return timedelta(seconds=nominal * (0.8 + 0.4 * jitter))


def retries_end_at(first_at: datetime) -> datetime:
    """The instant from which a mail first tried at `first_at` must not be tried again."""
    return first_at + RETRY_WINDOW
