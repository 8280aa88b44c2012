"""What can be done with the patrons who are chosen in the list, and whom a browser named. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from upstage_crm.pages.list_state import PAGE_SIZE
from upstage_crm.staff.roles import Permission, StaffMember, may

TAG, UNTAG, PROPOSE = "tag", "untag", "propose"
CHOSEN = "chosen"  # what the dialogs call their subject
LONGEST = 10  # digits of a patron's number
ACTS: Final[Mapping[str, tuple[str, str, Permission]]] = {
    TAG: ("Tag", "t", Permission.EDIT_PATRON),
    UNTAG: ("Untag", "u", Permission.EDIT_PATRON),
    PROPOSE: ("Propose change", "c", Permission.PROPOSE_CHANGE),
}
"""The words, the key and the permission of each act."""


def acts_of(member: StaffMember) -> list[list[str]]:
    """The acts that this member's role includes: name, words and key of each."""
    return [
        [name, words, key]
        for name, (words, key, permission) in ACTS.items()
        if may(member, permission)
    ]


def numbers_in(sent: object) -> list[int]:
    """The patron numbers among what a browser sent, as many as a page has rows."""
    given = sent if isinstance(sent, list) else []
    texts = [
        one
        for one in given
        if isinstance(one, str) and one.isascii() and one.isdigit() and len(one) < LONGEST
    ]
    return list(dict.fromkeys(int(one) for one in texts))[:PAGE_SIZE]
