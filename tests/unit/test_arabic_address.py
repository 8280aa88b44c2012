"""Arabic addresses a patron in the polite plural, in every sentence of every page and mail."""

from __future__ import annotations

import re

from tests.unit.test_languages import catalog

# Words that end as "your" or "you" of one person does, and are something else.
_OTHER_WORDS = {
    "ذلك",
    "تلك",
    "كذلك",
    "لذلك",
    "هناك",
    "بنك",
    "البنك",
    "شباك",
    "متحرك",
    "البنوك",
}
_MARKS = re.compile("[\u064b-\u0652]")
_DOUBLING = "\u0651"  # the sign is written or left out; a damma tells "was used" from "use!"
_ENDING = re.compile(r"(?<!\w)(\w+ك)(?!\w)")
# What a sentence says to one person: commands, "you", and verbs of the second person.
_TO_ONE = re.compile(
    r"(?<!\w)[وف]?(?:أنت|اختر|اخترها|أدخل|ادفع|اضغط|افتح|اتصل|اكتب|حاول|أكد|راجع|أعد|أضف|احذف"
    r"|اطلب|ابحث|تأكد|استخدم|انظر|ابدأ|ابدأه|خذ|جرب|شاهد|احتفظ|اعثر|أحضر|اذكر|أظهر|أكمل|أوقف|دعنا"
    r"|تعال|أرسل|تسترد|تختر|تجب|تقصد|تدفع|تحتاج إلى)(?!\w)"
)


def test_a_patron_is_addressed_in_the_plural() -> None:
    assert [text for text in catalog("ar").values() if to_one(text)] == []


def to_one(text: str) -> list[str]:
    """Return the words that speak to one person."""
    plain = text.replace(_DOUBLING, "")
    endings = [
        word for word in _ENDING.findall(_MARKS.sub("", text)) if word.lstrip("وفب") not in _BARE
    ]
    return endings + _TO_ONE.findall(plain)


_BARE = {word.lstrip("وفب") for word in _OTHER_WORDS}
