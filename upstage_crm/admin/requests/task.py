"""What waits for a second person on a request, in words, and whether this viewer may do it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import tzinfo

from upstage_crm.change_requests.model.reasons import METHODS
from upstage_crm.change_requests.model.rules import (
    Decision,
    DeskKind,
    HeldFor,
    NoticeState,
    RequestState,
)
from upstage_crm.change_requests.model.views import (
    DeskView,
    RequestView,
    SuppressionView,
)
from upstage_crm.core import when
from upstage_crm.links.claims import Reviewer
from upstage_crm.patrons.visibility import FieldAccess
from upstage_crm.wording.sentences import (
    DECISION_WORDS,
    NOTICE_WORDS,
    SUPPRESSION_WORDS,
)

_OWN = "You took the first step yourself, so a colleague must take the second."
_NO_RIGHT = "Your role does not include this. A manager, the privacy lead or an owner can do it."


@dataclass(frozen=True)
class Task:
    """One step that waits; `kind` is "" for nothing.

    That is release, identity or code for a second person, stopped, letter or lift where somebody
    has to write something down, which `prompt` asks for, applies or cooling where nobody has to do
    anything. `act` is the button of who may take the step, `why_not` the reason for who may not.
    `about` is what it acts on, if that is not the request.
    """

    kind: str = ""
    title: str = ""
    lines: list[str] = field(default_factory=list)
    note: str = ""
    note_source: str = ""
    act: str = ""
    why_not: str = ""
    can_decline: bool = False
    about: str = ""
    prompt: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rights:
    """Who looks, as far as second steps differ for it; `may_release` is about this request.

    `refusals` says, by the id of a first person, why the viewer may not be second to them.
    """

    id: str
    may_release: bool
    may_confirm: bool
    may_identify: bool = False
    may_lift: bool = False
    refusals: Mapping[str, str] = field(default_factory=dict[str, str])

    def why_not(self, first_id: str | None, *, is_allowed: bool) -> str:
        """Why the viewer cannot take the step after `first_id`; "" when nothing is in the way."""
        if self.id == first_id:
            return _OWN
        return self.refusals.get(first_id or "", "") if is_allowed else _NO_RIGHT


def task_of(
    request: RequestView,
    desk: Sequence[DeskView],
    suppression: SuppressionView | None,
    *,
    rights: Rights,
    access: FieldAccess,
    time_zone: tzinfo,
) -> Task:
    """Return the step that waits on a request."""
    desk = [replace(one, note=access.words(one.note)) for one in desk]
    waiting = next((d for d in desk if not d.confirmed_at and not d.declined_at), None)
    if waiting is not None and waiting.kind is DeskKind.CODE:
        return _code(request, waiting, rights, time_zone)
    if request.state is not RequestState.HELD:
        return _open(request, desk, suppression, rights, access, time_zone)
    if request.held_for in (HeldFor.SECOND_PERSON, HeldFor.QUARANTINE):
        return _release(request, rights)
    if request.held_for is HeldFor.COOLING:
        return _cooling(request, time_zone)
    if waiting is not None:
        return _identity(request, waiting, rights, time_zone)
    return Task()


def _open(
    request: RequestView,
    desk: Sequence[DeskView],
    suppression: SuppressionView | None,
    rights: Rights,
    access: FieldAccess,
    time_zone: tzinfo,
) -> Task:
    """What waits on a request that is asked about, waits for its effect, or has ended."""
    if request.state.is_open and request.is_stopped:
        is_letter = request.notice_state is NoticeState.NO_MAILBOX
        return _letter(rights) if is_letter else _stopped(request, rights)
    if suppression is not None:
        return _lift(suppression, rights, access)
    if request.state is RequestState.WAITING:
        return _applies(request, desk, time_zone)
    return Task()


def _stopped(request: RequestView, rights: Rights) -> Task:
    why_not = rights.why_not(request.proposer_id, is_allowed=rights.may_release)
    assert request.notice_state is not None
    approved = request.state is RequestState.WAITING
    return Task(
        kind="stopped",
        title="The notice did not arrive, so the deadline is paused",
        lines=[
            NOTICE_WORDS[request.notice_state],
            (
                "No answer counts as a yes only once the patron was told. Reach them another way, "
                "then end the waiting period, or withdraw the request."
            ),
            "The change is made as soon as you end the waiting period."
            if approved
            else "It takes effect as soon as the new address approves.",
        ],
        act="" if why_not else "End the waiting period",
        why_not=why_not,
        prompt="How did you reach the patron?",
    )


def _letter(rights: Rights) -> Task:
    return Task(
        kind="letter",
        title="No mailbox works: send a letter",
        lines=[
            (
                "Write to the postal address on the record what is to change, and when. "
                "The waiting period starts when the letter is recorded here."
            ),
        ],
        act="Record the letter" if rights.may_identify else "",
        why_not="" if rights.may_identify else _NO_RIGHT,
        prompt="When was the letter sent, and where to?",
    )


def _lift(found: SuppressionView, rights: Rights, access: FieldAccess) -> Task:
    why_not = rights.why_not(found.first_id, is_allowed=rights.may_lift)
    is_second = bool(found.first_label)
    return Task(
        kind="lift",
        title="We do not write to this address",
        lines=[
            f"{access.mailbox(found.address)}: {SUPPRESSION_WORDS[found.cause]}",
            "Was that a mistake? Two colleagues can allow it again. The address is told by email.",
        ],
        note=access.words(found.first_note) if is_second else "",
        note_source=found.first_label,
        act="" if why_not else ("Allow it again" if is_second else "Ask to allow it again"),
        why_not=why_not,
        about=found.id,
        prompt="What do you know about it?",
    )


def _release(request: RequestView, rights: Rights) -> Task:
    why_not = rights.why_not(request.proposer_id, is_allowed=rights.may_release)
    is_unusual = request.held_for is HeldFor.QUARANTINE
    return Task(
        kind="release",
        title="Paused: unusual activity" if is_unusual else "Needs a colleague",
        lines=[
            (
                f"{request.proposer_label} proposed more than usual. "
                "No email has been sent and the deadline hasn’t started. Call your colleague "
                "first. Then release it to the patron, or withdraw it."
            )
            if is_unusual
            else (
                "No email has been sent and the deadline hasn’t started. A colleague reviews the "
                "proposal and releases it to the patron, or withdraws it."
            ),
        ],
        act="" if why_not else "Release to the patron",
        why_not=why_not,
    )


def _cooling(request: RequestView, time_zone: tzinfo) -> Task:
    goes_at = request.created_at + request.policy.thresholds.cooling
    return Task(
        kind="cooling",
        title=f"Goes to the patron at {when.weekday(goes_at, time_zone)[1]}",
        lines=[
            (
                "Several proposals came shortly after each other, so this one goes out in a few "
                "minutes. There is nothing to do. Until then it can be withdrawn without any email."
            ),
        ],
    )


def _identity(request: RequestView, waiting: DeskView, rights: Rights, time_zone: tzinfo) -> Task:
    why_not = rights.why_not(waiting.clerk_id, is_allowed=rights.may_confirm)
    reviewers = {reviewer for entry in request.fields for reviewer in entry.reviewers}
    told = (
        "the current address is told at once and can stop it"
        if Reviewer.CURRENT in reviewers
        else "a letter tells the patron, because no mailbox of theirs works"
    )
    return Task(
        kind="identity",
        title="The patron has lost the mailbox: a second person must confirm",
        lines=[
            (
                f"{waiting.clerk_label} identified the patron on "
                f"{when.in_words(waiting.created_at, time_zone)}. {METHODS[waiting.method].label}."
            ),
            (
                f"Once confirmed, {told}, and a new address is asked. The change is made when the "
                "waiting period is over."
            ),
        ],
        note=waiting.note,
        note_source=waiting.clerk_label,
        act="" if why_not else "Confirm identity",
        why_not=why_not,
        can_decline=not why_not,
    )


def _applies(request: RequestView, desk: Sequence[DeskView], time_zone: tzinfo) -> Task:
    if request.applies_at is None:
        return Task()
    people = [d for d in desk if d.confirmed_at]
    named = f" {people[0].clerk_label} and {people[0].second_label} vouch for it." if people else ""
    return Task(
        kind="applies",
        title=f"Approved, takes effect on {when.in_words(request.applies_at, time_zone)}",
        lines=[
            f"Until then each address that was asked can stop it; staff can withdraw it.{named}"
        ],
        note=people[0].note if people else "",
        note_source=people[0].clerk_label if people else "",
    )


def _code(request: RequestView, waiting: DeskView, rights: Rights, time_zone: tzinfo) -> Task:
    why_not = rights.why_not(waiting.clerk_id, is_allowed=rights.may_confirm)
    labels = {view.id: view.label for view in request.fields}
    said = [
        f"{labels[key]}: {DECISION_WORDS[answer].lower()}"
        for key, answer in waiting.answers.items()
        if key in labels and answer in (Decision.APPROVE, Decision.REJECT)
    ]
    return Task(
        kind="code",
        title="The patron read out the code: a second person must confirm",
        lines=[
            (
                f"{waiting.clerk_label} heard the right code on "
                f"{when.in_words(waiting.created_at, time_zone)}. The patron’s answer: "
                f"{', '.join(said)}."
            ),
            "Once confirmed, it counts as the patron’s answer.",
        ],
        note=waiting.note,
        note_source=waiting.clerk_label,
        act="" if why_not else "Confirm the answer",
        why_not=why_not,
        can_decline=not why_not,
    )
