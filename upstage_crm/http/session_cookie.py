"""The cookies of staff.

The session, the browser itself (so that a new one is news), and a link that a mail brought.
"""

from __future__ import annotations

from datetime import timedelta

from starlette.responses import Response

from upstage_crm.http.cookie_headers import give, held, take
from upstage_crm.http.origins import network_of
from upstage_crm.staff.auth import sessions
from upstage_crm.staff.auth.devices import Source
from upstage_crm.staff.auth.sessions import (
    ABSOLUTE_LIFE,
    SignedIn,
    Stage,
)
from upstage_crm.staff.roles import StaffMember
from upstage_crm.wiring import runtime

NAME = "upstage-session"
SECURE_NAME = f"__Host-{NAME}"
DEVICE, DEVICE_LIFE = "upstage-device", timedelta(days=365)
LINK, LINK_LIFE = "upstage-staff-link", timedelta(minutes=30)


def session_token(cookie_header: str, *, is_https: bool) -> str:
    """The session token in a Cookie header; empty when there is none."""
    return held(cookie_header, NAME, is_https=is_https)


def set_session(response: Response, token: str, *, is_https: bool) -> None:
    """Give the browser its session."""
    give(response, NAME, token, life=ABSOLUTE_LIFE, is_https=is_https)


def clear_session(response: Response, *, is_https: bool) -> None:
    """Take the session from the browser."""
    take(response, NAME, is_https=is_https)


def source_of(host: str, cookie_header: str) -> Source:
    """Where an attempt comes from: the visitor's address and what the browser brought along."""
    device = held(cookie_header, DEVICE, is_https=runtime().settings.is_https)
    return Source(network=network_of(host), device=device)


def member_of_cookie(cookie_header: str) -> StaffMember | None:
    """The member whose live session a Cookie header carries; reads the database, writes nothing.

    A member who has not given the second factor yet, or has to set one up, counts as signed out.
    """
    signed_in = signed_in_by_cookie(cookie_header)
    return signed_in.member if signed_in and signed_in.stage is Stage.COMPLETE else None


def signed_in_by_cookie(cookie_header: str) -> SignedIn | None:
    """The live session that a Cookie header carries, however far it has come."""
    parts = runtime()
    token = session_token(cookie_header, is_https=parts.settings.is_https)
    if not token:
        return None
    with parts.database.reading() as session:
        return sessions.find_any(session, token, now=parts.clock.now())
