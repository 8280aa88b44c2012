"""The one way in which both twins read a link's request and decide it.

A visit starts from what a browser brought along, none of which is trusted: the link is verified
again at every step, and the command checks everything once more behind its locks. Everything here
blocks; call it in a thread.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from urllib.parse import urlencode

from sqlmodel import Session

from upstage_crm.change_requests.decisions import decide as decisions
from upstage_crm.change_requests.lifecycle.answer import Evidence
from upstage_crm.change_requests.model.errors import (
    LinkExpired,
    LinkOutdated,
    MailboxOut,
    RequestEnded,
)
from upstage_crm.change_requests.model.rules import (
    Decision,
    ReviewChannel,
)
from upstage_crm.change_requests.model.views import Phase
from upstage_crm.change_requests.reads import reviewer_page
from upstage_crm.confirm import cookies
from upstage_crm.confirm.page_view import PageWords
from upstage_crm.confirm.page_words import (
    code_words,
    missing_words,
    page_words,
)
from upstage_crm.core.languages import negotiate
from upstage_crm.http.origins import network_of
from upstage_crm.links.claims import LinkClaims, LinkRefused, Purpose
from upstage_crm.organisation.settings import details
from upstage_crm.patrons.visibility import MailboxAccess
from upstage_crm.receipts import queries
from upstage_crm.receipts.facts import LINK_LIFE
from upstage_crm.receipts.visibility import SeenReceipt
from upstage_crm.wiring import runtime

RECEIPT_PAGE: Final = "/confirm/receipt"
TICKETS_PAGE: Final = "/confirm/tickets"
OFFER_PAGE: Final = "/confirm/offer"
SEAT_PAGE: Final = "/confirm/seat"
AGENT_LIMIT = 300  # characters of a browser's name that are kept as evidence


class LinkMissing(LinkRefused):
    """The browser does not hold this link (any more); its mail still has it.

    Told apart for the page's words only: the code is that of every refused link.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """What a browser brought along. `link` is the key from the address and may be anything.

    `languages` is its Accept-Language, for pages whose reader we do not know.
    """

    link: object
    cookies: str
    ip: str = ""
    user_agent: str = ""
    languages: str = ""

    @property
    def evidence(self) -> Evidence:
        """What the trail keeps of the browser: its network and its name, nothing finer."""
        return Evidence(ip_prefix=network_of(self.ip), user_agent=self.user_agent[:AGENT_LIMIT])


def token_of(visitor: Visitor) -> str:
    """The token that this visitor's browser holds for the link; not verified.

    Raises:
        LinkRefused: `link` is not a key.
        LinkMissing: the browser holds no such link.
    """
    if not visitor.link:
        raise LinkMissing
    if not isinstance(visitor.link, str) or not cookies.is_key(visitor.link):
        raise LinkRefused
    is_https = runtime().settings.is_https
    token = cookies.links(visitor.cookies, is_https=is_https).get(visitor.link)
    if token is None:
        raise LinkMissing
    return token


def claims_of(visitor: Visitor) -> LinkClaims:
    """What the link says, verified now.

    Raises:
        LinkRefused: it is not one of ours, or stands in the cookie of another.
        LinkMissing: the browser holds no such link.
    """
    claims = runtime().codec.read(token_of(visitor))
    if claims.key != visitor.link:
        raise LinkRefused
    return claims


def holds_link(cookie_header: str) -> bool:
    """Whether a browser holds a link of ours that has not expired. Reads no database."""
    parts = runtime()
    now = parts.clock.now()
    for token in cookies.links(cookie_header, is_https=parts.settings.is_https).values():
        with suppress(LinkRefused):
            if not parts.codec.read(token).is_expired(now):
                return True
    return False


def look(visitor: Visitor, *, choice: str = "") -> PageWords:
    """Return the page that a visitor sees. Writes nothing, however often it is asked."""
    parts = runtime()
    now = parts.clock.now()
    with parts.database.reading() as session:
        organisation = details(session)
        language = negotiate(visitor.languages, organisation.language)
        try:
            claims = claims_of(visitor)
            found = reviewer_page.review(
                session, claims=claims, now=now, otherwise=organisation.language
            )
        except LinkMissing:
            words_of = missing_words if visitor.link else code_words
            return words_of(organisation, language=language)
        except LinkRefused:
            zone = organisation.zone
            return page_words(
                None, now=now, zone=zone, organisation=organisation, language=language
            )
        words = page_words(
            found,
            now=now,
            zone=organisation.zone_of(found.time_zone),
            organisation=organisation,
            choice=choice,
        )
        # Who is still asked has decided nothing that a receipt could tell; who is out reads none.
        is_asked = found.phase is Phase.OPEN and found.purpose is Purpose.DECISION
        if is_asked or found.phase is Phase.OUT:
            return words
        return replace(words, receipt=_receipt_address(session, claims, now=now))


def receipts(
    session: Session, claims: LinkClaims, *, now: datetime
) -> tuple[SeenReceipt, ...] | None:
    """The receipts that a link opens, the newest first; None once the link is too old for it.

    Raises:
        LinkRefused: the request does not exist.
    """
    if _is_too_old(claims, now):
        return None
    access = reviewer_page.mailbox_access(session, claims=claims, now=now)
    return queries.of_request(session, claims.request_id, access=access)


def answer(
    visitor: Visitor,
    decision: Decision,
    *,
    channel: ReviewChannel,
    comment: str = "",
    answers: Mapping[str, Decision] | None = None,
) -> PageWords:
    """As `decide`, and return the page that says what holds now."""
    decide(visitor, decision, channel=channel, comment=comment, answers=answers)
    return look(visitor)


def decide(
    visitor: Visitor,
    decision: Decision,
    *,
    channel: ReviewChannel,
    comment: str = "",
    answers: Mapping[str, Decision] | None = None,
) -> None:
    """Decide all that this visitor may decide.

    `answers` gives single fields, by the key on the page, an answer of their own; it may name
    anything, and what this visitor may not answer is left alone.

    When the request had ended before, or the link no longer counts, nothing happens: a second press
    is no error.

    Raises:
        InvalidText: the comment is too long; nothing was decided.
    """
    parts = runtime()
    with suppress(RequestEnded, LinkOutdated, LinkExpired, LinkRefused, MailboxOut):
        claims = claims_of(visitor)
        parts.database.attempt(
            lambda session: decisions.decide(
                parts.command_context(session),
                claims=claims,
                decision=decision,
                channel=channel,
                comment=comment,
                answers=answers,
                evidence=visitor.evidence,
            )
        )


def _receipt_address(session: Session, claims: LinkClaims, *, now: datetime) -> str:
    """Where the receipts that a link opens stand; "" when it opens none."""
    # Whether there is one does not depend on what of it is masked.
    access = MailboxAccess(claims.reviewer)
    if _is_too_old(claims, now) or not queries.of_request(
        session, claims.request_id, access=access
    ):
        return ""
    return f"{RECEIPT_PAGE}?{urlencode({'link': claims.key})}"


def _is_too_old(claims: LinkClaims, now: datetime) -> bool:
    """Whether a link no longer opens receipts."""
    return now >= max(claims.expires_at, claims.issued_at + LINK_LIFE)
