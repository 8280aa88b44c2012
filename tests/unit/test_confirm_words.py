"""What the patron's pages say: complete in every phase, plain, escaped, and the same on both."""

from __future__ import annotations

import dataclasses
import re
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from markupsafe import escape

from upstage_crm.change_requests.model.rules import (
    Decision,
    FieldOutcome,
)
from upstage_crm.change_requests.model.views import (
    ChangeReview,
    FieldView,
    Phase,
)
from upstage_crm.confirm import closed_copy, fixed_copy, open_copy, plain_html
from upstage_crm.confirm.page_view import (
    Fact,
    PageWords,
)
from upstage_crm.confirm.page_words import (
    missing_words,
    page_words,
)
from upstage_crm.links.claims import Purpose, Reviewer
from upstage_crm.organisation.details import OrganisationDetails
from upstage_crm.patrons.views import FieldLine

NOW = datetime(2026, 3, 3, 17, 0, tzinfo=UTC)
ORGANISATION = OrganisationDetails(
    name="Lantern",
    desk_phone="+1 212 555 0199",
    reply_to="box@example.org",
    postal_address="12 Lantern Street",
    website="",
    time_zone="UTC",
    language="en",
)
OUTCOMES = {
    Phase.OPEN: FieldOutcome.PENDING,
    Phase.DECIDED: FieldOutcome.PENDING,
    Phase.OUTDATED: FieldOutcome.PENDING,
    Phase.APPROVED: FieldOutcome.APPLIED,
    Phase.PARTLY_APPROVED: FieldOutcome.APPLIED,
    Phase.REVERTED: FieldOutcome.APPLIED,
    Phase.REJECTED: FieldOutcome.REJECTED,
    Phase.EXPIRED: FieldOutcome.LAPSED,
    Phase.WITHDRAWN: FieldOutcome.WITHDRAWN,
    Phase.SUPERSEDED: FieldOutcome.SUPERSEDED,
    Phase.UNDELIVERABLE: FieldOutcome.UNDELIVERABLE,
    Phase.OBJECTED: FieldOutcome.OBJECTED,
}
OPENINGS = [*product(OUTCOMES, Purpose, Reviewer)]


def field(outcome: FieldOutcome, **changes: object) -> FieldView:
    made = FieldView(
        id="f1",
        field="email",
        now="o•••@example.org",
        proposed="new@example.org",
        outcome=outcome,
    )
    return dataclasses.replace(made, **changes)


def review(
    phase: Phase = Phase.OPEN,
    purpose: Purpose = Purpose.DECISION,
    reviewer: Reviewer = Reviewer.PROPOSED,
    **changes: object,
) -> ChangeReview:
    made = ChangeReview(
        phase=phase,
        purpose=purpose,
        reviewer=reviewer,
        reference="K7-2FQ",
        patron_name="M••• S•••",
        proposer="Dana, box office",
        reason_sentence="Mail that we sent could not be delivered.",
        reason_text="Your tickets came back.",
        mailbox="new@example.org",
        time_zone="",
        created_at=NOW - timedelta(days=1),
        expires_at=NOW + timedelta(days=6),
        ended_at=NOW,
        can_object=phase in (Phase.OPEN, Phase.DECIDED),
        fields=(field(OUTCOMES[phase]),),
    )
    return dataclasses.replace(made, **changes)


def shown(what: ChangeReview | None, *, choice: str = "") -> PageWords:
    return page_words(what, now=NOW, zone=UTC, organisation=ORGANISATION, choice=choice)


def every_page() -> list[PageWords]:
    ends = [shown(review(*opening)) for opening in OPENINGS]
    told = Purpose.OBJECTION, Reviewer.CURRENT
    late = [shown(review(p, *told, objected_at=NOW)) for p in (Phase.APPROVED, Phase.REVERTED)]
    desk = shown(review(Phase.OPEN, *told, applies_at=NOW + timedelta(days=3)))
    several = (field(FieldOutcome.PENDING, can_answer=True),) * 2
    return [
        *ends,
        *late,
        desk,
        shown(review(fields=several)),
        shown(None),
        missing_words(ORGANISATION),
    ]


@pytest.mark.parametrize(("phase", "purpose", "reviewer"), OPENINGS)
def test_every_page_says_what_holds_and_what_to_do(
    phase: Phase, purpose: Purpose, reviewer: Reviewer
) -> None:
    page = shown(review(phase, purpose, reviewer))

    assert page.title
    assert page.lead
    assert page.changes
    assert (
        page.organisation,
        page.phone_href,
        page.reference,
    ) == ("Lantern", "tel:+12125550199", "K7-2FQ")
    if phase is Phase.OPEN:
        assert "2026" in page.until
        assert page.can_decide is (purpose is Purpose.DECISION)
        assert "If you do nothing" in [answer.label for answer in page.answers]
    else:
        assert page.steps
        assert not page.can_decide


def test_pages_without_a_request_say_what_to_do() -> None:
    for page in (shown(None), missing_words(ORGANISATION)):
        assert page.title
        assert page.lead
        assert page.steps
        assert page.phone_href == "tel:+12125550199"
        assert (page.can_decide, page.object_title, page.changes) == (False, "", ())


def test_no_word_is_left_unfilled_or_forbidden() -> None:
    texts = [str(dataclasses.asdict(page)) for page in every_page()]
    texts += [str(value) for name, value in vars(fixed_copy).items() if name.isupper()]
    texts += [str(ending) for ending in closed_copy.ENDINGS.values()]

    for text in texts:
        assert not re.search(r"\bconsent|\bcustomer|hurry|urgent|immediately", text, re.IGNORECASE)
    for page in every_page():
        # `fixed` is a mapping, and its text has braces of its own.
        shown = "".join(page.fixed.values()) + repr(dataclasses.replace(page, fixed={}))
        assert not re.search(r"\{\w|\w\}", shown)


def test_no_line_is_empty_where_a_fact_is() -> None:
    """In Arabic each fact stands between two marks that no one sees."""
    told = Purpose.OBJECTION, Reviewer.CURRENT
    undone = review(Phase.REVERTED, *told, objected_at=NOW, restored=("Name",), language="ar")

    assert len(shown(undone).lead) == 1
    assert "الاسم" in shown(undone).lead[0]


def test_the_deadline_has_its_weekday_and_zone() -> None:
    assert shown(review()).until == "Please answer by Monday, 9 March 2026, 17:00 (UTC)."


@pytest.mark.parametrize("choice", ["", "object", "APPROVE", "approve ", "{until}", "<b>"])
def test_only_the_two_answers_of_the_mail_count_as_pressed(choice: str) -> None:
    page = shown(review(), choice=choice)

    assert (page.choice, page.pressed) == ("", "")


def test_a_pressed_answer_has_decided_nothing() -> None:
    page = shown(review(), choice="reject")

    assert page.choice == "reject"
    assert (
        page.pressed
        == "You pressed “Reject” in the email. Nothing has been decided yet. Confirm below."
    )


def test_a_mixed_end_reads_as_what_this_reviewer_saw_of_it() -> None:
    applied = field(FieldOutcome.APPLIED, decision=Decision.APPROVE)
    rejected = field(FieldOutcome.REJECTED)

    titles = [
        shown(review(Phase.PARTLY_APPROVED, fields=fields)).title
        for fields in ((applied,), (rejected,), (applied, rejected))
    ]

    assert titles == ["Approved. Thank you", "Rejected. Nothing was changed", "Partly approved"]


@pytest.mark.parametrize(
    ("phase", "outcome", "headings", "is_kept"),
    [
        (Phase.REVERTED, FieldOutcome.APPLIED, ("Restored", "Used briefly"), True),
        (Phase.REJECTED, FieldOutcome.REJECTED, ("Stays", "Was proposed"), True),
        (Phase.APPROVED, FieldOutcome.APPLIED, ("Before", "Now"), False),
    ],
)
def test_the_value_on_record_has_the_colour_of_what_is_there(
    phase: Phase, outcome: FieldOutcome, headings: tuple[str, str], is_kept: bool
) -> None:
    """What was undone or rejected is not drawn as what was added."""
    (line,) = shown(review(phase, fields=(field(outcome),))).changes

    assert (line.now_heading, line.proposed_heading) == headings
    assert line.is_kept is is_kept


def test_own_and_others_objections_read_differently() -> None:
    own = field(FieldOutcome.OBJECTED, decision=Decision.OBJECT)

    assert shown(review(Phase.OBJECTED)).title == "This request was stopped"
    assert shown(review(Phase.OBJECTED, fields=(own,))).title == "Thank you for telling us"


def test_a_first_answer_of_two_is_named_at_its_field() -> None:
    said = field(FieldOutcome.PENDING, decision=Decision.APPROVE)

    page = shown(review(Phase.DECIDED, Purpose.DECISION, Reviewer.CURRENT, fields=(said,)))

    assert page.changes[0].outcome == "You approved this"


def test_an_organisations_braces_and_markup_stay_text() -> None:
    odd = dataclasses.replace(ORGANISATION, name="{until} & {x!r}")

    page = page_words(review(), now=NOW, zone=UTC, organisation=odd)

    assert page.lead[0].startswith("{until} & {x!r} would like")


def test_the_plain_page_escapes_everything() -> None:
    """Whatever stands in a page's words, none of it becomes markup."""
    evil = '<i x="1">&\'{0}'
    change = FieldLine(
        key=evil,
        label=evil,
        now_heading=evil,
        now=evil,
        proposed_heading=evil,
        proposed=evil,
        outcome=evil,
    )
    fact = Fact(label=evil, text=evil)
    page = PageWords(
        **{  # pyright: ignore[reportArgumentType]
            part.name: evil for part in dataclasses.fields(PageWords) if part.default == ""
        },
        lead=(evil,),
        steps=(evil,),
        changes=(change,),
        facts=(fact,),
        answers=(fact,),
        can_decide=True,
    )

    drawn = plain_html.document(page, link=evil, nonce=evil, problem=evil, comment=evil)

    assert "<i " not in drawn
    assert "1&#34;" in drawn
    assert escape(evil) in drawn


def test_the_largest_plain_page_is_small() -> None:
    fields = tuple(
        field(FieldOutcome.PENDING, field=key, proposed="x" * 60) for key in ("phone", "name")
    )
    largest = review(fields=fields, reason_text="w" * 500)

    drawn = plain_html.document(shown(largest, choice="approve"), link="A" * 12, nonce="1" * 75)

    assert len(drawn.encode()) <= 10_000


def test_the_two_answers_stand_first_and_alike() -> None:
    drawn = plain_html.document(shown(review()), link="A" * 12, nonce="1")

    assert re.findall(r'type="radio"[^>]*value="(\w+)"', drawn) == ["approve", "reject", "object"]
    assert open_copy.ADDRESS.answers[0][0] == "If you approve"
