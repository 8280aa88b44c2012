"""Reads what a request proposed, as its reader may propose it again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from upstage_crm.change_requests.model.errors import UnknownRequest
from upstage_crm.change_requests.model.rules import ReasonCode, RequestPath
from upstage_crm.change_requests.model.tables import ChangeRequestRow
from upstage_crm.change_requests.reads import requests
from upstage_crm.organisation.settings import home
from upstage_crm.patrons import fields
from upstage_crm.patrons.queries import access_of
from upstage_crm.patrons.tables import PatronRow
from upstage_crm.staff.roles import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlierProposal:
    """The inputs of an earlier request: the proposed values by field and column."""

    inputs: Mapping[str, Mapping[str, str]]
    reason_code: ReasonCode
    reason_text: str
    is_desk: bool


def last_reason(session: Session, staff_id: str, *, since: datetime) -> ReasonCode | None:
    """The reason of a member's newest proposal; None where they made none since that moment."""
    query = (
        select(ChangeRequestRow.reason_code)
        .where(ChangeRequestRow.proposer_id == staff_id, col(ChangeRequestRow.created_at) >= since)
        .order_by(col(ChangeRequestRow.id).desc())
    )
    found = session.exec(query.limit(1)).first()
    return None if found is None else ReasonCode(found)


def earlier_proposal(
    session: Session, reference: str, *, patron_id: str, reader: Role
) -> EarlierProposal:
    """Return what a patron's request proposed; fields that the reader may not read are left out.

    Raises:
        UnknownRequest: the patron has no request with this reference.
    """
    query = select(ChangeRequestRow).where(
        ChangeRequestRow.reference == reference, col(ChangeRequestRow.patron_id) == patron_id
    )
    request = session.exec(query).first()
    if request is None:
        raise UnknownRequest
    access = access_of(session.get_one(PatronRow, patron_id), reader, home=home(session))
    inputs: dict[str, Mapping[str, str]] = {}
    for change in requests.fields_of(session, [request.id]).get(request.id, []):
        seen = access.kept(requests.values(change.proposed_value))
        columns = fields.field(change.field).columns
        if any(seen.get(column) for column in columns):
            inputs[change.field] = {column: seen.get(column) or "" for column in columns}
    is_read = access.words(request.reason_text) == request.reason_text
    return EarlierProposal(
        inputs=inputs,
        reason_code=request.reason_code,
        reason_text=request.reason_text if is_read else "",
        is_desk=request.path is RequestPath.DESK,
    )
