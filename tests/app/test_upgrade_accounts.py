"""Accounts of before: what the trail tells of them is what they carry after the upgrade."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from tests.support.factories import PROTECTED
from tests.support.keyring import RING
from upstage_crm.audit import opening, trail
from upstage_crm.core import migrations
from upstage_crm.core.db import Database, make_engine
from upstage_crm.staff import accounts
from upstage_crm.staff.account_history import AccountHistory

pytestmark = pytest.mark.each_database

MADE = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
LATER = MADE + timedelta(days=3)
ROLE = LATER + timedelta(days=1)
FACTOR = LATER + timedelta(days=2)

ADD = sa.text(
    "INSERT INTO staff (id, email, email_key, display_name, desk, role, password_hash, created_at) "
    "VALUES (:id, :email, :email, 'N', '', 'manager', 'x', :at)"
)
TELL = sa.text(
    "INSERT INTO audit_entry (seq, at, actor_kind, actor_label, channel, action, facts, "
    "commitments, previous_hash, hash) "
    "VALUES (:seq, :at, :kind, 'x', 'crm', :action, :facts, '{}', :hash, :hash)"
)


def test_what_the_trail_tells_comes_to_the_accounts(blank_url: str) -> None:
    engine = make_engine(blank_url)
    migrations.upgrade(engine, "0005")
    told = [
        ("operators", "operator", "staff.added", MADE),
        ("invited", "staff", "staff.added", MADE),
        ("changed", "operator", "staff.added", MADE),
        ("changed", "staff", "staff.role_changed", LATER),
        ("changed", "staff", "staff.role_changed", ROLE),
        ("changed", "staff", "staff.second_factor_added", FACTOR),
    ]
    with engine.begin() as connection:
        for name in ("operators", "invited", "changed"):
            at = MADE.replace(tzinfo=None) if connection.dialect.name == "sqlite" else MADE
            connection.execute(ADD, {"id": name, "email": f"{name}@example.org", "at": at})
        for seq, (name, kind, action, told_at) in enumerate(told, 1):
            at = told_at.replace(tzinfo=None) if connection.dialect.name == "sqlite" else told_at
            facts = json.dumps({"staff_id": name})
            entry = {"seq": seq, "at": at, "kind": kind, "action": action, "facts": facts}
            connection.execute(TELL, {**entry, "hash": f"{seq}"})
        connection.execute(
            sa.text(f"UPDATE audit_head SET seq = {len(told)}, hash = '{len(told)}'")
        )

    migrations.upgrade(engine)

    database = Database(engine)
    trail.attach(database, RING)
    with database.transaction() as session:
        assert opening.seal_older(session, PROTECTED, older_keys={}, now=FACTOR)
    with database.reading() as session:
        found = {name: accounts.history_of(session, name) for name in ("operators", "invited")}
        changed = accounts.history_of(session, "changed")
    database.dispose()
    assert found == {
        "operators": AccountHistory(made_at=MADE, by_operator=True),
        "invited": AccountHistory(made_at=MADE, by_operator=False),
    }
    assert changed == AccountHistory(
        made_at=MADE, by_operator=True, role_at=ROLE, factors_at=FACTOR
    )
