"""Forms and host names that no page of ours would send: nothing leads out, nothing changes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest

from tests.support.hostile import Hostile
from tests.support.raw_http import FORM, Answer, ask, exchange, is_at_home, place_of, press
from tests.support.server import answers
from tests.support.siege import House, besieged, leaks
from tests.support.stage import CLERK, PASSWORD
from upstage_crm.change_requests.model.rules import RequestState
from upstage_crm.web.edge import BODY_LIMIT

HOOK = "whsec_" + "a2tr" * 8
EVIL = "evil.example"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    settings = {"RESEND_WEBHOOK_SECRET": HOOK}
    with besieged(tmp_path_factory.mktemp("forms"), requests=1, settings=settings) as built:
        yield built


def assert_home(house: House, answer: Answer, what: object) -> None:
    said = f"{what!r:.120} -> {answer.status} {answer.location[:80]}"
    assert answer.status < 500, said
    assert EVIL.encode() not in answer.raw, said
    assert not answer.location or is_at_home(house.server, answer.location), said


# --- host names ---------------------------------------------------------------------------------

FORWARDED = {
    "X_Forwarded_Host": EVIL,
    "X_Forwarded_Proto": "https",
    "X_Forwarded_Port": "666",
    "X_Forwarded_Prefix": f"//{EVIL}",
    "X_Forwarded_Server": EVIL,
    "X_Forwarded_For": "203.0.113.9",
    "X_Original_Host": EVIL,
    "X_Host": EVIL,
    "X_Http_Host_Override": EVIL,
    "X_Original_URL": f"//{EVIL}/",
    "Forwarded": f"for=203.0.113.9;host={EVIL};proto=https",
    "Via": f"1.1 {EVIL}",
}


def hosts(house: House) -> list[str]:
    ours = place_of(house.server)
    return [
        f"{ours}@{EVIL}",
        f"user:pw@{ours}",
        f"{EVIL}#{ours}",
        f"{EVIL}/{ours}",
        f"{EVIL}\\{ours}",
        f"{ours}.{EVIL}",
        f"{ours}, {EVIL}",
        f"{ours} {EVIL}",
        f"{ours}:80",
        "localhost:0",
        "localhost:99999999",
        "localhost:",
        "127.0.0.1.evil.example",
        "[::1",
        "[::ffff:127.0.0.1]",
        "0x7f.1",
        "\xe9vil.example",
        EVIL.upper(),
    ]


def test_signing_in_and_out_leads_home_whatever_the_request_calls_us(house: House) -> None:
    forms = [
        ("/auth/sign-in", {"email": CLERK, "password": PASSWORD, "next": "/patrons/"}),
        ("/auth/sign-in", {"email": CLERK, "password": "wrong", "next": "/patrons/"}),
        ("/auth/sign-out", {}),
    ]
    for path, form in forms:
        for host in hosts(house):
            answer = press(house.server, path, form, host=host, **FORWARDED)
            assert_home(house, answer, host)
            assert answer.status in (303, 400), host
            assert not [cookie for cookie in answer.cookies if "domain" in cookie.lower()]


def test_a_whole_address_in_the_first_line_leads_home(house: House) -> None:
    for path in ("/confirm", "/sign-in", "/patrons", "/audit/", f"/c/{house.token(0)}"):
        for start in (f"http://{EVIL}", f"https://{EVIL}:443", f"http://a@{EVIL}", f"ws://{EVIL}"):
            for host in (place_of(house.server), EVIL):
                assert_home(house, ask(house.server, start + path, host=host, **FORWARDED), start)


def test_two_hosts_or_none_lead_home(house: House) -> None:
    ours = place_of(house.server)
    for path in ("/sign-in", "/confirm", f"/c/{house.token(0)}"):
        for lines in (
            f"Host: {ours}\r\nHost: {EVIL}",
            f"Host: {EVIL}\r\nHost: {ours}",
            f"host: {EVIL}\r\n Host: {ours}",
            f"X: y\r\n Host: {EVIL}",
            "X: y",
        ):
            raw = f"GET {path} HTTP/1.1\r\n{lines}\r\nConnection: close\r\n\r\n"
            assert_home(house, exchange(house.server, raw.encode()), lines)


TARGETS = [
    f"//{EVIL}/",
    f"///{EVIL}/",
    f"/\\{EVIL}/",
    f"\\\\{EVIL}",
    f"/\t/{EVIL}/",
    f"/%09/{EVIL}",
    f"/./\n/{EVIL}",
    f"https:{EVIL}",
    f"https:///{EVIL}",
    f"{EVIL}",
    f"/..//{EVIL}",
    f"/.%2e//{EVIL}",
    f"/a/../..//{EVIL}",
    f" //{EVIL}",
    f"\u2028//{EVIL}",
    f"/\u2044{EVIL}/..//{EVIL}",
    f"/\uff0f{EVIL}",
    f"javascript:alert('{EVIL}')",
    f"data:text/html,{EVIL}",
    "/patrons/\r\nSet-Cookie: evil=1",
    "/patrons/\r\n\r\n<script>",
    "/auth/sign-out",
    "/" + "a" * 5_000,
]


@pytest.mark.parametrize("password", [PASSWORD, "wrong"])
def test_the_next_page_is_one_of_ours(house: House, password: str) -> None:
    """As a browser reads it: it drops tabs and line ends, and takes a backslash for a slash."""
    for target in TARGETS:
        form = {"email": CLERK, "password": password, "next": target}
        answer = press(house.server, "/auth/sign-in", form)
        assert answer.status == 303, target
        path = answer.location.partition("?")[0]
        assert is_at_home(house.server, re.sub(r"[\t\r\n]", "", path)), target
        assert "\\" not in path, target
        assert "//" not in path, target
        assert path != "/auth/sign-out"
        assert not [cookie for cookie in answer.cookies if "evil" in cookie], target


# --- bodies -------------------------------------------------------------------------------------

BOUNDARY = "multipart/form-data; boundary="


def part(name: str, value: str, more: str = "") -> str:
    return f'--B\r\nContent-Disposition: form-data; name="{name}"{more}\r\n\r\n{value}\r\n'


BODIES: list[tuple[str, bytes]] = [
    (FORM, b"&" * 200_000),
    (FORM, b"=&=&=%&%zz=%00&%ff%fe=%c0%af"),
    (FORM, b"answer=approve&answer=reject&read=yes&read=no&nonce=1.2&nonce=3"),
    (FORM, "&".join(f"f{number}=1" for number in range(20_000)).encode()),
    (FORM, b"email[]=a&email[x]=b&password[$ne]=1"),
    (FORM, b"reference=" + b"A" * 100_000 + b"&code=" + b"0" * 100_000),
    (FORM, b"reference=%F0%9F%92%A9&code=%EF%BC%91%EF%BC%92&email=a%00@b.example"),
    (f"{FORM}; charset=utf-7", b"answer=+AGE-&email=+AGE-"),
    (f"{FORM}; charset=no-such", b"\xff\xfe\xfd"),
    ("", b"answer=approve&read=yes"),
    ("text/plain", b"answer=approve&read=yes"),
    ("application/json", b"[" * 100_000),
    ("application/json", json.dumps({"answer": "approve", "read": "yes"}).encode()),
    ("application/xml", b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>'),
    ("multipart/form-data", b"--B--"),
    (BOUNDARY, b"----"),
    (BOUNDARY + "B" * 5_000, b"--B--"),
    (BOUNDARY + "\xe9", b"--\xe9--"),
    (BOUNDARY + "B", b""),
    (BOUNDARY + "B", b"--B"),
    (BOUNDARY + "B", b"\r\n" * 50_000),
    (BOUNDARY + "B", part("answer", "approve").encode()),
    (BOUNDARY + "B", (part("a", "b") * 1_500 + "--B--").encode()),
    (BOUNDARY + "B", (part("a", "x", '; filename="../../x"') * 1_500 + "--B--").encode()),
    (BOUNDARY + "B", (part("email", "x", "\r\nContent-Type: text/plain; charset=rot13")).encode()),
    (BOUNDARY + "B", (part("email", "\\ud800", "\r\nContent-Type: a; charset=idna") * 2).encode()),
    (BOUNDARY + "B", (part('a"\x00b', "\x00") + "--B--").encode()),
    (BOUNDARY + "B", b"--B\r\nContent-Disposition: form-data\r\n\r\nx\r\n--B--"),
    (BOUNDARY + "B", b"--B\r\nContent-Disposition: \xff\xff; name=\xff\r\n\r\nx\r\n--B--"),
    (BOUNDARY + "B; charset=utf-16", b"--B\r\n: \r\n\r\n\r\n--B--"),
    (BOUNDARY + "B", b"--B\r\n" + b"X: y\r\n" * 20_000 + b"\r\nx\r\n--B--"),
]


def targets(house: House) -> list[tuple[str, str]]:
    """Where forms go, and the cookie with which one gets furthest."""
    key, token = house.claims(0).key, house.token(0)
    return [
        ("/auth/sign-in", ""),
        ("/auth/sign-out", ""),
        ("/confirm/code", ""),
        (f"/confirm/plain?link={key}", f"upstage-link-{key}={token}"),
        ("/webhooks/resend", ""),
        (f"/c/{token}", ""),
        ("/health", ""),
    ]


def test_no_body_breaks_a_form_or_decides_anything(house: House) -> None:
    before, trail = house.substance(), len(house.server.log)
    for path, cookie in targets(house):
        # Every answer to a code rests for a while, so that form is tried with a few.
        bodies = BODIES[::6] if path == "/confirm/code" else BODIES
        for kind, body in bodies:
            for origin in (house.server.url, "null"):
                headers = {"Origin": origin, "Cookie": cookie, "Content_Type": kind}
                answer = ask(house.server, path, method="POST", body=body, **headers)
                said = f"{path} {kind[:50]} {body[:40]!r} -> {answer.status}"
                assert 200 <= answer.status < 500, said
                assert leaks(answer.body) == [] or cookie, said
                assert [made for made in answer.cookies if "Max-Age=0" not in made] == [], said
    assert before == house.substance()
    assert RequestState.PENDING is house.state(0)
    assert "Traceback" not in house.server.log[trail:]


def test_a_body_above_the_limit_is_refused_announced_or_not(house: House) -> None:
    more = b"a=" + b"x" * BODY_LIMIT
    for path, cookie in targets(house):
        answer = ask(house.server, path, method="POST", body=more, Content_Type=FORM, Cookie=cookie)
        assert answer.status in (413, 0), path
        chunks = b"".join(b"%x\r\n%s\r\n" % (len(more), more) for _ in range(2)) + b"0\r\n\r\n"
        head = f"POST {path} HTTP/1.1\r\nHost: {place_of(house.server)}\r\nConnection: close\r\n"
        raw = f"{head}Transfer-Encoding: chunked\r\n\r\n".encode() + chunks
        assert exchange(house.server, raw).status in (413, 0), path
    assert answers(f"{house.server.url}/health")


def test_no_value_of_a_field_breaks_the_sign_in(house: House) -> None:
    """The texts that websockets were tried with, in every field of the form."""
    before, hostile = house.substance(), Hostile(7, {"x": ()}, number=1, reference="K7-2FQ")
    values = [text for text in (hostile.value(1) for _ in range(12)) if len(text) < 5_000]
    for number, value in enumerate(values):
        decoded = value.encode("utf-8", "replace").decode("unicode_escape", "replace")
        text = decoded.encode("utf-8", "replace").decode()
        form = {"email": "", "password": "", "next": "", "extra": text}
        form[("email", "password", "next")[number % 3]] = text
        answer = press(house.server, "/auth/sign-in", form)
        assert answer.status == 303, value[:80]
        assert re.match(r"/sign-in/\?(refused|wait)=\d+&next=", answer.location), value[:80]
    assert before == house.substance()


def test_an_unsigned_or_ill_signed_report_of_the_provider_is_refused(house: House) -> None:
    """A report that a mail bounced would end the request behind it."""
    before = house.substance()
    body = json.dumps({"type": "email.bounced", "data": {"email_id": "x"}}).encode()
    now = str(int(house.stage.parts.clock.now().timestamp()))
    names = ("svix", "webhook")
    for signature in ("", "v1,", "v1,AAAA", "v0,AAAA", "v1 AAAA", ",".join(["v1"] * 50), "\xff"):
        for stamp in (now, f"{now}.0", "", "0", "-1", "1e9", "NaN", "99999999999999999999"):
            for name in names:
                headers = {
                    f"{name}_id": "msg_1",
                    f"{name}_timestamp": stamp,
                    f"{name}_signature": signature,
                }
                answer = ask(house.server, "/webhooks/resend", method="POST", body=body, **headers)
                assert answer.status == 401, (signature, stamp)
    assert before == house.substance()
