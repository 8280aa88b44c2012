"""Every table of the application, in one metadata: for migrations and for the house tests."""

from __future__ import annotations

from sqlmodel import SQLModel

import upstage_crm.audit.tables
import upstage_crm.change_requests.model.dispute_tables
import upstage_crm.change_requests.model.tables
import upstage_crm.core.heartbeat
import upstage_crm.door.tables
import upstage_crm.households.tables
import upstage_crm.inventory.tables
import upstage_crm.ledger.tables
import upstage_crm.mail.tables
import upstage_crm.orders.cancellations.tables
import upstage_crm.orders.letters.tables
import upstage_crm.orders.tables
import upstage_crm.orders.transfers.tables
import upstage_crm.organisation.tables
import upstage_crm.patron_accounts.tables
import upstage_crm.patrons.details.tables
import upstage_crm.patrons.tables
import upstage_crm.payments.providers.tables
import upstage_crm.payments.tables
import upstage_crm.programme.prices.tables
import upstage_crm.programme.tables
import upstage_crm.receipts.tables
import upstage_crm.reporting.tables
import upstage_crm.staff.tables
import upstage_crm.tills.tables
import upstage_crm.venues.tables
import upstage_crm.waiting_list.tables  # noqa: F401  # imported to register, like the lines above

metadata = SQLModel.metadata
