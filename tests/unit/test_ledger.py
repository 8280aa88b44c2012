"""The words and names of the books agree wherever they are repeated."""

from __future__ import annotations

from upstage_crm.audit.guards import money_moves
from upstage_crm.ledger.views import TENDERS, Account, PostingKind
from upstage_crm.wording.sales.ledger import ACCOUNT_WORDS, POSTING_WORDS


def test_the_guards_know_every_account_and_no_other() -> None:
    assert list(money_moves.ACCOUNTS) == [account.value for account in Account]


def test_every_account_and_kind_of_posting_has_its_own_words() -> None:
    assert set(ACCOUNT_WORDS) == set(Account)
    assert set(POSTING_WORDS) == set(PostingKind)
    assert len(set(ACCOUNT_WORDS.values())) == len(Account)
    assert len(set(POSTING_WORDS.values())) == len(PostingKind)


def test_what_is_paid_with_is_not_what_is_paid_for() -> None:
    assert not set(TENDERS) & {Account.DEFERRED_INCOME, Account.DEFERRED_FEES, Account.TAX}
