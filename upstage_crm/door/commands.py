"""Takes scans: each is written down once, whatever it comes to, and judged by its own moment."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from upstage_crm.core.db import take_turns
from upstage_crm.core.ids import new_id
from upstage_crm.door import rules
from upstage_crm.door.errors import NonceTaken, ScanUnreadable
from upstage_crm.door.queries import SCAN, passages_of
from upstage_crm.door.rules import PASSES, Admitted, Claimed, Direction, Passage, Verdict
from upstage_crm.door.views import ScanAnswer, SentScan
from upstage_crm.orders import admission
from upstage_crm.orders.admission import AdmissionTicket
from upstage_crm.orders.files.ticket_code import CodeClaims, TicketKeys
from upstage_crm.programme.prices.price_types import price_types
from upstage_crm.programme.queries import performance
from upstage_crm.staff.command_context import StaffContext
from upstage_crm.staff.roles import Permission, ensure_may

_NONCE = re.compile(r"[A-Za-z0-9-]{8,48}")
DEVICE_LIMIT = 64  # characters
PASSED = "/passed"  # behind the number of a scan: no device makes such a number


def take(
    context: StaffContext[object],
    sent: SentScan,
    *,
    device: str,
    performance_id: str,
    keys: TicketKeys,
) -> ScanAnswer:
    """Write a scan down and say what it comes to; sent again, it is answered as the first time.

    It is no recorded transaction: call it in `Database.attempt(…, is_recorded=False)`.

    Raises:
        Forbidden: the member may not check tickets.
        UnknownPerformance: there is no such performance.
        ScanUnreadable: the device or its number for the scan is none.
        NonceTaken: the device used that number for another scan.
    """
    ensure_may(context.actor, Permission.CHECK_TICKETS)
    ensure_device(device)
    if not _NONCE.fullmatch(sent.nonce):
        raise ScanUnreadable(part="nonce")
    performance(context.session, performance_id)
    take_turns(context.session, f"scan {device}")
    claims = keys.read(sent.code)
    ticket = admission.lock(context.session, claims.ticket_id) if claims else None
    earlier = _earlier(context, ticket, performance_id)
    scanned_at = rules.moment_of(sent.age, received_at=context.now)
    verdict = _judged(
        claims,
        ticket,
        [passage for passage in earlier if passage.scanned_at <= scanned_at],
        performance_id=performance_id,
        direction=sent.direction,
    )
    values = {
        "id": new_id(context.now),
        "device": device,
        "nonce": sent.nonce,
        "performance_id": performance_id,
        "ticket_id": ticket.id if ticket else "",
        "code_version": claims.version if claims else 0,
        "result": verdict,
        "shown": sent.shown or verdict,
        "direction": sent.direction,
        "scanned_at": scanned_at,
        "received_at": context.now,
        "staff_id": context.actor.id,
    }
    first = _find(context, device=device, nonce=sent.nonce)
    if first is None:
        _write(context, values)
    else:
        verdict = _answered_before(context, first, values)
    return _answer(context, sent.nonce, verdict, ticket, earlier)


def ensure_device(device: str) -> None:
    """Refuse the name of a device that is empty, too long or not printable.

    Raises:
        ScanUnreadable: it is.
    """
    if not device.strip() or len(device) > DEVICE_LIMIT or not device.isprintable():
        raise ScanUnreadable(part="device")


def _judged(
    claims: CodeClaims | None,
    ticket: AdmissionTicket | None,
    earlier: list[Passage],
    *,
    performance_id: str,
    direction: Direction,
) -> Verdict:
    if claims is None or ticket is None:
        return Verdict.UNKNOWN
    admitted = Admitted(
        id=ticket.id,
        performance_id=ticket.performance_id,
        is_valid=ticket.is_valid,
        version=ticket.version,
    )
    return rules.judge(
        Claimed(ticket_id=claims.ticket_id, version=claims.version),
        admitted,
        earlier,
        performance_id=performance_id,
        direction=direction,
    )


def _earlier(
    context: StaffContext[object], ticket: AdmissionTicket | None, performance_id: str
) -> list[Passage]:
    if ticket is None:
        return []
    return passages_of(context.session, ticket_id=ticket.id, performance_id=performance_id)


def _write(context: StaffContext[object], values: Mapping[str, object]) -> None:
    context.session.connection().execute(sa.insert(SCAN).values(**values))


def _find(context: StaffContext[object], *, device: str, nonce: str) -> Mapping[str, Any] | None:
    query = sa.select(SCAN).where(SCAN.c.device == device, SCAN.c.nonce == nonce)
    row = context.session.connection().execute(query).mappings().one_or_none()
    return None if row is None else dict(row)


def _answered_before(
    context: StaffContext[object], first: Mapping[str, Any], values: Mapping[str, Any]
) -> Verdict:
    """What the scan came to when it was sent first.

    A device that waited too long for that answer decided by itself. Where it let the person pass
    and we would not have, its scan is a passage of its own.

    Raises:
        NonceTaken: it was another scan.
    """
    same = ("performance_id", "ticket_id", "code_version", "direction")
    if any(first[name] != values[name] for name in same):
        raise NonceTaken
    nonce = f"{values['nonce']}{PASSED}"
    is_passage = values["shown"] in PASSES and first["shown"] not in PASSES
    if is_passage and _find(context, device=values["device"], nonce=nonce) is None:
        _write(context, {**values, "nonce": nonce, "result": first["result"]})
    return first["result"]


def _answer(
    context: StaffContext[object],
    nonce: str,
    verdict: Verdict,
    ticket: AdmissionTicket | None,
    earlier: list[Passage],
) -> ScanAnswer:
    if ticket is None:
        return ScanAnswer(nonce=nonce, verdict=verdict)
    types = price_types(context.session)
    before = rules.entry_that_counts(earlier) if verdict is Verdict.USED else None
    is_elsewhere = verdict is Verdict.WRONG_PERFORMANCE
    return ScanAnswer(
        nonce=nonce,
        verdict=verdict,
        place=ticket.place,
        zone=ticket.zone,
        price_type=types[ticket.type_id].name if ticket.type_id in types else "",
        other_performance_id=ticket.performance_id if is_elsewhere else "",
        before_at=before.scanned_at if before else None,
        before_device=before.device if before else "",
    )
