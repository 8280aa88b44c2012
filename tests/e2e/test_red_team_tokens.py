"""Stolen, cut, altered, swapped and replayed links, and links where no link belongs."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import random
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from tests.support.raw_http import Answer, ask, press
from tests.support.siege import House, besieged, leaks
from upstage_crm.change_requests.model.rules import RequestState
from upstage_crm.confirm.state import ConfirmState
from upstage_crm.http.session_cookie import NAME
from upstage_crm.links.claims import Purpose

CONFIRM = ConfirmState.get_full_name()
INVALID = "/confirm/?link=invalid"
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
# One for each kind of theft, so that none depends on what another has done.
REPLAYED, OBJECTED, STOLEN = range(3)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with besieged(tmp_path_factory.mktemp("tokens"), requests=3) as built:
        yield built


def link_cookie(house: House, token: str) -> str:
    return f"upstage-link-{house.stage.parts.codec.read(token).key}={token}"


def plain(house: House, token: str) -> tuple[str, Answer]:
    """The plain page of a link, and its address."""
    key = house.stage.parts.codec.read(token).key
    path = f"/confirm/plain?link={key}"
    return path, ask(house.server, path, Cookie=link_cookie(house, token))


def nonce_on(page: Answer) -> str:
    found = re.search(r'name="nonce" value="([^"]+)"', page.body)
    return found[1] if found else ""


def decide(house: House, token: str, answer: str, *, nonce: str | None = None) -> Answer:
    """Send the form of the plain page, complete, with the page's nonce or another."""
    path, page = plain(house, token)
    once = nonce_on(page) if nonce is None else nonce
    form = {"answer": answer, "read": "yes", "nonce": once}
    return press(house.server, path, form, cookie=link_cookie(house, token))


def over_the_socket(house: House, token: str, *names: str) -> str:
    """Call handlers of the patron's page with a link's cookie; all that was heard."""
    key = house.stage.parts.codec.read(token).key
    mark = hashlib.sha256(f"{token}{names}".encode()).hexdigest()
    with house.wire(mark, cookie=link_cookie(house, token)) as wire:
        wire.join()
        place = {"pathname": "/confirm", "asPath": f"/confirm/?link={key}"}
        wire.event(f"{CONFIRM}.load", router=place)
        for name in names:
            wire.event(f"{CONFIRM}.{name}", router=place)
        place["asPath"] += f"&{mark}"
        wire.event(f"{CONFIRM}.load", router=place)
        wire.until(mark)
        wire.farewell()
        return "".join(wire.heard)


# --- altered ------------------------------------------------------------------------------------


def segment(data: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(data).encode()).rstrip(b"=").decode()


def signed(head: dict[str, Any], body: dict[str, Any], secret: bytes, kind: str = "sha256") -> str:
    text = f"{segment(head)}.{segment(body)}"
    mac = hmac.new(secret, text.encode(), kind).digest()
    return f"{text}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"


def altered(token: str, other: str) -> Iterator[str]:
    """What can be made of two links without their key."""
    head, body, signature = token.split(".")
    _, other_body, other_signature = other.split(".")
    dice = random.Random(4)
    for place in (*range(0, len(token) - 1, 3), len(token) - 1):
        if token[place] != ".":
            letter = dice.choice(ALPHABET.replace(token[place], ""))
            yield f"{token[:place]}{letter}{token[place + 1 :]}"
    yield from (token[:end] for end in range(0, len(token) - 1, 9))
    yield from (token[start:] for start in range(1, len(token), 40))
    yield from (f"{head}.{body}", f"{head}.{body}.", f".{body}.{signature}", f"{head}..{signature}")
    yield from (f"{head}.{other_body}.{signature}", f"{head}.{body}.{other_signature}")
    yield from (f"{body}.{head}.{signature}", f"{token}.{signature}", f"{token}{token}", token * 4)
    yield from (f"{token}=", f"{token}==", f"{token}%3D", f"{token}%0A", f"{token}%0D%0A")
    yield from (f"{token} ", f"%20{token}", f"{token}%00", f"{token};")
    yield from (f"{token}/", f"{token}/..", f"x/{token}", token.swapcase(), token.replace(".", ","))
    yield f"{token}%0d%0aSet-Cookie:%20evil=1"
    yield f"{head}.{body}.%22{signature}%22"

    heads = json.loads(base64.urlsafe_b64decode(head + "=="))
    claims = json.loads(base64.urlsafe_b64decode(body + "=="))
    for kind in ("none", "None", "nOnE", "", "HS1", "RS256", "ES256", "EdDSA", None, 0, ["HS256"]):
        made = f"{segment(heads | {'alg': kind})}.{body}"
        yield from (f"{made}.", f"{made}.{signature}", made)
    for changed in (
        {"alg": "none", "typ": "JWT"},
        {"kid": ""},
        {"kid": None},
        {"kid": "../../../../dev/null"},
        {"kid": "test' OR '1'='1"},
        {"kid": ["test"]},
        {"jwk": {"kty": "oct", "k": "AA"}},
        {"jku": "https://evil.example/keys"},
        {"x5u": "https://evil.example/keys"},
        {"crit": ["exp"]},
        {"b64": False},
        {"zip": "DEF"},
        {"typ": "JWT"},
    ):
        for secret in (b"", b"\0", b"test", heads["kid"].encode(), b"secret", head.encode()):
            yield signed(heads | changed, claims, secret)
    yield signed(heads | {"alg": "HS512"}, claims, b"test", "sha512")
    for more in (
        {"purpose": "decision", "reviewer": "current"},
        {"exp": 9_999_999_999},
        {"sub": claims["jti"]},
        {"ver": 0},
        {"aud": [claims["aud"], "x"]},
    ):
        yield f"{head}.{segment(claims | more)}.{signature}"
    yield "A" * 1_999
    yield "..." + "A" * 500
    yield segment([1]) + "." + segment("x") + ".AAAA"
    deep = base64.urlsafe_b64encode(b"[" * 1_200).decode().rstrip("=")
    yield f"{head}.{deep[:1500]}.{signature}"


def test_nothing_made_of_a_link_is_a_link(house: House) -> None:
    token, other = house.token(STOLEN), house.token(STOLEN, "notice")
    before, seen = house.substance(), set[str]()
    for made in altered(token, other):
        seen.add(made)
        answer = ask(house.server, f"/c/{made}")
        said = f"{made[:40]}…{made[-20:]} -> {answer.status} {answer.location}"
        # With a space it is not even a request; with a line end it is no address of ours.
        assert answer.location == INVALID or answer.status in (400, 404), said
        assert answer.cookies == (), said
        assert "evil" not in str(answer.headers), said
    assert len(seen) > 250
    assert (
        f"/confirm/?link={house.claims(STOLEN).key}" == ask(house.server, f"/c/{token}").location
    ), "else all of them would prove nothing"
    assert before == house.substance()


def test_nothing_made_of_a_link_counts_as_a_cookie(house: House) -> None:
    """The cookie is what pages and sockets believe; a browser may hold anything."""
    token, key = house.token(STOLEN), house.claims(STOLEN).key
    before = house.substance()
    made = [text for text in altered(token, house.token(OBJECTED)) if "%" not in text and text]
    for text in made[::4]:
        if ";" in text or text.strip() != text:
            continue  # a cookie ends there, which leaves the link as it was
        cookie = f"upstage-link-{key}={text}"
        for path in (f"/confirm/plain?link={key}", f"/confirm/receipt.json?link={key}"):
            answer = ask(house.server, path, Cookie=cookie)
            assert answer.status == 404, text
            assert "nonce" not in answer.body or 'value=""' in answer.body, text
            assert leaks(answer.body) == [], text
    assert before == house.substance()


# --- for another purpose ------------------------------------------------------------------------


def test_a_notice_is_no_answer_of_the_new_mailbox(house: House) -> None:
    """Who reads the mail to the old address can keep that address, and approves nothing alone."""
    token, before = house.token(OBJECTED, "notice"), house.substance()

    for answer in ("each", "", "OBJECT", "object "):
        decide(house, token, answer)
    heard = over_the_socket(house, token, "answer_each")

    assert "mara.new" not in heard
    assert before == house.substance()
    assert house.state(OBJECTED) is RequestState.PENDING
    decide(house, token, "reject")
    assert house.state(OBJECTED) is RequestState.REJECTED, "what it is for, it does"


@pytest.mark.parametrize(
    "changed",
    [
        {"purpose": Purpose.RECEIPT},
        {"version": 0},
        {"version": 2},
        {"request_id": "0" * 32},
    ],
    ids=str,
)
def test_a_link_of_our_own_that_says_another_thing_decides_nothing(
    house: House, changed: dict[str, Any]
) -> None:
    """Signed with our key: the row decides, not the signature."""
    claims = replace(house.claims(STOLEN), **changed)
    token, before = house.stage.parts.codec.mint(claims), house.substance()

    for answer in ("approve", "reject"):
        decide(house, token, answer)
    over_the_socket(house, token, "approve", "reject")

    assert before == house.substance()
    assert RequestState.PENDING is house.state(STOLEN)


def test_a_nonce_is_worth_nothing_for_another_link(house: House) -> None:
    before = house.substance()
    theirs = nonce_on(plain(house, house.token(REPLAYED))[1])
    assert theirs
    issued, _, mac = theirs.partition(".")
    for nonce in (
        theirs,
        "",
        ".",
        issued,
        f"{issued}.",
        f"9999999999.{mac}",
        f"-{issued}.{mac}",
        f"{issued}.{mac}.{mac}",
        "\u0661\u0662.x",
        "NaN.x",
        "1e9.x",
        "9" * 5_000,
    ):
        decide(house, house.token(STOLEN), "approve", nonce=nonce)
        assert RequestState.PENDING is house.state(STOLEN), nonce[:40]
    assert before == house.substance()


# --- again --------------------------------------------------------------------------------------


def test_a_decision_is_not_made_again_nor_taken_back(house: House) -> None:
    token = house.token(REPLAYED)
    path, page = plain(house, token)
    form = {"answer": "approve", "read": "yes", "nonce": nonce_on(page)}
    cookie = link_cookie(house, token)
    first = press(house.server, path, form, cookie=cookie)
    assert (303, path) == (first.status, first.location)
    assert RequestState.APPROVED is house.state(REPLAYED)
    before, number = house.substance(), house.stage.numbers[REPLAYED]
    assert house.stage.email_of(number) == "mara.new@example.org"

    for again in ("approve", "reject", "each"):
        answer = press(house.server, path, form | {"answer": again}, cookie=cookie)
        assert answer.status in (200, 303), again
    over_the_socket(house, token, "approve", "reject")
    receipt = house.token(REPLAYED, "receipt")
    for again in ("approve", "reject", "object"):
        decide(house, receipt, again, nonce=form["nonce"])
    over_the_socket(house, receipt, "approve", "reject", "object_to")

    assert before == house.substance()
    assert house.stage.email_of(number) == "mara.new@example.org"


# --- where no link belongs ----------------------------------------------------------------------

ELSEWHERE = [
    "/confirm/?link={}",
    "/confirm/plain?link={}",
    "/confirm/plain?token={}",
    "/confirm/receipt?link={}",
    "/confirm/receipt.json?link={}&id={}",
    "/confirm/code?reference={}&code={}",
    "/c/?token={}",
    "/c/x?choice={}",
    "/health?token={}",
    "/sign-in/?next=/c/{}",
    "/auth/sign-in?token={}",
    "/patrons/?token={}",
    "/mailbox/raw/{}",
    "/mailbox/raw/x?token={}",
    "/mailbox/export.csv?token={}",
    "/mailbox/sample?mail={}",
    "/requests/receipt/{}.json",
    "/requests/receipt/x.json?link={}",
    "/webhooks/resend?token={}",
    "/{}",
]


def test_a_link_opens_nothing_but_its_own_gate(house: House) -> None:
    """As a query, a bearer, a session, a tab; and its secret part stands in no log."""
    token, before = house.token(STOLEN), house.substance()
    for place in ELSEWHERE:
        path = place.replace("{}", token)
        answer = ask(
            house.server,
            path,
            Authorization=f"Bearer {token}",
            X_Token=token,
            Cookie=f"{NAME}={token}; link={token}; upstage-link-={token}",
            Referer=f"{house.server.url}/c/{token}",
        )
        assert answer.status < 500, place
        assert leaks(answer.raw.decode("latin-1")) == [], place
        assert answer.cookies == (), place
        # A page that asks to sign in remembers where one came from; nothing else repeats it.
        assert token not in answer.body or "/sign-in/" in path, place
    with house.wire(token, cookie=f"{NAME}={token}") as wire:
        wire.join({"token": token, "link": token})
        wire.event(f"{CONFIRM}.approve", router={"pathname": "/confirm", "asPath": "/confirm/"})
        wire.until("Enter your code")
        wire.farewell()
        assert leaks("".join(wire.heard)) == []
    assert before == house.substance()
    assert RequestState.PENDING is house.state(STOLEN)
    for link in (token, house.token(REPLAYED), house.token(OBJECTED, "notice")):
        assert link.rpartition(".")[2] not in house.server.log
    assert "Traceback" not in house.server.log
