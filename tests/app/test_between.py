"""PostgreSQL alone lets somebody commit between a command's proof and its signature."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlmodel import Session

from tests.support.factories import Desk
from upstage_crm.audit import trail
from upstage_crm.audit.errors import RowNotProven
from upstage_crm.change_requests import queries
from upstage_crm.patrons import queries as patron_queries


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize("is_forged", [True, False])
def test_what_was_written_behind_a_proof_is_not_signed(desk: Desk, is_forged: bool) -> None:
    request, _link = desk.asked(desk.patron())
    forge = (
        "UPDATE review SET decision = 'approve', channel = 'patron_page', "
        f"decided_at = '{desk.now}' WHERE request_id = '{request.request_id}'"
    )

    def command(session: Session) -> None:
        patron_queries.lock(session, queries.patron_of(session, request.request_id))
        row = queries.lock(session, request.request_id)
        if is_forged:
            with desk.database.engine.begin() as connection:
                connection.exec_driver_sql(forge)
        row.expires_at += timedelta(days=1)
        trail.record(session, [], now=desk.now)

    if not is_forged:
        desk.write(command)
        return
    with pytest.raises(RowNotProven):
        desk.write(command)
