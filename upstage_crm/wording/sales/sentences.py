"""The sentences of everything that is sold, paid, booked and let in: one table of all of them."""

from __future__ import annotations

from collections.abc import Mapping

from upstage_crm.wording.sales.door import DOOR_SENTENCES
from upstage_crm.wording.sales.ledger import LEDGER_SENTENCES
from upstage_crm.wording.sales.orders import ORDER_SENTENCES
from upstage_crm.wording.sales.payments import PAYMENT_SENTENCES
from upstage_crm.wording.sales.portal import PORTAL_SENTENCES
from upstage_crm.wording.sales.tills import TILL_SENTENCES
from upstage_crm.wording.sales.waiting_lists import WAITING_SENTENCES

SALE_SENTENCES: Mapping[str, str] = {
    **LEDGER_SENTENCES,
    **PAYMENT_SENTENCES,
    **ORDER_SENTENCES,
    **PORTAL_SENTENCES,
    **TILL_SENTENCES,
    **DOOR_SENTENCES,
    **WAITING_SENTENCES,
}
