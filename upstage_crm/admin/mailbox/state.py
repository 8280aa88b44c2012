"""The mailbox: every mail, and one of them open. The address is the truth; see `address.py`."""

import asyncio
import logging
from dataclasses import replace
from typing import Any, ClassVar, NamedTuple

import reflex as rx
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session

from upstage_crm.admin.guard import AdminState
from upstage_crm.admin.mailbox.export import may_export
from upstage_crm.admin.mailbox.reading import links_of
from upstage_crm.admin.mailbox.rows import MailLine, OpenMail, mail_line, open_mail
from upstage_crm.admin.mailbox.strip import Strip, strip_of
from upstage_crm.admin.mailbox.url import (
    EXPORT,
    PLACE,
    QUERY_LIMIT,
    TROUBLED,
    MailboxAddress,
    kind_of,
    read,
    state_of,
)
from upstage_crm.change_requests.lifecycle import resend_mail
from upstage_crm.change_requests.lifecycle.mail_access import (
    may_open,
    sights_of_mails,
)
from upstage_crm.change_requests.reads.references import (
    find_id,
    references,
)
from upstage_crm.core.errors import UpstageError
from upstage_crm.core.ids import parse_reference
from upstage_crm.jobs.news import Topic
from upstage_crm.mail import event_log, queries
from upstage_crm.mail.delivery import MailMode
from upstage_crm.mail.queries import MailNotFound
from upstage_crm.organisation.settings import details
from upstage_crm.pages.list_state import ListMixin
from upstage_crm.staff.roles import Permission, Role
from upstage_crm.wiring import runtime

PAGE_SIZE = 50
log = logging.getLogger(__name__)


class Found(NamedTuple):
    """What one look into the mailbox gave: a page of the list, or one mail.

    `is_masked` says that there is the mail, but not for who looks.
    """

    total: int = 0
    rows: tuple[MailLine, ...] = ()
    mail: OpenMail | None = None
    is_masked: bool = False
    strip: Strip = Strip()


class MailboxState(ListMixin, AdminState):
    """What the mailbox shows. Texts are worded; `shown` names the state of the page.

    Its subject is the id of the mail that is open.
    """

    permission: ClassVar[Permission | None] = Permission.VIEW_MAILBOX
    topics: ClassVar[frozenset[Topic]] = frozenset({Topic.MAILS, Topic.REQUESTS})

    shown: str = "loading"  # loading, rows, nothing, empty, failed, mail, masked, missing
    rows: rx.Field[list[MailLine]] = rx.field(default_factory=list)
    mail: rx.Field[OpenMail] = rx.field(default_factory=OpenMail)
    list_href: str = PLACE
    export_href: str = ""
    strip: rx.Field[Strip] = rx.field(default_factory=Strip)
    may_resume: bool = False
    may_send: bool = False
    may_see_gallery: bool = False
    may_export: bool = False
    is_demo: bool = False
    count: str = ""
    summary: str = ""
    has_next: bool = False
    query: str = ""
    wanted_state: str = ""
    wanted_kind: str = ""
    page: int = 1

    @rx.event(background=True, supersedes=True)
    async def fetch(self) -> None:
        """Read what is wanted; only the newest wish is ever shown."""
        async with self:
            self.is_busy = True
            wanted, reader = self._address(), self._actor().role
        try:
            found = await asyncio.to_thread(_look, wanted, reader)
        except MailNotFound:
            found = Found()
        except SQLAlchemyError:
            log.exception("the mailbox could not be read")
            found = None
        async with self:
            if wanted == self._address():
                self._take(found)

    @rx.event
    def search(self, text: str) -> Any:
        """Show the mails that these words find."""
        words = text[:QUERY_LIMIT] if isinstance(text, str) else ""
        return self._go(replace(self._address(), query=words, page=1))

    @rx.event
    def choose_state(self, name: str) -> Any:
        """Show mails in one state, those that need a person, or any."""
        wanted = replace(self._address(), state=state_of(str(name)), page=1)
        return self._go(replace(wanted, troubled=name == TROUBLED))

    @rx.event
    def choose_kind(self, name: str) -> Any:
        """Show mails of one kind, or of any."""
        return self._go(replace(self._address(), kind=kind_of(str(name)), page=1))

    @rx.event
    def previous_page(self) -> Any:
        """Go back one page."""
        return self._go(replace(self._address(), page=max(self.page - 1, 1)))

    @rx.event
    def next_page(self) -> Any:
        """Go on one page, if there is one."""
        return self._go(replace(self._address(), page=self.page + 1)) if self.has_next else None

    @rx.event
    def clear(self) -> Any:
        """Show all mails again and put the cursor into the search box."""
        self.search_box += 1
        return [*self._go(MailboxAddress()), rx.set_focus("search")]

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
                    session,
                    actor=actor,
                    mail_id=mail_id,
                    notifier=parts.notifier,
                    now=parts.clock.now(),
                )
            )
        except UpstageError as error:
            self._refuse(error)
            return None
        self._succeed("It is sent again as a mail of its own. This is the new one.")
        self._empty_rows()
        return self._go(replace(self._address(), mail=again))

    @rx.event
    async def resume(self) -> Any:
        """End a pause: one mail is tried at once."""
        actor, now = self._actor(), runtime().clock.now()
        try:
            await self._command(lambda session: resend_mail.resume(session, actor=actor, now=now))
        except UpstageError as error:
            self._refuse(error)
            return None
        self._succeed("One mail is tried now. If it leaves, the others follow.")
        await self._frame()
        return MailboxState.fetch

    def _address(self) -> MailboxAddress:
        return MailboxAddress(
            query=self.query,
            state=state_of(self.wanted_state),
            troubled=self.wanted_state == TROUBLED,
            kind=kind_of(self.wanted_kind),
            page=self.page,
            mail=self.subject,
        )

    def _set(self, address: MailboxAddress) -> None:
        self.query, self.page, self.subject = address.query, address.page, address.mail
        self.wanted_state = address.state.value if address.state else ""
        if address.troubled:
            self.wanted_state = TROUBLED
        self.wanted_kind = address.kind.value if address.kind else ""
        self.list_href = address.listed().href()
        query = address.listed().href().removeprefix(PLACE)
        self.export_href = f"{EXPORT}{query}"

    def _asked(self) -> MailboxAddress:
        return read(self.router.url.query_parameters)

    def _empty_rows(self) -> None:
        self.rows, self.mail, self.count, self.shown = [], OpenMail(), "", "loading"

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

    def _take(self, found: Found | None) -> None:
        self.is_busy = False
        if found is None:
            self.shown = "failed"
        elif self.subject:
            self.mail = found.mail or OpenMail()
            self.shown = "masked" if found.is_masked else "mail" if found.mail else "missing"
        else:
            self._take_list(found)

    def _take_list(self, found: Found) -> None:
        self.rows, self.strip = list(found.rows), found.strip
        first = (self.page - 1) * PAGE_SIZE + 1
        last = first + len(self.rows) - 1
        total = f"{found.total:,}"
        self.count = f"{total} mail" if found.total == 1 else f"{total} mails"
        self.summary = f"{first:,}–{last:,} of {total}" if self.rows else f"0 of {total}"
        self.has_next = last < found.total
        narrowed = self._address().is_narrowed
        self.shown = "rows" if self.rows else ("nothing" if narrowed else "empty")


def _look(address: MailboxAddress, reader: Role) -> Found:
    with runtime().database.reading() as session:
        if address.mail:
            return _mail(session, address.mail, reader)
        return _list(session, address, reader)


def _list(session: Session, address: MailboxAddress, reader: Role) -> Found:
    request_id = find_id(session, parse_reference(address.query)) if address.query else None
    page = queries.mails(
        session,
        page=address.page,
        size=PAGE_SIZE,
        request_id=request_id,
        kind=address.kind,
        state=address.state,
        troubled=address.troubled,
        query=None if request_id else address.query,
        reader=reader,
    )
    sights = sights_of_mails(session, page.items, reader=reader)
    known = references(session, {mail.request_id for mail in page.items if mail.request_id})
    now, zone = runtime().clock.now(), details(session).zone
    rows = tuple(
        mail_line(
            mail,
            href=replace(address, mail=mail.id).href(),
            references=known,
            access=sights[mail.id],
            now=now,
            time_zone=zone,
        )
        for mail in page.items
    )
    return Found(page.total, rows, strip=strip_of(session, now=now, time_zone=zone))


def _mail(session: Session, mail_id: str, reader: Role) -> Found:
    parts = runtime()
    stored = queries.mail(session, mail_id)
    if not may_open(session, stored, reader=reader):
        return Found(is_masked=True)
    request_id = stored.summary.request_id
    shown = open_mail(
        stored,
        links=links_of(stored, parts),
        events=event_log.of_mails(session, [mail_id]).get(mail_id, ()),
        references=references(session, {request_id} if request_id else set()),
        now=parts.clock.now(),
        time_zone=details(session).zone,
    )
    return Found(mail=shown)
