"""What is done to several requests at once: its numbers before the press, and what became of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from upstage_crm.change_requests.lifecycle.bulk import BulkAct, Preview
from upstage_crm.change_requests.lifecycle.bulk_propose import LeftOut, SharedPreview
from upstage_crm.change_requests.model.rules import HeldFor
from upstage_crm.core.errors import UpstageError
from upstage_crm.wording.consequences import counted
from upstage_crm.wording.sentences import sentence

DONE: Mapping[BulkAct, str] = {
    BulkAct.RESEND: "sent again",
    BulkAct.WITHDRAW: "withdrawn",
    BulkAct.RELEASE: "released",
}
_EFFECT: Mapping[BulkAct, str] = {
    BulkAct.RESEND: "Sends {emails}. The links in the earlier emails stop working at once.",
    BulkAct.WITHDRAW: "Sends {emails} to say so. The records stay as they are.",
    BulkAct.RELEASE: "The patrons are asked by email now. Their time to answer begins.",
}

_HELD: Mapping[HeldFor, str] = {
    HeldFor.SECOND_PERSON: "{requests} until a colleague has approved {them}.",
    HeldFor.COOLING: "{requests} for some minutes, because many come at once.",
    HeldFor.QUARANTINE: (
        "{requests} until a colleague has reviewed {them}, because many come at once."
    ),
    HeldFor.DESK: "{requests} until a colleague has confirmed the identity.",
}
_NAMES = 5  # of the patrons who are left out for one reason; the rest are counted


def preview_words(act: BulkAct, found: Preview, *, chosen: int) -> list[str]:
    """What a press will do, and which requests it leaves as they are."""
    applies = len(found.applies)
    head = "Applies to all of them." if applies == chosen else f"Applies to {applies:,} of them."
    effect = [_EFFECT[act].format(emails=counted(found.mails, "email"))] if applies else []
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


def shared_preview_words(found: SharedPreview, *, chosen: int) -> list[str]:
    """Who would be asked, what would wait, and who is left out for which reason."""
    applies = len(found.applies)
    head = "Applies to all of them." if applies == chosen else f"Applies to {applies:,} of them."
    refused = [_refused(found.refused)] if found.refused else []
    return [head, *_waiting(found.held), *refused, *left_out_words(found.left_out)]


def shared_done_words(
    *, asked: int, held: Mapping[HeldFor, int], left_out: Collection[LeftOut]
) -> str:
    """What became of a press: how many are asked, what waits, and who is left out."""
    head = f"{counted(asked, 'patron')} asked."
    return " ".join((head, *_waiting(held), *left_out_words(left_out)))


def left_out_words(left_out: Collection[LeftOut]) -> list[str]:
    """Which patrons are not asked, by reason."""
    by_reason: dict[str, list[str]] = {}
    for one in left_out:
        name = one.name if str(one.number) in one.name else f"{one.name} ({one.number})"
        by_reason.setdefault(sentence(one.error), []).append(name)
    return [f"Left out: {_listed(names)}. {why}" for why, names in by_reason.items()]


def _waiting(held: Mapping[HeldFor, int]) -> list[str]:
    return [
        _HELD[why].format(
            requests=counted(count, "request waits", "requests wait"),
            them="it" if count == 1 else "them",
        )
        for why, count in held.items()
        if count
    ]


def _refused(count: int) -> str:
    return f"{count:,} would be too many for one hour. Choose fewer."


def _listed(names: list[str]) -> str:
    rest = len(names) - _NAMES
    return ", ".join(names[:_NAMES]) + (f" and {rest:,} more" if rest > 0 else "")
