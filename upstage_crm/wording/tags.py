"""What is done to the tags of several patrons at once: before the press, and what became of it."""

from __future__ import annotations

from upstage_crm.patrons.edit_tags import Tagged
from upstage_crm.wording.consequences import counted


def chosen_words(*, chosen: int, applies: int) -> str:
    """To how many of the chosen patrons a press applies; nothing when to all of them."""
    left = chosen - applies
    return f"Applies to {applies:,}: {_were(left)} erased and cannot be tagged." if left else ""


def tagged_words(done: object) -> str:
    """What became of tagging."""
    return _words(done, "tagged", "already had the tag")


def untagged_words(done: object) -> str:
    """What became of taking tags away."""
    return _words(done, "untagged", "did not have the tag")


def _words(done: object, verb: str, unchanged: str) -> str:
    assert isinstance(done, Tagged)
    said = [f"{counted(done.changed, 'patron')} {verb}."]
    said += [f"{done.same:,} {unchanged}."] if done.same else []
    said += [f"{done.full:,} can take no more tags."] if done.full else []
    said += [f"{_were(done.erased)} erased."] if done.erased else []
    return " ".join(said)


def _were(count: int) -> str:
    return f"{count:,} {'was' if count == 1 else 'were'}"
