"""A signature verifies with the public key alone, and with nothing changed."""

from __future__ import annotations

import base64
import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upstage_crm.audit.signing import KeyRing, SigningKey, verify

SECRET = b"s" * 32
KEY = SigningKey.derive("k1", SECRET)
MESSAGE = b'{"a":1}'
SIGNATURE = KEY.sign(MESSAGE)

# RFC 8032, 7.1: secret key, public key, message, signature.
RFC_8032 = (
    (
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        (
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
            "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
        ),
    ),
    (
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        (
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
            "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
        ),
    ),
    (
        "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        (
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
            "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"
        ),
    ),
)


def b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


@pytest.mark.parametrize(("seed", "public", "message", "signature"), RFC_8032)
def test_it_is_the_ed25519_of_the_standard(
    seed: str, public: str, message: str, signature: str
) -> None:
    key = SigningKey("rfc", bytes.fromhex(seed))
    text = bytes.fromhex(message)

    assert b64(bytes.fromhex(public)) == key.public_key
    assert b64(bytes.fromhex(signature)) == key.sign(text)
    assert verify(key.public_key, text, b64(bytes.fromhex(signature)))


def test_the_seed_is_the_hkdf_of_the_standard() -> None:
    """RFC 5869 by hand: a holder of the secret can make the key without our code."""
    extracted = hmac.new(bytes(32), SECRET, hashlib.sha256).digest()
    seed = hmac.new(extracted, b"upstage-crm ed25519 v1\x01", hashlib.sha256).digest()

    assert SigningKey("k1", seed).public_key == KEY.public_key
    assert b64(seed) not in KEY.public_key
    assert seed != SECRET


def test_what_was_signed_verifies_with_the_public_key_alone() -> None:
    assert verify(KEY.public_key, MESSAGE, SIGNATURE)
    assert SigningKey.derive("another name", SECRET).sign(MESSAGE) == SIGNATURE
    assert KEY.kid == "k1"


def test_another_key_another_message_another_signature_do_not_verify() -> None:
    other = SigningKey.derive("k1", b"t" * 32)

    assert not verify(other.public_key, MESSAGE, SIGNATURE)
    assert not verify(KEY.public_key, MESSAGE + b" ", SIGNATURE)
    assert not verify(KEY.public_key, MESSAGE, other.sign(MESSAGE))
    assert not verify(KEY.public_key, MESSAGE, KEY.sign(b""))


@pytest.mark.parametrize("position", range(64))
def test_a_flipped_bit_anywhere_does_not_verify(position: int) -> None:
    raw = bytearray(base64.urlsafe_b64decode(SIGNATURE + "=="))
    raw[position] ^= 1

    assert not verify(KEY.public_key, MESSAGE, b64(bytes(raw)))


def test_a_signature_has_one_spelling() -> None:
    raw = base64.urlsafe_b64decode(SIGNATURE + "==")
    same_bytes = {
        SIGNATURE + "==",
        SIGNATURE + "\n",
        SIGNATURE[:-1] + chr(ord(SIGNATURE[-1]) + 1),  # differs in bits that the decoder drops
    }

    assert all(base64.urlsafe_b64decode(text + "==") == raw for text in same_bytes)
    assert not any(verify(KEY.public_key, MESSAGE, text) for text in same_bytes)


@given(public=st.text(max_size=90), message=st.binary(max_size=90), text=st.text(max_size=90))
def test_nonsense_is_refused_and_raises_nothing(public: str, message: bytes, text: str) -> None:
    assert not verify(public, message, text)
    assert not verify(KEY.public_key, message, text)
    assert not verify(public, MESSAGE, SIGNATURE)


# --- seals ----------------------------------------------------------------------------------------


@pytest.fixture
def ring() -> KeyRing:
    return KeyRing([("first", b"a" * 32), ("second", b"b" * 32)])


def test_the_first_key_seals_and_every_key_of_the_ring_reads(ring: KeyRing) -> None:
    older = KeyRing([("second", b"b" * 32)])

    assert ring.seal(MESSAGE).startswith("first:")
    assert ring.is_sealed(ring.seal(MESSAGE), MESSAGE)
    assert ring.is_sealed(older.seal(MESSAGE), MESSAGE)
    assert not older.is_sealed(ring.seal(MESSAGE), MESSAGE)


def test_a_seal_is_over_exactly_its_message(ring: KeyRing) -> None:
    assert not ring.is_sealed(ring.seal(MESSAGE), MESSAGE + b" ")
    assert not ring.is_sealed(ring.seal(MESSAGE)[:-1], MESSAGE)


@pytest.mark.parametrize("seal", [None, "", ":", "first", "first:", "first:é", "other:00", "é:00"])
def test_what_is_no_seal_is_none(ring: KeyRing, seal: str | None) -> None:
    assert not ring.is_sealed(seal, MESSAGE)


def test_a_seal_passes_under_no_other_name() -> None:
    """Though two names stand for one secret."""
    ring = KeyRing([("first", b"a" * 32), ("second", b"a" * 32)])
    mac = ring.seal(MESSAGE).partition(":")[2]

    assert not ring.is_sealed(f"second:{mac}", MESSAGE)


def test_a_ring_without_keys_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one key"):
        KeyRing([])
