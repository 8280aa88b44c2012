"""What is done to several requests at once: its numbers before the press, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping

from upstage_crm.change_requests.lifecycle.bulk import BulkAct, Preview
from upstage_crm.core.errors import UpstageError
from upstage_crm.wording.consequences import counted
from upstage_crm.wording.sentences import sentence

DONE: Mapping[BulkAct, str] = {
    BulkAct.RESEND: "sent again",
    BulkAct.WITHDRAW: "withdrawn",
}
_EFFECT: Mapping[BulkAct, str] = {
    BulkAct.RESEND: "Sends {mails}. The links in the earlier emails stop working at once.",
    BulkAct.WITHDRAW: "Sends {mails} to say so. The records stay as they are.",
}


def preview_words(act: BulkAct, found: Preview, *, chosen: int) -> list[str]:
    """What a press will do, and which requests it leaves as they are."""
    applies = len(found.applies)
    head = "Applies to all of them." if applies == chosen else f"Applies to {applies:,} of them."
    effect = [_EFFECT[act].format(mails=counted(found.mails, "email"))] if applies else []
    return [head, *effect, *left_words(found.left_out)]


def done_words(act: BulkAct, *, done: int, left_out: Mapping[str, UpstageError]) -> str:
    """What became of a press."""
    return " ".join((f"{counted(done, 'request')} {DONE[act]}.", *left_words(left_out)))


def left_words(left_out: Mapping[str, UpstageError]) -> list[str]:
    """Which requests are left as they are, by reason."""
    by_reason: dict[str, list[str]] = {}
    for reference, error in left_out.items():
        by_reason.setdefault(sentence(error), []).append(reference)
    return [f"Left as it is: {', '.join(found)}. {why}" for why, found in by_reason.items()]
