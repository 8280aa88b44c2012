"""What the mail provider tells: only it is believed, once each, and in any order."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import jsonschema
import pytest
import sqlalchemy as sa
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from standardwebhooks import Webhook
from starlette.applications import Starlette

from tests.support.engine import Engine
from tests.support.factories import NEW, OLD, together
from tests.support.keyring import SECRET_KEYS
from upstage_crm import wiring
from upstage_crm.audit.events import Action
from upstage_crm.change_requests.lifecycle.staff_commands import Proposed
from upstage_crm.change_requests.model.rules import RequestState
from upstage_crm.core.clock import FrozenClock
from upstage_crm.core.db import Database
from upstage_crm.core.ids import new_id
from upstage_crm.mail import event_log
from upstage_crm.mail.compose import Composer
from upstage_crm.mail.delivery import MailState, Transport
from upstage_crm.mail.outbox import OUTBOX
from upstage_crm.mail.sending.dispatcher import Dispatcher
from upstage_crm.mail.sending.sender import (
    Accepted,
    SendDeferred,
)
from upstage_crm.settings import BadSetting, Settings
from upstage_crm.webhooks import resend
from upstage_crm.webhooks.raw_body import MAX_BYTES
from upstage_crm.wiring import mailboxes_of

SECRET = "whsec_" + "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER = "whsec_" + "C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
OPENAPI = Path(__file__).resolve().parents[3] / "shared" / "data" / "resend-openapi.yaml"
SCHEMAS = {
    "email.sent": "EmailSentEvent",
    "email.delivered": "EmailDeliveredEvent",
    "email.delivery_delayed": "EmailDeliveryDelayedEvent",
    "email.bounced": "EmailBouncedEvent",
    "email.complained": "EmailComplainedEvent",
    "email.failed": "EmailFailedEvent",
    "email.suppressed": "EmailSuppressedEvent",
}
MORE: dict[str, dict[str, Any]] = {
    "email.bounced": {
        "bounce": {
            "type": "Permanent",
            "subType": "General",
            "message": "The mailbox does not exist.",
            "diagnosticCode": ["smtp; 550 5.1.1 user unknown"],
        }
    },
    "email.failed": {"failed": {"reason": "reached_daily_quota"}},
    "email.suppressed": {
        "suppressed": {
            "message": "On the list.",
            "type": "OnAccountSuppressionList",
            "reason": "previous_bounce",
            "diagnosticCode": [],
        }
    },
}


class Provider:
    """Accepts mails as the provider does, or loses its answer; names each mail itself."""

    transport = Transport.RESEND
    rate = 1_000.0

    def __init__(self) -> None:
        self.names: dict[str, str] = {}
        self.answers = True

    def send(self, message: Any, *, idempotency_key: str) -> Accepted:
        self.names[idempotency_key] = f"re_{len(self.names)}_{idempotency_key[:8]}"
        if not self.answers:
            raise SendDeferred(None, "timeout")
        return Accepted(self.names[idempotency_key])


@dataclass
class Scene:
    engine: Engine
    provider: Provider
    app: Starlette

    def event(
        self, kind: str, mail_id: str, *, at: datetime | None = None, **data: Any
    ) -> dict[str, Any]:
        """A body as the provider writes it."""
        when = (at or self.engine.now).isoformat().replace("+00:00", "Z")
        return {
            "type": kind,
            "created_at": when,
            "data": {
                "email_id": self.provider.names.get(mail_id, f"re_{mail_id}"),
                "created_at": when,
                "from": "Box office <box-office@example.org>",
                "to": [NEW],
                "subject": "Is this your address?",
                "message_id": "<one@mail.example.org>",
                "tags": {"outbox_id": mail_id, "kind": "decision_request"},
                **MORE.get(kind, {}),
                **data,
            },
        }

    def post(
        self,
        body: Any,
        *,
        name: str = "",
        secret: str = SECRET,
        at: datetime | None = None,
        raw: bytes | None = None,
        **headers: str,
    ) -> int:
        """Sign a body with an independent library, hand it over, and return the status."""
        sent = raw if raw is not None else json.dumps(body).encode()
        name, when = name or f"msg_{new_id(self.engine.now)}", at or self.engine.now
        signature = Webhook(secret).sign(name, when, sent.decode())
        stamped = {
            "svix-id": name,
            "svix-timestamp": str(int(when.timestamp())),
            "svix-signature": signature,
        } | {key.replace("_", "-"): value for key, value in headers.items()}
        return hand_over(self.app, sent, stamped)

    def mail(self, request: Proposed, to: str = NEW) -> str:
        """The id of the decision mail to an address."""
        query = sa.select(OUTBOX.c.id).where(
            OUTBOX.c.request_id == request.request_id, OUTBOX.c.to_address == to
        )
        return str(self.engine.read(lambda session: session.execute(query).scalars().first()))

    def facts(self, mail_id: str) -> dict[str, Any]:
        """What stands on the mail's row."""
        names = ("state", "provider_id", "delivered_at", "bounced_at", "complained_at")
        query = sa.select(*(OUTBOX.c[name] for name in (*names, "suppressed_at"))).where(
            OUTBOX.c.id == mail_id
        )
        return dict(self.engine.read(lambda session: session.execute(query).mappings().one()))

    def events(self, mail_id: str) -> list[str]:
        noted = self.engine.read(lambda session: event_log.of_mails(session, [mail_id]))
        return [event.kind.value for event in noted.get(mail_id, ())]


def hand_over(app: Starlette, body: bytes, headers: dict[str, str]) -> int:
    """POST raw bytes and return the status."""

    async def ask() -> int:
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            answer = await client.post(resend.PATH, content=body, headers=headers)
            return answer.status_code

    return asyncio.run(ask())


@pytest.fixture
def scene(database: Database, clock: FrozenClock) -> Iterator[Scene]:
    engine, provider = Engine(database, clock), Provider()
    given_settings = Settings.load(
        {
            "UPSTAGE_SECRET_KEYS": SECRET_KEYS,
            "RESEND_WEBHOOK_SECRET": f"{OTHER},{SECRET}",
        }
    )
    composer = Composer(mail_from="box-office@example.org", transport=Transport.RESEND)
    engine.room = replace(engine.room, composer=composer)
    engine.dispatcher = Dispatcher(
        database, provider, engine.codec, clock, mailboxes_of=mailboxes_of
    )
    made = wiring.build(given_settings, database=database, clock=clock)
    wiring.install(made)
    app = Starlette(routes=resend.routes(has_secret=bool(given_settings.webhook_secrets)))
    yield Scene(engine, provider, app)
    wiring.install(None)


@pytest.fixture
def asked(scene: Scene) -> Proposed:
    """A request whose mails the provider has taken."""
    request = scene.engine.propose(scene.engine.patron())
    scene.engine.deliver()
    return request


# --- who is believed ----------------------------------------------------------------------------


def test_a_signed_event_is_noted_once(scene: Scene, asked: Proposed) -> None:
    """Case 36: a retry has the same id and a later stamp; it is answered and changes nothing."""
    mail = scene.mail(asked)
    body = scene.event("email.delivered", mail)
    assert scene.post(body, name="msg_1") == 200
    first = scene.facts(mail)
    assert scene.engine.now == first["delivered_at"]
    scene.engine.clock.advance(timedelta(hours=5))

    assert scene.post(body, name="msg_1") == 200
    assert first == scene.facts(mail)
    assert scene.events(mail) == ["delivered"]


def test_either_secret_signs_while_one_is_replaced(scene: Scene, asked: Proposed) -> None:
    mail = scene.mail(asked)
    assert scene.post(scene.event("email.sent", mail), secret=OTHER) == 200
    assert scene.post(scene.event("email.delivered", mail), secret=SECRET) == 200
    assert sorted(scene.events(mail)) == ["delivered", "sent"]


def test_what_the_provider_did_not_sign_is_refused_and_changes_nothing(
    scene: Scene, asked: Proposed
) -> None:
    """Case 36: forged, replayed after five minutes, from the future, altered, unsigned."""
    mail = scene.mail(asked)
    body = scene.event("email.bounced", mail)
    before = scene.engine.dump()
    now, five = scene.engine.now, timedelta(minutes=5, seconds=1)
    stranger = "whsec_" + "A" * 32
    good = Webhook(SECRET).sign("msg_1", now, json.dumps(body))
    assert [
        scene.post(body, secret=stranger),
        scene.post(body, at=now - five),
        scene.post(body, at=now + five),
        scene.post(body, name="msg_2", svix_signature=good),
        scene.post(body, name="msg_1", svix_signature=good.replace("v1,", "v2,")),
        scene.post(body, name="msg_1", svix_signature=good.replace("v1,", "")),
        scene.post(body, svix_signature=""),
        scene.post(body, svix_signature="v1,"),
        scene.post(body, svix_signature="v1,!!!! v1,AAAA"),
        scene.post(body, svix_timestamp="now"),
        scene.post(body, name="msg_1", svix_signature=good, svix_id="msg 1"),
    ] == [401] * 11
    assert before == scene.engine.dump()
    assert scene.post(body, name="msg_1", svix_signature=f"v1,AAAA {good}") == 200


def test_an_empty_key_signs_nothing(scene: Scene, asked: Proposed) -> None:
    """The SDK takes `whsec_` and `!!!!` for an empty key; a stranger can sign with it."""
    import base64
    import hashlib
    import hmac

    raw = json.dumps(scene.event("email.bounced", scene.mail(asked))).encode()
    stamp = str(int(scene.engine.now.timestamp()))
    mac = hmac.new(b"", b".".join((b"msg_1", stamp.encode(), raw)), hashlib.sha256).digest()
    signature = "v1," + base64.b64encode(mac).decode()
    assert scene.post(None, name="msg_1", raw=raw, svix_signature=signature) == 401
    for bad in ("whsec_", "!!!!", "whsec_****", f"{SECRET},whsec_"):
        with pytest.raises(BadSetting):
            Settings.load({"RESEND_WEBHOOK_SECRET": bad})


def test_without_a_secret_there_is_no_door() -> None:
    app = Starlette(routes=resend.routes(has_secret=False))

    assert hand_over(app, b"{}", {}) == 404


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (b"", 400),
        (b"{", 400),
        ("\ufeff{}".encode(), 422),
        (b"[" * 100_000, 400),
        (b"[]", 422),
        (b'"x"', 422),
        (b"null", 422),
        (b"{}", 422),
        (b'{"type": 7}', 422),
        (b'{"type": "email.delivered"}', 422),
        (b'{"type": "email.delivered", "data": {"email_id": 7}}', 422),
        (b'{"type":"email.delivered","created_at":"soon","data":{"email_id":"x"}}', 422),
        (b'{"type": "invoice.paid", "data": {}}', 422),
        (b'{"type": "email.opened", "data": {}}', 200),
        (b'{"type": "contact.created", "data": {}}', 200),
        (b" " * (MAX_BYTES + 1), 413),
    ],
    ids=range(16),
)
def test_what_is_no_event_of_ours_changes_nothing(
    scene: Scene, asked: Proposed, raw: bytes, status: int
) -> None:
    """Case 36: also when it is signed."""
    assert asked
    before = scene.engine.dump()

    assert status == scene.post(None, raw=raw)

    assert before == scene.engine.dump()


# --- what is told -------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "to"), [("email.bounced", NEW), ("email.suppressed", NEW)])
def test_a_permanent_bounce_of_a_question_ends_its_request(
    scene: Scene, asked: Proposed, kind: str, to: str
) -> None:
    """Case 35: the proposer is told at once, and once however often it is told."""
    mail = scene.mail(asked, to)
    for turn in range(2):
        assert scene.post(scene.event(kind, mail), name=f"msg_{turn}") == 200

    assert RequestState.UNDELIVERABLE is scene.engine.state(asked)
    told = scene.engine.told(asked)
    assert told.count(("staff_outcome", "dana@staff.example.org")) == 1


@pytest.mark.parametrize("word", ["Transient", "Temporary", "Undetermined", "", None])
def test_a_bounce_that_may_pass_condemns_nobody(
    scene: Scene, asked: Proposed, word: str | None
) -> None:
    """Case 35: soft bounce, then delivery. The SDK's hints and the OpenAPI file differ in words."""
    mail = scene.mail(asked)
    bounce = {"type": word, "subType": "MailboxFull", "message": ""}
    scene.post(scene.event("email.bounced", mail, bounce=bounce))
    scene.post(scene.event("email.delivery_delayed", mail))
    scene.post(scene.event("email.delivered", mail))

    assert RequestState.PENDING is scene.engine.state(asked)
    facts = scene.facts(mail)
    assert (None, scene.engine.now) == (facts["bounced_at"], facts["delivered_at"])
    assert sorted(scene.events(mail)) == ["bounced", "delayed", "delivered"]


def test_a_bounce_of_a_question_to_the_current_address_marks_it(scene: Scene) -> None:
    engine = scene.engine
    patron = engine.patron()
    request = engine.propose(patron, changes={"phone": {"phone": "+1 212 555 0199"}})
    engine.deliver()
    scene.post(scene.event("email.bounced", scene.mail(request, OLD)))

    assert RequestState.UNDELIVERABLE is engine.state(request)
    assert engine.record(patron).email_bounced_at == engine.now
    assert Action.ADDRESS_BOUNCED in engine.actions(patron_id=patron.id)


def test_what_comes_after_the_decision_is_shown_and_changes_nothing(
    scene: Scene, asked: Proposed
) -> None:
    """Case 35: a late bounce, a complaint, a delivery after a bounce."""
    engine, mail = scene.engine, scene.mail(asked)
    claims = next(
        claims
        for claims in engine.read(lambda session: _claims(session, mail))
        if claims.request_id == asked.request_id
    )
    engine.decide(claims)
    for kind in ("email.bounced", "email.complained", "email.delivered"):
        assert scene.post(scene.event(kind, mail)) == 200

    assert RequestState.APPROVED is engine.state(asked)
    assert engine.scalar("SELECT email FROM patron") == NEW
    facts = scene.facts(mail)
    assert None not in (facts["bounced_at"], facts["complained_at"], facts["delivered_at"])


def _claims(session: Any, mail_id: str) -> list[Any]:
    from upstage_crm.mail.placeholders import thaw_links

    links = session.execute(sa.select(OUTBOX.c.links).where(OUTBOX.c.id == mail_id)).scalar_one()
    return list(thaw_links(links).values())


# --- mails we are not sure of -------------------------------------------------------------------


def test_an_event_settles_a_mail_whose_answer_was_lost(scene: Scene) -> None:
    """The tag names our row even when we never learnt the provider's name for it."""
    engine = scene.engine
    scene.provider.answers = False
    request = engine.propose(engine.patron())
    for _ in range(60):
        engine.dispatcher.run_once()
        engine.clock.advance(timedelta(minutes=40))
    mail = scene.mail(request, OLD)
    assert MailState.UNCERTAIN is scene.facts(mail)["state"]

    assert scene.post(scene.event("email.delivered", mail)) == 200

    facts = scene.facts(mail)
    assert (MailState.SENT, scene.provider.names[mail]) == (facts["state"], facts["provider_id"])


def test_an_event_that_beats_our_own_note_is_kept_until_we_know_the_mail(
    scene: Scene,
) -> None:
    """Without a tag only the provider's name joins them, and we learn it with the answer."""
    engine = scene.engine
    request = engine.propose(engine.patron())
    mail = scene.mail(request, OLD)
    name = f"re_0_{mail[:8]}"
    body = scene.event("email.delivered", mail, email_id=name, tags={})
    assert scene.post(body) == 200
    assert scene.events(mail) == []

    engine.deliver()

    assert name == scene.facts(mail)["provider_id"]
    assert engine.now == scene.facts(mail)["delivered_at"]
    assert scene.events(mail) == ["delivered"]


def test_an_unknown_mail_is_acknowledged(scene: Scene) -> None:
    """Case 36."""
    assert scene.post(scene.event("email.bounced", "f" * 32)) == 200
    assert scene.engine.scalar("SELECT count(*) FROM mail_event WHERE outbox_id IS NULL") == 1


def test_many_workers_note_one_event_once(scene: Scene, asked: Proposed) -> None:
    body = scene.event("email.bounced", scene.mail(asked))

    results = together(*[lambda: scene.post(body, name="msg_1")] * 4)

    assert results == [200] * 4
    assert scene.engine.scalar("SELECT count(*) FROM mail_event") == 1
    told = scene.engine.told(asked)
    assert told.count(("staff_outcome", "dana@staff.example.org")) == 1


STORY = (
    ("email.sent", 0),
    ("email.delivery_delayed", 1),
    ("email.delivered", 2),
    ("email.bounced", 3),
    ("email.complained", 4),
    ("email.delivered", 5),
)


def test_any_order_with_any_repeats_ends_in_the_same_facts(scene: Scene) -> None:
    engine = scene.engine
    begin = engine.now
    seen: list[Any] = []

    @settings(
        max_examples=12,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )
    @given(st.permutations(range(len(STORY))), st.lists(st.integers(0, len(STORY) - 1), max_size=4))
    def run(order: list[int], again: list[int]) -> None:
        number = len(seen)
        request = engine.propose(
            engine.patron(f"p{number}@example.com", f"P{number}"), f"q{number}@example.org"
        )
        engine.deliver()
        mail = scene.mail(request, f"q{number}@example.org")
        for place in [*order, *again]:
            kind, hours = STORY[place]
            body = scene.event(kind, mail, at=begin + timedelta(hours=hours))
            assert scene.post(body, name=f"msg_{number}_{place}") == 200
        facts = scene.facts(mail) | {"provider_id": ""}
        assert facts["provider_id"] == ""
        seen.append((facts, sorted(scene.events(mail)), engine.state(request)))

    run()
    assert all(found == seen[0] for found in seen)
    facts, noted, state = seen[0]
    assert begin + timedelta(hours=2) == facts["delivered_at"]
    assert (len(STORY), RequestState.UNDELIVERABLE) == (len(noted), state)


# --- the contract -------------------------------------------------------------------------------


def _openapi() -> dict[str, Any]:
    if not OPENAPI.exists():
        pytest.skip("the provider's OpenAPI file does not stand beside the project")
    return yaml.safe_load(OPENAPI.read_text("utf-8"))


def _validator(name: str) -> Callable[[Any], None]:
    spec = _openapi()
    schema = {"$ref": f"#/components/schemas/{name}", "components": spec["components"]}
    return lambda body: jsonschema.validate(body, schema)


@pytest.mark.parametrize("kind", SCHEMAS)
def test_the_events_of_these_tests_are_the_providers(scene: Scene, kind: str) -> None:
    _validator(SCHEMAS[kind])(scene.event(kind, "f" * 32))


def test_what_we_send_is_what_the_provider_takes(scene: Scene) -> None:
    validate = _validator("SendEmailRequest")
    scene.engine.propose(scene.engine.patron())
    payloads = scene.engine.read(
        lambda session: session.execute(sa.select(OUTBOX.c.payload)).scalars().all()
    )
    assert payloads
    for payload in payloads:
        validate(json.loads(payload))
