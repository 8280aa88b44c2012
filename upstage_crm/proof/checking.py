"""`audit check`: verifies an export with nothing but the file and the public key.

Everything is read once, line by line; of the entries nothing stays in memory but their hashes. What
breaks first is named as precisely as it can be: an entry rather than its file.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
import zlib
from collections.abc import Collection, Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any, BinaryIO

from upstage_crm.audit import signing
from upstage_crm.audit.chain import Opened, Vouching, Walk, read_instant, read_object
from upstage_crm.audit.events import Action
from upstage_crm.proof import bundle
from upstage_crm.proof.bundle import Manifest
from upstage_crm.proof.errors import BundleProblem, BundleRefused
from upstage_crm.proof.receipt_check import (
    Verdict,
    judge,
)

LINE_LIMIT = 4_000_000  # bytes of one line, and of the manifest
HASH_BYTES = hashlib.sha256().digest_size
# What reading a damaged member raises: a wrong check sum, a broken or encrypted stream.
_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, ValueError)
_BROKEN = {
    "missing": BundleProblem.ENTRY_MISSING,
    "chain": BundleProblem.ENTRY_CHANGED,
    "hash": BundleProblem.ENTRY_CHANGED,
    "value": BundleProblem.VALUE,
    "unsigned": BundleProblem.ENTRY_UNSIGNED,
    "signature": BundleProblem.ENTRY_UNSIGNED,
    "unknown_key": BundleProblem.ENTRY_UNSIGNED,
}


@dataclass(frozen=True, slots=True)
class Checked:
    """An export that verifies: what it says of itself.

    `unknown_keys` counts receipts signed with a key that was out of use at the export already:
    the trail vouches for them, no key that the manifest names does.
    """

    manifest: Manifest
    unknown_keys: int


def check(file: BinaryIO, *, public_key: str) -> Checked:
    """Verify an export against `public_key`.

    Raises:
        BundleRefused: the first thing that is wrong with it.
    """
    with _opened(file) as archive:
        _ensure_members(archive)
        raw = _whole(archive, bundle.MANIFEST)
        signature = _whole(archive, bundle.SIGNATURE)
        signed = bundle.signed_bytes(raw)
        if not signing.verify(public_key, signed, signature.decode("ascii", "replace")):
            raise BundleRefused(BundleProblem.SIGNATURE)
        manifest = Manifest.from_bytes(raw)
        return Checked(manifest, _Check(archive, manifest, public_key).run())


class _Check:
    """One pass over everything that the manifest names."""

    def __init__(self, archive: zipfile.ZipFile, manifest: Manifest, public_key: str) -> None:
        self._archive = archive
        self._manifest = manifest
        self._public_key = public_key
        self._unknown_keys = 0
        self._hashes = bytearray()  # of every entry so far, one after the other

    def run(self) -> int:
        """Read all of it; return how many receipts have a key that the manifest does not name."""
        manifest = self._manifest
        expected = {*bundle.ALWAYS, *((bundle.VALUES,) if manifest.values is not None else ())}
        if unknown := sorted(set(self._archive.namelist()) - expected):
            raise BundleRefused(BundleProblem.MEMBER_UNKNOWN, name=unknown[0])
        if set(manifest.files) != expected - {bundle.MANIFEST, bundle.SIGNATURE}:
            raise BundleRefused(BundleProblem.FORMAT)
        for _line in self._lines(bundle.README):
            pass
        self._walk()
        return self._unknown_keys

    def _walk(self) -> None:
        """Along the chain, with values and receipts beside it, each in the chain's own order."""
        manifest, walk = self._manifest, Walk()
        signatures = Vouching({manifest.kid: self._public_key})
        has_values = manifest.values is not None
        values = _Values(
            self._objects(bundle.VALUES, bundle.VALUE_COLUMNS) if has_values else iter(())
        )
        receipts = self._objects(bundle.RECEIPTS, bundle.RECEIPT_COLUMNS)
        issued = 0
        for row in self._objects(bundle.ENTRIES, manifest.entry_columns):
            try:
                row["at"] = read_instant(row["at"])
                broken = walk.step(row, values.of(row["seq"]))
                if broken is None and manifest.version > 1:
                    broken = signatures.step(row)
            except (TypeError, ValueError, AttributeError) as error:
                raise BundleRefused(BundleProblem.ENTRY_CHANGED, seq=walk.seq + 1) from error
            if broken is not None:
                raise BundleRefused(_BROKEN[broken.reason], seq=broken.seq)
            self._hashes += bytes.fromhex(walk.hash)
            if row["action"] == Action.RECEIPT_ISSUED:
                self._judge(next(receipts, None), read_object(row["facts"]))
                issued += 1
        if (walk.seq, walk.hash) != (manifest.entries, manifest.head_hash):
            raise BundleRefused(BundleProblem.ENTRY_MISSING, seq=walk.seq + 1)
        if manifest.version > 1 and (broken := signatures.end()) is not None:
            raise BundleRefused(_BROKEN[broken.reason], seq=broken.seq)
        values.ensure_done()
        if (stray := next(receipts, None)) is not None:
            raise BundleRefused(BundleProblem.RECEIPT, receipt=stray["id"])
        if manifest.receipts != issued or manifest.values not in (None, values.count):
            raise BundleRefused(BundleProblem.COUNT, name=bundle.MANIFEST)

    def _judge(self, receipt: Mapping[str, Any] | None, issued: Mapping[str, Any]) -> None:
        verdict = Verdict.FLAWED
        if receipt is not None:
            keys = self._manifest.public_keys
            verdict = judge(receipt, issued=issued, public_keys=keys, hash_at=self._hash_at)
        if verdict is Verdict.FLAWED:
            raise BundleRefused(BundleProblem.RECEIPT, receipt=issued.get("receipt"))
        self._unknown_keys += verdict is Verdict.UNKNOWN_KEY

    def _hash_at(self, seq: int) -> str | None:
        end = seq * HASH_BYTES
        found = self._hashes[end - HASH_BYTES : end] if seq > 0 else b""
        return found.hex() or None

    def _objects(self, name: str, columns: Collection[str]) -> Iterator[dict[str, Any]]:
        """The lines of a member, each an object with exactly these names."""
        for number, line in enumerate(self._lines(name), 1):
            try:
                found: Any = json.loads(line)
                is_right = set(found) == set(columns) and isinstance(found, dict)
            except (ValueError, TypeError, RecursionError) as error:
                raise BundleRefused(BundleProblem.LINE, name=name, line=number) from error
            if not is_right:
                raise BundleRefused(BundleProblem.LINE, name=name, line=number)
            yield found

    def _lines(self, name: str) -> Iterator[bytes]:
        """The lines of a member; at its end it must be what the manifest says."""
        member, digest, size, number = self._manifest.files[name], hashlib.sha256(), 0, 0
        with _member(self._archive, name) as stream:
            while line := _readline(stream, name):
                number += 1
                if len(line) > LINE_LIMIT:
                    raise BundleRefused(BundleProblem.LINE, name=name, line=number)
                digest.update(line)
                size += len(line)
                yield line
        if (size, digest.hexdigest()) != (member.bytes, member.sha256):
            raise BundleRefused(BundleProblem.MEMBER_CHANGED, name=name)


class _Values:
    """Hands out the values of one entry after the other."""

    def __init__(self, values: Iterator[Mapping[str, Any]]) -> None:
        self._values = values
        self._next = next(values, None)
        self.count = 0

    def of(self, seq: int) -> list[Opened]:
        """The values of the entry with this number, which is higher than any before."""
        found: list[Opened] = []
        while self._next is not None and self._next["seq"] == seq:
            found.append((self._next["name"], self._next["value"], self._next["salt"]))
            self.count += 1
            self._next = next(self._values, None)
        return found

    def ensure_done(self) -> None:
        """No value may be left over."""
        if self._next is not None:
            raise BundleRefused(BundleProblem.VALUE, seq=self._next["seq"])


@contextmanager
def _opened(file: BinaryIO) -> Generator[zipfile.ZipFile]:
    try:
        archive = zipfile.ZipFile(file)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise BundleRefused(BundleProblem.UNREADABLE) from error
    with archive:
        yield archive


def _ensure_members(archive: zipfile.ZipFile) -> None:
    names = archive.namelist()
    known = bundle.ALWAYS | {bundle.VALUES}
    if unknown := [name for name in names if name not in known or names.count(name) > 1]:
        raise BundleRefused(BundleProblem.MEMBER_UNKNOWN, name=unknown[0])
    if missing := sorted(bundle.ALWAYS - set(names)):
        raise BundleRefused(BundleProblem.MEMBER_MISSING, name=missing[0])


def _whole(archive: zipfile.ZipFile, name: str) -> bytes:
    with _member(archive, name) as stream, _intact(name):
        raw = stream.read(LINE_LIMIT + 1)
    if len(raw) > LINE_LIMIT:
        raise BundleRefused(BundleProblem.MEMBER_CHANGED, name=name)
    return raw


def _member(archive: zipfile.ZipFile, name: str) -> IO[bytes]:
    with _intact(name):
        return archive.open(name)


def _readline(stream: IO[bytes], name: str) -> bytes:
    with _intact(name):
        return stream.readline(LINE_LIMIT + 1)


@contextmanager
def _intact(name: str) -> Generator[None]:
    try:
        yield
    except _DAMAGE as error:
        raise BundleRefused(BundleProblem.MEMBER_CHANGED, name=name) from error
