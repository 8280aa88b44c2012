"""Case 48: a rotation loses no link; a revoked key kills all of its links, and staff are told."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.support.engine import Engine
from tests.support.factories import NEW, OLD, SECRET
from upstage_crm import wiring
from upstage_crm.audit import opening
from upstage_crm.audit.errors import TrailKeyUnknown
from upstage_crm.change_requests.model.policy import DEFAULT
from upstage_crm.change_requests.model.rules import (
    Cause,
    RequestState,
)
from upstage_crm.cli import commands
from upstage_crm.jobs.schedule import revoke_dead_links
from upstage_crm.links.claims import LinkRefused
from upstage_crm.links.codec import LinkCodec, LinkKey
from upstage_crm.mail.sending.dispatcher import Dispatcher
from upstage_crm.settings import Settings
from upstage_crm.web.errors import KeysLost
from upstage_crm.wiring import mailboxes_of

OLD_KEY, NEW_KEY = LinkKey("test-key", SECRET), LinkKey("newer", b"n" * 32)
SAME_NAME = LinkKey("test-key", b"s" * 32)


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
    return replace(made, codec=engine.codec, notifier=engine.room, dispatcher=engine.dispatcher)


def test_links_of_the_older_key_work_until_their_end(engine: Engine) -> None:
    """Also the code of their mail, and a mail that had not left yet."""
    patron = engine.patron()
    request, link = engine.asked(patron)
    (code,) = engine.codes_in(NEW)
    waiting = engine.propose(engine.patron("w@example.com", "Wim"), "w1@example.org")
    parts = restarted(engine, NEW_KEY, OLD_KEY)

    assert revoke_dead_links(parts) == 0

    assert engine.claims("w1@example.org").kid == "test-key"
    assert engine.redeem(request, code)
    assert RequestState.APPROVED is engine.decide(link)
    engine.clock.advance(timedelta(hours=1))
    engine.resend(waiting)
    assert engine.claims("w1@example.org").kid == "newer"


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
    assert revoke_dead_links(parts) == 2
    assert revoke_dead_links(parts) == 0

    for ended in (request, queued):
        view = engine.view(ended)
        assert (view.state, view.cause) == (RequestState.WITHDRAWN, Cause.KEY_REVOKED)
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

    assert revoke_dead_links(parts) == 1  # the notice, which went with the older key, goes again
    assert revoke_dead_links(parts) == 0
    assert RequestState.APPROVED is engine.decide(engine.claims(NEW))


def test_a_waiting_change_whose_key_left_has_a_new_notice_and_a_new_period(engine: Engine) -> None:
    patron = engine.patron_with_stake()
    request, link = engine.asked(patron)
    assert engine.decide(link) is RequestState.WAITING
    engine.clock.advance(timedelta(hours=71))
    restarted(engine, NEW_KEY, OLD_KEY)
    parts = restarted(engine, NEW_KEY)

    assert revoke_dead_links(parts) == 1
    engine.deliver()
    engine.look(request)

    assert engine.state(request) is RequestState.WAITING
    assert engine.view(request).applies_at == engine.now + DEFAULT.notice_period
    assert not engine.take_effect(request, after=timedelta(hours=71))
    assert engine.email(patron) == OLD
    assert engine.take_effect(request, after=timedelta(hours=1))
    assert engine.email(patron) == NEW


# --- a lost or wrong set of keys ----------------------------------------------------------------


@pytest.fixture
def operate(
    engine: Engine, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Settings]:
    """Give an operator's command line these keys; return the settings of its server."""
    assert engine

    def with_keys(*keys: LinkKey) -> Settings:
        given = ",".join(f"{key.kid}:{base64.b64encode(key.secret).decode()}" for key in keys)
        environ = {"UPSTAGE_DATABASE_URL": database_url, "UPSTAGE_SECRET_KEYS": given}
        for name, value in environ.items():
            monkeypatch.setenv(name, value)
        return Settings.load(environ)

    return with_keys


@pytest.mark.parametrize("wrong", [NEW_KEY, SAME_NAME], ids=["another", "another of that name"])
def test_a_wrong_set_of_keys_stops_the_start_and_withdraws_nothing(
    engine: Engine,
    operate: Callable[..., Settings],
    capsys: pytest.CaptureFixture[str],
    wrong: LinkKey,
) -> None:
    request, link = engine.asked(engine.patron())
    queued = engine.propose(engine.patron("w@example.com", "Wim"), "w1@example.org")
    before = engine.actions()

    with pytest.raises(TrailKeyUnknown):
        commands.prepare(operate(wrong))
    assert commands.main(["mail", "send"]) == 1
    assert commands.main(["keys", "revoke"]) == 1
    assert capsys.readouterr().err.count("The trail is signed with the key test-key") == 2

    assert engine.actions() == before
    commands.prepare(operate(OLD_KEY))
    engine.deliver()
    assert engine.decide(link) is RequestState.APPROVED
    assert engine.state(queued) is RequestState.PENDING
    assert engine.state(request) is RequestState.APPROVED
    assert engine.mailbox.to("w1@example.org"), "no mail was given up"


def test_another_key_of_that_name_never_enters(
    engine: Engine, operate: Callable[..., Settings], capsys: pytest.CaptureFixture[str]
) -> None:
    """Entries name the key that signed them: one name cannot mean two."""
    with pytest.raises(TrailKeyUnknown):
        restarted(engine, SAME_NAME, on_purpose=True)

    operate(SAME_NAME)
    assert commands.main(["migrate", "--new-key"]) == 1
    assert "give the new key another name" in capsys.readouterr().err


def test_a_key_that_entered_on_purpose_withdraws_nothing_by_itself(
    engine: Engine, operate: Callable[..., Settings], capsys: pytest.CaptureFixture[str]
) -> None:
    request, _link = engine.asked(engine.patron())
    restarted(engine, NEW_KEY, on_purpose=True)

    with pytest.raises(KeysLost):
        commands.prepare(operate(NEW_KEY))
    assert commands.main(["mail", "send"]) == 1
    assert "upstage-crm keys revoke" in capsys.readouterr().err

    assert engine.state(request) is RequestState.PENDING


def test_all_keys_are_changed_on_purpose(
    engine: Engine, operate: Callable[..., Settings], capsys: pytest.CaptureFixture[str]
) -> None:
    requests = [
        engine.propose(engine.patron(f"p{n}@example.com", f"Pia{n}"), f"p{n}@example.org")
        for n in range(2)
    ]
    settings = operate(NEW_KEY)
    restarted(engine, NEW_KEY, on_purpose=True)

    assert commands.main(["keys", "revoke"]) == 0
    assert capsys.readouterr().out.startswith("2 requests withdrawn")

    for request in requests:
        assert engine.view(request).cause is Cause.KEY_REVOKED
        assert ("staff_outcome", "dana@staff.example.org") in engine.told(request)
    commands.prepare(settings)
    assert commands.main(["keys", "revoke"]) == 0
    assert capsys.readouterr().out.startswith("0 requests withdrawn")


def test_a_key_taken_out_beside_others_is_revoked_as_ever(
    engine: Engine, operate: Callable[..., Settings]
) -> None:
    old, _link = engine.asked(engine.patron())
    restarted(engine, NEW_KEY, OLD_KEY)
    engine.clock.advance(timedelta(hours=1))
    new = engine.propose(engine.patron("w@example.com", "Wim"), "w1@example.org")

    commands.prepare(operate(NEW_KEY))

    assert revoke_dead_links(restarted(engine, NEW_KEY)) == 1
    assert engine.state(old) is RequestState.WITHDRAWN
    assert engine.state(new) is RequestState.PENDING


def test_where_nothing_is_open_any_key_that_entered_starts(
    engine: Engine, operate: Callable[..., Settings]
) -> None:
    _request, link = engine.asked(engine.patron())
    engine.decide(link)
    restarted(engine, NEW_KEY, on_purpose=True)

    commands.prepare(operate(NEW_KEY))


def test_the_doctor_sees_it(
    engine: Engine, operate: Callable[..., Settings], capsys: pytest.CaptureFixture[str]
) -> None:
    def told(*keys: LinkKey) -> str:
        operate(*keys)
        commands.main(["doctor"])
        (line,) = [line for line in capsys.readouterr().out.splitlines() if "open request" in line]
        return line

    engine.propose(engine.patron())
    assert told(OLD_KEY) == "ok      1 open request can be answered with these keys."
    assert told(NEW_KEY).startswith("TROUBLE No link of an open request was made with a key that")

    restarted(engine, NEW_KEY, OLD_KEY)
    engine.propose(engine.patron("w@example.com", "Wim"), "w1@example.org")
    assert told(NEW_KEY).startswith("note    1 open request will be withdrawn at the next start")
