"""The shape of an export of the trail: one zip file whose manifest is signed. Pure.

manifest.json    what is inside, the SHA-256 of every other file, the head of the chain
manifest.sig     an Ed25519 signature of `SIGNED_AS` and the bytes of manifest.json
entries.jsonl    every entry of the trail, one JSON object a line, as it is chained
receipts.jsonl   every receipt, in the order in which the trail issued them
values.jsonl     only when asked for: the personal values behind the commitments
README.txt       what this is and how to check it, in plain words
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from upstage_crm.proof.errors import BundleProblem, BundleRefused

FORMAT = "upstage-crm audit bundle"
VERSION = 2  # 1 had entries without signatures; both can be checked
# What is signed begins with this, so that no signature of ours can pass for one of an export.
SIGNED_AS = b"upstage-crm audit bundle v1\n"

MANIFEST, SIGNATURE, README = "manifest.json", "manifest.sig", "README.txt"
ENTRIES, RECEIPTS, VALUES = "entries.jsonl", "receipts.jsonl", "values.jsonl"
ALWAYS = frozenset({MANIFEST, SIGNATURE, README, ENTRIES, RECEIPTS})

_FIRST_COLUMNS = (
    "seq",
    "at",
    "actor_kind",
    "actor_id",
    "actor_label",
    "channel",
    "action",
    "patron_id",
    "request_id",
    "facts",
    "commitments",
    "previous_hash",
    "hash",
)
ENTRY_COLUMNS = (*_FIRST_COLUMNS, "covers", "kid", "signature")
VALUE_COLUMNS = ("seq", "name", "value", "salt")
RECEIPT_COLUMNS = (
    "id",
    "request_id",
    "patron_id",
    "reviewer",
    "event",
    "at",
    "language",
    "body",
    "kid",
    "signature",
)


@dataclass(frozen=True, slots=True)
class Member:
    """One file of the bundle as the manifest names it."""

    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a bundle says of itself. `values` is None when the bundle was made without values.

    `public_keys` are those of every key that receipts may be signed with, by name; `kid` names
    the one that signed this manifest.
    """

    version: int = VERSION

    organisation: str
    exported_at: str
    entries: int
    head_hash: str
    receipts: int
    values: int | None
    files: Mapping[str, Member]
    kid: str
    public_keys: Mapping[str, str]

    @property
    def entry_columns(self) -> tuple[str, ...]:
        """What each line of the entries holds."""
        return _FIRST_COLUMNS if self.version == 1 else ENTRY_COLUMNS

    def to_bytes(self) -> bytes:
        """The one spelling that is signed: sorted, indented for people, ends in a line break."""
        plain = asdict(self) | {"format": FORMAT}
        text = json.dumps(plain, sort_keys=True, indent=2, ensure_ascii=False)
        return f"{text}\n".encode()

    @classmethod
    def from_bytes(cls, raw: bytes) -> Manifest:
        """The reverse of `to_bytes`.

        Raises:
            BundleRefused: it is not a manifest of a version that we know, in its spelling.
        """
        try:
            plain: dict[str, Any] = json.loads(raw)
            if plain.pop("format") != FORMAT or plain["version"] not in (1, VERSION):
                raise BundleRefused(BundleProblem.FORMAT)
            files = {name: Member(**member) for name, member in plain.pop("files").items()}
            made = cls(files=files, **plain)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise BundleRefused(BundleProblem.FORMAT) from error
        if made.to_bytes() != raw:
            raise BundleRefused(BundleProblem.FORMAT)
        return made


def signed_bytes(manifest: bytes) -> bytes:
    """What the signature covers."""
    return SIGNED_AS + manifest
