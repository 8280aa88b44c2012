"""The words for tripwires and for accounts that are frozen: a sentence for every refusal."""

from __future__ import annotations

from collections.abc import Mapping

from upstage_crm.change_requests.model.rules import HeldFor

WATCH_SENTENCES: Mapping[str, str] = {
    "too_many_proposals": (
        "That is more than one person proposes in an hour ({limit}). The owners have been told."
    ),
    "too_many_for_patron": (
        "Enough was proposed for this patron today ({limit} times). Try again tomorrow."
    ),
    "too_many_to_address": (
        "This address was proposed often enough today ({limit} times). Try again tomorrow."
    ),
    "held_cannot_replace": (
        "Your proposals are paused at the moment, so this one cannot replace request "
        "{reference}. Withdraw that one first, or try again in a few minutes."
    ),
    "alert_open": "An alert about unusual proposals is open. It has to be reviewed first.",
    "not_a_keeper": "Choose another colleague who is active and may propose changes.",
}
"""Part of `staff.STAFF_SENTENCES`."""
HELD_WORDS: Mapping[HeldFor, str] = {
    HeldFor.SECOND_PERSON: ("Saved. A colleague must approve it before any email is sent."),
    HeldFor.DESK: "Saved. A colleague must approve it before any email is sent.",
    HeldFor.COOLING: (
        "Saved. Several came shortly after each other, so this one goes out in a few minutes."
    ),
    HeldFor.QUARANTINE: "Saved. A colleague reviews it before any email is sent.",
}
"""What a member reads whose proposal is held."""
HELD_NEEDS: Mapping[HeldFor, str] = {
    HeldFor.SECOND_PERSON: "A colleague must approve it",
    HeldFor.DESK: "A colleague must confirm the identity",
    HeldFor.COOLING: "Goes out automatically in a few minutes",
    HeldFor.QUARANTINE: "Unusual activity: needs a review",
}
"""What a request on hold needs, in a list."""
