"""The Resend adapter over real HTTP with the real SDK: every trap, every answer."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from resend.version import get_version

from tests.support.fault_server import Answer, FaultServer, Manner, fault_server
from upstage_crm.mail.message import MailMessage
from upstage_crm.mail.sending.resend_sender import (
    ResendSender,
    ResendSettingInvalid,
)
from upstage_crm.mail.sending.sender import (
    SendConflict,
    SendDeferred,
    SendFailed,
    SendPaused,
    SendRejected,
)

KEY = "0190f0c0d0e0f0a0b0c0d0e0f0a0b0c0"


@pytest.fixture
def server() -> Iterator[FaultServer]:
    with fault_server() as running:
        yield running


@pytest.fixture
def sender(server: FaultServer) -> ResendSender:
    return sender_to(server)


def sender_to(server: FaultServer, api_key: str = "re_test") -> ResendSender:
    return ResendSender(
        api_key=api_key, api_url=server.url + "/", timeout_s=(1.0, 0.3), deadline_s=0.2
    )


def message(subject: str = "Is this your address?") -> MailMessage:
    return MailMessage(
        from_="Lyric Theatre <hello@lyric.example>",
        to="ada@lovelace.example",
        subject=subject,
        html="<p>Hello</p>",
        text="Hello\n",
        reply_to="boxoffice@lyric.example",
        headers={"X-Entity-Ref-ID": KEY, "Auto-Submitted": "auto-generated"},
        tags={"outbox_id": KEY, "kind": "decision_request"},
    )


def failure(sender: ResendSender) -> SendFailed:
    with pytest.raises(SendFailed) as caught:
        sender.send(message(), idempotency_key=KEY)
    return caught.value


def test_message_arrives_whole_with_key_and_user_agent(
    server: FaultServer, sender: ResendSender
) -> None:
    accepted = sender.send(message(), idempotency_key=KEY)

    (request,) = server.received
    assert accepted.provider_id == "re_accepted"
    assert (request.method, request.path) == ("POST", "/emails")
    assert request.headers["idempotency-key"] == KEY
    assert request.headers["authorization"] == "Bearer re_test"
    assert request.headers["user-agent"].startswith("resend-python:")
    assert message().params() == request.json


def test_retry_sends_the_same_bytes(server: FaultServer, sender: ResendSender) -> None:
    stored = message().to_json()

    sender.send(MailMessage.from_json(stored), idempotency_key=KEY)
    sender.send(MailMessage.from_json(stored), idempotency_key=KEY)

    first, second = server.received
    assert first.body == second.body
    assert list(first.json) == sorted(first.json)


@pytest.mark.parametrize("key", ["", "None\r\nX-Evil: 1", "Schlüssel", "a" * 257])
def test_bad_idempotency_key_sends_nothing(
    server: FaultServer, sender: ResendSender, key: str
) -> None:
    with pytest.raises(ValueError, match="idempotency"):
        sender.send(message(), idempotency_key=key)

    assert server.received == []


@pytest.mark.parametrize("api_key", ["", "sk_live", "re_a b", "re_a\r\nX: 1", "re_é"])
def test_bad_api_key_stops_the_start(api_key: str) -> None:
    with pytest.raises(ResendSettingInvalid):
        ResendSender(api_key=api_key)


@pytest.mark.parametrize("api_url", ["http://mail.example", "ftp://localhost", "localhost:4000"])
def test_bad_address_stops_the_start(api_url: str) -> None:
    with pytest.raises(ResendSettingInvalid):
        ResendSender(api_key="re_test", api_url=api_url)


@pytest.mark.parametrize(
    ("answer", "type_"),
    [
        (Answer(body=None), "no_content"),
        (Answer(body={}), "unusable_answer"),
        (Answer(body={"id": None}), "unusable_answer"),
        (Answer(body={"id": ""}), "unusable_answer"),
        (Answer(body={"id": 7}), "unusable_answer"),
        (Answer(body=[{"id": "re_1"}]), "unusable_answer"),
        (Answer(body="re_1"), "unusable_answer"),
        (Answer(body=b"<html>", headers={"content-type": "text/html"}), "application_error"),
        (Answer(body=b'{"id": "re_'), "application_error"),
        (Answer(manner=Manner.TRUNCATE), "HttpClientError"),
        (Answer(manner=Manner.DROP), "HttpClientError"),
        (Answer(manner=Manner.HANG), "HttpClientError"),
        (Answer(manner=Manner.DRIP), "HttpClientError"),
        (Answer(body=b" " * 70_000), "HttpClientError"),
    ],
)
def test_answer_that_proves_nothing_is_tried_again(
    server: FaultServer, sender: ResendSender, answer: Answer, type_: str
) -> None:
    server.will(answer)

    refused = failure(sender)

    assert isinstance(refused, SendDeferred)
    assert type_ == refused.type
    assert not refused.slow_down


def test_nobody_listening_is_tried_again() -> None:
    with fault_server() as gone:
        url = gone.url

    refused = failure(ResendSender(api_key="re_test", api_url=url))

    assert isinstance(refused, SendDeferred)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirect_is_not_followed_and_pauses(
    server: FaultServer, sender: ResendSender, status: int
) -> None:
    server.will(Answer(status, {"id": "re_elsewhere"}, {"location": f"{server.url}/other"}))

    refused = failure(sender)

    assert isinstance(refused, SendPaused)
    assert refused.reason == "wrong_address"
    assert [request.method for request in server.received] == ["POST"]


REJECTED = [
    (400, "validation_error"),
    (400, "invalid_idempotency_key"),
    (422, "validation_error"),
    (422, "missing_required_field"),
    (422, "missing_required_fields"),
    (422, "invalid_attachment"),
    (422, "invalid_parameter"),
    (422, "invalid_from_address"),
    (422, "invalid_access"),
    (413, "payload_too_large"),
    (409, "something_new"),
    (451, "security_error"),
    (418, "something_new"),
]
PAUSED = [
    (401, "missing_api_key", "key_refused"),
    (401, "restricted_api_key", "key_refused"),
    (403, "invalid_api_key", "key_refused"),
    (403, "suspended_api_key", "key_refused"),
    (403, "invalid_permission", "key_refused"),
    (403, "validation_error", "domain_refused"),
    (404, "not_found", "wrong_address"),
    (405, "method_not_allowed", "wrong_address"),
    (429, "daily_quota_exceeded", "quota_used_up"),
    (429, "monthly_quota_exceeded", "quota_used_up"),
]
DEFERRED = [
    (409, "concurrent_idempotent_requests"),
    (409, "resource_locked"),
    (408, "request_timeout"),
    (500, "application_error"),
    (500, "internal_server_error"),
    (502, "bad_gateway"),
    (503, "service_unavailable"),
    (504, "gateway_timeout"),
    (599, "something_new"),
]


def error(status: int, name: str) -> Answer:
    return Answer(status, {"statusCode": status, "name": name, "message": "no"})


@pytest.mark.parametrize(("status", "name"), REJECTED)
def test_refusal_of_this_mail_is_permanent(
    server: FaultServer, sender: ResendSender, status: int, name: str
) -> None:
    server.will(error(status, name))

    refused = failure(sender)

    assert isinstance(refused, SendRejected)
    assert (status, name) == (refused.status, refused.type)


@pytest.mark.parametrize(("status", "name", "reason"), PAUSED)
def test_refusal_of_every_mail_pauses(
    server: FaultServer, sender: ResendSender, status: int, name: str, reason: str
) -> None:
    server.will(error(status, name))

    refused = failure(sender)

    assert isinstance(refused, SendPaused)
    assert (status, reason) == (refused.status, refused.reason)


@pytest.mark.parametrize(("status", "name"), DEFERRED)
def test_trouble_of_the_provider_is_tried_again(
    server: FaultServer, sender: ResendSender, status: int, name: str
) -> None:
    server.will(error(status, name))

    refused = failure(sender)

    assert isinstance(refused, SendDeferred)
    assert (status, name, False) == (refused.status, refused.type, refused.slow_down)


def test_key_known_with_other_content_is_a_conflict(
    server: FaultServer, sender: ResendSender
) -> None:
    server.will(error(409, "invalid_idempotent_request"))

    assert isinstance(failure(sender), SendConflict)


@pytest.mark.parametrize(
    ("headers", "wait_s"),
    [({"Retry-After": "7"}, 7), ({"retry-after": "0"}, 1), ({}, 1), ({"Retry-After": "soon"}, 1)],
)
def test_rate_limit_slows_everybody_down(
    server: FaultServer, sender: ResendSender, headers: dict[str, str], wait_s: int
) -> None:
    server.will(
        Answer(429, {"statusCode": 429, "name": "rate_limit_exceeded", "message": "no"}, headers)
    )

    refused = failure(sender)

    assert isinstance(refused, SendDeferred)
    assert (True, timedelta(seconds=wait_s)) == (refused.slow_down, refused.retry_after)


def test_rate_limit_page_of_a_proxy_counts_as_one(
    server: FaultServer, sender: ResendSender
) -> None:
    page = {"content-type": "text/html", "retry-after": "3"}
    server.will(Answer(429, b"<h1>Too many requests</h1>", page))

    refused = failure(sender)

    assert isinstance(refused, SendDeferred)
    assert (True, timedelta(seconds=3)) == (refused.slow_down, refused.retry_after)


@pytest.mark.parametrize(
    ("header", "rate"),
    [("10", 10.0), ("5", 5.0), ("5;w=1", 5.0), ("60, 60;w=60", 1.0), ("900", 10.0), ("?", 2.0)],
)
def test_pace_is_learned_from_the_answer(
    server: FaultServer, sender: ResendSender, header: str, rate: float
) -> None:
    before = sender.rate
    server.will(Answer(headers={"RateLimit-Limit": header}))

    sender.send(message(), idempotency_key=KEY)

    assert (2.0, rate) == (before, sender.rate)


def test_environment_changes_neither_key_nor_way(
    server: FaultServer, sender: ResendSender, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("default login intruder password secret\n")
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "")

    sender.send(message(), idempotency_key=KEY)

    assert server.received[0].headers["authorization"] == "Bearer re_test"


@pytest.fixture
def restless_threads() -> Iterator[None]:
    """Threads change places as often as they can."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


@pytest.mark.usefixtures("restless_threads")
def test_two_accounts_never_swap_their_keys(server: FaultServer) -> None:
    senders = {name: sender_to(server, f"re_{name}") for name in ("one", "two", "three", "four")}
    start = threading.Barrier(len(senders))

    def send(name: str) -> None:
        start.wait()
        for _ in range(10):
            senders[name].send(message(subject=name), idempotency_key=name)

    with ThreadPoolExecutor(len(senders)) as threads:
        for done in [threads.submit(send, name) for name in senders]:
            done.result()

    assert len(server.received) == 40
    for request in server.received:
        name = request.json["subject"]
        assert (f"Bearer re_{name}", name) == (
            request.headers["authorization"],
            request.headers["idempotency-key"],
        )


def test_sdk_is_the_version_whose_traps_are_known() -> None:
    """Another version may have other traps: read its source, then move this line."""
    assert get_version() == "2.52.0"
