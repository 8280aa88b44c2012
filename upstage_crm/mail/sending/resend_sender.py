"""Sends through Resend. The only module that imports `resend`.

The SDK keeps its key, address and HTTP client in module globals, follows redirects, reads
`.netrc` and takes `{}` for a success; everything here that looks roundabout closes one of those
traps (SDK 2.52.0). What an error means is decided by status and type, never by exception class.
"""

from __future__ import annotations

import json
import logging
import re
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, cast
from urllib.parse import urlsplit

import requests
import resend
from resend.exceptions import NoContentError, ResendError

from upstage_crm.core.errors import Invalid
from upstage_crm.mail.delivery import Transport
from upstage_crm.mail.message import MailMessage
from upstage_crm.mail.sending.sender import (
    Accepted,
    SendConflict,
    SendDeferred,
    SendFailed,
    SendPaused,
    SendRejected,
)

DEFAULT_URL = "https://api.resend.com"
DEFAULT_RATE = 2.0  # the lowest of the three limits Resend's own pages name
MAX_RATE = 10.0
TIMEOUT_S = (3.0, 10.0)  # connect, one read; a read timeout is not a deadline, so:
DEADLINE_S = 25.0  # for the whole answer, well inside the lease of 60 s
MAX_ANSWER_BYTES = 65_536
MAX_RETRY_AFTER_S = 3_600.0
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_KEY = re.compile(r"re_[\x21-\x7e]+")
_IDEMPOTENCY_KEY = re.compile(r"[A-Za-z0-9_/-]{1,256}")
_RATE_LIMIT = re.compile(r"\s*(\d+)(?:.*?\bw=(\d+))?")
_TYPE = re.compile(r"[a-zA-Z0-9_.-]{1,64}")

# What only a person can mend, by status and type (None: any other type of that status).
_PAUSES: Mapping[tuple[int, str | None], str] = {
    (401, None): "key_refused",
    (403, "validation_error"): "domain_refused",
    (403, None): "key_refused",
    (404, None): "wrong_address",
    (405, None): "wrong_address",
    (429, "daily_quota_exceeded"): "quota_used_up",
    (429, "monthly_quota_exceeded"): "quota_used_up",
}
_SENDS_ONLY = "restricted_api_key"  # a key that may send and nothing else
_STILL_RUNNING = frozenset({"concurrent_idempotent_requests", "resource_locked"})

_SLOW_DOWN = timedelta(seconds=1)

_log = logging.getLogger(__name__)
# The SDK's globals are shared by the whole process: with two threads setting their own key, most
# requests were seen to carry the other's.
_sdk = threading.Lock()


class ResendSettingInvalid(Invalid):
    """The key or address of the provider cannot work; names which, never its value."""

    code = "resend_setting_invalid"


@dataclass(frozen=True, slots=True)
class Account:
    """What the provider tells of the account behind a key.

    `domains` are those that mail may come from, None when the key may only send and so cannot say.
    `date` is the provider's clock.
    """

    domains: frozenset[str] | None
    date: datetime | None


class ResendSender:
    """One Resend account. Thread-safe; one request at a time.

    Raises:
        ResendSettingInvalid: the key lacks `re_`, holds blanks or is not ASCII; or the address is
            neither https nor on this machine.
    """

    transport = Transport.RESEND

    def __init__(
        self,
        *,
        api_key: str,
        api_url: str = DEFAULT_URL,
        timeout_s: tuple[float, float] = TIMEOUT_S,
        deadline_s: float = DEADLINE_S,
    ) -> None:
        if not _KEY.fullmatch(api_key):
            raise ResendSettingInvalid(name="RESEND_API_KEY")
        address = urlsplit(api_url)
        secure = address.scheme == "https" or address.hostname in _LOOPBACK
        if address.scheme not in ("http", "https") or not address.hostname or not secure:
            raise ResendSettingInvalid(name="RESEND_API_URL")
        self._key = api_key
        self._url = api_url.rstrip("/")  # the SDK joins by plain concatenation
        self._client = _Client(timeout_s, deadline_s)
        self._rate = DEFAULT_RATE

    @property
    def rate(self) -> float:
        """Mails per second: 2 until an answer names the limit in force, at most 10."""
        return self._rate

    def send(self, message: MailMessage, *, idempotency_key: str) -> Accepted:
        """Hand `message` to Resend under `idempotency_key` (1 to 256 letters, digits, `-_/`).

        Raises:
            SendRejected, SendDeferred, SendPaused, SendConflict: as the answer demands.
            ValueError: the key is empty or malformed; sent as it is, it could drop a mail.
        """
        if not _IDEMPOTENCY_KEY.fullmatch(idempotency_key):
            raise ValueError("an idempotency key is required")
        with _sdk:
            resend.api_key = self._key
            resend.api_url = self._url
            resend.default_http_client = self._client
            self._client.forget()
            failure: SendFailed | None = None
            answer: object = None
            try:
                answer = resend.Emails.send(
                    cast("resend.Emails.SendParams", message.params()),
                    {"idempotency_key": idempotency_key},
                )
            except NoContentError:
                failure = SendDeferred(self._client.status, "no_content")
            except ResendError as error:
                failure = classify(_status(error.code), error.error_type, error.headers)
            status, headers = self._client.status, self._client.headers
        self._learn(headers)
        if status is not None and 300 <= status < 400:
            raise SendPaused(status, "redirected", reason="wrong_address")
        if failure is not None:
            if failure.status == 451:
                _log.error("mail provider refused a mail for security reasons")
            raise failure
        return Accepted(_provider_id(answer, status))

    def account(self) -> Account:
        """What Resend says of our key, without sending anything.

        Raises:
            SendPaused, SendDeferred, SendRejected: the key is refused, or Resend cannot be asked.
        """
        headers = {"Authorization": f"Bearer {self._key}", "User-Agent": "upstage-crm"}
        try:
            body, status, given = self._client.request("GET", f"{self._url}/domains", headers)
        except requests.RequestException as error:
            raise SendDeferred(None, "unreachable") from error
        found = _parsed(body)
        date = _date(given.get("date", ""))
        if status == 401 and found.get("name") == _SENDS_ONLY:
            return Account(domains=None, date=date)
        if not 200 <= status < 300:
            raise classify(status, found.get("name"), given)
        listed = cast("list[dict[str, object]]", found.get("data") or [])
        verified = {str(d.get("name")).casefold() for d in listed if d.get("status") == "verified"}
        return Account(domains=frozenset(verified), date=date)

    def _learn(self, headers: Mapping[str, str]) -> None:
        """Take the limit from `ratelimit-limit`: requests per window, one second if unnamed."""
        found = _RATE_LIMIT.match(headers.get("ratelimit-limit", ""))
        if found and int(found[1]) > 0:
            window = max(1, int(found[2] or 1))
            self._rate = min(MAX_RATE, int(found[1]) / window)


def classify(status: int, type_: object, headers: Mapping[str, str]) -> SendFailed:
    """What an error answer means. `headers` by lower-case name; an unknown 4xx is permanent.

    Names from Resend's error page and its Rust and Node SDKs.
    """
    name = type_ if isinstance(type_, str) and _TYPE.fullmatch(type_) else "unknown"
    reason = _PAUSES.get((status, name)) or _PAUSES.get((status, None))
    if reason is not None:
        return SendPaused(status, name, reason=reason)
    wait = _retry_after(headers)
    if status == 429:
        return SendDeferred(status, name, retry_after=wait or _SLOW_DOWN, slow_down=True)
    if status == 409 and name == "invalid_idempotent_request":
        return SendConflict(status, name)
    if 400 <= status < 500 and name not in _STILL_RUNNING and status != 408:
        return SendRejected(status, name)
    return SendDeferred(status, name, retry_after=wait)


class _Client(resend.HTTPClient):
    """The SDK's HTTP door: no redirect, no proxy or `.netrc` from the environment, a deadline."""

    def __init__(self, timeout_s: tuple[float, float], deadline_s: float) -> None:
        self._timeout_s = timeout_s
        self._deadline_s = deadline_s
        self._session = requests.Session()
        self._session.trust_env = False
        self.forget()

    def forget(self) -> None:
        """Before each call: what the last answer said is no longer true."""
        self.status: int | None = None
        self.headers: dict[str, str] = {}

    def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        json: dict[str, object] | list[object] | None = None,
        files: dict[str, Any] | None = None,  # noqa: ARG002  # the SDK's signature
        data: dict[str, str] | None = None,  # noqa: ARG002  # likewise
    ) -> tuple[bytes, int, Mapping[str, str]]:
        """Send one request; whatever is raised here reaches the caller as status 500."""
        ends_at = time.monotonic() + self._deadline_s
        with self._session.request(
            method,
            url,
            headers=dict(headers),
            json=cast("Any", json),
            timeout=self._timeout_s,
            allow_redirects=False,
            stream=True,
        ) as answer:
            body = _read(answer, ends_at)
            self.status = answer.status_code
            self.headers = {name.lower(): value for name, value in answer.headers.items()}
            return body, answer.status_code, self.headers


def _read(answer: requests.Response, ends_at: float) -> bytes:
    body = b""
    while chunk := answer.raw.read1(8_192, decode_content=True):
        body += chunk
        if time.monotonic() > ends_at:
            raise requests.Timeout("the answer took too long")
        if len(body) > MAX_ANSWER_BYTES:
            raise requests.ConnectionError("the answer is too long")
    return body


def _provider_id(answer: object, status: int | None) -> str:
    found: object = None
    if isinstance(answer, dict):
        found = cast("dict[str, object]", answer).get("id")
    if isinstance(found, str) and found:
        return found[:128]
    # Accepted or not: the answer does not say. The same key makes asking again harmless.
    raise SendDeferred(status, "unusable_answer")


def _parsed(body: bytes) -> dict[str, Any]:
    try:
        found: object = json.loads(body)
    except ValueError:
        return {}
    return cast("dict[str, Any]", found) if isinstance(found, dict) else {}


def _date(text: str) -> datetime | None:
    try:
        return parsedate_to_datetime(text).astimezone(UTC)
    except ValueError:
        return None


def _status(code: object) -> int:
    try:
        return int(str(code))
    except ValueError:
        return 500


def _retry_after(headers: Mapping[str, str]) -> timedelta | None:
    try:
        seconds = float(headers.get("retry-after", ""))
    except ValueError:
        return None
    if not seconds >= 0:  # a NaN is not an answer either
        return None
    return timedelta(seconds=min(max(seconds, 1.0), MAX_RETRY_AFTER_S))
