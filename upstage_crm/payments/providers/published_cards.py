"""The numbers that the test acquirer knows: the ones that Stripe has published for tests. Pure.

No bank has issued any of them. Every other number is refused before anything is done with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

_SPACES: Final = str.maketrans("", "", "   -\t")


class Outcome(StrEnum):
    """What becomes of a card when it is charged."""

    PAID = "paid"
    DECLINED = "declined"
    NO_FUNDS = "insufficient_funds"
    EXPIRED_CARD = "expired_card"
    WRONG_CODE = "incorrect_cvc"
    TROUBLE = "processing_error"
    NOT_PROVEN = "authentication_failed"  # the bank was not told who pays


class AfterRefund(StrEnum):
    """What becomes of a refund of the card."""

    DONE = "done"
    DONE_LATER = "done_later"
    FAILS_LATER = "fails_later"


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedCard:
    """One published number. `asks_bank`: the cardholder's bank asks who pays (3-D Secure)."""

    number: str
    brand: str
    outcome: Outcome = Outcome.PAID
    asks_bank: bool = False
    after_refund: AfterRefund = AfterRefund.DONE

    @property
    def last_four(self) -> str:
        """What is kept of it."""
        return self.number[-4:]

    @property
    def note(self) -> str:
        """How a payment names the card: brand and last four digits."""
        return f"{self.brand} {self.last_four}"

    @property
    def spaced(self) -> str:
        """The number as it stands on a card."""
        if len(self.number) == 15:
            return f"{self.number[:4]} {self.number[4:10]} {self.number[10:]}"
        return " ".join(self.number[at : at + 4] for at in range(0, len(self.number), 4))


CARDS: Final = (
    PublishedCard(number="4242424242424242", brand="Visa"),
    PublishedCard(number="5555555555554444", brand="Mastercard"),
    PublishedCard(number="378282246310005", brand="American Express"),
    PublishedCard(number="4000000000000002", brand="Visa", outcome=Outcome.DECLINED),
    PublishedCard(number="4000000000009995", brand="Visa", outcome=Outcome.NO_FUNDS),
    PublishedCard(number="4000000000000069", brand="Visa", outcome=Outcome.EXPIRED_CARD),
    PublishedCard(number="4000000000000127", brand="Visa", outcome=Outcome.WRONG_CODE),
    PublishedCard(number="4000000000000119", brand="Visa", outcome=Outcome.TROUBLE),
    PublishedCard(number="4000000000003220", brand="Visa", asks_bank=True),
    PublishedCard(number="4000002500003155", brand="Visa", asks_bank=True),
    PublishedCard(
        number="4000008400001629", brand="Visa", asks_bank=True, outcome=Outcome.DECLINED
    ),
    PublishedCard(
        number="4000008260003178", brand="Visa", asks_bank=True, outcome=Outcome.NO_FUNDS
    ),
    PublishedCard(number="4000000000007726", brand="Visa", after_refund=AfterRefund.DONE_LATER),
    PublishedCard(number="4000000000005126", brand="Visa", after_refund=AfterRefund.FAILS_LATER),
)
_BY_NUMBER: Final[Mapping[str, PublishedCard]] = {card.number: card for card in CARDS}


def find_card(typed: str) -> PublishedCard | None:
    """The card of a published number, written with or without blanks and hyphens."""
    return _BY_NUMBER.get(typed.translate(_SPACES))
