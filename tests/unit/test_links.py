"""A link is ours, whole and for this purpose, or it is refused without a reason."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest

from upstage_crm.links.claims import (
    KEY_LENGTH,
    REQUIRED,
    LinkClaims,
    LinkRefused,
    Purpose,
    Reviewer,
    new_jti,
)
from upstage_crm.links.codec import AUDIENCE, ISSUER, MAX_TOKEN_LENGTH, TYPE, LinkCodec, LinkKey

SECRET, OLDER, WRONG = b"s" * 32, b"o" * 32, b"w" * 32
NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
FAR = datetime(2200, 1, 8, tzinfo=UTC)
CODEC = LinkCodec([LinkKey("new", SECRET), LinkKey("older", OLDER)])
CLAIMS = LinkClaims(
    request_id="a" * 32,
    purpose=Purpose.DECISION,
    reviewer=Reviewer.PROPOSED,
    version=3,
    jti="0123456789abcdefghijkl",
    issued_at=NOW,
    expires_at=NOW + timedelta(days=7),
    kid="new",
)
BODY: dict[str, Any] = {
    "iss": ISSUER,
    "aud": AUDIENCE,
    "sub": CLAIMS.request_id,
    "purpose": "decision",
    "reviewer": "proposed",
    "ver": 3,
    "jti": CLAIMS.jti,
    "iat": int(NOW.timestamp()),
    "exp": int((NOW + timedelta(days=7)).timestamp()),
}
HEADER: dict[str, Any] = {"typ": TYPE, "kid": "new"}


def forged(
    body: dict[str, Any] | None = None,
    header: dict[str, Any] | None = None,
    *,
    key: bytes = SECRET,
    algorithm: str = "HS256",
) -> str:
    """A token made by hand, past the library's own checks; as it stands it is a good one."""
    digest = {"HS256": hashlib.sha256, "HS384": hashlib.sha384, "HS512": hashlib.sha512}[algorithm]
    signed = f"{b64({'alg': algorithm, **(header or HEADER)})}.{b64(body or BODY)}"
    return f"{signed}.{b64(hmac.new(key, signed.encode(), digest).digest())}"


def without(mapping: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in mapping.items() if key != name}


def b64(data: object) -> str:
    raw = data if isinstance(data, bytes) else json.dumps(data).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def refused(token: str) -> None:
    """Case 9: one class, one code, no fact that says why."""
    with pytest.raises(LinkRefused) as caught:
        CODEC.read(token)
    assert caught.value.code == "link_invalid"
    assert caught.value.facts == {}


def test_what_was_minted_is_read() -> None:
    assert CODEC.read(CODEC.mint(CLAIMS)) == CLAIMS


def test_a_well_made_forgery_is_read() -> None:
    """The control: each forgery below differs from this one in a single thing."""
    assert CODEC.read(forged()) == CLAIMS


def test_the_same_claims_are_the_same_bytes() -> None:
    """A retry of a mail must be equal byte for byte."""
    assert CODEC.mint(CLAIMS) == CODEC.mint(replace(CLAIMS))
    assert CODEC.mint(CLAIMS) == CODEC.mint(LinkClaims.from_json(CLAIMS.to_json()))


def test_a_token_carries_nothing_personal() -> None:
    body = jwt.decode(CODEC.mint(CLAIMS), options={"verify_signature": False})

    assert set(REQUIRED) == set(body)


def test_an_older_key_still_verifies_and_the_first_signs() -> None:
    older = replace(CLAIMS, kid="older")

    assert CODEC.signing_kid == "new"
    assert older == CODEC.read(CODEC.mint(older))


def test_a_key_out_of_the_ring_kills_its_links() -> None:
    token = CODEC.mint(replace(CLAIMS, kid="older"))
    after = LinkCodec([LinkKey("new", SECRET)])

    with pytest.raises(LinkRefused):
        after.read(token)
    with pytest.raises(LinkRefused):
        after.mint(replace(CLAIMS, kid="older"))


def test_alg_none_is_refused() -> None:
    """Case 9."""
    for algorithm in ("none", "None", "NONE", "nOnE", ""):
        head = b64({"alg": algorithm, **HEADER})
        refused(f"{head}.{b64(BODY)}.")
        refused(f"{head}.{b64(BODY)}.{CODEC.mint(CLAIMS).rpartition('.')[2]}")
    refused(jwt.encode(BODY, None, algorithm="none", headers=HEADER))  # pyright: ignore[reportArgumentType]


def test_another_algorithm_is_refused() -> None:
    """Case 9: the HS/RS swap under our own key's bytes, and other hashes under our own key."""
    for algorithm in ("RS256", "ES256", "PS256", "EdDSA", "hs256", "HS256 "):
        signed = f"{b64({'alg': algorithm, **HEADER})}.{b64(BODY)}"
        digest = hmac.new(SECRET, signed.encode(), hashlib.sha256).digest()
        refused(f"{signed}.{b64(digest)}")
    for algorithm in ("HS384", "HS512"):
        longer = LinkCodec([LinkKey("new", SECRET * 2)])
        with pytest.raises(LinkRefused):
            longer.read(forged(key=SECRET * 2, algorithm=algorithm))


def test_a_wrong_but_well_formed_key_is_refused() -> None:
    """Case 11."""
    refused(forged(key=WRONG))
    refused(forged(key=OLDER))  # in the ring, under another name
    refused(forged(header={**HEADER, "kid": "older"}))


@pytest.mark.parametrize("kid", ["", "nobody", "../new", "new\x00", " new", "NEW"])
def test_an_unknown_kid_is_refused(kid: str) -> None:
    refused(forged(header={**HEADER, "kid": kid}))


def test_a_missing_or_odd_kid_is_refused() -> None:
    refused(forged(header={"typ": TYPE}))
    for odd in (1, None, ["new"], {"new": 1}, True):
        head = b64({"alg": "HS256", "typ": TYPE, "kid": odd})
        signed = f"{head}.{b64(BODY)}"
        refused(f"{signed}.{CODEC.mint(CLAIMS).rpartition('.')[2]}")


def test_keys_that_come_with_the_token_are_never_used() -> None:
    """Case 9: embedded `jwk`, `jku`, `x5u`, `x5c`."""
    own = {"kty": "oct", "k": b64(WRONG), "alg": "HS256"}
    for extra in (
        {"jwk": own},
        {"jku": "https://evil.example/keys"},
        {"x5u": "https://evil.example/cert"},
        {"x5c": ["MIIB"]},
    ):
        refused(forged(header={**HEADER, **extra}, key=WRONG))


@pytest.mark.parametrize("typ", ["JWT", "jwt", "", "upstage-link", "at+jwt", "UPSTAGE-LINK+JWT"])
def test_another_typ_is_refused(typ: str) -> None:
    refused(forged(header={**HEADER, "typ": typ}))


@pytest.mark.parametrize("name", REQUIRED)
def test_every_claim_is_required(name: str) -> None:
    refused(forged(without(BODY, name)))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("iss", "somebody"),
        ("iss", None),
        ("iss", ["upstage-crm"]),
        ("aud", "upstage-crm/reset"),
        ("aud", [AUDIENCE]),
        ("aud", [AUDIENCE, "other"]),
        ("aud", None),
        ("sub", None),
        ("sub", 7),
        ("purpose", "password_reset"),
        ("purpose", "Decision"),
        ("purpose", None),
        ("reviewer", "staff"),
        ("reviewer", None),
        ("ver", "3"),
        ("ver", None),
        ("ver", 3.5),
        ("jti", ""),
        ("jti", "short"),
        ("jti", None),
        ("jti", 123456789012),
        ("iat", "yesterday"),
        ("iat", None),
        ("iat", 10**20),
        ("exp", "tomorrow"),
        ("exp", None),
        ("exp", 10**20),
        ("exp", float("inf")),
    ],
)
def test_a_claim_of_another_value_or_type_is_refused(name: str, value: object) -> None:
    refused(forged({**BODY, name: value}))


def test_a_token_for_another_use_is_refused() -> None:
    """Case 12's foundation: neither a reset token nor a sign-in token of ours or others' works."""
    refused(forged({**BODY, "aud": "upstage-crm/reset", "purpose": "reset"}))
    refused(forged({"sub": "1", "exp": BODY["exp"]}, header={"typ": "JWT"}))


def test_an_expired_token_is_read_and_says_so() -> None:
    """An authentic link that is too late still opens a calm page; its caller must look."""
    late = CODEC.read(forged({**BODY, "exp": int(NOW.timestamp())}))

    assert late.is_expired(NOW)
    assert not late.is_expired(NOW - timedelta(seconds=1))


def test_a_token_cut_or_mended_anywhere_is_refused() -> None:
    token = CODEC.mint(CLAIMS)
    for cut in (1, 2, 5, len(token) // 2, len(token) - 3):
        refused(token[:-cut])
        refused(token[cut:])
    head, body, signature = token.split(".")
    refused(f"{head}.{body}")
    refused(f"{head}.{body}.")
    refused(f"{head}..{signature}")
    refused(f"{head}.{b64({**BODY, 'sub': 'b' * 32})}.{signature}")
    refused(f"{head}.{body}.{signature}.{signature}")
    refused(f"{b64({'alg': 'HS256', **HEADER, 'kid': 'older'})}.{body}.{signature}")


@pytest.mark.parametrize(
    "garbage", ["", ".", "..", "...", "a.b.c", "\x00", "é.é.é", "eyJ.eyJ.x", " ", "null", "%2e%2e"]
)
def test_garbage_is_refused(garbage: str) -> None:
    refused(garbage)


@pytest.mark.parametrize(
    "stray", ["=", "==", "\n", "\r\n", " ", "\t", "\x00", "\u200b", "é", "*", "+"]
)
@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_stray_sign_beside_any_part_is_refused(stray: str, place: int) -> None:
    """A token has one spelling: a forgiving decoder drops these signs and reads the same bytes."""
    parts = forged().split(".")
    for spelled in (f"{parts[place]}{stray}", f"{stray}{parts[place]}"):
        refused(".".join([*parts[:place], spelled, *parts[place + 1 :]]))


def test_another_spelling_of_the_same_signature_is_refused() -> None:
    """43 characters hold 258 bits and a signature has 256: the last one could be any of four."""
    token = forged()
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    last = letters.index(token[-1])
    others = {letters[last - last % 4 + low] for low in range(4)} - {token[-1]}

    assert len(others) == 3
    for letter in others:
        refused(f"{token[:-1]}{letter}")


def test_an_oversized_token_is_refused_before_it_is_read() -> None:
    refused("a" * (MAX_TOKEN_LENGTH + 1))
    refused(forged({**BODY, "pad": "x" * MAX_TOKEN_LENGTH}))


def test_a_bool_is_not_a_version() -> None:
    refused(forged({**BODY, "ver": True}))


def test_an_unknown_critical_extension_is_refused() -> None:
    refused(forged(header={**HEADER, "crit": ["b64"], "b64": False}))
    refused(forged(header={**HEADER, "crit": ["exp"]}))


@pytest.mark.parametrize("change", [{"purpose": "objection"}, {"reviewer": "current"}])
def test_purpose_and_reviewer_are_part_of_what_is_signed(change: dict[str, str]) -> None:
    """Case 10: they come back as they were signed, and a changed body no longer verifies."""
    read = CODEC.read(forged({**BODY, **change})).to_json()
    assert change.items() <= read.items()
    head, _body, signature = CODEC.mint(CLAIMS).split(".")
    refused(f"{head}.{b64({**BODY, **change})}.{signature}")


def test_frozen_claims_come_back_from_the_outbox_as_they_were() -> None:
    assert LinkClaims.from_json(json.loads(json.dumps(CLAIMS.to_json()))) == CLAIMS
    for name in CLAIMS.to_json():
        with pytest.raises(LinkRefused):
            LinkClaims.from_json(without(CLAIMS.to_json(), name))


def test_a_link_id_cannot_be_guessed() -> None:
    ids = {new_jti() for _ in range(1_000)}

    assert len(ids) == 1_000
    assert all(len(jti) >= 22 for jti in ids)
    assert len(CLAIMS.key) == KEY_LENGTH
    assert CLAIMS.jti.startswith(CLAIMS.key)


def test_a_codec_needs_a_key() -> None:
    with pytest.raises(ValueError, match="at least one key"):
        LinkCodec([])


def test_a_link_made_by_a_clock_ahead_of_this_one_works() -> None:
    """Two workers' clocks differ a little; the row's clock decides when a link ends."""
    ahead = replace(CLAIMS, issued_at=datetime(2200, 1, 1, tzinfo=UTC), expires_at=FAR)

    assert ahead == CODEC.read(CODEC.mint(ahead))
