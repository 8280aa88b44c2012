"""Remembers which link a short code stands for: its keyed hash and its claims, never the code."""

from __future__ import annotations

import hmac
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from upstage_crm.audit import seals
from upstage_crm.change_requests.model.rules import RequestState
from upstage_crm.change_requests.model.tables import (
    ChangeRequestRow,
    LinkCodeRow,
)
from upstage_crm.core.db import table_of
from upstage_crm.core.ids import new_id
from upstage_crm.links.claims import LinkClaims, LinkRefused, Reviewer
from upstage_crm.links.codec import LinkCodec

_code, _request = table_of(LinkCodeRow), table_of(ChangeRequestRow)
_ADD = sa.insert(_code)
_OF_LINK = sa.select(_code).where(
    _code.c.request_id == sa.bindparam("request"),
    _code.c.reviewer == sa.bindparam("who"),
    _code.c.version == sa.bindparam("ver"),
)
_IS_NEWEST = _code.c.version == sa.case(
    (_code.c.reviewer == Reviewer.PROPOSED, _request.c.link_version),
    else_=_request.c.notice_version,
)
_NEWEST = (
    sa.select(_code)
    .join(_request, _request.c.id == _code.c.request_id)
    .where(_code.c.request_id == sa.bindparam("request"), _IS_NEWEST)
)
_NEWEST_OF_OPEN = (
    sa.select(_code.c.request_id, _code.c.reviewer, _code.c.claims, _code.c.code_hash)
    .join(_request, _request.c.id == _code.c.request_id)
    .where(
        _IS_NEWEST,
        sa.or_(
            _request.c.state == RequestState.PENDING,
            # Of what was approved and waits, the current mailbox's link alone still counts.
            sa.and_(
                _request.c.state == RequestState.WAITING,
                _request.c.notice_id.is_not(None),
                _code.c.reviewer == Reviewer.CURRENT,
            ),
        ),
    )
    .order_by(_code.c.request_id)
)


@dataclass(frozen=True, slots=True)
class OpenLinks:
    """The open requests by their newest links: made with keys of ours, or not.

    A request with one dead link is dead: that reviewer could no longer answer it.
    """

    alive: tuple[str, ...]
    dead: Mapping[str, frozenset[Reviewer]]

    @property
    def is_lost(self) -> bool:
        """Whether not one is alive: then the keys are the wrong ones, rather than one revoked."""
        return bool(self.dead) and not self.alive


def remember(session: Session, claims: LinkClaims, *, codec: LinkCodec, now: datetime) -> None:
    """Store the code that the mail with this decision link will carry."""
    row = {
        "id": new_id(now),
        "request_id": claims.request_id,
        "reviewer": claims.reviewer,
        "version": claims.version,
        "code_hash": codec.short_code_hash(claims, codec.short_code(claims)),
        "claims": json.dumps(claims.to_json(), sort_keys=True, separators=(",", ":")),
    }
    row["seal"] = seals.seal(session, "link_code", row)
    session.connection().execute(_ADD, row)


def claims(session: Session, *, request_id: str, reviewer: Reviewer, version: int) -> LinkClaims:
    """The link that a reviewer was given, as frozen when it was first mailed.

    Raises:
        RowNotProven: its row is not what was sealed.
    """
    wanted = {"request": request_id, "who": reviewer, "ver": version}
    row = session.connection().execute(_OF_LINK, wanted).mappings().one()
    seals.prove(session, "link_code", row)
    return LinkClaims.from_json(json.loads(row["claims"]))


def open_links(session: Session, codec: LinkCodec) -> OpenLinks:
    """Whose links the ring of keys can still verify, and whose not."""
    return _sorted_out(session.connection().execute(_NEWEST_OF_OPEN).all(), codec)


def dead_of(session: Session, codec: LinkCodec, *, request_id: str) -> frozenset[Reviewer]:
    """Whose newest link of an open request was made with a key that is no longer ours."""
    own = _NEWEST_OF_OPEN.where(_request.c.id == request_id)
    found = _sorted_out(session.connection().execute(own).all(), codec)
    return found.dead.get(request_id, frozenset())


def _sorted_out(rows: Iterable[Any], codec: LinkCodec) -> OpenLinks:
    dead: dict[str, set[Reviewer]] = {}
    for row in rows:
        gone = dead.setdefault(row.request_id, set())
        if not codec.made(LinkClaims.from_json(json.loads(row.claims)), row.code_hash):
            gone.add(row.reviewer)
    return OpenLinks(
        alive=tuple(request_id for request_id, gone in dead.items() if not gone),
        dead={request_id: frozenset(gone) for request_id, gone in dead.items() if gone},
    )


def match(session: Session, *, request_id: str, typed: str, codec: LinkCodec) -> LinkClaims | None:
    """The newest link of a mailbox whose code was typed, if any; each is compared in full."""
    matching: LinkClaims | None = None
    for row in session.connection().execute(_NEWEST, {"request": request_id}).mappings():
        if not seals.is_sealed(session, "link_code", row):
            continue
        link = LinkClaims.from_json(json.loads(row["claims"]))
        try:
            hashed = codec.short_code_hash(link, typed)
        except LinkRefused:  # its key was revoked, and the code with it
            continue
        if hmac.compare_digest(hashed, row["code_hash"]):
            matching = link
    return matching
