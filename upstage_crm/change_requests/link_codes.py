"""Remembers which link a short code stands for: its keyed hash and its claims, never the code."""

from __future__ import annotations

import hmac
import json
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session

from upstage_crm.audit import seals
from upstage_crm.change_requests.rules import RequestState
from upstage_crm.change_requests.tables import ChangeRequestRow, LinkCodeRow
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
_OF_VERSION = sa.select(_code).where(
    _code.c.request_id == sa.bindparam("request"), _code.c.version == sa.bindparam("ver")
)

_NEWEST_OF_PENDING = (
    sa.select(_code.c.request_id, _code.c.claims)
    .join(_request, _request.c.id == _code.c.request_id)
    .where(_request.c.state == RequestState.PENDING, _code.c.version == _request.c.link_version)
    .order_by(_code.c.request_id)
)


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


def with_dead_links(session: Session, codec: LinkCodec) -> tuple[str, ...]:
    """The pending requests whose newest links were signed with a key that is no longer ours."""
    rows = session.connection().execute(_NEWEST_OF_PENDING).all()
    dead = (row.request_id for row in rows if not codec.knows(json.loads(row.claims)["kid"]))
    return tuple(dict.fromkeys(dead))


def match(
    session: Session, *, request_id: str, version: int, typed: str, codec: LinkCodec
) -> LinkClaims | None:
    """The link of this version whose code was typed, if any; every one is compared in full."""
    found: LinkClaims | None = None
    wanted = {"request": request_id, "ver": version}
    for row in session.connection().execute(_OF_VERSION, wanted).mappings():
        if not seals.is_sealed(session, "link_code", row):
            continue
        link = LinkClaims.from_json(json.loads(row["claims"]))
        try:
            hashed = codec.short_code_hash(link, typed)
        except LinkRefused:  # its key was revoked, and the code with it
            continue
        if hmac.compare_digest(hashed, row["code_hash"]):
            found = link
    return found
