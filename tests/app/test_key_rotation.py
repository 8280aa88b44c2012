"""Case 48: a rotation loses no link; a revoked key kills all of its links, and staff are told."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.support.engine import Engine
from tests.support.factories import NEW, SECRET
from upstage_crm import wiring
from upstage_crm.audit import opening
from upstage_crm.audit.errors import TrailKeyUnknown
from upstage_crm.change_requests.rules import Cause, RequestState
from upstage_crm.core.clock import FrozenClock
from upstage_crm.core.db import Database
from upstage_crm.links.claims import LinkRefused
from upstage_crm.links.codec import LinkCodec, LinkKey
from upstage_crm.mail.dispatcher import Dispatcher
from upstage_crm.settings import Settings
from upstage_crm.web.schedule import revoke_dead_links
from upstage_crm.wiring import mailboxes_of

OLD_KEY, NEW_KEY = LinkKey("test-key", SECRET), LinkKey("newer", b"n" * 32)


@pytest.fixture
def engine(database: Database, clock: FrozenClock) -> Engine:
    return Engine(database, clock)


def restarted(engine: Engine, *keys: LinkKey, on_purpose: bool = False) -> wiring.Runtime:
    """The same venue after a start with other keys, or after `migrate --new-key`."""
    engine.mailbox.messages.clear()  # what was read before cannot be read with other keys
    engine.codec = LinkCodec(keys)
    engine.room = replace(engine.room, codec=engine.codec)
    engine.dispatcher = Dispatcher(
        engine.database, engine.mailbox, engine.codec, engine.clock, mailboxes_of=mailboxes_of
    )
    given = ",".join(f"{key.kid}:{base64.b64encode(key.secret).decode()}" for key in keys)
    settings = Settings.load({"UPSTAGE_SECRET_KEYS": given})
    made = wiring.build(settings, database=engine.database, clock=engine.clock)
    with made.database.transaction() as session:
        opening.open_trail(session, now=engine.now, trusts_unknown=on_purpose)
    return replace(made, codec=engine.codec, mailroom=engine.room, dispatcher=engine.dispatcher)


def test_links_of_the_older_key_work_until_their_end(engine: Engine) -> None:
    """Also the code of their mail, and a mail that had not left yet."""
    patron = engine.patron()
    request, link = engine.asked(patron)
    (code,) = engine.codes_in(NEW)
    waiting = engine.propose(engine.patron("w@example.com", "Wim"), "w1@example.org")
    parts = restarted(engine, NEW_KEY, OLD_KEY)

    assert 0 == revoke_dead_links(parts)

    assert "test-key" == engine.claims("w1@example.org").kid
    assert engine.redeem(request, code)
    assert RequestState.APPROVED is engine.decide(link)
    engine.clock.advance(timedelta(hours=1))
    engine.resend(waiting)
    assert "newer" == engine.claims("w1@example.org").kid


def test_a_revoked_key_kills_its_links_at_once_and_staff_are_told(engine: Engine) -> None:
    patron = engine.patron()
    request, _link = engine.asked(patron)
    (code,) = engine.codes_in(NEW)
    token = engine.tokens(NEW)[-1]
    queued = engine.propose(engine.patron("w@example.com", "Wim"), "w1@example.org")
    with pytest.raises(TrailKeyUnknown):
        restarted(engine, NEW_KEY)
    parts = restarted(engine, NEW_KEY, on_purpose=True)

    with pytest.raises(LinkRefused):
        engine.codec.read(token)
    assert not engine.redeem(request, code)
    assert 2 == revoke_dead_links(parts)
    assert 0 == revoke_dead_links(parts)

    for ended in (request, queued):
        view = engine.view(ended)
        assert (RequestState.WITHDRAWN, Cause.KEY_REVOKED) == (view.state, view.cause)
        assert ("staff_outcome", "dana@staff.example.org") in engine.told(ended)
    engine.deliver()
    assert not engine.mailbox.to("w1@example.org")
    again = engine.propose(patron, NEW)
    assert RequestState.APPROVED is engine.decide(engine.claims(NEW))
    assert RequestState.APPROVED is engine.state(again)


def test_a_request_with_newer_links_outlives_the_older_key(engine: Engine) -> None:
    request, _link = engine.asked(engine.patron())
    restarted(engine, NEW_KEY, OLD_KEY)
    engine.clock.advance(timedelta(hours=1))
    engine.resend(request)
    parts = restarted(engine, NEW_KEY)

    assert 0 == revoke_dead_links(parts)
    assert RequestState.APPROVED is engine.decide(engine.claims(NEW))
