"""What to do next about a request, in one sentence for each step."""

from __future__ import annotations

from collections.abc import Mapping

from upstage_crm.change_requests.model.next_step import NextStep

NEXT_STEP_WORDS: Mapping[NextStep, str] = {
    NextStep.ASK_COLLEAGUE_TO_RELEASE: "Ask a colleague to review the proposal and release it.",
    NextStep.ASK_COLLEAGUE_TO_LOOK: (
        "Talk to a manager: unusual activity paused this, and someone else must release it."
    ),
    NextStep.ASK_COLLEAGUE_TO_CONFIRM: "Ask a colleague to confirm who the patron is.",
    NextStep.WAIT_FOR_SENDING: "Nothing to do: the email leaves in a few minutes.",
    NextStep.WAIT_FOR_ANSWER: (
        "Nothing to do: the patron has been asked, and is reminded automatically."
    ),
    NextStep.CALL_BEFORE_IT_EXPIRES: (
        "Call the patron, or send the question again, before it expires."
    ),
    NextStep.REACH_ANOTHER_WAY: (
        "Reach the patron by phone or post; a colleague then ends the waiting period."
    ),
    NextStep.SEND_LETTER: "Send the patron a letter, and record it here.",
    NextStep.WAIT_FOR_EFFECT: "Nothing to do: the approved change takes effect on its own.",
    NextStep.NOTHING_MORE: "Nothing more to do.",
    NextStep.ASK_ABOUT_THE_REST: (
        "Ask the patron about what was not approved, and propose only what they want."
    ),
    NextStep.RESPECT_THE_NO: (
        "Keep the record as it is, and ask the patron before you propose this again."
    ),
    NextStep.FIND_OUT_WHO_ASKED: (
        "Find out who asked for this change, and call the patron on a number you know."
    ),
    NextStep.CALL_AND_PROPOSE_AGAIN: (
        "Call the patron, and propose the change again if it is still right."
    ),
    NextStep.CHECK_ADDRESS: (
        "Call the patron, spell the address together, and propose the right one."
    ),
    NextStep.FOLLOW_NEWER: "Follow the newer request that took the place of this one.",
    NextStep.PROPOSE_AGAIN_IF_NEEDED: "Propose the change again if it is still wanted.",
    NextStep.COMPARE_RECORDS: (
        "Compare the two records: another patron has this address, perhaps the same person."
    ),
    NextStep.LOOK_AT_RECORD: "Look at the patron’s record: it has changed since the proposal.",
    NextStep.SETTLE_DISPUTE: "Settle the dispute on the patron’s record first, with a colleague.",
}
