"""A storm over a cancelled performance: workers that are killed while they tell and give back.

`python -m tests.support.cancel_storm DATABASE NOW` is one worker. It takes every step that is due,
says a line after each, and ends when nothing is left; eight days have passed for it, so every
silence is an answer.
"""

from __future__ import annotations

import faulthandler
import random
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import partial

from sqlmodel import Session

from tests.support.factories import COMPOSER, PUBLIC_URL, SECRET
from tests.support.keyring import attach
from upstage_crm.core.db import Database, make_engine
from upstage_crm.links.codec import LinkCodec, LinkKey
from upstage_crm.orders.cancellations import offering
from upstage_crm.orders.letters.order_mailer import OrderMailer
from upstage_crm.payments import queries as payments
from upstage_crm.payments import refunds
from upstage_crm.payments.views import Method
from upstage_crm.staff.command_context import CommandContext

LATER = timedelta(days=8)
_MOST_STEPS = 9  # of a worker before it is killed
_HANGS_S = 300
_Step = Callable[[CommandContext[OrderMailer]], object]


def work(url: str, now: str) -> None:
    """Take every step that is due, until nothing is left. One that hangs says where, and ends."""
    faulthandler.dump_traceback_later(_HANGS_S, exit=True)
    database = attach(Database(make_engine(url)))
    mailer = OrderMailer(
        composer=COMPOSER,
        public_url=PUBLIC_URL,
        codec=LinkCodec([LinkKey("test-key", SECRET)]),
        kid="test-key",
    )

    def act(step: _Step, at: datetime) -> None:
        database.attempt(lambda s: step(CommandContext(session=s, now=at, notifier=mailer)))
        print("done", flush=True)

    began = datetime.fromisoformat(now)
    while steps := list(_due(database, began)):
        for step, at in steps:
            act(step, at)


def _due(database: Database, began: datetime) -> Iterator[tuple[_Step, datetime]]:
    """Every step that is due, each with its moment."""

    def found(session: Session) -> list[tuple[_Step, datetime]]:
        told = [
            (partial(offering.tell, disrupted_id=one), began) for one in offering.listed(session)
        ]
        later = began + LATER
        silent = [
            (partial(offering.settle_silent, disrupted_id=one), later)
            for one in offering.silent(session, now=later)
        ]
        paid = [
            (partial(_provider_pays, one.id), later)
            for one in payments.unsent_refunds(session, Method.CARD)
        ]
        return [*told, *silent, *paid]

    with database.reading() as session:
        yield from found(session)


def _provider_pays(refund_id: str, context: CommandContext[OrderMailer]) -> None:
    refunds.refund_done(context.session, refund_id, now=context.now, reference=f"re_{refund_id}")


def rage(url: str, now: datetime, *, kills: int, seed: int) -> int:
    """Kill worker after worker, two at a time, and let the last one finish; return how many."""
    luck, killed = random.Random(seed), 0
    command = [sys.executable, "-m", "tests.support.cancel_storm", url, now.isoformat()]

    def start() -> subprocess.Popen[str]:
        return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)

    while killed < kills:
        pair = [start(), start()]
        for worker in pair:
            assert worker.stdout is not None
            for _ in range(luck.randint(1, _MOST_STEPS)):
                worker.stdout.readline()
            worker.kill()
            worker.communicate()
            assert worker.returncode in {0, -signal.SIGKILL}
            killed += worker.returncode != 0
    last = start()
    last.communicate()
    assert last.returncode == 0
    return killed


if __name__ == "__main__":
    work(*sys.argv[1:])
