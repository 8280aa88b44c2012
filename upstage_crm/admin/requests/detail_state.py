"""One request: what it is, what became of it, and what staff may still do."""

from datetime import datetime
from typing import Any, ClassVar
from urllib.parse import unquote

import reflex as rx
from sqlmodel import Session

from upstage_crm.admin.guard import AdminState
from upstage_crm.admin.requests.address import request_href
from upstage_crm.admin.requests.detail import Found, RequestPage, Viewer, request_page
from upstage_crm.admin.second_person import refusals
from upstage_crm.audit import trail
from upstage_crm.change_requests import commands, desk_queries, overview, queries
from upstage_crm.change_requests.errors import UnknownRequest
from upstage_crm.change_requests.rules import HeldFor, RequestState
from upstage_crm.core import when
from upstage_crm.core.errors import UpstageError
from upstage_crm.core.ids import parse_reference
from upstage_crm.mail import event_log, outbox
from upstage_crm.mail.queries import MAX_PAGE_SIZE, mails
from upstage_crm.organisation.settings import details
from upstage_crm.receipts.queries import lines_of_request
from upstage_crm.staff.roles import Permission, StaffMember
from upstage_crm.ui.copy import STATE_WORDS
from upstage_crm.web.hub import hub
from upstage_crm.wiring import runtime

ENTRIES = 500  # of the trail; the limits on sending again keep every request far below
TYPED_LIMIT = 40  # characters of an address that we repeat to who typed it


class RequestDetailState(AdminState):
    """What the page of one request shows. `shown` is loading, request or missing."""

    permission: ClassVar[Permission | None] = Permission.VIEW_REQUESTS

    shown: str = "loading"
    typed: str = ""
    detail: RequestPage = RequestPage()
    news: str = ""
    is_withdrawing: bool = False

    _reference: str = ""

    @rx.event
    async def load(self) -> Any:
        """Show the request that the address names, however its reference is spelled."""
        typed = unquote(self.router.url.path.rstrip("/").rpartition("/")[2])
        self._reference = parse_reference(typed)
        self.typed, self.news, self.is_withdrawing = typed[:TYPED_LIMIT], "", False
        self._quiet()
        hub.subscribe(self.router.session.client_token, RequestDetailState.refresh)
        await self._frame()
        await self._show()
        if self.shown == "request" and typed != self._reference:
            return rx.redirect(request_href(self._reference), replace=True)
        return None

    @rx.event
    async def refresh(self) -> None:
        """Something changed somewhere: read the request again, and say so if it is another now."""
        before = self.detail.state
        await self._show()
        if self.detail.state != before:
            self.is_withdrawing = False
            self.news = (
                f"This request is now {STATE_WORDS[RequestState(self.detail.state)].lower()}."
            )

    @rx.event
    def ask_withdraw(self, is_open: bool) -> None:
        """Open or close the question whether to withdraw."""
        self._quiet()
        self.is_withdrawing = is_open is True and self.detail.can_withdraw

    @rx.event
    async def withdraw(self) -> None:
        """Withdraw the request, once the question stands open: a second press does nothing."""
        if not self.is_withdrawing:
            return
        self.is_withdrawing = False
        parts, actor, reference = runtime(), self._actor(), self._reference
        await self._act(
            lambda session: commands.withdraw(
                session,
                actor=actor,
                reference=reference,
                mailroom=parts.mailroom,
                now=parts.clock.now(),
            ),
            f"{reference} is withdrawn. Its links no longer work.",
        )

    @rx.event
    async def resend(self) -> None:
        """Send the decision mails again, with new links."""
        parts, actor, reference = runtime(), self._actor(), self._reference
        await self._act(
            lambda session: commands.resend(
                session,
                actor=actor,
                reference=reference,
                mailroom=parts.mailroom,
                now=parts.clock.now(),
            ),
            "Sent again. The links in the earlier mail no longer work.",
        )

    async def _act(self, command: Any, words: str) -> None:
        """Run a command, say how it went, and show what the request is now."""
        self.news = ""
        try:
            await self._command(command)
            self._succeed(words)
        except UpstageError as error:
            self._refuse(error)
        await self._show()

    async def _told(self, *, done: str = "", problem: UpstageError | None = None) -> None:
        """Say how a second step went, and show what the request is now."""
        self.news = ""
        if problem is None:
            self._succeed(done)
        else:
            self._refuse(problem)
        await self._show()

    async def _show(self) -> None:
        reference, actor, now = self._reference, self._actor(), runtime().clock.now()
        try:
            found = await self._read(lambda session: _find(session, reference, actor, now))
        except UnknownRequest:
            self.shown, self.detail = "missing", RequestPage()
            return
        viewer = Viewer(
            id=actor.id,
            may_withdraw=self._may(Permission.WITHDRAW_REQUEST),
            may_resend=self._may(Permission.RESEND_REQUEST),
            may_open_mail=self._may(Permission.VIEW_MAILBOX),
            may_release=self._may(
                Permission.RELEASE_QUARANTINE
                if found.request.held_for is HeldFor.QUARANTINE
                else Permission.RELEASE_REQUEST
            ),
            may_confirm=self._may(Permission.DESK_CONFIRM),
            may_identify=self._may(Permission.DESK_IDENTIFY),
            may_revert=self._may(Permission.REVERT_CHANGE),
            may_see_receipts=self._may(Permission.VIEW_RECEIPTS),
        )
        policy = found.request.policy
        self.detail = request_page(found, viewer=viewer, policy=policy, now=now)
        self.shown = "request"


def _find(session: Session, reference: str, reader: StaffMember, now: datetime) -> Found:
    """Read one request with its trail and mails, as one member sees it.

    Raises:
        UnknownRequest: there is none with this reference.
    """
    request = queries.get(session, reference, reader=reader.role)
    sent = mails(session, request_id=request.id, size=MAX_PAGE_SIZE).items
    desk = desk_queries.confirmations(session, request.id)
    firsts = (request.proposer_id, *(one.clerk_id for one in desk))
    return Found(
        request=request,
        lines=trail.timeline(session, request_id=request.id, limit=ENTRIES),
        mails=sent,
        events=event_log.of_mails(session, [mail.id for mail in sent]),
        reached=outbox.reached(session, request_id=request.id),
        holder=overview.address_holder(session, request.id),
        time_zone=when.zone(details(session).time_zone),
        desk=desk,
        receipts=lines_of_request(session, request.id),
        refusals=refusals(session, reader, firsts, now=now),
    )
