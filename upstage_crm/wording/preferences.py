"""Contact preferences in words, as staff read them."""

from __future__ import annotations

from collections.abc import Mapping

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
}
