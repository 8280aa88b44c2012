"""`serve` as its operator meets it: what it refuses, how fast it is ready, how it ends."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.support.keyring import SECRET_KEYS
from tests.support.processes import free_port, without_settings
from tests.support.server import answers, migrate
from upstage_crm.web.build import ensure_built

COMMAND = [sys.executable, "-m", "upstage_crm", "serve"]
# A start may take two seconds, which `make bench` measures. Here the machine's own pace is the
# measure: where a start takes two seconds of work, loading the framework takes eight tenths.
TIMES_FRAMEWORK = 2.5
FRAMEWORK = "import reflex.app, sqlmodel, alembic.command, granian"
MEMORY_MB = 170
STOP_S = 2.0


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """What a server with its own database needs, and a port that is free."""
    ensure_built()
    return without_settings() | {
        "PORT": str(free_port()),
        "UPSTAGE_DATABASE_URL": f"sqlite:///{tmp_path / 'upstage.db'}",
        "UPSTAGE_SECRET_KEYS": SECRET_KEYS,
    }


def refused(environ: dict[str, str], folder: Path) -> tuple[int, str]:
    """Start where a start must fail; return its exit code and what it said."""
    done = subprocess.run(
        COMMAND, cwd=folder, env=environ, check=False, capture_output=True, text=True, timeout=120
    )
    assert done.stdout == ""
    return done.returncode, done.stderr


def test_a_taken_port_is_one_sentence_before_anything_is_done(
    environ: dict[str, str], tmp_path: Path
) -> None:
    with socket.socket() as stranger:
        stranger.bind(("127.0.0.1", int(environ["PORT"])))
        stranger.listen()

        code, said = refused(environ, tmp_path)

    assert code == 1
    assert said.startswith(f"PORT {environ['PORT']} is used by another program")
    assert said.count("\n") == 1
    assert not (tmp_path / "upstage.db").exists()


def test_a_stranger_on_the_other_localhost_counts_too(
    environ: dict[str, str], tmp_path: Path
) -> None:
    with socket.socket(socket.AF_INET6) as stranger:
        try:
            stranger.bind(("::1", int(environ["PORT"])))
        except OSError:
            pytest.skip("this machine has no IPv6")
        stranger.listen()

        assert refused(environ, tmp_path)[0] == 1


def test_a_bad_setting_is_one_sentence(environ: dict[str, str], tmp_path: Path) -> None:
    code, said = refused(environ | {"UPSTAGE_SECRET_KEYS": "secret-thing"}, tmp_path)

    assert code == 2
    assert said.startswith("UPSTAGE_SECRET_KEYS must ")
    assert said.count("\n") == 1
    assert "secret-thing" not in said


def test_a_given_database_is_not_migrated_by_a_start(
    environ: dict[str, str], tmp_path: Path
) -> None:
    code, said = refused(environ, tmp_path)

    assert code == 1
    assert said == "The database is not at this version. Run: upstage-crm migrate\n"


def test_a_public_address_without_a_mail_provider_is_refused(
    environ: dict[str, str], tmp_path: Path
) -> None:
    code, said = refused(environ | {"UPSTAGE_PUBLIC_URL": "https://crm.example.org"}, tmp_path)

    assert code == 2
    assert said == (
        "This address is public and no mail provider is set, so no patron could be asked. "
        "Set RESEND_API_KEY and RESEND_WEBHOOK_SECRET, or try the demo on this machine: "
        "make run.\n"
    )
    assert not (tmp_path / "upstage.db").exists()


def test_a_misspelt_setting_is_refused(environ: dict[str, str], tmp_path: Path) -> None:
    code, said = refused(environ | {"UPSTAGE_PUBLIK_URL": "https://crm.example.org"}, tmp_path)

    assert (code, said) == (
        2,
        "UPSTAGE_PUBLIK_URL is not a setting. Did you mean UPSTAGE_PUBLIC_URL?\n",
    )


@pytest.fixture
def second_start(environ: dict[str, str], tmp_path: Path) -> Iterator[psutil.Popen]:
    """A server that just said that it is ready, on a database that stood already."""
    migrate(environ["UPSTAGE_DATABASE_URL"])
    for turn in (1, 2):
        process = psutil.Popen(
            COMMAND,
            cwd=tmp_path,
            env=environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        try:
            assert any("is ready" in line for line in process.stdout)
            assert answers(f"http://127.0.0.1:{environ['PORT']}/health")
            if turn == 2:
                yield process
        finally:
            stop(process)


def stop(process: psutil.Popen) -> float:
    """End the server as a supervisor does; return the seconds it took."""
    started = time.monotonic()
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
    process.wait(timeout=60)
    process.stdout.close()
    return time.monotonic() - started


def loading_s() -> float:
    """Processor time of a process that loads the framework and ends."""
    before = os.times()
    subprocess.run([sys.executable, "-c", FRAMEWORK], check=True)
    after = os.times()
    spent = after.children_user - before.children_user
    return spent + after.children_system - before.children_system


def test_a_second_start_is_quick_and_small_and_ends_at_once(second_start: psutil.Popen) -> None:
    family = [second_start, *second_start.children(recursive=True)]
    # Processor time, because the wall clock also tells what else this machine does just now.
    work_s = sum(sum(member.cpu_times()[:2]) for member in family)
    megabytes = sum(member.memory_full_info().pss for member in family) / 2**20

    stop_s = stop(second_start)
    floor_s = min(loading_s() for _ in range(3))

    print(f"loading the framework takes {floor_s:.2f} s")
    print(f"ready after {work_s:.2f} s of work, {megabytes:.0f} MB, stopped in {stop_s:.2f} s")
    assert work_s < TIMES_FRAMEWORK * floor_s
    assert megabytes < MEMORY_MB
    assert stop_s < STOP_S
    assert not any(member.is_running() for member in family[1:])
