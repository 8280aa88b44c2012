"""Approvals that no one gave: born approved, without a review, with another's, or moved."""

from __future__ import annotations

import pytest

from tests.support.attack import Scene, copy
from tests.support.factories import NEW, OLD
from upstage_crm.audit.guards import rules
from upstage_crm.change_requests.model.rules import (
    Decision,
    FieldOutcome,
    RequestState,
)

pytestmark = pytest.mark.each_database


def approved(scene: Scene) -> list[str]:
    """What the commands do: the review first, then the field change. Legal, so it passes."""
    return [
        f"UPDATE review SET decision = 'approve' WHERE field_change_id = '{scene.change}'",
        f"UPDATE field_change SET outcome = 'approved' WHERE id = '{scene.change}'",
    ]


def written(value: str = NEW, *, key: str = NEW) -> str:
    return f"UPDATE patron SET email = '{value}', email_key = '{key}' WHERE email = '{OLD}'"


def test_an_approved_value_is_written_once_and_marked(scene: Scene) -> None:
    """The control for every attack below: in the right order, with the right value, it passes."""
    scene.ours(*approved(scene), f"{written()} AND status = 'active'")

    assert scene.desk.email(scene.mara) == NEW
    outcome = scene.desk.scalar(f"SELECT outcome FROM field_change WHERE id = '{scene.change}'")
    assert outcome == "applied"
    # It is used up: neither another value nor the old one can be written with it.
    scene.refuses(f"UPDATE patron SET email = '{OLD}', email_key = '{OLD}' WHERE email = '{NEW}'")


def test_an_approval_covers_its_own_value_only(scene: Scene) -> None:
    yes = approved(scene)

    scene.refuses(*yes, written("evil@example.org", key="evil@example.org"), by="patron email")
    scene.refuses(*yes, written(NEW, key="evil@example.org"), by="patron email")
    scene.refuses(*yes, written("Mara.New@example.org"), by="patron email")
    scene.refuses(*yes, f"UPDATE patron SET email = '{NEW}' WHERE id = '{scene.mara.id}'")
    scene.refuses(*yes, f"UPDATE patron SET email = NULL WHERE id = '{scene.mara.id}'")


def test_an_approval_covers_its_own_patron_and_field_only(scene: Scene) -> None:
    yes = approved(scene)
    to_ole = f"UPDATE patron SET email = '{NEW}', email_key = '{NEW}' WHERE id = '{scene.ole.id}'"

    scene.refuses(*yes, to_ole, by="patron email")
    scene.refuses(*yes, f"UPDATE patron SET phone = '{NEW}' WHERE id = '{scene.mara.id}'")
    scene.refuses(
        *yes,
        f"UPDATE patron SET email = '{NEW}', email_key = '{NEW}', phone = '1', phone_key = '1' "
        f"WHERE id = '{scene.mara.id}'",
        by="patron phone",
    )


def test_a_field_change_is_born_open(scene: Scene) -> None:
    where = f"id = '{scene.change}'"
    for outcome in (outcome for outcome in FieldOutcome if not outcome.is_open):
        forged = {"id": "'x'", "field": "'phone'", "outcome": f"'{outcome.value}'"}
        scene.refuses(copy("field_change", where, forged), by="field change birth")


def test_a_request_is_born_open(scene: Scene) -> None:
    where = f"id = '{scene.request.request_id}'"
    for state in (state for state in RequestState if not state.is_open):
        forged = {"id": "'x'", "reference": "'ZZ-ZZZ'", "state": f"'{state.value}'"}
        scene.refuses(copy("change_request", where, forged), by="change request birth")


def test_nothing_is_approved_without_a_review(scene: Scene) -> None:
    where = f"id = '{scene.change}'"
    born = copy("field_change", where, {"id": "'x'", "field": "'phone'"})

    scene.refuses(f"UPDATE field_change SET outcome = 'approved' WHERE {where}", by="field change")
    scene.refuses(
        born,
        "UPDATE field_change SET outcome = 'approved' WHERE id = 'x'",
        by="field change approval",
    )


def test_a_no_approves_nothing(scene: Scene) -> None:
    for decision in ("reject", "object"):
        scene.refuses(
            f"UPDATE review SET decision = '{decision}' WHERE field_change_id = '{scene.change}'",
            f"UPDATE field_change SET outcome = 'approved' WHERE id = '{scene.change}'",
            by="field change approval",
        )


def of(change: str, reviewer: str) -> str:
    """One mailbox's review of a field change."""
    return f"field_change_id = '{change}' AND reviewer = '{reviewer}'"


def test_a_foreign_review_approves_nothing(scene: Scene) -> None:
    """A yes of another field, moved, copied or newly written, does not count here."""
    foreign = f"field_change_id = '{scene.phone_change}'"
    yes = f"UPDATE review SET decision = 'approve' WHERE {foreign}"
    approve = f"UPDATE field_change SET outcome = 'approved' WHERE id = '{scene.change}'"

    scene.refuses(yes, approve, by="field change approval")
    scene.refuses(yes, f"UPDATE review SET field_change_id = '{scene.change}' WHERE {foreign}")
    scene.refuses(
        yes, copy("review", foreign, {"id": "'x'", "field_change_id": f"'{scene.change}'"})
    )
    scene.refuses(
        copy(
            "review",
            foreign,
            {"id": "'x'", "field_change_id": f"'{scene.change}'", "reviewer": "'current'"},
        )
    )
    # The yes of the current mailbox does not stand for the proposed one, which has said nothing.
    scene.refuses(
        f"UPDATE review SET decision = 'approve' WHERE {of(scene.change, 'current')}",
        approve,
        by="field change approval",
    )


def test_a_review_is_born_undecided_and_decided_once(scene: Scene) -> None:
    phone = of(scene.phone_change, "current")
    for born in ({"decision": "'approve'"}, {"is_binding": "FALSE"}):
        scene.refuses(
            copy("review", phone, {"id": "'x'", "reviewer": "'proposed'"} | born),
            by="review birth",
        )
    own = of(scene.change, "proposed")
    scene.desk.decide(scene.link, Decision.REJECT)

    scene.refuses(f"UPDATE review SET decision = 'approve' WHERE {own}", by="review once")
    scene.refuses(f"UPDATE review SET decision = NULL WHERE {own}", by="review once")
    scene.refuses(f"UPDATE review SET comment = 'x' WHERE {own}", by="review once")
    scene.refuses(f"DELETE FROM review WHERE {own}", by="review delete")


def test_a_review_never_changes_its_mailbox(scene: Scene) -> None:
    for column in ("id", "field_change_id", "request_id", "reviewer", "mailbox"):
        guard = "words" if column == "mailbox" else "identity"
        scene.refuses(f"UPDATE review SET {column} = 'evil'", by=f"review {guard}")
    scene.refuses("UPDATE review SET mailbox = ''", by="review words")


def test_a_review_is_never_replaced(scene: Scene) -> None:
    own = f"field_change_id = '{scene.change}'"
    scene.refuses(copy("review", own, {"mailbox": "'evil@example.org'"}))
    scene.refuses(copy("review", own, {"id": "'x'", "mailbox": "'evil@example.org'"}))
    if scene.is_sqlite:
        evil = {"mailbox": "'evil@example.org'"}
        scene.refuses(copy("review", own, evil, verb="REPLACE"))
        scene.refuses(copy("review", own, evil | {"id": "'x'"}, verb="REPLACE"))
        fresh = evil | {"id": "'x'", "reviewer": "'current'"}
        scene.refuses(copy("review", own, fresh, verb="REPLACE", extra={"rowid": "rowid"}))


def test_values_never_move_after_birth(scene: Scene) -> None:
    columns = (
        "id",
        "request_id",
        "patron_id",
        "field",
        "kind",
        "current_value",
        "proposed_value",
        "proposed_key",
    )
    for column in columns:
        guard = "words" if column.startswith(("current", "proposed")) else "identity"
        scene.refuses(
            f"UPDATE field_change SET {column} = 'evil' WHERE id = '{scene.change}'",
            by=f"field change {guard}",
        )
    for column, empty in (("current_value", "{}"), ("proposed_value", "{}"), ("proposed_key", "")):
        scene.refuses(f"UPDATE field_change SET {column} = '{empty}'", by="field change words")


def test_a_field_change_is_never_replaced(scene: Scene) -> None:
    """Not by id, not by "the one open change of this field", not by a hidden row number."""
    where, evil = f"id = '{scene.change}'", {"proposed_value": "'{}'"}
    scene.refuses(copy("field_change", where, evil))
    scene.refuses(copy("field_change", where, evil | {"id": "'x'"}))
    if scene.is_sqlite:
        scene.refuses(copy("field_change", where, evil, verb="REPLACE"))
        scene.refuses(copy("field_change", where, evil | {"id": "'x'"}, verb="REPLACE"))
        other = evil | {"id": "'x'", "field": "'name'"}
        scene.refuses(copy("field_change", where, other, verb="REPLACE", extra={"rowid": "rowid"}))
    scene.refuses(f"DELETE FROM field_change WHERE {where}", by="field change delete")


def test_a_field_change_belongs_to_an_open_request_of_its_patron(scene: Scene) -> None:
    """A yes cannot be lent to another patron's record."""
    lent = {"id": "'x'", "field": "'phone'", "patron_id": f"'{scene.ole.id}'"}
    scene.desk.withdraw(scene.phone_request)

    scene.refuses(copy("field_change", f"id = '{scene.change}'", lent), by="field change birth")
    late = {"id": "'x'", "outcome": "'pending'"}
    scene.refuses(
        copy("field_change", f"id = '{scene.phone_change}'", late), by="field change birth"
    )


def test_outcomes_move_along_legal_ways_only(scene: Scene) -> None:
    """From pending, and from an end, to everything that no rule allows."""
    where = f"WHERE id = '{scene.change}'"
    for outcome in FieldOutcome:
        if outcome.value not in (*rules.FIELD_MOVES["pending"], "pending"):
            scene.refuses(f"UPDATE field_change SET outcome = '{outcome.value}' {where}")
    scene.refuses(f"UPDATE field_change SET outcome = 'nonsense' {where}", by="field change moves")
    scene.desk.decide(scene.link, Decision.REJECT)
    for outcome in FieldOutcome:
        if outcome is not FieldOutcome.REJECTED:
            scene.refuses(f"UPDATE field_change SET outcome = '{outcome.value}' {where}")


def test_nothing_counts_as_applied_that_the_record_does_not_hold(scene: Scene) -> None:
    mark = f"UPDATE field_change SET outcome = 'applied' WHERE id = '{scene.change}'"

    scene.refuses(*approved(scene), mark, by="field change applied email")


def test_requests_move_along_legal_ways_only(scene: Scene) -> None:
    where = f"WHERE id = '{scene.request.request_id}'"
    for state in RequestState:
        if state is not RequestState.PENDING:
            # Even a legal end is refused while its field is still open.
            scene.refuses(f"UPDATE change_request SET state = '{state.value}' {where}")
    scene.desk.decide(scene.link, Decision.REJECT)
    for state in RequestState:
        if state is not RequestState.REJECTED:
            scene.refuses(f"UPDATE change_request SET state = '{state.value}' {where}")


def test_a_request_is_not_approved_when_nothing_was_applied(scene: Scene) -> None:
    where = f"WHERE id = '{scene.request.request_id}'"
    lapse = f"UPDATE field_change SET outcome = 'lapsed' WHERE id = '{scene.change}'"

    for state in ("approved", "partly_approved"):
        scene.refuses(
            lapse,
            f"UPDATE change_request SET state = '{state}' {where}",
            by="change request end",
        )


def test_a_requests_story_never_changes(scene: Scene) -> None:
    columns = (
        "id",
        "reference",
        "patron_id",
        "reason_code",
        "reason_text",
        "proposer_id",
        "proposer_label",
        "created_at",
        "policy",
        "path",
    )
    for column in columns:
        value = "NULL" if column == "created_at" else "'evil'"
        guard = "words" if column == "reason_text" else "identity"
        scene.refuses(f"UPDATE change_request SET {column} = {value}", by=f"change request {guard}")
    scene.refuses("DELETE FROM change_request", by="change request delete")
    where = f"id = '{scene.request.request_id}'"
    scene.refuses(copy("change_request", where, {"reason_text": "'x'"}))
    scene.refuses(copy("change_request", where, {"id": "'x'"}))
    if scene.is_sqlite:
        fresh = {"id": "'x'", "reference": "'ZZ-ZZZ'"}
        scene.refuses(copy("change_request", where, {"id": "'x'"}, verb="REPLACE"))
        scene.refuses(
            copy("change_request", where, fresh, verb="REPLACE", extra={"rowid": "rowid"})
        )


def test_a_dead_link_is_never_revived(scene: Scene) -> None:
    scene.ours("UPDATE change_request SET link_version = 5")

    scene.refuses("UPDATE change_request SET link_version = 4", by="change request links")
