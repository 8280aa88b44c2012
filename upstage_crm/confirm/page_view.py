"""What one page of the patron shows, ready to draw; `words` fills it. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from upstage_crm.change_requests.model.views import Phase
from upstage_crm.confirm import fixed_copy
from upstage_crm.core.languages import SOURCE
from upstage_crm.patrons.views import FieldLine

CODE_PHASE: Final = "code"  # the page on which a reference and a code are entered


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One line of facts: a label and what it says."""

    label: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PageWords:
    """One page, ready to show. An empty text or tuple means that this part is left out.

    `lang` and `dir` are the reader's, and `fixed` are the words of `fixed_copy` in that language.
    `phase` is a `Phase` value, "missing", "code" or "failed". With `can_decide` there are two
    equal answers; `is_notice` says that the link's one answer is an objection; `object_title` is
    not empty where there is one answer more, and `objection` is its `Decision`. `choice` is the
    answer that was pressed in the email. With `can_choose_each` every field may get an answer of
    its own; with `can_enter_code` a reference and a short code open a request. `receipt` is the
    address of the receipts that this link opens, if there are any. Nothing in here is secret from
    the link's holder.
    """

    phase: str = ""
    lang: str = SOURCE
    dir: str = "ltr"
    fixed: dict[str, str] = field(default_factory=lambda: dict(fixed_copy.ENGLISH))
    tone: str = "neutral"
    icon: str = "info"
    title: str = ""
    document_title: str = ""
    lead: tuple[str, ...] = ()
    organisation: str = ""
    choice: str = ""
    pressed: str = ""
    changes: tuple[FieldLine, ...] = ()
    facts: tuple[Fact, ...] = ()
    quote: str = ""
    quote_source: str = ""
    answers: tuple[Fact, ...] = ()
    until: str = ""
    can_decide: bool = False
    can_choose_each: bool = False
    approve: str = fixed_copy.APPROVE
    reject: str = fixed_copy.REJECT
    can_enter_code: bool = False
    is_notice: bool = False
    objection: str = ""
    object_title: str = ""
    object_words: str = ""
    object_button: str = ""
    steps: tuple[str, ...] = ()
    phone: str = ""
    phone_href: str = ""
    reference: str = ""
    receipt: str = ""

    @property
    def is_found(self) -> bool:
        """Whether the link led to a request of ours."""
        return self.phase != Phase.INVALID.value
