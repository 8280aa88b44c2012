"""Who vouches for which entries of the trail: every way to slip one in, and every key."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from upstage_crm.audit.chain import (
    GENESIS,
    Broken,
    Vouching,
    Walk,
    canonical,
    entry_hash,
    signed_message,
)
from upstage_crm.audit.events import Action
from upstage_crm.audit.signing import SigningKey

AT = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
OURS = SigningKey.derive("ours", b"a" * 32)
NEXT = SigningKey.derive("next", b"b" * 32)
EVIL = SigningKey.derive("evil", b"e" * 32)
FORGED = SigningKey.derive("ours", b"e" * 32)  # another secret under our name

Row = dict[str, Any]


class Chain:
    """A trail in memory whose hashes always fit: only signatures can tell what is wrong."""

    def __init__(self) -> None:
        self.rows: list[Row] = []

    def add(
        self,
        count: int = 1,
        *,
        by: SigningKey | None = None,
        covers: int | None = None,
        action: Action = Action.STAFF_SIGNED_IN,
        **facts: str,
    ) -> Chain:
        """Append entries; `by` signs the last one, over all of them unless `covers` says less."""
        for _ in range(count):
            row: Row = {
                "seq": len(self.rows) + 1,
                "at": AT,
                "actor_kind": "staff",
                "actor_id": None,
                "actor_label": "Dana",
                "channel": "crm",
                "action": action.value,
                "patron_id": None,
                "request_id": None,
                "facts": canonical(facts),
                "commitments": "{}",
                "previous_hash": self.rows[-1]["hash"] if self.rows else GENESIS,
                "covers": None,
                "kid": None,
                "signature": None,
            }
            self.rows.append(row | {"hash": entry_hash(row)})
        if by is not None:
            self.sign(by, count if covers is None else covers)
        return self

    def sign(self, key: SigningKey, covers: int) -> None:
        row = self.rows[-1]
        message = signed_message(covers=covers, seq=row["seq"], head=row["hash"])
        row |= {"covers": covers, "kid": key.kid, "signature": key.sign(message)}

    def open(self, key: SigningKey) -> Chain:
        return self.add(by=key, action=Action.TRAIL_OPENED, kid=key.kid, public_key=key.public_key)

    def enter(
        self, key: SigningKey, *, replaces: SigningKey, by: SigningKey | None = None
    ) -> Chain:
        return self.add(
            by=by or key,
            action=Action.TRAIL_KEY_ENTERED,
            kid=key.kid,
            public_key=key.public_key,
            replaces=replaces.kid,
            replaces_key=replaces.public_key,
        )

    def found(self, *trusted: SigningKey) -> Broken | None:
        """What a reader finds who trusts these keys; ours when none is named."""
        vouching, walk = following(*trusted), Walk()
        for row in self.rows:
            broken = walk.step(row) or vouching.step(row)
            if broken is not None:
                return broken
        return vouching.end()

    def unsigned(self) -> tuple[int, ...]:
        vouching = following()
        for row in self.rows:
            vouching.step(row)
        return vouching.unsigned


def following(*trusted: SigningKey) -> Vouching:
    return Vouching({key.kid: key.public_key for key in trusted or (OURS,)})


@pytest.fixture
def chain() -> Chain:
    return Chain().open(OURS).add(3, by=OURS)


def test_signed_entries_hold(chain: Chain) -> None:
    assert chain.add(by=OURS).found() is None


def test_an_unsigned_entry_at_the_end_is_found(chain: Chain) -> None:
    assert chain.add().found() == Broken(5, "unsigned")


def test_an_unsigned_entry_in_the_middle_is_found(chain: Chain) -> None:
    chain.add().add(2, by=OURS)

    assert chain.found() == Broken(5, "unsigned")
    assert chain.unsigned() == (5,)


def test_every_unsigned_entry_is_named(chain: Chain) -> None:
    chain.add(2).add(by=OURS).add().add(2, by=OURS).add()

    assert chain.unsigned() == (5, 6, 8, 11)


def test_a_signature_does_not_vouch_for_what_was_slipped_in_before_its_entries(
    chain: Chain,
) -> None:
    """The forger counts it in, or our next signature would leave it out."""
    chain.add().add(2, by=OURS)
    chain.rows[-1]["covers"] = 3

    assert chain.found() == Broken(7, "signature")


@pytest.mark.parametrize("covers", [0, 1, 3, 99, -1])
def test_a_signature_counts_for_as_many_entries_as_it_says(chain: Chain, covers: int) -> None:
    chain.add(2, by=OURS)
    chain.rows[-1]["covers"] = covers

    assert chain.found() == Broken(6, "signature")


def test_a_signature_over_more_entries_than_there_are_is_none(chain: Chain) -> None:
    """Even by our key: it would reach into what is covered already."""
    assert chain.add(2, by=OURS, covers=3).found() == Broken(6, "signature")


def test_a_signature_of_another_secret_under_our_name_is_found(chain: Chain) -> None:
    assert chain.add(by=FORGED).found() == Broken(5, "signature")


def test_a_signature_of_a_key_that_never_entered_is_found(chain: Chain) -> None:
    assert chain.add(by=EVIL).found() == Broken(5, "signature")
    assert chain.found(OURS, EVIL) == Broken(5, "signature")


def test_a_copied_signature_is_found(chain: Chain) -> None:
    chain.add()
    chain.rows[-1] |= {name: chain.rows[3][name] for name in ("covers", "kid", "signature")}

    assert chain.found() == Broken(5, "signature")


@pytest.mark.parametrize("column", ["covers", "kid"])
def test_half_a_signature_is_found(chain: Chain, column: str) -> None:
    chain.rows[1][column] = 1 if column == "covers" else "ours"

    assert chain.found() == Broken(2, "signature")


def test_bytes_where_numbers_belong_are_found(chain: Chain) -> None:
    """SQLite takes anything into any column."""
    chain.rows[-1]["covers"] = b"3"

    assert chain.found() == Broken(4, "signature")


def test_a_gap_is_found(chain: Chain) -> None:
    del chain.rows[1]

    assert chain.found() == Broken(2, "missing")


def test_an_entry_that_we_never_write_is_found() -> None:
    chain = Chain().open(OURS).add(by=OURS)
    chain.rows[-1]["facts"] = b"{}"

    assert chain.found() == Broken(2, "hash")


# --- keys -----------------------------------------------------------------------------------------


def test_a_key_that_replaced_another_signs_from_then_on(chain: Chain) -> None:
    chain.enter(NEXT, replaces=OURS).add(by=NEXT)

    assert chain.found(OURS, NEXT) is None


def test_the_newest_key_alone_vouches_for_those_before_it(chain: Chain) -> None:
    chain.enter(NEXT, replaces=OURS).add(by=NEXT)

    assert chain.found(NEXT) is None


def test_a_key_that_was_replaced_counts_for_nothing_later(chain: Chain) -> None:
    chain.enter(NEXT, replaces=OURS).add(by=OURS)

    assert chain.found(OURS, NEXT) == Broken(6, "signature")


def test_a_key_counts_for_nothing_before_it_enters(chain: Chain) -> None:
    assert chain.add(by=NEXT).found(OURS, NEXT) == Broken(5, "signature")


def test_a_key_enters_with_an_entry_that_it_signs_itself(chain: Chain) -> None:
    chain.enter(NEXT, replaces=OURS, by=OURS)

    assert chain.found(OURS, NEXT) == Broken(5, "signature")


def test_a_key_names_the_one_in_force_as_the_one_that_it_replaces(chain: Chain) -> None:
    chain.enter(NEXT, replaces=EVIL)

    assert chain.found(OURS, NEXT) == Broken(5, "signature")


def test_a_key_names_the_public_key_that_it_replaces(chain: Chain) -> None:
    chain.enter(NEXT, replaces=FORGED)

    assert chain.found(OURS, NEXT) == Broken(5, "signature")


def test_a_key_of_the_forgers_that_enters_itself_is_known_to_nobody(chain: Chain) -> None:
    chain.enter(EVIL, replaces=OURS).add(5, by=EVIL)

    assert chain.found() == Broken(1, "unknown_key")


def test_our_entries_after_a_key_of_the_forgers_do_not_hold(chain: Chain) -> None:
    chain.enter(EVIL, replaces=OURS).add(by=EVIL).add(by=OURS)

    assert chain.found() == Broken(7, "signature")


def test_a_second_opening_is_none(chain: Chain) -> None:
    """Or a forger could begin the trail again under another key."""
    assert chain.open(EVIL).found(OURS, EVIL) == Broken(5, "signature")


def test_an_unsigned_entry_lets_no_key_enter(chain: Chain) -> None:
    chain.enter(EVIL, replaces=OURS)
    chain.rows[-1] |= {"covers": None, "kid": None, "signature": None}
    chain.add(by=OURS)

    assert chain.found() == Broken(5, "unsigned")


def test_a_trail_that_a_stranger_signed_from_its_beginning_is_not_ours() -> None:
    assert Chain().open(EVIL).add(by=EVIL).found() == Broken(1, "unknown_key")


def test_the_first_key_has_to_sign_its_entry() -> None:
    chain = Chain().add(action=Action.TRAIL_OPENED, kid="ours", public_key=OURS.public_key)

    assert chain.found() == Broken(1, "unsigned")


def test_reading_begins_in_the_middle_with_the_key_in_force_there(chain: Chain) -> None:
    """Also one that has left the ring since."""
    chain.add(2, by=OURS).enter(NEXT, replaces=OURS).add(by=NEXT)
    vouching = Vouching({"next": NEXT.public_key}, kid="ours", public_key=OURS.public_key)

    assert [vouching.step(row) for row in chain.rows[4:]] == [None] * 4
    assert vouching.end() is None


# --- before signing, and after a repair -----------------------------------------------------------


def test_what_is_older_than_signing_is_counted_and_vouched_for_by_the_opening() -> None:
    chain = Chain().add(4).open(OURS).add(by=OURS)
    vouching = following()

    assert [vouching.step(row) for row in chain.rows] == [None] * 6
    assert vouching.before == 4
    assert vouching.end() is None


def test_a_trail_without_any_signature_is_not_signed() -> None:
    assert Chain().add(3).found() == Broken(1, "unsigned")


def test_an_empty_trail_is_no_finding() -> None:
    assert Chain().found() is None


def test_a_repair_sets_an_unsigned_entry_aside(chain: Chain) -> None:
    chain.add(2).add(by=OURS).add(by=OURS, action=Action.ROWS_RESTORED, void="5, 6")

    assert chain.found() is None


def test_a_repair_that_the_forger_wrote_sets_nothing_aside(chain: Chain) -> None:
    chain.add().add(action=Action.ROWS_RESTORED, void="5, 6").add(by=OURS)

    assert chain.found() == Broken(5, "unsigned")
    assert chain.unsigned() == (5, 6)
