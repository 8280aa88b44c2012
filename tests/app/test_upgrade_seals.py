"""Rows that are older than their seals: an upgrade of the operator's seals them once, no start."""

from __future__ import annotations

import pytest
from sqlmodel import Session

from tests.app.test_row_seals import found
from tests.support.factories import Desk
from tests.support.houses import seat
from tests.support.keyring import RING
from tests.support.shop import open_shop
from upstage_crm.audit import database_roles, opening
from upstage_crm.cli import commands
from upstage_crm.core import migrations
from upstage_crm.orders.transfers import offer_rows
from upstage_crm.web.errors import NotMigrated

pytestmark = pytest.mark.each_database

SEALS = "SELECT count(*) FROM {} WHERE seal IS NOT NULL"
TABLES = ("payment_dispute", "ticket_offer", "ticket_transfer")


def upgraded(desk: Desk) -> None:
    """As `migrate` does it, which also grants the app's role what is new."""
    migrations.upgrade(
        desk.owned,
        then=lambda connection, before: opening.seal_added(connection, RING, before=before),
    )
    with desk.owned.begin() as connection:
        if connection.dialect.name == "postgresql":
            database_roles.grant(connection, database_roles.APP)


@pytest.fixture
def older(desk: Desk) -> Desk:
    """A database of before, with an offer and a dispute."""
    order = open_shop(desk).sold(seat("A", 1))

    def offered(session: Session) -> None:
        to = {"email": "eli@example.org", "email_key": "eli@example.org", "language": "en"}
        offer_rows.add(session, "offer", order_id=order.id, now=desk.now, **to)
        offer_rows.add_ticket(session, "offer", order.tickets[0].id, now=desk.now)

    desk.write(offered)
    migrations.downgrade(desk.owned, "0050")
    desk.forge(
        "INSERT INTO payment_dispute (id, payment_id, amount, currency, state, opened_at) "
        "SELECT 'dp_1', id, amount, currency, 'open', created_at FROM payment"
    )
    return desk


def test_an_upgrade_seals_what_it_finds_and_no_later_one_does(older: Desk) -> None:
    upgraded(older)

    assert [older.scalar(SEALS.format(table)) for table in TABLES] == [1, 1, 1]
    assert found(older) == []
    older.forge(
        "INSERT INTO payment_dispute (id, payment_id, amount, currency, state, opened_at) "
        "SELECT 'evil', id, amount, currency, 'open', created_at FROM payment"
    )
    upgraded(older)
    assert found(older) == ["payment_dispute evil: seal"]


def test_a_start_neither_seals_nor_upgrades_what_has_to_be_sealed(older: Desk) -> None:
    with pytest.raises(NotMigrated):
        migrations.upgrade(older.owned, then=commands._ensure_nothing_to_seal)

    with older.owned.connect() as connection:
        assert migrations.current(connection) == "0050"
    upgraded(older)
    assert found(older) == []
