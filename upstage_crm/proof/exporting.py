"""`audit export`: writes the trail into one signed file, entry by entry, over one snapshot."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime
from typing import BinaryIO

from sqlmodel import Session

from upstage_crm.audit import trail
from upstage_crm.audit.chain import Vouching, Walk, canonical, instant_text
from upstage_crm.audit.signing import SigningKey
from upstage_crm.proof import bundle, readme, receipts
from upstage_crm.proof.bundle import Manifest, Member
from upstage_crm.proof.errors import TrailBroken

# The same trail gives the same file: no name of a machine and no time of day in it.
_LONG_AGO = (1980, 1, 1, 0, 0, 0)
_UNIX, _PRIVATE = 3, 0o600 << 16


def export(
    session: Session,
    file: BinaryIO,
    *,
    key: SigningKey,
    public_keys: Mapping[str, str],
    organisation: str,
    now: datetime,
    with_values: bool = False,
    withheld: Collection[str] = (),
) -> Manifest:
    """Write the whole trail to `file` and return what its manifest says.

    `with_values` adds the personal values that are still there, except those of the patrons
    whose ids are `withheld`.

    Raises:
        TrailBroken: the trail does not verify; what was written so far is worth nothing.
    """
    exported_at, walk = instant_text(now), Walk()
    signatures = Vouching({key.kid: key.public_key} | dict(public_keys))
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        out = _Writer(archive)
        text = readme.text(
            organisation=organisation, exported_at=exported_at, with_values=with_values
        )
        out.write(bundle.README, [text.encode()])
        out.write(bundle.ENTRIES, _entries(session, walk, signatures))
        issued = out.write(bundle.RECEIPTS, _receipts(session))
        values = out.write(bundle.VALUES, _values(session, withheld)) if with_values else None
        manifest = Manifest(
            organisation=organisation,
            exported_at=exported_at,
            entries=walk.seq,
            head_hash=walk.hash,
            receipts=issued,
            values=values,
            files=dict(out.members),
            kid=key.kid,
            public_keys=dict(public_keys),
        )
        raw = manifest.to_bytes()
        out.write(bundle.MANIFEST, [raw])
        out.write(bundle.SIGNATURE, [key.sign(bundle.signed_bytes(raw)).encode()])
    return manifest


class _Writer:
    """Writes members one after the other and remembers what the manifest says of them."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self.members: dict[str, Member] = {}

    def write(self, name: str, chunks: Iterable[bytes]) -> int:
        """Write one member and return how many chunks it had."""
        info = zipfile.ZipInfo(name, _LONG_AGO)
        info.compress_type, info.create_system = zipfile.ZIP_DEFLATED, _UNIX
        info.external_attr = _PRIVATE
        digest, size, count = hashlib.sha256(), 0, 0
        with self._archive.open(info, "w", force_zip64=True) as member:
            for chunk in chunks:
                member.write(chunk)
                digest.update(chunk)
                size, count = size + len(chunk), count + 1
        self.members[name] = Member(bytes=size, sha256=digest.hexdigest())
        return count


def _entries(session: Session, walk: Walk, signatures: Vouching) -> Iterator[bytes]:
    for row, opened in trail.entries(session):
        broken = walk.step(row, opened) or signatures.step(row)
        if broken is not None:
            raise TrailBroken(seq=broken.seq)
        yield _line({**row, "at": instant_text(row["at"])}, bundle.ENTRY_COLUMNS)
    if trail.head(session) != (walk.seq, walk.hash):
        raise TrailBroken(seq=walk.seq + 1)
    if (broken := signatures.end()) is not None:
        raise TrailBroken(seq=broken.seq)


def _receipts(session: Session) -> Iterator[bytes]:
    for row in receipts.in_order(session):
        yield _line(row, bundle.RECEIPT_COLUMNS)


def _values(session: Session, withheld: Collection[str]) -> Iterator[bytes]:
    for row, opened in trail.entries(session):
        if row["patron_id"] not in withheld:
            for name, value, salt in sorted(opened):
                line = {"seq": row["seq"], "name": name, "value": value, "salt": salt}
                yield _line(line, bundle.VALUE_COLUMNS)


def _line(row: Mapping[str, object], columns: Iterable[str]) -> bytes:
    return f"{canonical({name: row[name] for name in columns})}\n".encode()
