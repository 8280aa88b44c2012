"""The door: `/door/` and one page for each performance, its list, and the scans that devices send.

Only members who may check tickets get an answer. A page is complete without a script; with one it
goes on without a network. The camera is allowed here and nowhere else.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import asdict
from datetime import timedelta, tzinfo
from functools import partial
from typing import Any, Final
from urllib.parse import quote

from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from upstage_crm.box_office.door import door_page, sent_scans
from upstage_crm.core import when
from upstage_crm.core.errors import Forbidden, NotFound, UpstageError
from upstage_crm.core.ids import new_id
from upstage_crm.core.threads import to_writer_thread
from upstage_crm.door import commands, queries
from upstage_crm.door.errors import ScanUnreadable
from upstage_crm.door.views import ScanAnswer, SentScan
from upstage_crm.http.origins import is_own_form, typed
from upstage_crm.http.session_cookie import member_of_cookie
from upstage_crm.orders.files.ticket_code import LAYOUTS, key_number
from upstage_crm.organisation.settings import details
from upstage_crm.programme import queries as programme
from upstage_crm.programme.errors import UnknownPerformance
from upstage_crm.programme.views import PerformanceView
from upstage_crm.staff.accounts import labels_of
from upstage_crm.staff.roles import Permission, StaffMember, may
from upstage_crm.wiring import runtime

PATH: Final = "/door/"
BEFORE, AFTER = timedelta(hours=12), timedelta(days=14)  # of the performances to choose from
PLAIN_DEVICE: Final = "Browser"  # of a page without a script
_PERFORMANCE: Final = "/door/{performance_id}/"
_HEADERS: Final = {
    "content-security-policy": door_page.POLICY,
    "x-frame-options": "DENY",  # for browsers without frame-ancestors
    "cache-control": "no-store",
    "referrer-policy": "same-origin",
    "x-robots-tag": "noindex",
    "permissions-policy": (
        "camera=(self), microphone=(), geolocation=(), payment=(), usb=(), display-capture=()"
    ),
}
_JAVASCRIPT: Final = "text/javascript; charset=utf-8"
MODULES: Final = ("door.mjs", "codes.mjs", "judge.mjs", "store.mjs", "worker.js")

_Answer = Callable[[StaffMember], Response]


async def choose(request: Request) -> Response:
    """The performances of these days."""
    return await asyncio.to_thread(_page, request, _choose)


async def scanner(request: Request) -> Response:
    """The scanner of a performance."""
    return await asyncio.to_thread(_page, request, partial(_scanner, request))


async def conflicts(request: Request) -> Response:
    """Who went in and should not have."""
    return await asyncio.to_thread(_page, request, partial(_conflicts, request))


async def door_list(request: Request) -> Response:
    """Everything that a device needs to decide by itself, as JSON."""
    return await asyncio.to_thread(_data, request, partial(_list, request))


async def figures(request: Request) -> Response:
    """How many are in, as JSON."""
    return await asyncio.to_thread(_data, request, partial(_figures, request))


async def scans(request: Request) -> Response:
    """Take the scans of a device, and answer each."""
    if not is_own_form(request, runtime().settings.origins):
        return JSONResponse({"refused": "forbidden"}, 403)
    body = await request.body()
    return await to_writer_thread(_data, request, partial(_scans, request, body))


async def scan(request: Request) -> Response:
    """Take the one scan of a page without a script, and show what it came to."""
    if not is_own_form(request, runtime().settings.origins):
        return HTMLResponse("This form is not ours.\n", 403)
    async with request.form() as form:
        given = typed(form)
    return await to_writer_thread(_page, request, partial(_scan, request, given))


async def module(request: Request) -> Response:
    """A module of the pages, or the worker that keeps them."""
    name = request.url.path.rpartition("/")[2]  # one of `MODULES`, or there is no such route
    content = (door_page.FOLDER / name).read_bytes()
    return Response(content, media_type=_JAVASCRIPT, headers={"cache-control": "no-cache"})


def _page(request: Request, answer: _Answer) -> Response:
    """The page for a member who may see it; a browser that is not signed in goes to sign in."""
    member = member_of_cookie(request.headers.get("cookie", ""))
    if member is None:
        return RedirectResponse(f"/sign-in/?next={quote(request.url.path)}", 303)
    if not may(member, Permission.CHECK_TICKETS):
        return HTMLResponse("There is nothing here.\n", 404)
    try:
        return answer(member)
    except NotFound:
        return HTMLResponse("There is nothing here.\n", 404)


def _data(request: Request, answer: _Answer) -> Response:
    """The data for a member who may see it; 401 without a session."""
    headers = {"cache-control": "no-store"}
    member = member_of_cookie(request.headers.get("cookie", ""))
    if member is None:
        return JSONResponse({"refused": "signed_out"}, 401, headers)
    if not may(member, Permission.CHECK_TICKETS):
        return JSONResponse({"refused": Forbidden.code}, 403, headers)
    try:
        return answer(member)
    except NotFound as refusal:
        return JSONResponse({"refused": refusal.code}, 404, headers)
    except ScanUnreadable as refusal:
        return JSONResponse({"refused": refusal.code, **refusal.facts}, 400, headers)


def _choose(_member: StaffMember) -> Response:
    parts = runtime()
    now = parts.clock.now()
    with parts.database.reading() as session:
        found = programme.between(session, start=now - BEFORE, end=now + AFTER)
        lines = [door_page.named(each, _zone(session, each)) for each in found]
    return _html(door_page.choice(lines))


def _scanner(request: Request, _member: StaffMember) -> Response:
    with runtime().database.reading() as session:
        return _shown(session, _asked(request, session))


def _scan(request: Request, given: dict[str, str], member: StaffMember) -> Response:
    parts = runtime()
    with parts.database.reading() as session:
        performance = _asked(request, session)
    try:
        sent = sent_scans.scan_of(given)
        answer = _taken(member, sent, device=PLAIN_DEVICE, performance_id=performance.id)
    except UpstageError:
        return RedirectResponse(request.url.path, 303)
    with parts.database.reading() as session:
        return _shown(session, performance, sent, answer)


def _shown(
    session: Session,
    performance: PerformanceView,
    sent: SentScan | None = None,
    answer: ScanAnswer | None = None,
) -> Response:
    zone = _zone(session, performance)
    direction = {} if sent is None else {"direction": sent.direction}
    page = door_page.scanner(
        door_page.named(performance, zone),
        queries.figures(session, performance.id),
        nonce=new_id(runtime().clock.now()),
        answer=answer,
        detail="" if answer is None else _detail(session, answer, zone),
        **direction,
    )
    return _html(page)


def _conflicts(request: Request, _member: StaffMember) -> Response:
    with runtime().database.reading() as session:
        performance = _asked(request, session)
        zone = _zone(session, performance)
        lines = queries.conflicts(session, performance.id)
        page = door_page.conflicts(
            door_page.named(performance, zone),
            queries.figures(session, performance.id),
            lines,
            staff=labels_of(session, {line.staff_id for line in lines}),
            zone=zone,
        )
    return _html(page)


def _list(request: Request, _member: StaffMember) -> Response:
    parts = runtime()
    with parts.database.reading() as session:
        performance = _asked(request, session)
        found = queries.door_list(session, performance.id, now=parts.clock.now())
    keys: dict[int, list[str]] = {}
    for kid, public_key in parts.ticket_keys.public_keys.items():
        keys.setdefault(key_number(kid), []).append(public_key)
    listed = [
        {
            "key": each.key,
            "version": each.version,
            "valid": each.is_valid,
            "inside": each.is_inside,
            "place": each.place,
            "detail": ", ".join(filter(None, (each.zone, each.price_type))),
        }
        for each in found.tickets
    ]
    return _json(
        {
            "made_at": when.iso(found.made_at),
            "keys": keys,
            "layouts": LAYOUTS,
            "tickets": listed,
            "figures": asdict(found.figures),
        }
    )


def _figures(request: Request, _member: StaffMember) -> Response:
    with runtime().database.reading() as session:
        found = queries.figures(session, _asked(request, session).id)
    return _json({"figures": asdict(found)})


def _scans(request: Request, body: bytes, member: StaffMember) -> Response:
    device, sent = sent_scans.read(body)
    parts = runtime()
    with parts.database.reading() as session:
        performance = _asked(request, session)
        zone = _zone(session, performance)
    answers: list[dict[str, Any]] = []
    for each in sent:
        try:
            answer = _taken(member, each, device=device, performance_id=performance.id)
        except UpstageError as refusal:  # it must not keep the scans behind it from arriving
            answers.append({"nonce": each.nonce, "verdict": "unknown", "refused": refusal.code})
            continue
        with parts.database.reading() as session:
            detail = _detail(session, answer, zone)
        answers.append(
            {
                "nonce": answer.nonce,
                "verdict": answer.verdict,
                "place": answer.place,
                "detail": detail,
            }
        )
    with parts.database.reading() as session:
        found = queries.figures(session, performance.id)
    return _json({"answers": answers, "figures": asdict(found)})


def _taken(member: StaffMember, sent: SentScan, *, device: str, performance_id: str) -> ScanAnswer:
    parts = runtime()

    def take(session: Session) -> ScanAnswer:
        return commands.take(
            parts.staff_context(session, member),
            sent,
            device=device,
            performance_id=performance_id,
            keys=parts.ticket_keys,
        )

    return parts.database.attempt(take, is_recorded=False)


def _asked(request: Request, session: Session) -> PerformanceView:
    """The performance of the address.

    Raises:
        UnknownPerformance: there is none with this id.
    """
    found = programme.performances(session, [str(request.path_params["performance_id"])])
    if not found:
        raise UnknownPerformance
    return found[0]


def _zone(session: Session, performance: PerformanceView) -> tzinfo:
    return details(session).zone_of(performance.zone)


def _detail(session: Session, answer: ScanAnswer, zone: tzinfo) -> str:
    other = ""
    if answer.other_performance_id:
        [found] = programme.performances(session, [answer.other_performance_id])
        other = f"{found.title}, {when.brief(found.starts_at, _zone(session, found))}"
    return door_page.detail_of(answer, zone=zone, other=other)


def _html(page: str) -> Response:
    return HTMLResponse(page, headers=_HEADERS)


def _json(found: dict[str, Any]) -> Response:
    return JSONResponse(found, headers={"cache-control": "no-store"})


ROUTES = [
    Route(PATH, choose, methods=["GET"]),
    *(Route(f"{PATH}{name}", module, methods=["GET"]) for name in MODULES),
    Route(_PERFORMANCE, scanner, methods=["GET"]),
    Route(_PERFORMANCE, scan, methods=["POST"]),
    Route(f"{_PERFORMANCE}conflicts", conflicts, methods=["GET"]),
    Route(f"{_PERFORMANCE}list", door_list, methods=["GET"]),
    Route(f"{_PERFORMANCE}figures", figures, methods=["GET"]),
    Route(f"{_PERFORMANCE}scans", scans, methods=["POST"]),
]
