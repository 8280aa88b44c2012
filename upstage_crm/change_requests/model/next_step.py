"""What the member who answers for a request does next: one rule for every state. Pure."""

from __future__ import annotations

from enum import StrEnum

from upstage_crm.change_requests.model.rules import (
    Cause,
    FieldOutcome,
    HeldFor,
    NoticeState,
    RequestState,
)
from upstage_crm.change_requests.model.views import RequestView


class NextStep(StrEnum):
    """What to do next about a request; `wording.next_steps` has the sentences."""

    ASK_COLLEAGUE_TO_RELEASE = "ask_colleague_to_release"
    ASK_COLLEAGUE_TO_LOOK = "ask_colleague_to_look"
    ASK_COLLEAGUE_TO_CONFIRM = "ask_colleague_to_confirm"
    WAIT_FOR_SENDING = "wait_for_sending"
    WAIT_FOR_ANSWER = "wait_for_answer"
    CALL_BEFORE_IT_EXPIRES = "call_before_it_expires"
    REACH_ANOTHER_WAY = "reach_another_way"
    SEND_LETTER = "send_letter"
    WAIT_FOR_EFFECT = "wait_for_effect"
    NOTHING_MORE = "nothing_more"
    ASK_ABOUT_THE_REST = "ask_about_the_rest"
    RESPECT_THE_NO = "respect_the_no"
    FIND_OUT_WHO_ASKED = "find_out_who_asked"
    CALL_AND_PROPOSE_AGAIN = "call_and_propose_again"
    CHECK_ADDRESS = "check_address"
    FOLLOW_NEWER = "follow_newer"
    PROPOSE_AGAIN_IF_NEEDED = "propose_again_if_needed"
    COMPARE_RECORDS = "compare_records"
    LOOK_AT_RECORD = "look_at_record"
    SETTLE_DISPUTE = "settle_dispute"


_HELD = {
    HeldFor.SECOND_PERSON: NextStep.ASK_COLLEAGUE_TO_RELEASE,
    HeldFor.QUARANTINE: NextStep.ASK_COLLEAGUE_TO_LOOK,
    HeldFor.DESK: NextStep.ASK_COLLEAGUE_TO_CONFIRM,
    HeldFor.COOLING: NextStep.WAIT_FOR_SENDING,
}
_WITHDRAWN = {
    Cause.STAFF: NextStep.NOTHING_MORE,
    Cause.PROPOSER_GONE: NextStep.PROPOSE_AGAIN_IF_NEEDED,
    Cause.KEY_REVOKED: NextStep.PROPOSE_AGAIN_IF_NEEDED,
    Cause.ADDRESS_TAKEN: NextStep.COMPARE_RECORDS,
    Cause.VALUE_MOVED: NextStep.LOOK_AT_RECORD,
    Cause.PATRON_INACTIVE: NextStep.LOOK_AT_RECORD,
    Cause.MERGED: NextStep.LOOK_AT_RECORD,
    Cause.PATRON_FROZEN: NextStep.SETTLE_DISPUTE,
}
_ENDED = {
    RequestState.APPROVED: NextStep.NOTHING_MORE,
    RequestState.PARTLY_APPROVED: NextStep.ASK_ABOUT_THE_REST,
    RequestState.REJECTED: NextStep.RESPECT_THE_NO,
    RequestState.EXPIRED: NextStep.CALL_AND_PROPOSE_AGAIN,
    RequestState.SUPERSEDED: NextStep.FOLLOW_NEWER,
    RequestState.UNDELIVERABLE: NextStep.CHECK_ADDRESS,
    RequestState.REVERTED: NextStep.FIND_OUT_WHO_ASKED,
}


def next_step(request: RequestView, *, is_urgent: bool) -> NextStep:
    """Return the next step; `is_urgent` says that little of the patron's time is left."""
    if request.state is RequestState.HELD:
        return _HELD[request.held_for or HeldFor.SECOND_PERSON]
    if request.state.is_open:
        return _while_open(request, is_urgent=is_urgent)
    if request.state is RequestState.WITHDRAWN:
        return _WITHDRAWN[request.cause or Cause.STAFF]
    if any(entry.outcome is FieldOutcome.OBJECTED for entry in request.fields):
        return NextStep.FIND_OUT_WHO_ASKED
    return _ENDED[request.state]


def _while_open(request: RequestView, *, is_urgent: bool) -> NextStep:
    """What is pending, or approved and takes effect later."""
    if request.notice_state is NoticeState.NO_MAILBOX:
        return NextStep.SEND_LETTER
    if request.is_stopped:
        return NextStep.REACH_ANOTHER_WAY
    if request.state is RequestState.WAITING:
        return NextStep.WAIT_FOR_EFFECT
    return NextStep.CALL_BEFORE_IT_EXPIRES if is_urgent else NextStep.WAIT_FOR_ANSWER
