"""One request: what it is, what became of it, and what staff may still do."""

from datetime import datetime
from typing import Any, ClassVar
from urllib.parse import unquote

import reflex as rx
from sqlmodel import Session

from upstage_crm.admin.guard import AdminState
from upstage_crm.admin.requests.detail import Found, RequestPage, Viewer, request_page
from upstage_crm.admin.requests.url import request_href
from upstage_crm.admin.second_person import refusals
from upstage_crm.audit import trail
from upstage_crm.change_requests.disputes import suppressions
from upstage_crm.change_requests.model.errors import UnknownRequest
from upstage_crm.change_requests.model.rules import (
    HeldFor,
    RequestState,
)
from upstage_crm.change_requests.reads import comments, dashboard, desk_confirmations, requests
from upstage_crm.core.errors import UpstageError
from upstage_crm.core.ids import parse_reference
from upstage_crm.jobs.news import Topic
from upstage_crm.mail import event_log, outbox
from upstage_crm.mail.queries import MAX_PAGE_SIZE, mails
from upstage_crm.organisation.settings import details
from upstage_crm.pages.page_state import PageMixin
from upstage_crm.receipts.queries import lines_of_request
from upstage_crm.staff.roles import Permission, StaffMember
from upstage_crm.wiring import runtime
from upstage_crm.wording.sentences import STATE_WORDS

ENTRIES = 500  # of the trail; the limits on sending again keep every request far below
TYPED_LIMIT = 40  # characters of an address that we repeat to who typed it


class RequestDetailState(PageMixin, AdminState):
    """What the page of one request shows. `shown` is loading, request or missing.

    Its subject is the reference, as it is stored; `typed` is how the address spells it.
    """

    permission: ClassVar[Permission | None] = Permission.VIEW_REQUESTS
    is_live: ClassVar[bool] = True
    topics: ClassVar[frozenset[Topic]] = frozenset({Topic.REQUESTS, Topic.PATRONS, Topic.MAILS})

    title: str = ""
    shown: str = "loading"
    typed: str = ""
    detail: RequestPage = RequestPage()
    news: str = ""

    @rx.event
    async def refresh(self) -> None:
        """Something changed somewhere: read the request again, and say so if it is another now."""
        if self._page != self.get_full_name():
            return
        before = self.detail.state
        await self._show()
        if self.detail.state != before:
            # The open question was about what the request was a moment ago.
            await self._close_any_dialog()
            self.news = (
                f"This request is now {STATE_WORDS[RequestState(self.detail.state)].lower()}."
            )

    def _succeed(self, words: str) -> None:
        self.news = ""
        super()._succeed(words)

    def _refuse(self, error: UpstageError) -> None:
        self.news = ""
        super()._refuse(error)

    def _start(self) -> None:
        typed = unquote(self.router.url.path.rstrip("/").rpartition("/")[2])
        self.subject, self.typed = parse_reference(typed), typed[:TYPED_LIMIT]

    def _about(self) -> str:
        """How dialogs name this request."""
        return f"{self.detail.reference} · {self.detail.patron}, {self.detail.patron_number}"

    async def _show(self) -> Any:
        reference, actor, now = self.subject, self._actor(), runtime().clock.now()
        try:
            found = await self._read(lambda session: _find(session, reference, actor, now))
        except UnknownRequest:
            self.shown, self.detail = "missing", RequestPage()
            self.title = f"No such request · Requests · {self.organisation}"
            return None
        self._narrow(found.request.id, found.request.patron_id)
        viewer = Viewer(
            id=actor.id,
            may_withdraw=self._may(Permission.WITHDRAW_REQUEST),
            may_resend=self._may(Permission.RESEND_REQUEST),
            may_open_mail=self._may(Permission.VIEW_MAILBOX),
            may_propose=self._may(Permission.PROPOSE_CHANGE),
            may_release=self._may(
                Permission.RELEASE_QUARANTINE
                if found.request.held_for is HeldFor.QUARANTINE
                else Permission.RELEASE_REQUEST
            ),
            may_confirm=self._may(Permission.DESK_CONFIRM),
            may_identify=self._may(Permission.DESK_IDENTIFY),
            may_lift=self._may(Permission.CLEAR_FREEZE),
            may_revert=self._may(Permission.REVERT_CHANGE),
            may_see_receipts=self._may(Permission.VIEW_RECEIPTS),
            may_comment=self._may(Permission.EDIT_PATRON),
        )
        policy = found.request.policy
        self.detail = request_page(found, viewer=viewer, policy=policy, now=now)
        self.shown = "request"
        self.title = f"{reference} {self.detail.patron} · Requests · {self.organisation}"
        if self.typed == reference:
            return None
        return rx.redirect(request_href(reference), replace=True)


def _find(session: Session, reference: str, reader: StaffMember, now: datetime) -> Found:
    """Read one request with its trail and mails, as one member sees it.

    Raises:
        UnknownRequest: there is none with this reference.
    """
    request = requests.get(session, reference, reader=reader.role)
    sent = mails(session, request_id=request.id, size=MAX_PAGE_SIZE).items
    desk = desk_confirmations.confirmations(session, request.id)
    suppression = suppressions.of_request(session, request.id)
    firsts = [request.proposer_id or "", *(one.clerk_id for one in desk)]
    firsts += [suppression.first_id] if suppression else []
    return Found(
        request=request,
        lines=trail.timeline(session, request_id=request.id, limit=ENTRIES),
        mails=sent,
        events=event_log.of_mails(session, [mail.id for mail in sent]),
        reached=outbox.reached(session, request_id=request.id),
        holder=dashboard.address_holder(session, request.id),
        time_zone=details(session).zone,
        desk=desk,
        suppression=suppression,
        receipts=lines_of_request(session, request.id),
        refusals=refusals(session, reader, firsts, now=now),
        comments=comments.of_request(session, request.id),
    )
