"""Contact preferences in words, as staff read them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, tzinfo

from upstage_crm.core import when
from upstage_crm.patrons.details.preferences import Answer, Basis, ContactChannel, Purpose, Source

CHANNEL_WORDS: Mapping[ContactChannel, str] = {
    ContactChannel.EMAIL: "Email",
    ContactChannel.POST: "Post",
    ContactChannel.PHONE: "Phone",
    ContactChannel.SMS: "Text message",
}
PURPOSE_WORDS: Mapping[Purpose, str] = {
    Purpose.NEWS: "News and offers",
    Purpose.FUNDRAISING: "Fundraising",
    Purpose.RESEARCH: "Surveys",
}
ANSWER_WORDS: Mapping[Answer, str] = {Answer.YES: "Yes", Answer.NO: "No"}
BASIS_WORDS: Mapping[Basis, str] = {
    Basis.CONSENT: "Consent",
    Basis.SOFT_OPT_IN: "Bought or gave before (soft opt-in)",
    Basis.LEGITIMATE_INTEREST: "Legitimate interest",
}
SOURCE_WORDS: Mapping[Source, str] = {
    Source.IN_PERSON: "In person",
    Source.PHONE: "By phone",
    Source.LETTER: "By letter",
    Source.EMAIL: "By email",
    Source.ORDER: "With an order",
    Source.ACCOUNT: "In their account",
}
ASKING: Mapping[str, str] = {
    "2026-11": "May {house} contact you {way} {purpose}? You can change your answer at any time.",
}
"""With which words staff ask, by version: what an answer was given to is read here for ever."""
_WAYS: Mapping[ContactChannel, str] = {
    ContactChannel.EMAIL: "by email",
    ContactChannel.POST: "by post",
    ContactChannel.PHONE: "by phone",
    ContactChannel.SMS: "by text message",
}
_ABOUT: Mapping[Purpose, str] = {
    Purpose.NEWS: "with news and offers",
    Purpose.FUNDRAISING: "about ways to support us",
    Purpose.RESEARCH: "to ask for your opinion",
}
_PREFERENCES = "preferences"  # the name under which the trail keeps answers
_TOLD = re.compile(
    r"(?P<purpose>\w+) by (?P<channel>\w+): "
    r"(?:not asked|(?P<answer>\w+)(?:, (?P<basis>\w+))?, (?P<source>\w+), "
    r"wording (?P<wording>[^,]+), (?P<at>\S+))"
)
"""How the trail keeps an answer: `edit_preferences` writes it."""


def asking(wording: str, channel: ContactChannel, purpose: Purpose, *, house: str) -> str:
    """The words of one version with which staff ask for an answer."""
    return ASKING[wording].format(house=house, way=_WAYS[channel], purpose=_ABOUT[purpose])


def kept_words(name: str, kept: str, time_zone: tzinfo) -> str:
    """A value that the trail keeps under `name`, as people read it."""
    return kept_answer_words(kept, time_zone) if name == _PREFERENCES else kept


def kept_answer_words(kept: str, time_zone: tzinfo) -> str:
    """An answer that the trail keeps in codes, in words, with its time in `time_zone`.

    What is no such answer (it is masked or erased) stays as it is.
    """
    found = _TOLD.fullmatch(kept)
    if found is None:
        return kept
    try:
        about = f"{PURPOSE_WORDS[Purpose(found['purpose'])]} by "
        about += CHANNEL_WORDS[ContactChannel(found["channel"])].lower()
        if found["answer"] is None:
            return f"{about}: not asked"
        said = [ANSWER_WORDS[Answer(found["answer"])].lower()]
        said += [BASIS_WORDS[Basis(found["basis"])].lower()] if found["basis"] else []
        said += [SOURCE_WORDS[Source(found["source"])].lower()]
        at = when.short(datetime.fromisoformat(found["at"]), time_zone)
    except ValueError:
        return kept
    return f"{about}: {', '.join(said)} ({at}; wording {found['wording']})"
