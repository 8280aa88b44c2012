"""What the patron's page says to one visitor. Pure.

Both twins, the page with a websocket and the plain one, show a `PageWords` and the words of
`labels`, and nothing else. Plain words for a reading age of 12; no hurry, and no
answer made to look better.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo

from upstage_crm.change_requests.rules import Decision, FieldOutcome
from upstage_crm.change_requests.views import ChangeReview, Phase, ReviewField
from upstage_crm.confirm import labels
from upstage_crm.confirm.asking import NO_OBJECTION, asking_of, objecting_of
from upstage_crm.confirm.endings import ENDINGS, Ending, ending_of
from upstage_crm.core import when
from upstage_crm.links.claims import Purpose, Reviewer
from upstage_crm.organisation.details import OrganisationDetails
from upstage_crm.ui.copy import OUTCOME_WORDS

_PRESSED: Mapping[str, str] = {
    Decision.APPROVE.value: labels.APPROVE,
    Decision.REJECT.value: labels.REJECT,
}
_SAID: Mapping[Decision, str] = {
    Decision.APPROVE: "You approved this",
    Decision.REJECT: "You rejected this",
    Decision.OBJECT: "You told us that this is wrong",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One line of facts: a label and what it says."""

    label: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One field, both values ready to show; `outcome` is empty where it says nothing new.

    `key` names the field in an answer, and is empty where there is nothing to answer.
    """

    key: str
    label: str
    about: str
    now_heading: str
    now: str
    proposed_heading: str
    proposed: str
    outcome: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PageWords:
    """One page, ready to show. An empty text or tuple means that this part is left out.

    `phase` is a `Phase` value or "missing". With `can_decide` there are two equal answers;
    `is_notice` says that the link came with a notice, whose one answer is an objection;
    `object_title` is not empty where somebody may say "this wasn't me". `choice` is the answer
    that was pressed in the mail. With `can_choose_each` every field may get an answer of its own;
    with `can_enter_code` a reference and a short code open a request. `receipt` is the address of
    the receipts that this link opens, if there are any. Nothing in here is secret from the link's
    holder.
    """

    phase: str = ""
    tone: str = "neutral"
    icon: str = "info"
    title: str = ""
    lead: tuple[str, ...] = ()
    organisation: str = ""
    choice: str = ""
    pressed: str = ""
    pressed_plain: str = ""
    changes: tuple[Change, ...] = ()
    facts: tuple[Fact, ...] = ()
    quote: str = ""
    quote_source: str = ""
    answers: tuple[Fact, ...] = ()
    until: str = ""
    can_decide: bool = False
    can_choose_each: bool = False
    approve: str = labels.APPROVE
    reject: str = labels.REJECT
    can_enter_code: bool = False
    is_notice: bool = False
    object_title: str = ""
    object_words: str = ""
    object_button: str = ""
    steps: tuple[str, ...] = ()
    phone: str = ""
    phone_href: str = ""
    reference: str = ""
    receipt: str = ""

    @property
    def is_found(self) -> bool:
        """Whether the link led to a request of ours."""
        return self.phase != Phase.INVALID.value


def page_words(
    review: ChangeReview | None,
    *,
    now: datetime,
    zone: tzinfo,
    organisation: OrganisationDetails,
    choice: str = "",
) -> PageWords:
    """Return the words for what a visitor's link shows; without a review the link is not ours.

    `zone` is the reader's. `choice` may be anything and counts only as "approve" or "reject".
    """
    if review is None:
        return _without_request(Phase.INVALID.value, organisation)
    if review.phase is Phase.OPEN:
        return _open(review, zone=zone, organisation=organisation, choice=choice)
    return _ended(review, now=now, zone=zone, organisation=organisation)


def missing_words(organisation: OrganisationDetails) -> PageWords:
    """Return the words for a visitor whose browser does not hold the link (any more)."""
    return _without_request("missing", organisation)


def _without_request(name: str, organisation: OrganisationDetails) -> PageWords:
    ending = ENDINGS[name]
    return PageWords(
        phase=name,
        can_enter_code=True,
        tone=ending.tone,
        icon=ending.icon,
        title=ending.title,
        lead=ending.lead,
        organisation=organisation.name,
        steps=ending.steps,
        phone=organisation.desk_phone,
        phone_href=_tel(organisation.desk_phone),
    )


def _open(
    review: ChangeReview, *, zone: tzinfo, organisation: OrganisationDetails, choice: str
) -> PageWords:
    asking, objecting = asking_of(review), objecting_of(review)
    facts = {
        "organisation": organisation.name,
        "until": when.in_words(review.expires_at, zone),
        "applies": when.in_words(review.applies_at, zone) if review.applies_at else "",
    }
    can_decide = review.purpose is Purpose.DECISION
    several = sum(field.can_answer for field in review.fields) > 1
    pressed = _PRESSED.get(choice, "") if can_decide else ""
    said = f"You pressed {pressed} in the mail. Nothing has happened yet:"
    return PageWords(
        phase=review.phase.value,
        title=asking.title,
        lead=tuple(line.format_map(facts) for line in asking.lead),
        organisation=organisation.name,
        choice=choice if pressed else "",
        pressed=f"{said} press it here." if pressed else "",
        pressed_plain=f"{said} choose it here." if pressed else "",
        changes=tuple(_change(field, review) for field in review.fields),
        facts=(
            Fact(label="Who asks", text=f"{review.proposer}, at {organisation.name}"),
            Fact(label="For", text=_for_whom(review)),
            Fact(label="Why", text=review.reason_sentence),
            Fact(label="Asked on", text=when.in_words(review.created_at, zone)),
            *_sent_to(review),
        ),
        quote=review.reason_text,
        quote_source=review.proposer if review.reason_text else "",
        answers=tuple(
            Fact(label=label, text=text.format_map(facts)) for label, text in asking.answers
        ),
        until=asking.until.format_map(facts),
        can_decide=can_decide,
        can_choose_each=can_decide and several,
        approve=labels.APPROVE_ALL if several else labels.APPROVE,
        reject=labels.REJECT_ALL if several else labels.REJECT,
        is_notice=not can_decide,
        object_title=objecting.title,
        object_words=objecting.words,
        object_button=objecting.button,
        phone=organisation.desk_phone,
        phone_href=_tel(organisation.desk_phone),
        reference=review.reference,
    )


def _ended(
    review: ChangeReview,
    *,
    now: datetime,
    zone: tzinfo,
    organisation: OrganisationDetails,
) -> PageWords:
    ending: Ending = ending_of(review)
    ended = review.objected_at or review.ended_at or min(review.expires_at, now)
    facts = {
        "organisation": organisation.name,
        "ended": when.in_words(ended, zone),
        "until": when.in_words(review.expires_at, zone),
        "news": _news(review, organisation.name),
    }
    objecting = objecting_of(review) if review.objected_at is None else NO_OBJECTION
    is_over = review.phase not in (Phase.DECIDED, Phase.OUTDATED)
    dated = (Fact(label=ending.when_label, text=facts["ended"]),) if is_over else ()
    return PageWords(
        phase=review.phase.value,
        tone=ending.tone,
        icon=ending.icon,
        title=ending.title.format_map(facts),
        lead=tuple(line.format_map(facts) for line in ending.lead),
        organisation=organisation.name,
        changes=tuple(_change(field, review) for field in review.fields),
        facts=(
            Fact(label="Asked by", text=f"{review.proposer}, at {organisation.name}"),
            *dated,
            Fact(label="Reference", text=review.reference),
        ),
        is_notice=review.purpose is Purpose.OBJECTION,
        object_title=objecting.title,
        object_words=objecting.words,
        object_button=objecting.button,
        steps=tuple(line.format_map(facts) for line in ending.steps),
        phone=organisation.desk_phone,
        phone_href=_tel(organisation.desk_phone),
        reference=review.reference,
    )


def _news(review: ChangeReview, organisation: str) -> str:
    """The one sentence that says what holds from now on."""
    applied = [field for field in review.fields if field.outcome is FieldOutcome.APPLIED]
    if len(applied) != 1:
        return f"{organisation} now uses the details that were approved; they stand below."
    label, value = applied[0].label, applied[0].proposed
    return f"Your {label[:1].lower()}{label[1:]} at {organisation} is now {value}."


def _for_whom(review: ChangeReview) -> str:
    if review.reviewer is Reviewer.PROPOSED:
        return f"{review.patron_name} (first letters only, in case we have the wrong address)"
    return review.patron_name


def _sent_to(review: ChangeReview) -> tuple[Fact, ...]:
    """Whose answer this is, where no field says it: the proposed address stands among them."""
    if review.reviewer is Reviewer.PROPOSED:
        return ()
    return (Fact(label="This link was sent to", text=review.mailbox),)


def _change(field: ReviewField, review: ChangeReview) -> Change:
    now_heading, proposed_heading = "Stays", "Was proposed"
    if review.phase is Phase.REVERTED and field.outcome is FieldOutcome.APPLIED:
        now_heading, proposed_heading = "Now again", "Was used for a while"
    elif field.outcome is FieldOutcome.APPLIED:
        now_heading, proposed_heading = "Before", "Now"
    elif field.outcome.is_open and review.phase in (Phase.OPEN, Phase.DECIDED, Phase.OUTDATED):
        now_heading, proposed_heading = "Now", "Proposed"
    outcome = ""
    if field.outcome.is_open and field.decision is not None:
        outcome = _SAID[field.decision]
    elif review.phase is Phase.OPEN and review.purpose is Purpose.DECISION and not field.can_answer:
        outcome = labels.ASKED_ELSEWHERE
    elif len(review.fields) > 1 and not field.outcome.is_open:
        outcome = OUTCOME_WORDS[field.outcome]
    return Change(
        key=field.id if field.can_answer else "",
        label=field.label,
        about=field.about if review.phase is Phase.OPEN else "",
        now_heading=now_heading,
        now=field.now,
        proposed_heading=proposed_heading,
        proposed=field.proposed,
        outcome=outcome,
    )


def _tel(phone: str) -> str:
    digits = "".join(character for character in phone if character in "+0123456789")
    return f"tel:{digits}" if digits else ""
