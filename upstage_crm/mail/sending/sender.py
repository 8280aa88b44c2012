"""What every sender promises, and the four ways in which a send can go wrong.

SendFailed
├── SendRejected     never try this mail again
├── SendDeferred     try again later under the same key; it may be out already
├── SendPaused       nothing can leave at present; no attempt is counted
└── SendConflict     the key was used for other content: stop, a person has to look
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from upstage_crm.core.errors import UpstageError
from upstage_crm.mail.delivery import Transport
from upstage_crm.mail.message import MailMessage


@dataclass(frozen=True, slots=True)
class Accepted:
    """The mail was taken over. `provider_id` is the provider's own name for it, if any."""

    provider_id: str | None


class Sender(Protocol):
    """Hands one message to the provider that carries it."""

    @property
    def transport(self) -> Transport:
        """Which rows of the outbox this sender may take."""
        ...

    @property
    def rate(self) -> float:
        """How many mails per second may leave at present."""
        ...

    def send(self, message: MailMessage, *, idempotency_key: str) -> Accepted:
        """Hand over `message`; the same key and message twice is one mail.

        Raises:
            SendFailed: one of its four kinds.
        """
        ...


class SendFailed(UpstageError):
    """A send that was not accepted. `status` is the HTTP status, `type` the provider's word."""

    code = "mail_send_failed"

    def __init__(self, status: int | None, type_: str) -> None:
        super().__init__(status=status, type=type_)
        self.status = status
        self.type = type_


class SendRejected(SendFailed):
    """The provider refuses this mail and will refuse it again."""

    code = "mail_rejected"


class SendDeferred(SendFailed):
    """It may work later. `retry_after` is the wait the provider asked for, if it did.

    `slow_down` tells that the mail was surely not taken and every worker must wait.
    """

    code = "mail_deferred"

    def __init__(
        self,
        status: int | None,
        type_: str,
        *,
        retry_after: timedelta | None = None,
        slow_down: bool = False,
    ) -> None:
        super().__init__(status, type_)
        self.retry_after = retry_after
        self.slow_down = slow_down


class SendPaused(SendFailed):
    """No mail can leave until a person mends the cause named by `reason`."""

    code = "mail_paused"

    def __init__(self, status: int | None, type_: str, *, reason: str) -> None:
        super().__init__(status, type_)
        self.reason = reason


class SendConflict(SendFailed):
    """The provider knows the key with other content; an earlier payload may be out."""

    code = "mail_conflict"
