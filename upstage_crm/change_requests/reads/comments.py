"""Reads what staff told each other about a request. For pages of staff alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import sqlalchemy as sa
from sqlmodel import Session, col, select

from upstage_crm.change_requests.model.tables import RequestCommentRow


def of_request(session: Session, request_id: str) -> Mapping[str, str]:
    """The words of each comment on a request, by its id; "" for one that was erased."""
    query = select(RequestCommentRow.id, RequestCommentRow.text).where(
        RequestCommentRow.request_id == request_id
    )
    return dict(session.exec(query).all())


def counts(session: Session, request_ids: Sequence[str]) -> Mapping[str, int]:
    """How many comments each request has; requests without any are left out."""
    query = (
        select(RequestCommentRow.request_id, sa.func.count())
        .where(col(RequestCommentRow.request_id).in_(request_ids))
        .group_by(col(RequestCommentRow.request_id))
    )
    return dict(session.exec(query).all())
