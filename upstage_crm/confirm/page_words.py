"""What the patron's page says to one visitor. Pure.

Both twins, the page with a websocket and the plain one, show a `PageWords` and the words of
`fixed_copy`, and nothing else. Plain words for a reading age of 12; no hurry, and no
answer made to look better.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo
from typing import Any, Final

from upstage_crm.change_requests.model.rules import (
    Decision,
    FieldOutcome,
)
from upstage_crm.change_requests.model.views import (
    ChangeReview,
    FieldView,
    Phase,
)
from upstage_crm.confirm import fixed_copy
from upstage_crm.confirm.closed_copy import (
    ENDINGS,
    Ending,
    ending_of,
)
from upstage_crm.confirm.open_copy import (
    ASKS_MORE,
    NO_OBJECTION,
    TICKETS,
    asking_of,
    objecting_of,
)
from upstage_crm.confirm.page_view import (
    CODE_PHASE,
    Fact,
    PageWords,
)
from upstage_crm.core import when
from upstage_crm.core.languages import ISOLATES, SOURCE, Say, direction, isolated, speaker
from upstage_crm.links.claims import Purpose, Reviewer
from upstage_crm.organisation.details import OrganisationDetails
from upstage_crm.patrons.views import FieldLine
from upstage_crm.receipts.words import ASKER
from upstage_crm.wording import failures
from upstage_crm.wording.sentences import OUTCOME_WORDS

_PRESSED: Mapping[str, str] = {
    Decision.APPROVE.value: fixed_copy.APPROVE,
    Decision.REJECT.value: fixed_copy.REJECT,
}
_PRESSED_OF_NOTICE: Mapping[str, str] = {
    Decision.APPROVE.value: fixed_copy.SWITCH,
    Decision.REJECT.value: fixed_copy.KEEP,
    Decision.NOT_THIS_PERSON.value: fixed_copy.NOT_THIS_PERSON,
}
SAID: Mapping[Decision, str] = {
    Decision.APPROVE: "You approved this",
    Decision.REJECT: "You rejected this",
    Decision.OBJECT: "You told us that this is wrong",
    Decision.NOT_THIS_PERSON: "You told us that you are not this person",
}
PRESSED: Final = "You pressed “{choice}” in the email. Nothing has been decided yet. Confirm below."
WHO_ASKS: Final = "Who asks"
ASKED_BY: Final = "Asked by"
FOR: Final = "For"
ASKED_ON: Final = "Asked on"
REFERENCE: Final = "Reference"
SENT_TO: Final = "This link was sent to"
FIRST_LETTERS: Final = "{name} (first letters only, in case we have the wrong address)"
NEWS: Final = "Your {label} at {organisation} is now {value}."
NEWS_OF_SEVERAL: Final = "{organisation} now uses the approved details, which are shown below."
RESTORED: Final = "We have restored: {labels}."
NOT_RESTORED: Final = "This could not be undone: {labels}. Two of our staff will look into it."
KEPT: Final = ("Stays", "Was proposed")
RESTORED_HEADINGS: Final = ("Restored", "Used briefly")
CHANGED: Final = ("Before", "Now")
ASKED: Final = ("Now", "Proposed")

_STILL_OPEN = (Phase.OPEN, Phase.DECIDED, Phase.OUTDATED, Phase.WAITING)


def page_words(
    review: ChangeReview | None,
    *,
    now: datetime,
    zone: tzinfo,
    organisation: OrganisationDetails,
    choice: str = "",
    language: str = SOURCE,
) -> PageWords:
    """Return the words for what a visitor's link shows; without a review the link is not ours.

    `zone` is the reader's, `language` counts where no review says it. `choice` may be anything and
    counts only as "approve" or "reject".
    """
    if review is None:
        return _without_request(Phase.INVALID.value, organisation, language)
    if review.phase is Phase.OPEN:
        return _open(review, zone=zone, organisation=organisation, choice=choice)
    return _ended(review, now=now, zone=zone, organisation=organisation)


def missing_words(organisation: OrganisationDetails, *, language: str = SOURCE) -> PageWords:
    """Return the words for a visitor whose browser does not hold the link (any more)."""
    return _without_request("missing", organisation, language)


def code_words(organisation: OrganisationDetails, *, language: str = SOURCE) -> PageWords:
    """Return the words for a visitor who came to enter a reference and a code."""
    return _without_request(CODE_PHASE, organisation, language)


def failed_words(*, language: str) -> PageWords:
    """Return the words for a page that could not be read: the database is away, for one."""
    say = speaker(language)
    return PageWords(
        phase="failed",
        **_spoken(language),
        tone="warning",
        icon="triangle-alert",
        title=say(failures.TITLE),
        document_title=say(failures.TITLE),
        lead=(say(failures.SOON), say(failures.LINK_WORKS)),
    )


def _without_request(name: str, organisation: OrganisationDetails, language: str) -> PageWords:
    ending, say = ENDINGS[name], speaker(language)
    return PageWords(
        phase=name,
        **_spoken(language),
        can_enter_code=True,
        tone=ending.tone,
        icon=ending.icon,
        title=say(ending.title),
        document_title=_document_title(say(ending.title), organisation),
        lead=tuple(say(line) for line in ending.lead),
        organisation=organisation.name,
        steps=tuple(say(line) for line in ending.steps),
        phone=organisation.desk_phone,
        phone_href=_tel(organisation.desk_phone),
    )


def _spoken(language: str) -> dict[str, Any]:
    """What every page says of its language."""
    return {
        "lang": language,
        "dir": direction(language),
        "fixed": fixed_copy.in_language(language),
    }


def _open(
    review: ChangeReview, *, zone: tzinfo, organisation: OrganisationDetails, choice: str
) -> PageWords:
    asking, objecting, say = asking_of(review), objecting_of(review), speaker(review.language)
    facts = {
        "organisation": organisation.name,
        "until": when.in_words(review.expires_at, zone, review.language),
        "applies": _applies(review, zone),
        "tickets_text": str(review.tickets),
        "new": next((one.proposed for one in review.fields if one.is_mailbox), ""),
    }
    can_decide = review.purpose is Purpose.DECISION
    several = sum(one.can_answer for one in review.fields) > 1
    is_notice = review.can_leave
    yes, no = _buttons(review, several=several)
    pressing = _PRESSED_OF_NOTICE if is_notice else _PRESSED
    pressed = say(pressing.get(choice, "")) if can_decide else ""
    asks_more = is_notice and several and not review.is_desk
    lead = (
        *asking.lead,
        *((TICKETS,) if review.tickets else ()),
        *((ASKS_MORE,) if asks_more else ()),
    )
    return PageWords(
        phase=review.phase.value,
        **_spoken(review.language),
        title=say(asking.title),
        document_title=_document_title(say(asking.title), organisation),
        lead=_paragraphs(lead, review, facts, say),
        organisation=organisation.name,
        choice=choice if pressed else "",
        pressed=say(PRESSED).format(choice=pressed) if pressed else "",
        changes=tuple(_change(one, review, say) for one in review.fields),
        facts=(
            Fact(label=say(WHO_ASKS), text=_asker(review, organisation.name, say)),
            Fact(label=say(FOR), text=_for_whom(review, say)),
            Fact(label=say(ASKED_ON), text=when.in_words(review.created_at, zone, review.language)),
            *_sent_to(review, say),
            *(Fact(label=say(one.label), text=say(one.about)) for one in review.fields),
        ),
        quote=review.reason_text,
        quote_source=review.proposer if review.reason_text else "",
        answers=tuple(
            Fact(label=say(label), text=say(text).format_map(facts))
            for label, text in asking.answers
        ),
        until=say(asking.until).format_map(facts),
        can_decide=can_decide,
        can_choose_each=can_decide and several,
        approve=say(yes),
        reject=say(no),
        is_notice=not can_decide,
        objection=_objection(review),
        object_title=say(objecting.title),
        object_words=say(objecting.words),
        object_button=say(objecting.button),
        phone=organisation.desk_phone,
        phone_href=_tel(organisation.desk_phone),
        reference=review.reference,
    )


def _paragraphs(
    lines: Sequence[str], review: ChangeReview, facts: Mapping[str, str], say: Say
) -> tuple[str, ...]:
    """What is asked, and why, in one paragraph: the answers have to fit on a phone below it."""
    first, second, *more = (say(line).format_map(facts) for line in lines)
    return (f"{first} {say(review.reason_sentence)} {second}", *more)


def _ended(
    review: ChangeReview,
    *,
    now: datetime,
    zone: tzinfo,
    organisation: OrganisationDetails,
) -> PageWords:
    ending: Ending = ending_of(review)
    say = speaker(review.language)
    ended = review.objected_at or review.ended_at or min(review.expires_at, now)
    facts = {
        "organisation": organisation.name,
        "ended": when.in_words(ended, zone, review.language),
        "until": when.in_words(review.expires_at, zone, review.language),
        "applies": _applies(review, zone),
        "news": _news(review, organisation.name, say),
        "restored": _labelled(RESTORED, review.restored, say),
        "blocked": _labelled(NOT_RESTORED, review.not_restored, say),
    }
    objecting = objecting_of(review) if review.objected_at is None else NO_OBJECTION
    is_over = review.phase not in (Phase.DECIDED, Phase.OUTDATED, Phase.WAITING, Phase.OUT)
    dated = (Fact(label=say(ending.when_label), text=facts["ended"]),) if is_over else ()
    return PageWords(
        phase=review.phase.value,
        **_spoken(review.language),
        tone=ending.tone,
        icon=ending.icon,
        title=say(ending.title).format_map(facts),
        document_title=_document_title(say(ending.title), organisation),
        lead=_filled(ending.lead, facts, say),
        organisation=organisation.name,
        changes=tuple(_change(one, review, say) for one in review.fields),
        facts=(
            Fact(label=say(ASKED_BY), text=_asker(review, organisation.name, say)),
            *dated,
            Fact(label=say(REFERENCE), text=isolated(review.reference, review.language)),
        ),
        is_notice=review.purpose is Purpose.OBJECTION,
        objection=_objection(review) if objecting.title else "",
        object_title=say(objecting.title),
        object_words=say(objecting.words),
        object_button=say(objecting.button),
        steps=tuple(say(line).format_map(facts) for line in ending.steps),
        phone=organisation.desk_phone,
        phone_href=_tel(organisation.desk_phone),
        reference=review.reference,
    )


def _filled(lines: Sequence[str], facts: Mapping[str, str], say: Say) -> tuple[str, ...]:
    """The lines that say something. In Arabic an empty fact leaves the marks around it."""
    said = (say(line).format_map(facts) for line in lines)
    return tuple(line for line in said if line.strip(ISOLATES))


def _applies(review: ChangeReview, zone: tzinfo) -> str:
    """When it takes effect, or before when it does not."""
    at = review.applies_at or review.not_before
    return when.in_words(at, zone, review.language) if at else ""


def _buttons(review: ChangeReview, *, several: bool) -> tuple[str, str]:
    """What the two equal answers are called."""
    if several:
        return fixed_copy.APPROVE_ALL, fixed_copy.REJECT_ALL
    if not review.can_leave:
        return fixed_copy.APPROVE, fixed_copy.REJECT
    is_address = any(one.is_mailbox for one in review.fields)
    return (
        (fixed_copy.SWITCH, fixed_copy.KEEP)
        if is_address
        else (fixed_copy.MAKE_NOW, fixed_copy.LEAVE)
    )


def _objection(review: ChangeReview) -> str:
    """The decision behind the one answer more that there may be."""
    return (Decision.NOT_THIS_PERSON if review.can_leave else Decision.OBJECT).value


def _labelled(sentence: str, fields: Sequence[str], say: Say) -> str:
    return say(sentence).format(labels=", ".join(say(label) for label in fields)) if fields else ""


def _asker(review: ChangeReview, organisation: str, say: Say) -> str:
    proposer = isolated(review.proposer, review.language)
    return say(ASKER).format(proposer=proposer, organisation=organisation)


def _news(review: ChangeReview, organisation: str, say: Say) -> str:
    """The one sentence that says what holds from now on."""
    applied = [one for one in review.fields if one.outcome is FieldOutcome.APPLIED]
    if len(applied) != 1:
        return say(NEWS_OF_SEVERAL).format(organisation=organisation)
    label = say(applied[0].label)
    if review.language == SOURCE:
        label = f"{label[:1].lower()}{label[1:]}"
    return say(NEWS).format(label=label, organisation=organisation, value=applied[0].proposed)


def _for_whom(review: ChangeReview, say: Say) -> str:
    if review.reviewer is Reviewer.PROPOSED:
        return say(FIRST_LETTERS).format(name=review.patron_name)
    return isolated(review.patron_name, review.language)


def _sent_to(review: ChangeReview, say: Say) -> tuple[Fact, ...]:
    """Whose answer this is, where no field says it: a mailbox's own address is among them."""
    if review.reviewer is Reviewer.PROPOSED or any(one.is_mailbox for one in review.fields):
        return ()
    return (Fact(label=say(SENT_TO), text=isolated(review.mailbox, review.language)),)


def _change(seen: FieldView, review: ChangeReview, say: Say) -> FieldLine:
    headings = KEPT
    if review.phase is Phase.REVERTED and seen.outcome is FieldOutcome.APPLIED:
        headings = RESTORED_HEADINGS
    elif seen.outcome is FieldOutcome.APPLIED:
        headings = CHANGED
    elif seen.outcome.is_open and review.phase in _STILL_OPEN:
        headings = ASKED
    return FieldLine(
        key=seen.id if seen.can_answer else "",
        label=say(seen.label),
        now_heading=say(headings[0]),
        now=seen.now,
        proposed_heading=say(headings[1]),
        proposed=seen.proposed,
        outcome=say(_outcome(seen, review)),
        is_kept=headings in (KEPT, RESTORED_HEADINGS),
    )


def _outcome(seen: FieldView, review: ChangeReview) -> str:
    """What became of a field, where that says something new."""
    if seen.outcome.is_open and seen.decision is not None:
        return SAID[seen.decision]
    if review.phase is Phase.OPEN and review.purpose is Purpose.DECISION and not seen.can_answer:
        return fixed_copy.ASKED_ELSEWHERE if seen.outcome.is_open else OUTCOME_WORDS[seen.outcome]
    if len(review.fields) > 1 and not seen.outcome.is_open:
        return OUTCOME_WORDS[seen.outcome]
    return ""


def _document_title(title: str, organisation: OrganisationDetails) -> str:
    return f"{title} · {organisation.name}"


def _tel(phone: str) -> str:
    digits = "".join(character for character in phone if character in "+0123456789")
    return f"tel:{digits}" if digits else ""
