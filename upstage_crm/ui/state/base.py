"""What every state shares: reading and commanding in a thread, and telling how it went.

A public method of a state is an endpoint for the whole internet: everything here is private.
"""

import asyncio
from collections.abc import Callable
from typing import TypeVar

import reflex as rx
from sqlmodel import Session

from upstage_crm.core.errors import UpstageError
from upstage_crm.core.threads import to_writer_thread
from upstage_crm.wiring import runtime
from upstage_crm.wording import sentences

T = TypeVar("T")


class FeedbackMixin(rx.State, mixin=True):
    """Words about the last action, and the doors to the database.

    `problem` is the sentence of a refusal, `done` that of a success; at most one is not empty.
    """

    problem: str = ""
    done: str = ""

    async def _read(self, query: Callable[[Session], T]) -> T:
        """Run `query` over one snapshot, in a thread: other visitors are not kept waiting."""

        def run() -> T:
            with runtime().database.reading() as session:
                return query(session)

        return await asyncio.to_thread(run)

    async def _command(self, command: Callable[[Session], T]) -> T:
        """Run `command` in one transaction, in a thread; it commits when the command returns."""
        return await to_writer_thread(runtime().database.attempt, command)

    def _quiet(self) -> None:
        """Forget what was said of the last action."""
        self.problem = ""
        self.done = ""

    def _refuse(self, error: UpstageError) -> None:
        """Say why an action was refused."""
        self.problem, self.done = sentences.sentence(error), ""

    def _succeed(self, words: str) -> None:
        """Say that an action succeeded."""
        self.problem, self.done = "", words
