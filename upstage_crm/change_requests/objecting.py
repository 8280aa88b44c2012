"""Somebody says "this wasn't me" or "this is not my address" while a request is open."""

from __future__ import annotations

from upstage_crm.audit.events import Action
from upstage_crm.change_requests import receipting, settling
from upstage_crm.change_requests.answering import Answer, record_review
from upstage_crm.change_requests.errors import RequestEnded
from upstage_crm.change_requests.rules import FieldOutcome
from upstage_crm.change_requests.settling import Case
from upstage_crm.change_requests.tables import (
    FieldChangeRow,
    ReviewRow,
    SuppressedAddressRow,
)
from upstage_crm.links.claims import Reviewer
from upstage_crm.mail.message import MailKind
from upstage_crm.patrons import commands as patrons


def object_to(case: Case, answer: Answer) -> None:
    """Stop what this mailbox may stop, mark the record and tell everybody.

    Raises:
        RequestEnded: it may stop nothing (any more).
    """
    objected = _objectionable(case, answer.reviewer)
    if not objected:
        raise RequestEnded(state=case.request.state)
    told = _told(case, answer.reviewer)
    patrons.flag(case.session, patron_id=case.patron.id)
    for change in objected:
        review = _review_of(case, change, answer.reviewer)
        # Whoever approved first and objects now is heard; the trail tells both, in order.
        if review.decision is None:
            record_review(case, review, answer)
        case.note(
            Action.FIELD_OBJECTED,
            answer.actor,
            answer.door,
            facts=answer.facts | {"field": change.field},
            values=answer.values,
        )
    case.settle(objected, FieldOutcome.OBJECTED)
    if answer.reviewer is Reviewer.PROPOSED:
        _suppress(case, objected, answer)
    state = case.close()
    kind = MailKind.CHANGE_REJECTED
    case.mailroom.tell_ended(case.session, case.matter(objected), kind=kind, to=told, now=case.now)
    receipting.of_answers(case, answer, [(change, answer.decision) for change in objected])
    if not state.is_open:
        case.tell_proposer(comment=answer.comment)


def _objectionable(case: Case, reviewer: Reviewer) -> list[FieldChangeRow]:
    """What this mailbox may object to: the record's own address to all, another to its fields."""
    if reviewer is Reviewer.CURRENT:
        return case.open_changes
    return [
        change
        for change in case.open_changes
        if any(review.reviewer is reviewer for review in case.reviews.get(change.id, []))
    ]


def _told(case: Case, reviewer: Reviewer) -> list[Reviewer]:
    """The record's own address always; the proposed one if it was asked and did not object."""
    if reviewer is Reviewer.CURRENT and Reviewer.PROPOSED in case.mailed():
        return [Reviewer.CURRENT, Reviewer.PROPOSED]
    return [Reviewer.CURRENT]


def _review_of(case: Case, change: FieldChangeRow, reviewer: Reviewer) -> ReviewRow:
    """This reviewer's review of a field; one who was told but not asked gets one now."""
    for review in case.reviews.get(change.id, []):
        if review.reviewer is reviewer:
            return review
    return case.add_review(change, reviewer, case.patron.email or "")


def _suppress(case: Case, objected: list[FieldChangeRow], answer: Answer) -> None:
    """Remember every proposed mailbox among `objected`: it is never asked again."""
    for change in objected:
        if settling.is_mailbox(change):
            # One that another request has suppressed already stays that request's.
            if case.session.get(SuppressedAddressRow, change.proposed_key) is None:
                row = SuppressedAddressRow(
                    address_key=change.proposed_key, request_id=case.request.id, created_at=case.now
                )
                case.session.add(row)
                case.session.flush()
            values: dict[str, str | None] = {"address": change.proposed_key}
            case.note(Action.ADDRESS_SUPPRESSED, answer.actor, answer.door, values=values)
