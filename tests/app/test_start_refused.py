"""Whatever is wrong with the database, a start ends in one plain sentence, without a traceback."""

from __future__ import annotations

import ctypes
import os
import resource
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy.exc import DBAPIError

from tests.support.keyring import SECRET_KEYS
from tests.support.processes import free_port, without_settings
from tests.support.project import ROOT
from upstage_crm.cli import commands

PR_CAPBSET_DROP, CAP_DAC_OVERRIDE = 24, 1  # linux/prctl.h, linux/capability.h


@dataclass
class Place:
    """A folder with a database that is well, and how the server is started over it."""

    folder: Path
    url: str = ""
    before: Callable[[], None] | None = None  # what the server's process does before it is one

    @property
    def path(self) -> Path:
        return self.folder / "upstage.db"

    @property
    def settings(self) -> dict[str, str]:
        url = self.url or f"sqlite:///{self.path}"
        return {"UPSTAGE_DATABASE_URL": url, "UPSTAGE_SECRET_KEYS": SECRET_KEYS}

    def serve(self) -> tuple[int, str]:
        """Start the server; return its exit code and all that it said."""
        environ = {"PORT": str(free_port()), "PYTHONPATH": str(ROOT), **self.settings}
        done = subprocess.run(
            [sys.executable, "-m", "upstage_crm", "serve"],
            cwd=self.folder,
            env=without_settings() | environ,
            check=False,
            capture_output=True,
            text=True,
            timeout=60,
            preexec_fn=self.before,
        )
        return done.returncode, done.stdout + done.stderr


@pytest.fixture
def place(sqlite_template: Path, tmp_path: Path) -> Iterator[Place]:
    made = Place(tmp_path)
    shutil.copyfile(sqlite_template, made.path)
    yield made
    tmp_path.chmod(0o755)


def full(place: Place) -> None:
    """No byte more fits into any file; the kernel's limit says so as a full disk does."""

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))

    place.before = limit


def read_only(place: Place) -> None:
    def obey_modes() -> None:
        """Even root may then write only what its mode lets it write; no other user needs this."""
        if sys.platform == "linux":
            ctypes.CDLL(None).prctl(PR_CAPBSET_DROP, CAP_DAC_OVERRIDE, 0, 0, 0)

    place.path.chmod(0o444)
    place.folder.chmod(0o555)
    place.before = obey_modes


def missing_folder(place: Place) -> None:
    (place.folder / "file").write_text("no folder")
    place.url = f"sqlite:///{place.folder / 'file' / 'upstage.db'}"


def no_server(place: Place) -> None:
    place.url = "postgresql://crm:secret@127.0.0.1:1/crm"


def cut_short(place: Place) -> None:
    os.truncate(place.path, 8_192)


def garbage(place: Place) -> None:
    place.path.write_bytes(b"this is no database " * 500)


def newer(place: Place) -> None:
    with sqlite3.connect(place.path) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()


TROUBLES: dict[Callable[[Place], None], str] = {
    full: "The database cannot be used: its disk is full, or fails (disk I/O error).",
    read_only: ("The database can be read but not written (attempt to write a readonly database)."),
    missing_folder: "{folder}/file cannot be used: ",
    no_server: "The database cannot be reached (connection failed: ",
    cut_short: (
        "The database is damaged, or no database: restore it from a backup "
        "(database disk image is malformed)."
    ),
    garbage: (
        "The database is damaged, or no database: restore it from a backup "
        "(file is not a database)."
    ),
    newer: (
        "The database is at a revision that this version does not know: a newer version has "
        "migrated it. Start that version again, or restore a backup from before."
    ),
}


@pytest.mark.parametrize("trouble", TROUBLES, ids=lambda trouble: trouble.__name__)
def test_a_start_ends_in_one_sentence(place: Place, trouble: Callable[[Place], None]) -> None:
    trouble(place)

    code, said = place.serve()

    assert said.startswith(TROUBLES[trouble].format(folder=place.folder))
    assert said.endswith(".\n")
    assert said.count("\n") == 1
    assert "secret" not in said
    assert code == 1


@pytest.mark.parametrize("trouble", [no_server, garbage, newer])
@pytest.mark.parametrize(
    "command",
    [
        ("migrate",),
        ("staff", "disable", "dana@theatre.example"),
        ("mail", "send"),
        ("requests", "expire"),
        ("audit", "verify"),
    ],
    ids=" ".join,
)
def test_so_does_every_other_command(
    place: Place,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    trouble: Callable[[Place], None],
    command: tuple[str, ...],
) -> None:
    trouble(place)
    for name, value in place.settings.items():
        monkeypatch.setenv(name, value)

    assert commands.main(command) == 1

    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith(TROUBLES[trouble].format(folder=place.folder))
    assert said.err.count("\n") == 1


def test_a_fault_of_ours_keeps_its_traceback(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sentence about the disk would hide a statement that is wrong."""
    with sqlite3.connect(place.path) as connection:
        connection.execute("ALTER TABLE staff RENAME TO elsewhere")
    connection.close()
    for name, value in place.settings.items():
        monkeypatch.setenv(name, value)

    with pytest.raises(DBAPIError, match="no such table"):
        commands.main(["staff", "disable", "dana@theatre.example"])
