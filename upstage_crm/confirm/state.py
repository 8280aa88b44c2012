"""The state behind the patron's page. Its handlers are public: visitors may send anything.

No token and no claim is ever in a var. Every handler reads the link from the cookie of the
websocket's handshake and verifies it again; the address only says which of several links is meant.
"""

import asyncio
import hashlib
import logging
from collections.abc import AsyncIterator, Mapping
from typing import Any

import reflex as rx
from reflex.middleware.middleware import Middleware
from reflex.state import BaseState, StateUpdate
from reflex_base.event import Event, EventSpec
from sqlalchemy.exc import SQLAlchemyError

from upstage_crm.change_requests.model.rules import (
    Decision,
    ReviewChannel,
)
from upstage_crm.confirm import link_visit
from upstage_crm.confirm.link_visit import Visitor
from upstage_crm.confirm.page_view import PageWords
from upstage_crm.confirm.page_words import failed_words
from upstage_crm.core.errors import UpstageError
from upstage_crm.core.languages import SOURCE, negotiate, speaker
from upstage_crm.core.threads import to_writer_thread
from upstage_crm.ui.state.base import FeedbackMixin
from upstage_crm.wording import failures, sentences

log = logging.getLogger(__name__)
EACH = "each"  # what is busy while single answers are recorded
TITLE_ID = "title"  # where reading goes on after an answer: on a phone the buttons were far below
_HYDRATE = frozenset({"hydrate", "hydrate_and_load"})


class ConfirmState(FeedbackMixin, rx.State):
    """One patron's page in one tab. `busy` is the answer that is being recorded, if one is.

    `turn` counts the pages shown: each is drawn afresh, never changed in place.
    """

    words: PageWords = PageWords()
    turn: int = 0
    busy: str = ""

    _visited_with: str = ""

    @rx.event
    async def load(self) -> None:
        """Show the request behind the link in the address. Writes nothing."""
        self._quiet()
        self._visited_with = self._fingerprint()
        choice = self.router.url.query_parameters.get("choice", "")
        visitor = self._visitor()
        try:
            self._show(await asyncio.to_thread(link_visit.look, visitor, choice=choice))
        except SQLAlchemyError:
            log.exception("a patron's page could not be read")
            self._show(failed_words(language=negotiate(visitor.languages, SOURCE)))

    @rx.event
    async def approve(self) -> AsyncIterator[EventSpec | None]:
        """Approve everything that this reviewer may decide."""
        async for update in self._answer(Decision.APPROVE):
            yield update

    @rx.event
    async def reject(self, form: Any = None) -> AsyncIterator[EventSpec | None]:
        """Reject everything that this reviewer may decide; `form` may hold the reason."""
        async for update in self._answer(Decision.REJECT, form):
            yield update

    @rx.event
    async def object_to(self) -> AsyncIterator[EventSpec | None]:
        """Say that this was not asked for, or came to the wrong mailbox or person."""
        is_left = self.words.objection == Decision.NOT_THIS_PERSON
        decision = Decision.NOT_THIS_PERSON if is_left else Decision.OBJECT
        async for update in self._answer(decision):
            yield update

    @rx.event
    async def answer_each(self, form: Any = None) -> AsyncIterator[EventSpec | None]:
        """Give every field the answer that `form` holds for it, by the key on the page."""
        answers = _answers(form)
        wanted = {change.key for change in self.words.changes if change.key}
        if not wanted or wanted - answers.keys():
            self.problem = self.words.fixed["EACH_MISSING"]
            return
        first = next(iter(answers.values()))
        async for update in self._answer(first, form, answers=answers, busy=EACH):
            yield update

    async def _answer(
        self,
        decision: Decision,
        form: object = None,
        *,
        answers: Mapping[str, Decision] | None = None,
        busy: str = "",
    ) -> AsyncIterator[EventSpec | None]:
        """Record a decision and show what holds now; the only way to the command."""
        comment = _comment(form)
        if comment is None:
            self.problem = self.words.fixed["UNREADABLE"]
            return
        self._quiet()
        self.busy = busy or decision.value
        yield None
        try:
            self._show(
                await to_writer_thread(
                    link_visit.answer,
                    self._visitor(),
                    decision,
                    channel=ReviewChannel.PATRON_PAGE,
                    comment=comment,
                    answers=answers,
                )
            )
        except UpstageError as error:
            self.problem = sentences.sentence(error, speaker(self.words.lang))
            return
        except SQLAlchemyError:
            log.exception("a patron's answer could not be recorded")
            self.problem = failures.for_patron(speaker(self.words.lang))
            return
        finally:
            self.busy = ""
        yield rx.set_focus(TITLE_ID)

    def _show(self, words: PageWords) -> None:
        self.words = words
        self.turn += 1

    def _is_same_visitor(self) -> bool:
        return self._visited_with == self._fingerprint()

    def _fingerprint(self) -> str:
        """Which cookies the tab came with, without keeping any: they hold the links' tokens."""
        return hashlib.sha256(self._visitor().cookies.encode()).hexdigest()

    def _visitor(self) -> Visitor:
        headers = self.router_data.get("headers") or {}
        return Visitor(
            link=self.router.url.query_parameters.get("link"),
            cookies=str(headers.get("cookie", "")),
            ip=self.router.session.client_ip,
            user_agent=str(headers.get("user-agent", "")),
            languages=str(headers.get("accept-language", "")),
        )


class ConfirmGuard(Middleware):
    """Forgets what a tab has shown when the tab comes back with other cookies.

    A tab's own token is readable by scripts and stays in the browser: a thief with it, without
    the link's cookie, must not be sent what the last visitor saw.
    """

    async def preprocess(self, app: rx.App, state: BaseState, event: Event) -> StateUpdate | None:
        """Let every event pass, with a clean state where the visitor is another one."""
        del app
        if event.name.rpartition(".")[2] in _HYDRATE:
            confirm = await state.get_state(ConfirmState)
            if not confirm._is_same_visitor():  # noqa: SLF001  # private, or it were an endpoint
                confirm.reset()
        return None


def _answers(form: object) -> dict[str, Decision]:
    """The answers to single fields in a submitted form, which may be anything."""
    given: Mapping[Any, Any] = form if isinstance(form, Mapping) else {}
    legal = {d.value: d for d in (Decision.APPROVE, Decision.REJECT)}
    return {
        key: legal[said]
        for key, said in given.items()
        if isinstance(key, str) and isinstance(said, str) and said in legal
    }


def _comment(form: object) -> str | None:
    """The reason in a submitted form; None when it is not what our page sends."""
    if form is None:
        return ""
    if not isinstance(form, dict):
        return None
    comment = form.get("comment", "")
    return comment if isinstance(comment, str) else None
