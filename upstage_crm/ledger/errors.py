"""How the ledger refuses. Each is a mistake of the caller: no person can bring one about.

Invalid
├── PostingUnbalanced       facts: `difference`
└── AmountBeyondBooks       facts: `account`, `amount`
"""

from __future__ import annotations

from upstage_crm.core.errors import Invalid


class PostingUnbalanced(Invalid):
    """The legs do not sum to zero. Facts: `difference`, their sum."""

    code = "posting_unbalanced"


class AmountBeyondBooks(Invalid):
    """An amount is larger than any that the books take. Facts: `account`, `amount`."""

    code = "amount_beyond_books"
