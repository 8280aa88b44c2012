"""Every mail as its reader gets it: the page at `/mailbox/gallery/` and the mails in its frames.

Rendered from the real templates with invented people, in every language, light and dark.
"""

from __future__ import annotations

import asyncio
import re
from html import unescape
from typing import Any, ClassVar
from urllib.parse import urlencode

import reflex as rx
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from upstage_crm.admin.frame import framed
from upstage_crm.admin.guard import AdminState
from upstage_crm.admin.mailbox.raw import HEADERS
from upstage_crm.admin.mailbox.state import MailboxState
from upstage_crm.core.languages import LANGUAGES, SOURCE
from upstage_crm.http.session_cookie import member_of_cookie
from upstage_crm.mail.catalogue import CATALOGUE
from upstage_crm.mail.compose import Composer, PreparedMail
from upstage_crm.mail.delivery import Transport
from upstage_crm.mail.message import Audience, MailKind
from upstage_crm.mail.placeholders import Secrets, dead_secrets, fill
from upstage_crm.mail.samples import AT, sample_draft
from upstage_crm.pages.list_page import list_crumb
from upstage_crm.pages.page_state import PageMixin
from upstage_crm.staff.roles import Permission, may
from upstage_crm.ui.components.base import Text, filled, show_if
from upstage_crm.ui.components.foreign import foreign_frame
from upstage_crm.ui.components.page import card, columns, page_header, stack
from upstage_crm.ui.components.records.record import definitions
from upstage_crm.ui.components.records.toolbar import (
    filter_select,
    toolbar,
)
from upstage_crm.ui.components.text import breadcrumbs
from upstage_crm.wording.mails import AUDIENCE_WORDS, MAIL_KIND_WORDS
from upstage_crm.wording.sentences import LANGUAGE_WORDS

PLACE = "/mailbox/gallery/"
PART = "/mailbox/sample"
SCHEMES = ("light", "dark")
_PREHEADER = re.compile(r'<div[^>]*class="preheader"[^>]*>(.*?)</div>', re.DOTALL)
_QUERY = "@media (prefers-color-scheme: dark)"
# A frame cannot be told which colours its reader prefers, so the style sheet is.
_FORCED = {"light": "@media not all", "dark": "@media all"}
_COMPOSER = Composer(mail_from="Lyric Theatre <hello@lyric.example>", transport=Transport.LOCAL)

MAILS = tuple(
    (kind, audience)
    for kind in MailKind
    for audience in Audience
    if audience in CATALOGUE[kind].links
)
_CHOICES = [
    (f"{kind.value}.{audience.value}", f"{MAIL_KIND_WORDS[kind]}, to {AUDIENCE_WORDS[audience]}")
    for kind, audience in MAILS
]
_LANGUAGES = [(code, LANGUAGE_WORDS[code]) for code in LANGUAGES]
_SCHEMES = [("light", "Light"), ("dark", "Dark")]


class GalleryState(PageMixin, AdminState):
    """Which mail is shown, in which language and colours; all of it stands in the address."""

    permission: ClassVar[Permission | None] = Permission.VIEW_SETTINGS
    keeps: ClassVar[bool] = True

    mail: str = ""
    language: str = SOURCE
    scheme: str = SCHEMES[0]
    html: str = ""
    text: str = ""
    sender: str = ""
    subject: str = ""
    preheader: str = ""

    @rx.event
    def choose_mail(self, name: str) -> Any:
        """Show another mail."""
        return self._go(name, self.language, self.scheme)

    @rx.event
    def choose_language(self, name: str) -> Any:
        """Show it in another language."""
        return self._go(self.mail, name, self.scheme)

    @rx.event
    def choose_scheme(self, name: str) -> Any:
        """Show it in other colours."""
        return self._go(self.mail, self.language, name)

    def _go(self, mail: object, language: object, scheme: object) -> Any:
        self._choose(str(mail), str(language), str(scheme))
        said = {"mail": self.mail, "lang": self.language, "scheme": self.scheme}
        return rx.redirect(f"{PLACE}?{urlencode(said)}", replace=True)

    def _start(self) -> None:
        asked = self.router.url.query_parameters
        self._choose(asked.get("mail", ""), asked.get("lang", ""), asked.get("scheme", ""))

    def _choose(self, mail: str, language: str, scheme: str) -> None:
        self.mail = mail if mail in dict(_CHOICES) else _CHOICES[0][0]
        self.language = language if language in LANGUAGES else SOURCE
        self.scheme = scheme if scheme in SCHEMES else SCHEMES[0]
        said = {"mail": self.mail, "lang": self.language, "scheme": self.scheme}
        self.html = f"{PART}?{urlencode(said | {'format': 'html'})}"
        self.text = f"{PART}?{urlencode(said | {'format': 'text'})}"
        kind, _, audience = self.mail.partition(".")
        made = inbox_line(MailKind(kind), Audience(audience), self.language)
        self.sender, self.subject, self.preheader = made


def page() -> rx.Component:
    """Return the page."""
    state = GalleryState
    return framed(
        state,
        page_header(
            "Every email",
            subtitle="From the real templates, with invented people. Links lead nowhere.",
            crumbs=breadcrumbs(list_crumb(MailboxState, "Mailbox"), here="Every email"),
        ),
        stack(
            toolbar(
                filter_select(
                    "Mail", _CHOICES, value=state.mail, on_change=state.choose_mail, id="mail"
                ),
                filter_select(
                    "Language",
                    _LANGUAGES,
                    value=state.language,
                    on_change=state.choose_language,
                    id="language",
                ),
                filter_select(
                    "Colours",
                    _SCHEMES,
                    value=state.scheme,
                    on_change=state.choose_scheme,
                    id="scheme",
                ),
            ),
            card(
                definitions(
                    ("From", rx.el.bdi(state.sender)),
                    ("Subject", rx.el.bdi(state.subject)),
                    ("Preview text", rx.el.bdi(state.preheader)),
                ),
                title="In the inbox",
            ),
            columns(
                card(_shown(state.html, "The email as it is shown"), title="As shown", flush=True),
                card(_shown(state.text, "The email’s plain text"), title="Plain text", flush=True),
            ),
        ),
        active="mailbox",
        waiting=page_header("Every email", crumbs=breadcrumbs(("Mailbox", "/mailbox/"), here="…")),
    )


def _shown(address: Text, title: str) -> rx.Component:
    return rx.fragment(show_if(filled(address), foreign_frame(address, title=title)))


async def sample(request: Request) -> Response:
    """One sample mail, for a frame. A role that may not look gets a 404, and so does nonsense."""
    cookie = request.headers.get("cookie", "")
    member = await asyncio.to_thread(member_of_cookie, cookie)
    asked = request.query_params
    kind, _, audience = asked.get("mail", "").partition(".")
    known = {(k.value, a.value): (k, a) for k, a in MAILS}
    is_known = (kind, audience) in known and asked.get("lang", "") in LANGUAGES
    if member is None or not may(member, Permission.VIEW_SETTINGS) or not is_known:
        return HTMLResponse("There is no such email.\n", 404)
    html, text = await asyncio.to_thread(
        rendered, *known[(kind, audience)], asked["lang"], asked.get("scheme", SCHEMES[0])
    )
    if asked.get("format") == "text":
        return PlainTextResponse(text, headers=HEADERS)
    return HTMLResponse(html, headers=HEADERS)


def rendered(
    kind: MailKind, audience: Audience, language: str, scheme: str = SCHEMES[0]
) -> tuple[str, str]:
    """The HTML and the text of a sample, with dead links, in one language and colour scheme.

    Staff read English, whatever language is asked for.
    """
    made, secrets = _made(kind, audience, language)
    html = fill(made.message.html, mail_id=made.id, secrets=secrets)
    text = fill(made.message.text, mail_id=made.id, secrets=secrets)
    return html.replace(_QUERY, _FORCED.get(scheme, _FORCED["light"])), text


def inbox_line(kind: MailKind, audience: Audience, language: str) -> tuple[str, str, str]:
    """What a reader sees before opening a sample: the sender, the subject, the preview text."""
    made, _secrets = _made(kind, audience, language)
    found = _PREHEADER.search(made.message.html)
    preheader = " ".join(unescape(found[1]).split()) if found else ""
    return made.message.from_, made.message.subject, preheader


def _made(kind: MailKind, audience: Audience, language: str) -> tuple[PreparedMail, Secrets]:
    language = SOURCE if audience is Audience.STAFF else language
    draft = sample_draft(kind, audience, language=language)
    return _COMPOSER.prepare(draft, now=AT), dead_secrets(draft.links)


ROUTES = [Route(PART, sample, methods=["GET"])]
