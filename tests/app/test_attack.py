"""`make attack`: every raw SQL attempt is stopped, and if one is not, the command says so."""

from __future__ import annotations

import pytest
from sqlalchemy.engine import Engine

from tests.support.factories import PROTECTED, Desk
from tests.support.houses import seat
from tests.support.keyring import RING, SECRET_KEYS
from tests.support.shop import open_shop
from upstage_crm.audit.guards import triggers
from upstage_crm.cli import commands
from upstage_crm.core.db import Database
from upstage_crm.demo.attack import NothingToAttack, Result, attack
from upstage_crm.staff import demo_account
from upstage_crm.staff.roles import Role

pytestmark = pytest.mark.each_database

# What no trigger stops: it takes an owner, and then it is noticed.
BESIDE_GUARDS = {
    "drop a guard and write",
    "rebuild the table, as batch migrations do",
    "forge an approval in the very shape of ours",
}
BESIDE_GUARDS_ON_POSTGRESQL = BESIDE_GUARDS | {
    "a trigger that rewrites after the guards",
    "a trigger of the database's own functions",
    "a rule instead of the write",
    "a guard switched off",
    "every guard switched off",  # not even the owner may
    "becoming the owner",
    "an older revision",
}

# What the table itself refuses: a counter below zero, or beyond its capacity.
COUNTERS = {
    f"{how} places {column} than {what}"
    for column in ("sold", "held", "blocked")
    for how, what in (("more", "there are"), ("fewer", "none"))
}
# And what its keys and checks refuse.
BY_TABLES = COUNTERS | {
    "a second valid ticket for a seat",
    "a ticket in two offers",
    "more given back than was paid",
}


@pytest.fixture
def desk(desk: Desk) -> Desk:
    """A patron with an open request, an applied change and a receipt; another one; a sold seat."""
    desk.staff("Sam", Role.BOX_OFFICE)
    mara = desk.patron(phone="+1 212 555 0101")
    desk.decide(desk.asked(mara, "second@example.org")[1])
    waiting = desk.patron(email="ole@example.com", given_name="Ole", phone="+1 212 555 0102")
    desk.propose(waiting, "ole.new@example.org")
    desk.patron(email="ina@example.com", given_name="Ina")
    shop = open_shop(desk)
    shop.sold(seat("A", 1))
    shop.sold(seat("A", 2))
    return desk


def attacked(engine: Engine) -> Result:
    return attack(Database(engine), protected=PROTECTED, ring=RING)


def is_sqlite(desk: Desk) -> bool:
    return desk.database.engine.dialect.name == "sqlite"


def test_every_attempt_of_the_owner_is_stopped_by_a_guard_or_noticed(desk: Desk) -> None:
    before = desk.dump()

    result = attacked(desk.owned)

    assert result.passed == ()
    assert result.is_unchanged
    assert before == desk.dump()
    by_guards = {
        outcome.attempt.words
        for outcome in result.outcomes
        if (outcome.stopped_by or "").startswith("guard: ")
    }
    others = {o.attempt.words for o in result.outcomes if not o.attempt.notices} - by_guards
    assert others == BY_TABLES
    assert len(by_guards) > 60
    # What no guard stops, a forger with the source and the database's role but without the keys,
    # is found by the running server and by the check.
    taken = [outcome for outcome in result.outcomes if outcome.is_taken]
    assert len({outcome.attempt.words for outcome in taken}) > 20
    assert [o.attempt.words for o in taken if not o.stopped_by or not o.is_watched] == []
    ways = {"our connection", *(["bare connection"] if is_sqlite(desk) else [])}
    assert {outcome.way for outcome in result.outcomes} == ways


def test_the_apps_role_has_no_right_to_what_takes_an_owner(desk: Desk) -> None:
    if is_sqlite(desk):
        pytest.skip("SQLite knows no roles")

    result = attacked(desk.database.engine)

    assert result.passed == ()
    stopped = {outcome.attempt.words: outcome.stopped_by for outcome in result.outcomes}
    stoppers = {(by or "").partition(":")[0] for by in stopped.values()}
    assert stoppers == {"guard", "privilege", "found by audit verify", "database"}
    assert {
        words for words, by in stopped.items() if (by or "").startswith("database")
    } == BY_TABLES
    by_right = {words for words, by in stopped.items() if (by or "").startswith("privilege: ")}
    shape = "forge an approval in the very shape of ours"  # plain rows: found by the check
    assert by_right >= BESIDE_GUARDS_ON_POSTGRESQL - {shape}
    assert by_right >= {
        "an operator that always says yes",
        "a function before the database's own",
        "a table of one's own before the real one",
        "an entry rewritten",
        "a receipt rewritten",
        "TRUNCATE patron",
    }
    assert stopped["a search path of one's own"] == "guard: patron email"
    assert stopped["email to another value"] == "guard: patron email"


def test_every_guard_that_is_taken_away_lets_an_attempt_pass(desk: Desk) -> None:
    """The control: the attempts are stopped by the guards and by nothing else."""
    with desk.owned.begin() as connection:
        triggers.drop(connection)

    result = attacked(desk.owned)

    passed = {outcome.attempt.words for outcome in result.passed}
    assert {"email to another value", "phone to another value", "an entry rewritten"} <= passed
    assert {"a receipt rewritten", "an approval without a review", "DELETE"} & passed
    assert result.is_unchanged  # and still nothing of it stays


def test_an_empty_database_is_not_worth_it(desk: Desk) -> None:
    with desk.owned.begin() as connection:
        triggers.drop(connection)
    desk.arrange("DELETE FROM receipt")

    with pytest.raises(NothingToAttack):
        attacked(desk.database.engine)


# --- the command line ----------------------------------------------------------------------------


@pytest.fixture
def operator(database_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("UPSTAGE_DATABASE_URL", database_url)
    monkeypatch.setenv("UPSTAGE_SECRET_KEYS", SECRET_KEYS)
    return database_url


def test_the_table_names_each_guard_and_nobodys_address(
    desk: Desk, operator: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert commands.main(["attack"]) == 1
    assert "not the demo's database" in capsys.readouterr().err

    assert commands.main(["attack", "--database", operator]) == 0

    table = capsys.readouterr().out
    assert "none passed, not one row is another." in table
    assert "guard: patron email" in table
    assert ("guard: receipt update" if is_sqlite(desk) else "privilege: permission denied") in table
    assert "found by audit verify: patron" in table
    assert "found by audit verify: mail_outbox: seal" in table
    assert "@example.com" not in table
    assert "ole.new" not in table


@pytest.mark.usefixtures("operator")
def test_an_attempt_that_passes_is_said_and_fails(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    """The demo, which its owner's account tells, is attacked without being named."""
    desk.staff("Morgan", Role.OWNER, email=demo_account.EMAIL)
    table, words = "receipt", "a receipt rewritten"
    if not is_sqlite(desk):  # where the app's role has no right to rewrite a receipt
        table, words = "review", "a comment rewritten"
    on = "" if is_sqlite(desk) else f" ON {table}"
    desk.arrange(f"DROP TRIGGER guard_{'receipt_update' if is_sqlite(desk) else 'review_once'}{on}")

    assert commands.main(["attack"]) == 1

    said = capsys.readouterr().out
    (line,) = [line for line in said.splitlines() if words in line]
    assert line.endswith("PASSED")
    assert "1 passed" in said or "2 passed" in said
