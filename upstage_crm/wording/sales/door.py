"""The words of the door and of printing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from upstage_crm.door.rules import Verdict
from upstage_crm.door.views import ScanAnswer

DOOR_SENTENCES: Mapping[str, str] = {
    "script_not_printable": (
        "This printer has no letters for some of the words. Print the page of the browser instead."
    ),
    "mail_file_invalid": "A file of an email cannot be attached under this name.",
    "mail_file_not_drawn": "A file of this email can no longer be made.",
    "nonce_taken": "This device used the number of an earlier scan again. Scan the ticket again.",
    "letters_sent": "These emails were sent a moment ago.",
    "not_printed": ("The printer did not say that it printed. Look at its paper, then try again."),
    "scan_unreadable": "This scan could not be read. Load the page again.",
}


@dataclass(frozen=True, slots=True)
class VerdictWords:
    """What the scanner says: a sign beside the colour, a few large words, and what to do."""

    mark: str
    title: str
    advice: str = ""


VERDICT_WORDS: Mapping[Verdict, VerdictWords] = {
    Verdict.VALID: VerdictWords("✓", "Valid"),
    Verdict.UNVERIFIED: VerdictWords(
        "?",
        "Let in, not checked",
        "This device could not check everything about the ticket. It is checked once the network "
        "is back.",
    ),
    Verdict.USED: VerdictWords(
        "✕",
        "Already in",
        "Someone came in with this ticket. Did the same person go out without a scan? Scan "
        "“Out”, then “In”.",
    ),
    Verdict.NOT_IN: VerdictWords(
        "?", "Was not in", "No one came in with this ticket. Let the person out all the same."
    ),
    Verdict.WRONG_PERFORMANCE: VerdictWords(
        "✕", "Another performance", "This ticket is not for this performance."
    ),
    Verdict.VOID: VerdictWords(
        "✕",
        "No longer valid",
        "The ticket was returned, exchanged or cancelled. The box office can help.",
    ),
    Verdict.REVOKED: VerdictWords(
        "✕",
        "Old code",
        "This ticket was given to someone else, or it has a newer code. Ask for the latest email, "
        "or send the person to the box office.",
    ),
    Verdict.UNKNOWN: VerdictWords(
        "✕", "Not our ticket", "Scan it again. If the answer is the same, the box office can help."
    ),
}
VERDICT_TONES: Mapping[Verdict, str] = {
    Verdict.VALID: "good",
    Verdict.UNVERIFIED: "amber",
    Verdict.NOT_IN: "amber",
    Verdict.USED: "bad",
    Verdict.WRONG_PERFORMANCE: "bad",
    Verdict.VOID: "bad",
    Verdict.REVOKED: "bad",
    Verdict.UNKNOWN: "bad",
}
"""The colour of each answer: go in, go in but look, do not go in."""

CONFLICT_WORDS: Mapping[Verdict, str] = {
    Verdict.USED: "two people came in with this ticket",
    Verdict.WRONG_PERFORMANCE: "the ticket is for another performance",
    Verdict.VOID: "the ticket was returned, exchanged or cancelled",
    Verdict.REVOKED: "the ticket was given to someone else, or has a newer code",
    Verdict.UNKNOWN: "there is no such ticket",
}

NET_WORDS: Mapping[str, str] = {
    "plain": "Without JavaScript this page needs the network for every scan.",
    "online": "Online.",
    "offline": "No network: this device decides alone.",
    "sign_in": "Signed out: scans are kept on this device.",
    "waiting": "Not sent yet: {count}.",
    "unsent": "Not sent yet.",
    "list": "{count} tickets in the list, loaded at {time}.",
    "camera_on": "Use the camera",
    "camera_off": "Stop the camera",
    "camera_refused": "The camera was not allowed",
}


def answer_detail(answer: ScanAnswer, *, before: str, other: str) -> str:
    """One line about an answer. `before` and `other` are in words, "" where there are none."""
    if other:
        return f"It is for {other}."
    if before:
        return f"In since {before}, {answer.before_device}."
    return ", ".join(filter(None, (answer.zone, answer.price_type)))
