"""What the test acquirer's page can rehearse beside its cards, and how a page stands. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from upstage_crm.payments.providers.published_cards import Outcome


class PageState(StrEnum):
    """How far a page of the test acquirer has come."""

    OPEN = "open"
    BANK = "bank"  # the cardholder's bank asks who pays
    PAID = "paid"
    OVER = "over"


class Fault(StrEnum):
    """What goes wrong between the test acquirer and us, when asked to."""

    NONE = "none"
    NO_ANSWER = "no_answer"  # paid, but the buyer sees a time-out, and we hear of it a minute later
    LATE_NEWS = "late_news"  # the buyer is back a minute before the news
    TWICE = "twice"  # the same news three times


@dataclass(frozen=True, slots=True, kw_only=True)
class PageView:
    """A page of the test acquirer. `outcome` and `card` are those of the card tried last."""

    reference: str
    state: PageState
    amount: int
    currency: str
    words: str
    return_url: str
    back_url: str
    fault: Fault
    card: str
    outcome: Outcome

    @property
    def is_refused(self) -> bool:
        """Whether a card was tried and refused, and another one may be tried."""
        return self.state is PageState.OPEN and bool(self.card)
