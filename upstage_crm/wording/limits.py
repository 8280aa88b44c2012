"""The words for tripwires and for accounts that are frozen: a sentence for every refusal."""

from __future__ import annotations

from collections.abc import Mapping

from upstage_crm.change_requests.model.rules import HeldFor

WATCH_SENTENCES: Mapping[str, str] = {
    "too_many_proposals": (
        "That is more than one member proposes in an hour ({limit}). The owners have been told."
    ),
    "too_many_for_patron": (
        "Enough was proposed for this patron today ({limit} times). Try again tomorrow."
    ),
    "too_many_to_address": (
        "This address was proposed often enough today ({limit} times). Try again tomorrow."
    ),
    "held_cannot_replace": (
        "Your proposals wait at the moment, so this one cannot take the place of request "
        "{reference}. Withdraw that one first, or try again in some minutes."
    ),
    "alert_open": "An alert about unusual proposals is open. It has to be reviewed first.",
    "not_a_keeper": "Choose another member who is active and may propose changes.",
}
"""Part of `staff.STAFF_SENTENCES`."""
HELD_WORDS: Mapping[HeldFor, str] = {
    HeldFor.SECOND_PERSON: (
        "Recorded. It waits for a second staff member before anybody is written to."
    ),
    HeldFor.DESK: "Recorded. It waits for a second staff member before anybody is written to.",
    HeldFor.COOLING: (
        "Recorded. Several came shortly after each other, so this one goes out in some minutes."
    ),
    HeldFor.QUARANTINE: "Recorded. A second staff member looks before anybody is written to.",
}
"""What a member reads whose proposal is held."""
HELD_NEEDS: Mapping[HeldFor, str] = {
    HeldFor.SECOND_PERSON: "A colleague must approve it",
    HeldFor.DESK: "A colleague must confirm the identity",
    HeldFor.COOLING: "Goes out automatically in a few minutes",
    HeldFor.QUARANTINE: "Unusual activity: needs a review",
}
"""What a request on hold needs, in a list."""
