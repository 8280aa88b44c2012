"""The built-in mailbox: mails stay on this machine and are read at `/mailbox/`."""

from __future__ import annotations

from upstage_crm.mail.delivery import Transport
from upstage_crm.mail.message import MailMessage
from upstage_crm.mail.sending.sender import Accepted

_UNHURRIED = 1_000.0  # mails per second; no one outside has to be spared


class LocalSender:
    """Accepts every message and sends none; the outbox row itself is the mailbox."""

    transport = Transport.LOCAL
    rate = _UNHURRIED

    def send(self, message: MailMessage, *, idempotency_key: str) -> Accepted:  # noqa: ARG002  # the protocol
        """Accept `message`; its frozen row is what the mailbox shows."""
        return Accepted(None)
