"""Counts what withdrawing requests would do, so that staff read it before they press."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlmodel import Session

from upstage_crm.change_requests.lifecycle.locked_request import mailed_about
from upstage_crm.change_requests.reads import requests


@dataclass(frozen=True, slots=True, kw_only=True)
class Consequences:
    """How many requests end, and how many emails tell patrons so."""

    requests: int
    mails: int


def of_withdrawing(session: Session, request_ids: Iterable[str]) -> Consequences:
    """Count what withdrawing these open requests does."""
    ending = set(request_ids)
    mails = sum(len(mailed_about(session, request_id)) for request_id in ending)
    return Consequences(requests=len(ending), mails=mails)


def of_patron(session: Session, patron_id: str) -> Consequences:
    """Count what ends when a patron's record is no longer active."""
    standing = requests.open_fields(session, patron_id)
    return of_withdrawing(session, [change.request_id for change in standing.values()])
