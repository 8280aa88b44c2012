"""An export of the trail verifies with the public key alone; every kind of tampering is named."""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.support.factories import NEW, OLD, Desk
from tests.support.keyring import OTHER_RING, SECRET_KEYS, rotate
from tests.support.processes import without_settings
from tests.support.project import ROOT
from tests.support.proof import KEY, OTHER
from upstage_crm.audit import trail
from upstage_crm.audit.chain import Walk, canonical, entry_hash, signed_message
from upstage_crm.audit.events import Action
from upstage_crm.audit.signing import SigningKey
from upstage_crm.change_requests.model.rules import Decision
from upstage_crm.cli import commands
from upstage_crm.core.clock import SystemClock
from upstage_crm.proof import bundle, checking, exporting
from upstage_crm.proof.bundle import Manifest, Member
from upstage_crm.proof.errors import BundleProblem, BundleRefused, TrailBroken
from upstage_crm.wording import sentences

Members = dict[str, bytes]


@pytest.fixture
def desk(desk: Desk) -> Desk:
    """A desk with one approval and one rejection behind it."""
    mara = desk.patron(phone="+1 212 555 0101")
    desk.decide(desk.asked(mara)[1])
    desk.decide(desk.asked(mara, "third@example.org")[1], Decision.REJECT, comment="Not me.")
    return desk


def exported(desk: Desk, *, with_values: bool = False, key: SigningKey = KEY) -> bytes:
    file = io.BytesIO()
    desk.read(
        lambda session: exporting.export(
            session,
            file,
            key=key,
            public_keys={key.kid: key.public_key},
            organisation="Lantern",
            now=desk.now,
            with_values=with_values,
        )
    )
    return file.getvalue()


def members(raw: bytes) -> Members:
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(held: Mapping[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in held.items():
            archive.writestr(name, content)
    return file.getvalue()


def signed(held: Members, key: SigningKey = KEY, *, public_keys: bool = False) -> Members:
    """The members with a manifest that fits them, signed anew: what only the key's owner can."""
    manifest = Manifest.from_bytes(held[bundle.MANIFEST])
    files = {
        name: Member(bytes=len(held[name]), sha256=sha(held[name]))
        for name in manifest.files
        if name in held
    }
    manifest = replace(manifest, files=files)
    if public_keys:
        manifest = replace(manifest, kid=key.kid, public_keys={key.kid: key.public_key})
    raw = manifest.to_bytes()
    signature = key.sign(bundle.signed_bytes(raw)).encode()
    return held | {bundle.MANIFEST: raw, bundle.SIGNATURE: signature}


def sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def checked(raw: bytes, key: str = KEY.public_key) -> Manifest:
    return checking.check(io.BytesIO(raw), public_key=key).manifest


def refused(raw: bytes, key: str = KEY.public_key) -> BundleRefused:
    with pytest.raises(BundleRefused) as caught:
        checked(raw, key)
    assert "{" not in sentences.sentence(caught.value)
    return caught.value


def altered(name: str, change: Callable[[bytes], bytes], desk: Desk, **how: Any) -> BundleRefused:
    held = members(exported(desk, **how))
    return refused(packed(held | {name: change(held[name])}))


def lines(change: Callable[[list[bytes]], list[bytes]]) -> Callable[[bytes], bytes]:
    return lambda content: b"".join(change(content.splitlines(keepends=True)))


def test_an_export_verifies_and_says_what_is_in_it(desk: Desk) -> None:
    raw = exported(desk)

    manifest = checked(raw)

    assert desk.entries == manifest.entries
    assert manifest.organisation == "Lantern"
    assert desk.scalar("SELECT hash FROM audit_head") == manifest.head_hash
    assert manifest.values is None
    assert members(raw).keys() == bundle.ALWAYS


def test_an_export_holds_no_personal_value(desk: Desk) -> None:
    text = b"".join(members(exported(desk)).values()).decode()

    for value in (OLD, NEW, "third@example.org", "Mara", "+1212", "Not me."):
        assert value not in text
    assert "salt" not in members(exported(desk))[bundle.ENTRIES].decode()


def test_the_same_trail_gives_the_same_bytes(desk: Desk) -> None:
    assert exported(desk) == exported(desk)


def test_values_come_only_when_asked_for_and_verify(desk: Desk) -> None:
    raw = exported(desk, with_values=True)

    assert desk.scalar("SELECT count(*) FROM audit_value") == checked(raw).values
    assert NEW in members(raw)[bundle.VALUES].decode()
    assert "PERSONAL DATA" in members(raw)[bundle.README].decode()


def test_a_flipped_byte_in_any_file_is_refused_and_named(desk: Desk) -> None:
    """The first, the last and many between, of every file inside."""
    raw = exported(desk, with_values=True)
    held = members(raw)
    for name, content in held.items():
        for place in {0, len(content) - 1, *range(0, len(content), max(1, len(content) // 60))}:
            flipped = bytearray(content)
            flipped[place] ^= 1
            error = refused(packed(held | {name: bytes(flipped)}))
            if name in (bundle.MANIFEST, bundle.SIGNATURE):
                assert BundleProblem.SIGNATURE is error.problem
            elif name == bundle.README:
                assert (BundleProblem.MEMBER_CHANGED, name) == (error.problem, error.facts["name"])
            else:
                named = error.facts.get("name") == name or {"seq", "receipt"} & error.facts.keys()
                assert named, (name, place)


def test_a_flipped_byte_of_the_file_itself_changes_nothing_unnoticed(desk: Desk) -> None:
    """Either it is refused, or it stood where the zip format says nothing about the content."""
    raw = exported(desk)
    held = members(raw)
    for place in range(0, len(raw), max(1, len(raw) // 400)):
        flipped = bytearray(raw)
        flipped[place] ^= 1
        try:
            checked(bytes(flipped))
        except BundleRefused:
            continue
        assert held == members(bytes(flipped))


def test_a_dropped_a_swapped_and_a_doubled_entry_are_named(desk: Desk) -> None:
    for change in (
        lambda ls: ls[:3] + ls[4:],
        lambda ls: [*ls[:3], ls[4], ls[3], *ls[5:]],
        lambda ls: [*ls[:3], ls[2], *ls[3:]],
    ):
        error = altered(bundle.ENTRIES, lines(change), desk)
        assert (error.problem, error.facts["seq"]) == (BundleProblem.ENTRY_MISSING, 4)
    last = desk.entries
    error = altered(bundle.ENTRIES, lines(lambda ls: ls[:-1]), desk)
    assert BundleProblem.MEMBER_CHANGED is error.problem
    error = altered(bundle.ENTRIES, lambda _: b"", desk)
    assert BundleProblem.MEMBER_CHANGED is error.problem
    assert last > 5


def test_an_altered_entry_is_named(desk: Desk) -> None:
    error = altered(
        bundle.ENTRIES,
        lines(lambda ls: [*ls[:2], ls[2].replace(b"staff", b"patron", 1), *ls[3:]]),
        desk,
    )
    assert (error.problem, error.facts["seq"]) == (BundleProblem.ENTRY_CHANGED, 3)
    for nonsense in (b"[]\n", b"{}\n", b"no\n", b'{"seq":"1"}\n', b"\xff\n"):
        error = altered(bundle.ENTRIES, lines(lambda ls, n=nonsense: [n, *ls[1:]]), desk)
        assert error.problem in (BundleProblem.LINE, BundleProblem.ENTRY_MISSING), nonsense


def test_an_altered_dropped_or_invented_value_is_refused(desk: Desk) -> None:
    error = altered(
        bundle.VALUES,
        lambda c: c.replace(NEW.encode(), b"evil@example.org"),
        desk,
        with_values=True,
    )
    assert BundleProblem.VALUE is error.problem
    assert error.facts["seq"] == next(
        line.seq for line in desk.lines() if NEW in line.values.values()
    )
    error = altered(bundle.VALUES, lines(lambda ls: ls[1:]), desk, with_values=True)
    assert (error.problem, error.facts["name"]) == (BundleProblem.MEMBER_CHANGED, bundle.VALUES)
    error = altered(
        bundle.VALUES, lines(lambda ls: [ls[1], ls[0], *ls[2:]]), desk, with_values=True
    )
    assert error.problem in (BundleProblem.MEMBER_CHANGED, BundleProblem.VALUE)
    for nonsense in (b"{}\n", b'{"seq":null,"name":1,"value":{},"salt":[]}\n'):
        error = altered(
            bundle.VALUES, lines(lambda ls, n=nonsense: [n, *ls]), desk, with_values=True
        )
        assert error.problem in (BundleProblem.LINE, BundleProblem.VALUE)


def test_an_altered_dropped_swapped_or_invented_receipt_is_named(desk: Desk) -> None:
    held = members(exported(desk))
    first, second = (json.loads(line) for line in held[bundle.RECEIPTS].splitlines())
    assert checked(packed(held)).receipts == 2
    forged = json.loads(first["body"]) | {"event": "rejected", "public_key": OTHER.public_key}
    body = canonical(forged)
    for change, name in (
        (lambda ls: ls[1:], first),
        (lambda ls: [ls[1], ls[0]], first),
        (lambda ls: [ls[0], ls[0]], second),
        (lambda ls: [ls[0].replace(b"approved", b"rejected"), ls[1]], first),
        (lambda ls: [line(first | {"signature": second["signature"]}), ls[1]], first),
        (lambda ls: [line(first | {"reviewer": "staff"}), ls[1]], first),
        (lambda ls: [line(first | {"at": second["at"][:-7] + "1+00:00"}), ls[1]], first),
        (
            lambda ls: [
                line(first | {"body": body, "signature": OTHER.sign(body.encode())}),
                ls[1],
            ],
            first,
        ),
    ):
        error = altered(bundle.RECEIPTS, lines(change), desk)
        assert (BundleProblem.RECEIPT, name["id"]) == (error.problem, error.facts["receipt"])
    error = altered(bundle.RECEIPTS, lines(lambda ls: [*ls, ls[0]]), desk)
    assert (BundleProblem.RECEIPT, first["id"]) == (error.problem, error.facts["receipt"])
    error = altered(bundle.RECEIPTS, lines(lambda ls: ls[:1]), desk)
    assert BundleProblem.MEMBER_CHANGED is error.problem


def test_a_receipt_of_a_key_that_is_out_of_use_is_vouched_for_by_the_trail(desk: Desk) -> None:
    rotate(desk.database, to=OTHER_RING, now=desk.now)

    raw = exported(desk, key=OTHER)

    found = checking.check(io.BytesIO(raw), public_key=OTHER.public_key)

    assert (found.manifest.receipts, found.unknown_keys) == (2, 2)


def test_a_missing_receipt_is_not_signed_away(desk: Desk) -> None:
    desk.forge("DELETE FROM receipt WHERE event = 'rejected'", unguarded=True)

    with pytest.raises(TrailBroken):
        exported(desk)


def line(row: Mapping[str, object]) -> bytes:
    return f"{canonical(dict(row))}\n".encode()


def test_a_missing_a_foreign_and_a_doubled_file_are_named(desk: Desk) -> None:
    held = members(exported(desk))
    for name in held:
        error = refused(packed({n: c for n, c in held.items() if n != name}))
        assert (BundleProblem.MEMBER_MISSING, name) == (error.problem, error.facts["name"])
    error = refused(packed(held | {"evil.txt": b"x"}))
    assert (error.problem, error.facts["name"]) == (BundleProblem.MEMBER_UNKNOWN, "evil.txt")
    error = refused(packed(held | {bundle.VALUES: b""}))
    assert (error.problem, error.facts["name"]) == (BundleProblem.MEMBER_UNKNOWN, bundle.VALUES)
    file = io.BytesIO(packed(held))
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(file, "a") as archive:
        archive.writestr(bundle.ENTRIES, b"evil")
    error = refused(file.getvalue())
    assert (error.problem, error.facts["name"]) == (BundleProblem.MEMBER_UNKNOWN, bundle.ENTRIES)


def test_another_key_is_refused(desk: Desk) -> None:
    """A forger may sign the manifest again: the entries still carry signatures of our key."""
    held = members(exported(desk))

    assert BundleProblem.SIGNATURE is refused(packed(held), OTHER.public_key).problem
    assert BundleProblem.SIGNATURE is refused(packed(signed(held, OTHER))).problem
    forged = packed(signed(held, OTHER, public_keys=True))
    assert BundleProblem.SIGNATURE is refused(forged).problem
    assert BundleProblem.ENTRY_UNSIGNED is refused(forged, OTHER.public_key).problem
    assert KEY.kid == checked(packed(held)).kid  # the control: only the key differs
    for nonsense in ("", "x", KEY.public_key[:-1], f"{KEY.public_key}=", "é"):
        assert BundleProblem.SIGNATURE is refused(packed(held), nonsense).problem


def test_a_signature_of_something_else_is_refused(desk: Desk) -> None:
    """Nothing else that the key signs can pass for a manifest."""
    held = members(exported(desk))
    plain = KEY.sign(held[bundle.MANIFEST]).encode()

    error = refused(packed(held | {bundle.SIGNATURE: plain}))

    assert BundleProblem.SIGNATURE is error.problem


def test_even_the_owner_of_the_key_cannot_sign_a_trail_that_is_none(desk: Desk) -> None:
    """With the right key and fitting sums the chain itself still has to hold."""
    held = members(exported(desk))
    shorter = lines(lambda ls: ls[:3] + ls[4:])(held[bundle.ENTRIES])
    cut = lines(lambda ls: ls[:-1])(held[bundle.ENTRIES])

    error = refused(packed(signed(held | {bundle.ENTRIES: shorter})))
    assert (error.problem, error.facts["seq"]) == (BundleProblem.ENTRY_MISSING, 4)
    error = refused(packed(signed(held | {bundle.ENTRIES: cut})))
    assert (BundleProblem.ENTRY_MISSING, desk.entries) == (error.problem, error.facts["seq"])
    error = refused(
        packed(
            signed(
                {n: c for n, c in held.items() if n != bundle.README}
                | {bundle.README: held[bundle.README]}
            )
            | {bundle.README: b""}
        )
    )
    assert BundleProblem.MEMBER_CHANGED is error.problem


def test_a_manifest_of_another_version_is_refused(desk: Desk) -> None:
    held = members(exported(desk))
    for old, new in ((b'"version": 2', b'"version": 3'), (b"{", b"{\n"), (b"upstage-crm a", b"x")):
        raw = held[bundle.MANIFEST].replace(old, new, 1)
        signature = KEY.sign(bundle.signed_bytes(raw)).encode()
        error = refused(packed(held | {bundle.MANIFEST: raw, bundle.SIGNATURE: signature}))
        assert BundleProblem.FORMAT is error.problem


FIRST = ROOT / "tests" / "data" / "export-version-1.zip"  # as the code before signing wrote it
FIRST_KEY = FIRST.with_suffix(".key").read_text("utf-8").strip()


def test_an_export_from_before_signing_still_verifies() -> None:
    manifest = checked(FIRST.read_bytes(), FIRST_KEY)

    assert (manifest.version, manifest.organisation) == (1, "Lantern")
    assert (manifest.entries, manifest.receipts, manifest.values) == (9, 2, 22)


def test_an_altered_export_from_before_signing_is_refused() -> None:
    raw = FIRST.read_bytes()
    held = members(raw)
    for change, problem in (
        (lambda ls: ls[1:], BundleProblem.ENTRY_MISSING),
        (lambda ls: [ls[0].replace(b"staff", b"stuff", 1), *ls[1:]], BundleProblem.ENTRY_CHANGED),
    ):
        entries = lines(change)(held[bundle.ENTRIES])
        assert refused(packed(held | {bundle.ENTRIES: entries}), FIRST_KEY).problem is problem
    assert refused(raw, OTHER.public_key).problem is BundleProblem.SIGNATURE
    newer = held[bundle.MANIFEST].replace(b'"version": 1', b'"version": 2')
    error = refused(packed(held | {bundle.MANIFEST: newer}), FIRST_KEY)
    assert error.problem is BundleProblem.SIGNATURE


@pytest.mark.parametrize("sign", [None, OTHER])
def test_a_bundle_over_entries_that_nobody_signed_is_refused(
    desk: Desk, sign: SigningKey | None
) -> None:
    """Though our key signed its manifest: entries inserted by raw SQL, or signed by another key."""
    held = members(exported(desk))
    last = json.loads(held[bundle.ENTRIES].splitlines()[-1])
    row = last | {"seq": last["seq"] + 1, "previous_hash": last["hash"], "at": desk.now}
    row |= {"action": "staff.signed_out", "facts": "{}", "commitments": "{}"}
    row["hash"] = entry_hash(row)
    message = signed_message(covers=1, seq=row["seq"], head=row["hash"])
    row |= {"covers": None, "kid": None, "signature": None}
    if sign is not None:
        row |= {"covers": 1, "kid": sign.kid, "signature": sign.sign(message)}
    entries = held[bundle.ENTRIES] + line(row | {"at": last["at"]})
    manifest = Manifest.from_bytes(held[bundle.MANIFEST])
    manifest = replace(manifest, entries=row["seq"], head_hash=row["hash"])

    error = refused(
        packed(signed(held | {bundle.ENTRIES: entries, bundle.MANIFEST: manifest.to_bytes()}))
    )

    assert (error.problem, error.facts["seq"]) == (BundleProblem.ENTRY_UNSIGNED, row["seq"])


def test_what_is_no_export_is_refused() -> None:
    for raw in (b"", b"x" * 1_000, b"PK\x03\x04", packed({})):
        assert refused(raw).problem in (BundleProblem.UNREADABLE, BundleProblem.MEMBER_MISSING)


def test_a_truncated_file_is_refused(desk: Desk) -> None:
    raw = exported(desk)
    for length in range(0, len(raw), len(raw) // 20):
        refused(raw[:length])


def test_a_broken_trail_is_not_signed(desk: Desk) -> None:
    desk.forge("UPDATE audit_entry SET actor_label = 'x' WHERE seq = 4", unguarded=True)

    with pytest.raises(TrailBroken) as caught:
        exported(desk)

    assert caught.value.facts == {"seq": 4}
    assert "entry 4" in sentences.sentence(caught.value)


# --- the command line ----------------------------------------------------------------------------


@pytest.fixture
def operator(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UPSTAGE_DATABASE_URL", database_url)
    monkeypatch.setenv("UPSTAGE_SECRET_KEYS", SECRET_KEYS)


def own_key(capsys: pytest.CaptureFixture[str]) -> str:
    assert commands.main(["audit", "public-key"]) == 0
    return capsys.readouterr().out.split()[0]


@pytest.mark.usefixtures("operator")
def test_an_operator_exports_and_a_stranger_checks(
    desk: Desk, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`check` runs with broken settings, elsewhere, and opens neither a database nor a socket."""
    key, path = own_key(capsys), tmp_path / "trail.zip"

    assert commands.main(["audit", "export", str(path)]) == 0

    assert f"audit check {path} --public-key {key}" in capsys.readouterr().out
    assert path.stat().st_mode & 0o777 == 0o600
    assert [path] == list(tmp_path.iterdir())
    assert desk.actions()[-1] == Action.TRAIL_EXPORTED
    command = [sys.executable, "-m", "upstage_crm", "audit", "check", str(path), "--public-key"]
    environ = without_settings() | {
        "PYTHONPATH": str(ROOT),
        "UPSTAGE_DATABASE_URL": "nonsense",
        "PORT": "nonsense",
    }

    def run(key: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*command, key], cwd=tmp_path, env=environ, check=False, capture_output=True, text=True
        )

    good = run(key)
    assert (good.returncode, good.stderr) == (0, "")
    count = desk.entries
    assert good.stdout.startswith(f"Verified: {count} entries, ")
    assert ", no personal values.\n" in good.stdout
    bad = run(f"ed25519:{OTHER.public_key}")
    assert (bad.returncode, bad.stdout) == (1, "")
    assert bad.stderr.startswith("The export was not signed with this key")
    assert [path] == list(tmp_path.iterdir())


@pytest.mark.usefixtures("operator")
def test_values_are_warned_of_and_withheld_inside_a_revert_window(
    desk: Desk, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    desk.clock.set(SystemClock().now())  # as the command line's own
    wim = desk.patron(email="wim@example.com", given_name="Wim")
    desk.decide(desk.asked(wim, "wim.new@example.org")[1])
    path = tmp_path / "trail.zip"

    assert commands.main(["audit", "export", str(path), "--with-values"]) == 0

    assert "personal data" in capsys.readouterr().err
    held = members(path.read_bytes())[bundle.VALUES].decode()
    assert OLD in held  # Mara's window ended long ago
    assert "wim" not in held.lower()
    key = own_key(capsys).removeprefix("ed25519:")
    assert checked(path.read_bytes(), key).values


@pytest.mark.usefixtures("operator")
def test_an_export_never_takes_the_place_of_a_file(
    desk: Desk, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, before = tmp_path / "trail.zip", desk.entries
    path.write_bytes(b"mine")

    assert commands.main(["audit", "export", str(path)]) == 1
    assert commands.main(["audit", "export", str(tmp_path / "nowhere" / "trail.zip")]) == 1

    assert path.read_bytes() == b"mine"
    assert capsys.readouterr().err.count("cannot be written") == 2
    assert before == desk.entries


def test_an_unreadable_path_is_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    missing = str(tmp_path / "none.zip")

    assert commands.main(["audit", "check", missing, "--public-key", KEY.public_key]) == 1

    assert (
        capsys.readouterr().err
        == "This file is not an export of the trail, or it cannot be read.\n"
    )


@pytest.mark.usefixtures("operator")
def test_a_trail_that_was_rewritten_whole_without_the_key_is_found_by_its_signatures(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    assert commands.main(["audit", "verify"]) == 0
    capsys.readouterr()

    rewrite(desk, 3)

    assert commands.main(["audit", "verify"]) == 1
    assert "entry 3" in capsys.readouterr().err


@pytest.mark.usefixtures("operator")
def test_a_trail_that_was_rewritten_whole_is_found_by_an_earlier_export(
    desk: Desk, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With our key every hash and signature fits again: only what was kept elsewhere finds it."""
    path = tmp_path / "trail.zip"
    assert commands.main(["audit", "export", str(path)]) == 0
    last = desk.entries
    against = ["audit", "verify", "--against", str(path)]
    desk.patron(email="later@example.com", given_name="Later")
    capsys.readouterr()
    assert commands.main(against) == 0
    begins = capsys.readouterr().out.splitlines()[0]
    assert begins.startswith("The trail begins with the one that was exported at ")
    assert begins.endswith(f": {last} entries.")

    rewrite(desk, last, key=KEY)

    assert commands.main(["audit", "verify"]) == 0
    capsys.readouterr()
    assert commands.main(against) == 1
    said = capsys.readouterr().err
    assert said.startswith("The trail is not the one that was exported at ")
    path.write_bytes(path.read_bytes()[:-1])
    assert commands.main(against) == 1


@pytest.mark.usefixtures("operator")
def test_a_trail_that_was_rewritten_with_our_key_is_found_by_the_receipts_after_it(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each names the head that it stands on, and a copy of it is in a patron's hands."""
    rewrite(desk, 3, key=KEY)

    assert commands.main(["audit", "verify"]) == 1
    assert capsys.readouterr().err.count("a receipt is not the one that entry") == 2


def rewrite(desk: Desk, seq: int, *, key: SigningKey | None = None) -> None:
    """The owner of the database gives an entry another author and makes every hash fit again.

    With `key` every signature, too.
    """
    walk, updates = Walk(), list[str]()
    for row, _opened in desk.read(lambda session: list(trail.entries(session))):
        if row["seq"] == seq:
            row["actor_label"] = "Nobody"
        row["previous_hash"] = walk.hash
        row["hash"] = entry_hash(row)
        if key is not None and row["signature"] is not None:
            message = signed_message(covers=row["covers"], seq=row["seq"], head=row["hash"])
            row["signature"] = key.sign(message)
        updates.append(
            f"UPDATE audit_entry SET actor_label = '{row['actor_label']}', hash = '{row['hash']}', "
            f"previous_hash = '{walk.hash}', signature = {quoted(row['signature'])} "
            f"WHERE seq = {row['seq']}"
        )
        assert walk.step(row) is None
    desk.forge(*updates, f"UPDATE audit_head SET hash = '{walk.hash}'", unguarded=True)


def quoted(text: str | None) -> str:
    return "NULL" if text is None else f"'{text}'"
