"""Sends what the outbox holds: claim, send with no transaction open, settle.

Any number of dispatchers may run, in any number of processes, and any of them may die at any
point: a claim is a lease, every send carries the row's id as its idempotency key, and every retry
sends the same bytes.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial

from sqlmodel import Session

from upstage_crm.audit.errors import RowNotProven
from upstage_crm.core.clock import Clock
from upstage_crm.core.db import Database
from upstage_crm.links.claims import LinkClaims, LinkRefused
from upstage_crm.links.codec import LinkCodec
from upstage_crm.mail.attachments import Draw, FileNotDrawn, draws_nothing
from upstage_crm.mail.delivery import (
    LEASE,
    MailState,
    Transport,
    backoff,
    retries_end_at,
)
from upstage_crm.mail.message import MailMessage, with_files
from upstage_crm.mail.outbox import MATTER_OVER
from upstage_crm.mail.placeholders import fill, secrets_of, thaw_links
from upstage_crm.mail.sending import claiming, send_gate
from upstage_crm.mail.sending.claiming import Claimed
from upstage_crm.mail.sending.local_sender import LocalSender
from upstage_crm.mail.sending.sender import (
    Accepted,
    SendConflict,
    SendDeferred,
    Sender,
    SendFailed,
    SendPaused,
    SendRejected,
)

# A safety net; a commit in this process wakes the loop at once, and so does PostgreSQL's NOTIFY.
POLL = timedelta(seconds=2)
PAUSE = timedelta(minutes=5)  # then one mail is tried, so that a mended key needs no restart
BATCH = 20
NOT_SEALED, WRONG_MAILBOX = "not_sealed", "wrong_mailbox"  # why a forged mail ends
NOT_DRAWN = "file_not_drawn"

_Settle = Callable[[Session], object]
MailboxesOf = Callable[[Session, LinkClaims], Collection[str]]

_log = logging.getLogger(__name__)


class _Unsendable(Exception):
    """The claimed mail must not or cannot leave; carries how its row ends."""

    def __init__(self, state: MailState, type_: str) -> None:
        super().__init__(type_)
        self.state = state
        self.type = type_


class Dispatcher:
    """Drains the outbox through `sender`.

    With a sender to the outside it also captures what was queued in local mode: such a mail never
    leaves later, because no one waits for it any longer. `mailboxes_of` names the mailboxes that a
    link may be sent to: no other mail gets its token. `draw` draws the files of mails. `jitter`
    gives values in [0, 1).
    """

    def __init__(
        self,
        database: Database,
        sender: Sender,
        codec: LinkCodec,
        clock: Clock,
        *,
        mailboxes_of: MailboxesOf,
        draw: Draw = draws_nothing,
        lease: timedelta = LEASE,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._database = database
        self._senders: dict[Transport, Sender] = {
            Transport.LOCAL: LocalSender(),
            sender.transport: sender,
        }
        self._transports = tuple(self._senders)
        self._codec = codec
        self._clock = clock
        self._mailboxes_of = mailboxes_of
        self._draw = draw
        self._lease = lease
        self._jitter = jitter
        self._opens_at: datetime | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """Look at the outbox now. Cheap, callable from any thread; nothing when not running."""
        loop = self._loop
        if loop is not None:
            with suppress(RuntimeError):  # the loop closed between the two lines
                loop.call_soon_threadsafe(self._woken.set)

    async def run(self, stop: asyncio.Event) -> None:
        """Send until `stop` is set; returns after the call that is under way."""
        self._loop = asyncio.get_running_loop()
        stopping = asyncio.create_task(stop.wait())
        with ThreadPoolExecutor(max_workers=1, thread_name_prefix="mail") as thread:
            try:
                while not stop.is_set():
                    self._woken.clear()
                    if await self._loop.run_in_executor(thread, self._try_once) < BATCH:
                        await self._rest(stopping)
            finally:
                self._loop = None
                stopping.cancel()

    @property
    def rate(self) -> float:
        """How many mails per second leave at present, as the provider last allowed."""
        outside = self._senders.get(Transport.RESEND) or self._senders[Transport.LOCAL]
        return outside.rate

    def run_once(self, limit: int = BATCH) -> int:
        """Take up to `limit` mails and settle each; return how many were taken.

        Stops early when nothing is due or the gate is shut; never sleeps.
        """
        taken = 0
        while taken < limit and not self._is_shut():
            claimed = self._claim(limit - taken)
            if not claimed:
                break
            taken += len(claimed)
            settlements = [self._deliver(each) for each in claimed]
            with self._database.transaction() as session:
                for settle in settlements:
                    settle(session)
        return taken

    def _try_once(self) -> int:
        try:
            return self.run_once()
        except Exception as error:  # noqa: BLE001  # the loop outlives a database that is away
            # The name alone: a database error's text may hold a mail's content.
            _log.error("mail dispatcher: %s", type(error).__name__)
            return 0

    async def _rest(self, stopping: asyncio.Task[bool]) -> None:
        seconds = POLL.total_seconds()
        if self._opens_at is not None:
            wait = (self._opens_at - self._clock.now()).total_seconds()
            seconds = min(seconds, max(wait, 0.01))
        woken = asyncio.create_task(self._woken.wait())
        await asyncio.wait((woken, stopping), timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        woken.cancel()

    def _is_shut(self) -> bool:
        """Whether the gate, known to be shut, still is; a person may have released it meanwhile."""
        if self._opens_at is None:
            return False
        with self._database.reading() as session:
            self._opens_at = send_gate.read_gate(session).opens_at(self._clock.now())
        return self._opens_at is not None

    def _claim(self, limit: int) -> list[Claimed]:
        """The next mails in one transaction: all that stay here, or one that leaves at its pace."""
        now = self._clock.now()
        with self._database.reading() as session:
            transport = claiming.next_due(session, now=now, transports=self._transports)
        if transport is None:
            return []
        # A claim is no news: it would wake the dispatcher of every other process, to find nothing.
        with self._database.transaction(is_news=False) as session:
            transports: tuple[Transport, ...] = (transport,)
            if transport is not Transport.LOCAL:
                rate = self._senders[transport].rate
                self._opens_at = send_gate.take_slot(session, now=now, rate=rate)
                if self._opens_at is not None:
                    return []
                limit, transports = 1, self._transports
            found: list[Claimed] = []
            while len(found) < limit and (
                claimed := claiming.claim(
                    session, now=now, lease=self._lease, transports=transports
                )
            ):
                found.append(claimed)
            return found

    def _deliver(self, claimed: Claimed) -> _Settle:
        """Send one mail, with no transaction open; return how what became of it is noted."""
        try:
            message = self._message(claimed, self._clock.now())
        except _Unsendable as error:
            return self._end(claimed, error.state, None, error.type)
        try:
            accepted = self._senders[claimed.transport].send(message, idempotency_key=claimed.id)
        except SendFailed as error:
            return self._settle_failure(claimed, error)
        except Exception as error:  # noqa: BLE001  # recorded on the row; it may be out
            return self._settle_failure(claimed, SendDeferred(None, type(error).__name__[:64]))
        return self._settle_accepted(claimed, accepted)

    def _message(self, claimed: Claimed, now: datetime) -> MailMessage:
        if not claimed.is_sealed:
            raise _Unsendable(MailState.FAILED, NOT_SEALED)
        if claimed.cancelled:
            raise _Unsendable(MailState.CANCELLED, MATTER_OVER)
        if now >= retries_end_at(claimed.first_at):
            raise _Unsendable(MailState.UNCERTAIN, "retries_ended")
        try:
            links = thaw_links(claimed.links)
            if any(claims.is_expired(now) for claims in links.values()):
                raise _Unsendable(MailState.CANCELLED, "link_expired")
            if not self._may_sign(links.values(), claimed.to_address):
                raise _Unsendable(MailState.FAILED, WRONG_MAILBOX)
            secrets = secrets_of(links, self._codec)
        except LinkRefused as error:
            raise _Unsendable(MailState.FAILED, "link_key_missing") from error
        filled = fill(claimed.payload, mail_id=claimed.id, secrets=secrets)
        message = MailMessage.from_json(filled)
        try:
            return with_files(message, self._draw)
        except FileNotDrawn as error:
            raise _Unsendable(MailState.FAILED, NOT_DRAWN) from error

    def _may_sign(self, links: Collection[LinkClaims], to_address: str) -> bool:
        """Whether every link belongs to the mailbox that the mail goes to."""
        if not links:
            return True
        with self._database.reading() as session:
            try:
                return all(to_address in self._mailboxes_of(session, link) for link in links)
            except RowNotProven as error:
                _log.error("a link was not signed: %s is not proven", error.subject)
                return False

    def _settle_accepted(self, claimed: Claimed, accepted: Accepted) -> _Settle:
        return partial(
            claiming.settle_accepted,
            claimed=claimed,
            provider_id=accepted.provider_id,
            now=self._clock.now(),
        )

    def _settle_failure(self, claimed: Claimed, error: SendFailed) -> _Settle:
        now = self._clock.now()
        match error:
            case SendPaused():
                _log.error("mail paused: %s (%s)", error.reason, error.type)
                return self._put_back(claimed, error, now, wait=timedelta(0), burn=False)
            case SendDeferred(slow_down=True):
                wait = error.retry_after or POLL
                return self._put_back(claimed, error, now, wait=wait, burn=False)
            case SendDeferred():
                wait = backoff(claimed.attempts, jitter=self._jitter())
                wait = max(wait, error.retry_after or wait)
                if now + wait >= retries_end_at(claimed.first_at):
                    return self._end(claimed, MailState.UNCERTAIN, error.status, error.type)
                return self._put_back(claimed, error, now, wait=wait, burn=True)
            case SendConflict():
                _log.error("mail %s: its key is known with other content", claimed.id)
                return self._end(claimed, MailState.UNCERTAIN, error.status, error.type)
            case SendRejected():
                return self._end(claimed, MailState.FAILED, error.status, error.type)
            case _:
                raise error

    def _put_back(
        self, claimed: Claimed, error: SendFailed, now: datetime, *, wait: timedelta, burn: bool
    ) -> _Settle:
        def settle(session: Session) -> None:
            claiming.settle_deferred(
                session,
                claimed,
                code=error.status,
                type_=error.type,
                next_at=now + wait,
                burn=burn,
                now=now,
            )
            # The gate is shut even when the lease was lost: what the provider said is still true.
            if isinstance(error, SendPaused):
                send_gate.pause(session, until=now + PAUSE, reason=error.reason)
            elif not burn:
                send_gate.push(session, until=now + wait)

        return settle

    def _end(self, claimed: Claimed, state: MailState, code: int | None, type_: str) -> _Settle:
        return partial(
            claiming.settle_ended,
            claimed=claimed,
            state=state,
            code=code,
            type_=type_,
            now=self._clock.now(),
        )
