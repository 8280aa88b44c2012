"""The sentences of every refusal of a sale, by code."""

from __future__ import annotations

from collections.abc import Mapping

from upstage_crm.wording.sales.ledger import LEDGER_SENTENCES
from upstage_crm.wording.sales.payments import PAYMENT_SENTENCES
from upstage_crm.wording.sales.tills import TILL_SENTENCES

SALES_SENTENCES: Mapping[str, str] = {**LEDGER_SENTENCES, **PAYMENT_SENTENCES, **TILL_SENTENCES}
