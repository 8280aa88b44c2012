"""Draws the pages of the test acquirer: one document each, in our look, without scripts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from upstage_crm.core.money import in_words
from upstage_crm.core.templates import Templates
from upstage_crm.pages.style import own_style
from upstage_crm.payments.providers.published_cards import (
    CARDS,
    AfterRefund,
    Outcome,
    PublishedCard,
)
from upstage_crm.payments.providers.rehearsal import Fault, PageView

_USED: Final = (
    *("canvas", "surface", "line", "edge", "text", "muted", "accent-ink", "focus"),
    *("warning", "warning-soft", "danger", "danger-soft"),
)
_RULES: Final = """
*{box-sizing:border-box}
body{margin:0;background:var(--canvas);color:var(--text);font:1.0625rem/1.55 system-ui,sans-serif}
.c{max-width:36rem;margin:0 auto;padding:1.5rem 1.25rem 2rem}
h1{font-size:1.625rem;line-height:1.25;margin:1.25rem 0 .75rem}
h2{font-size:1.125rem;margin:1.75rem 0 .5rem}p{margin:0 0 .75rem}
.m{color:var(--muted);font-size:.9375rem}.num{font-variant-numeric:tabular-nums;white-space:nowrap}
.w,.e{padding:.625rem .875rem;border-radius:.375rem;background:var(--warning-soft);
border:1px solid var(--warning)}.e{background:var(--danger-soft);border-color:var(--danger)}
label{display:block;font-weight:600}
.i{display:block;width:100%;min-height:3rem;padding:.5rem .75rem;border:1px solid var(--edge);
border-radius:.375rem;background:var(--surface);color:var(--text);font:inherit}
input.i{font-size:1.25rem;letter-spacing:.06em}
button{font:inherit;width:100%;min-height:3rem;margin:0 0 .75rem;padding:.625rem;font-weight:600;
border-radius:.375rem;border:1px solid var(--text);background:var(--text);color:var(--canvas);
cursor:pointer}
.no,.use{background:var(--surface);color:var(--text);border-color:var(--edge)}
.cards{list-style:none;margin:0;padding:0;border-top:1px solid var(--line)}
.cards li{display:flex;gap:1rem;align-items:center;justify-content:space-between;padding:.5rem 0;
border-bottom:1px solid var(--line)}
.use{width:auto;min-width:4rem;min-height:2.75rem;margin:0;flex:none}
a{color:var(--accent-ink);display:inline-block;padding:.375rem 0}
:focus-visible{outline:3px solid var(--focus);outline-offset:2px}
"""
STYLE: Final = own_style(_USED, _RULES)
POLICY: Final = STYLE.policy(form_action="'self'", frame_ancestors="'none'")
_TEMPLATES: Final = Templates(Path(__file__).parent / "templates")

REFUSED: Final[Mapping[Outcome, str]] = {
    Outcome.DECLINED: "The card was declined. Try another one.",
    Outcome.NO_FUNDS: "There is not enough money on this card. Try another one.",
    Outcome.EXPIRED_CARD: "The card has expired. Try another one.",
    Outcome.WRONG_CODE: "The security code is wrong. Try another card.",
    Outcome.TROUBLE: "The bank could not be reached. Try again.",
    Outcome.NOT_PROVEN: "The bank could not be told that it is you. Nothing was charged.",
}
_OUTCOMES: Final[Mapping[Outcome, str]] = {
    Outcome.PAID: "pays",
    Outcome.DECLINED: "is declined",
    Outcome.NO_FUNDS: "has not enough money",
    Outcome.EXPIRED_CARD: "has expired",
    Outcome.WRONG_CODE: "has another security code",
    Outcome.TROUBLE: "meets an error at the bank",
}
_REFUNDS: Final[Mapping[AfterRefund, str]] = {
    AfterRefund.DONE: "",
    AfterRefund.DONE_LATER: "; a refund takes a minute",
    AfterRefund.FAILS_LATER: "; a refund fails after a minute",
}
_FAULTS: Final = (
    (Fault.NONE, "all goes well"),
    (Fault.NO_ANSWER, "it is paid, but the answer is lost"),
    (Fault.LATE_NEWS, "the message to the box office is a minute late"),
    (Fault.TWICE, "the message comes three times"),
)


def pay(page: PageView, problem: str = "") -> str:
    """The page on which a card is chosen; `problem` says what was wrong with the last one."""
    amount = in_words(page.amount, page.currency)
    return _render(
        "pay.html",
        f"Pay {amount}",
        problem=problem,
        page=page,
        amount=amount,
        faults=_FAULTS,
        cards=[(card, words_of(card)) for card in CARDS],
    )


def bank(page: PageView, bank_path: str) -> str:
    """The question of the cardholder's bank."""
    amount = in_words(page.amount, page.currency)
    return _render(
        "bank.html", "Your bank asks: is it you?", page=page, amount=amount, bank_path=bank_path
    )


def over(title: str, lines: Sequence[str], *, back: str = "") -> str:
    """A page on which nothing is left to do."""
    return _render("over.html", title, lines=lines, back=back)


def words_of(card: PublishedCard) -> str:
    """What becomes of a card: "The bank asks first, then it is declined"."""
    words = _OUTCOMES[card.outcome] + _REFUNDS[card.after_refund]
    if card.asks_bank:
        return f"The bank asks first, then it {words}"
    return words[:1].upper() + words[1:]


def _render(name: str, title: str, *, problem: str = "", **values: object) -> str:
    return _TEMPLATES.render(
        name, lang="en", style=STYLE.css, title=title, problem=problem, **values
    )
