"""The mailbox: every mail, and one of them open."""

from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, ClassVar

import reflex as rx
from sqlmodel import Session

from upstage_crm.admin.guard import AdminState
from upstage_crm.admin.mailbox.export import found_mails, may_export
from upstage_crm.admin.mailbox.reading import drawer_for, links_of
from upstage_crm.admin.mailbox.rows import MailLine, OpenMail, mail_line, open_mail
from upstage_crm.admin.mailbox.strip import Strip, strip_of
from upstage_crm.admin.mailbox.url import EXPORT, SHAPE
from upstage_crm.change_requests.lifecycle import resend_mail
from upstage_crm.change_requests.lifecycle.mail_access import (
    may_open,
    sights_of_mails,
)
from upstage_crm.change_requests.reads.references import (
    references,
)
from upstage_crm.core.errors import UpstageError
from upstage_crm.jobs.news import Topic
from upstage_crm.mail import event_log, queries
from upstage_crm.mail.delivery import MailMode
from upstage_crm.mail.queries import MailNotFound
from upstage_crm.organisation.settings import details
from upstage_crm.pages.list_state import ListMixin, ListPage, Query
from upstage_crm.pages.list_url import ListShape, ListUrl
from upstage_crm.staff.roles import Permission, Role
from upstage_crm.wiring import runtime

PARTLY_SEARCHED = (
    f"The newest {queries.SEARCHED:,} emails were searched. Choose dates to look further back, "
    "or type a whole address."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What one look into the mailbox gave besides rows: how the outbox does, or one mail.

    `shown` says whether the mail is there, and for who looks: mail, masked or missing.
    """

    strip: Strip = field(default_factory=Strip)
    mail: OpenMail = field(default_factory=OpenMail)
    shown: str = ""


class MailboxState(ListMixin, AdminState):
    """What the mailbox shows; `shown` may be mail, masked or missing as well.

    Its subject is the id of the mail that is open.
    """

    permission: ClassVar[Permission | None] = Permission.VIEW_MAILBOX
    topics: ClassVar[frozenset[Topic]] = frozenset({Topic.MAILS, Topic.REQUESTS})
    shape: ClassVar[ListShape] = SHAPE
    nouns: ClassVar[tuple[str, str]] = ("email", "emails")

    rows: rx.Field[list[MailLine]] = rx.field(default_factory=list)
    mail: rx.Field[OpenMail] = rx.field(default_factory=OpenMail)
    export_href: str = ""
    strip: rx.Field[Strip] = rx.field(default_factory=Strip)
    may_resume: bool = False
    may_send: bool = False
    may_see_gallery: bool = False
    may_export: bool = False
    is_demo: bool = False

    @rx.event
    async def send_again(self, subject: str) -> Any:
        """Queue the open mail anew: a second mail that says so."""
        if not self._is_about(subject):
            return None
        actor, mail_id = self._actor(), self.subject
        parts = runtime()
        try:
            again = await self._command(
                lambda session: resend_mail.send_again(
                    parts.staff_context(session, actor), mail_id=mail_id
                )
            )
        except UpstageError as error:
            self._refuse(error)
            return None
        self._succeed("It is sent again as a new email, shown here.")
        self._empty_rows()
        return self._go(replace(self._url(), subject=again))

    @rx.event
    async def resume(self) -> Any:
        """End a pause: one mail is tried at once."""
        actor = self._actor()
        try:
            await self._command(
                lambda session: resend_mail.resume(runtime().staff_context(session, actor))
            )
        except UpstageError as error:
            self._refuse(error)
            return None
        self._succeed("One email is tried now. If it is sent, the others follow.")
        await self._frame()
        return MailboxState.fetch

    def _set(self, url: ListUrl) -> None:
        super()._set(url)
        query = self.list_href.removeprefix(self.shape.path)
        self.export_href = f"{EXPORT}{query}"

    def _empty_rows(self) -> None:
        super()._empty_rows()
        self.mail = OpenMail()

    async def _leave(self) -> None:
        await super()._leave()
        if self.subject:
            self._empty_rows()
            self.places = []

    async def _show(self) -> Any:
        self.is_demo = runtime().mail_mode is MailMode.DEMO
        self.may_resume = self._may(Permission.EDIT_SETTINGS)
        self.may_see_gallery = self._may(Permission.VIEW_SETTINGS)
        self.may_send = self._may(Permission.RESEND_REQUEST)
        self.may_export = may_export(self._actor())
        return await super()._show()

    def _query(self) -> Query:
        return partial(_look, reader=self._actor().role, size=self.size)

    def _take_extra(self, extra: Any) -> None:
        self.strip, self.mail = extra.strip, extra.mail
        self.shown = extra.shown or self.shown


def _look(session: Session, url: ListUrl, *, reader: Role, size: int) -> ListPage:
    if url.subject:
        return ListPage(extra=_open(session, url.subject, reader))
    page = found_mails(session, url, page=url.page, size=size, reader=reader)
    sights = sights_of_mails(session, page.items, reader=reader)
    known = references(session, {mail.request_id for mail in page.items if mail.request_id})
    now, zone = runtime().clock.now(), details(session).zone
    rows = [
        mail_line(
            mail,
            href=SHAPE.href(replace(url, subject=mail.id)),
            references=known,
            access=sights[mail.id],
            now=now,
            time_zone=zone,
        )
        for mail in page.items
    ]
    strip = strip_of(session, now=now, time_zone=zone)
    notice = PARTLY_SEARCHED if page.is_partial else ""
    return ListPage(rows=rows, total=page.total, notice=notice, extra=Found(strip=strip))


def _open(session: Session, mail_id: str, reader: Role) -> Found:
    parts = runtime()
    try:
        stored = queries.mail(session, mail_id)
    except MailNotFound:
        return Found(shown="missing")
    if not may_open(session, stored, reader=reader):
        return Found(shown="masked")
    request_id = stored.summary.request_id
    shown = open_mail(
        stored,
        links=links_of(stored, parts),
        shows_files=drawer_for(stored, parts) is not None,
        events=event_log.of_mails(session, [mail_id]).get(mail_id, ()),
        references=references(session, {request_id} if request_id else set()),
        now=parts.clock.now(),
        time_zone=details(session).zone,
    )
    return Found(mail=shown, shown="mail")
