"""The sentences of the portal's own refusals, for staff and the log; visitors read the portal's."""

from __future__ import annotations

from collections.abc import Mapping

PORTAL_SENTENCES: Mapping[str, str] = {
    "portal_nothing_chosen": "Nothing was chosen.",
    "portal_too_many": "A basket of the portal takes {most} tickets at most.",
    "portal_another_plan": "The seats were chosen on another version of the seat plan.",
    "portal_too_often": "A visitor did something too often.",
    "portal_card_not_taken": "No card can be charged here.",
    "portal_card_declined": "Several cards were declined for one basket.",
    "portal_wrong_code": "A wrong code was typed at the sign-in to an account.",
    "account_waits": "A change of the record may still be undone, so its account waits.",
    "account_sign_in_over": "The code or link of a sign-in to an account no longer counts.",
    "portal_foreign_form": "A form came from another website.",
}
