"""The parts of the machinery that need no browser: what runs beside the tests, and the build."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from tests.support.emulator import API_KEY, FOLDER, running_emulator
from tests.support.processes import Leashed
from upstage_crm.core.files import write_whole
from upstage_crm.http.patron_paths import BUILT_PAGES
from upstage_crm.web import build
from upstage_crm.web.environment import cache_folder, tool_environment
from upstage_crm.web.plugins import BuildChanged, own_origin, turned_at_once, with_own_storage

ROOT = Path(__file__).resolve().parents[2]
ADDRESS = re.compile(
    r"\b(?:https?|git|file)[:+]//|--(?:extra-)?index-url|--find-links|\"resolved\""
)
FUNDING = re.compile(r'"funding": \{.*?\}', re.DOTALL)  # a package may say where to thank it


# --- the mail provider's emulator ---------------------------------------------------------------


def test_the_emulator_takes_a_mail_once_per_key_and_forgets_on_reset() -> None:
    with running_emulator() as emulator:
        first = send(emulator.url, key="one")
        again = send(emulator.url, key="one")
        emulator.reset()
        later = send(emulator.url, key="one")

        assert first == again
        assert later != first


def send(url: str, *, key: str) -> str:
    """Send one mail over plain HTTP and return its id."""
    mail = {"from": "a@example.org", "to": ["b@example.org"], "subject": "s", "text": "t"}
    request = urllib.request.Request(
        f"{url}/emails",
        data=json.dumps(mail).encode(),
        headers={
            "Authorization": f"Bearer {API_KEY}",
            "Content-Type": "application/json",
            "Idempotency-Key": key,
        },
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        return str(json.load(answer)["id"])


# --- processes ----------------------------------------------------------------------------------


def test_a_leashed_command_dies_with_a_killed_owner(tmp_path: Path) -> None:
    owner = f"""
import os, sys, time
from pathlib import Path
from tests.support.processes import Leashed
pid = Path({str(tmp_path / "pid")!r})
code = "import os, time; open({str(tmp_path / "pid")!r}, 'w').write(str(os.getpid())); " \\
    "time.sleep(60)"
Leashed([sys.executable, "-c", code], log=Path({str(tmp_path / "log")!r})).wait_until(
    lambda: pid.exists() and pid.read_text() != "", within_s=10)
os.kill(os.getpid(), 9)
"""
    subprocess.run([sys.executable, "-c", owner], cwd=ROOT, check=False, timeout=20)

    child = int((tmp_path / "pid").read_text())
    watch = Leashed([sys.executable, "-c", GONE, str(child)], log=tmp_path / "watch", cwd=ROOT)
    watch.wait_until(lambda: "gone" in watch.output, within_s=10)
    watch.stop()


GONE = """
import os, sys, time
while True:
    try:
        os.kill(int(sys.argv[1]), 0)
        state = open(f"/proc/{sys.argv[1]}/stat").read().split()[2]
        if state == "Z":
            break
    except (ProcessLookupError, FileNotFoundError):
        break
    time.sleep(0.05)
print("gone", flush=True)
time.sleep(60)
"""


def test_a_command_that_ends_too_early_says_why(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "import sys; print('no luck'); sys.exit(3)"]
    process = Leashed(command, log=tmp_path / "log", stop_with=signal.SIGTERM)

    with pytest.raises(AssertionError, match="ended with 3:\nno luck"):
        process.wait_until(lambda: False, within_s=10)


# --- the Makefile ---------------------------------------------------------------------------------


def test_make_help_shows_every_word_of_it() -> None:
    said = subprocess.run(
        ["make", "help"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout
    lines = (ROOT / "Makefile").read_text("utf-8").splitlines()
    documented = [re.split(r":.*?## ", line) for line in lines if re.match(r"[a-z-]+:.*## ", line)]

    assert [line.split(maxsplit=1) for line in said.splitlines()] == documented


# --- the build ----------------------------------------------------------------------------------


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with one source of each kind and a finished build of it."""
    for name in ("upstage_crm/page.py", "assets/icon.svg", "rxconfig.py", "reflex.lock/bun.lock"):
        write_whole(tmp_path / name, b"first")
    write_whole(tmp_path / BUILT_PAGES / "index.html", b"<html>")
    stamp = f"{build.source_hash(tmp_path)} {build.lock_hash(tmp_path)}"
    write_whole(tmp_path / build.STAMP, stamp.encode())
    return tmp_path


def test_a_build_is_reused_while_nothing_changed(project: Path) -> None:
    assert build.is_current(project)
    assert build.ensure_built(project) is False


@pytest.mark.parametrize(
    "name", ["upstage_crm/page.py", "assets/icon.svg", "rxconfig.py", "reflex.lock/bun.lock"]
)
def test_a_build_is_stale_once_an_input_changed(project: Path, name: str) -> None:
    write_whole(project / name, b"second")

    assert not build.is_current(project)


def test_a_build_is_stale_once_a_source_was_added_or_removed(project: Path) -> None:
    write_whole(project / "upstage_crm/new.py", b"")
    assert not build.is_current(project)

    (project / "upstage_crm/new.py").unlink()
    assert build.is_current(project)

    (project / "upstage_crm/page.py").unlink()
    assert not build.is_current(project)


def test_a_build_survives_a_move_of_the_folder(project: Path, tmp_path: Path) -> None:
    moved = tmp_path.with_name("moved")
    project.rename(moved)

    assert build.is_current(moved)


def test_a_build_without_its_pages_is_no_build(project: Path) -> None:
    (project / BUILT_PAGES / "index.html").unlink()

    assert not build.is_current(project)


def test_a_failed_build_leaves_no_stamp_and_shows_what_was_said(project: Path) -> None:
    write_whole(project / "rxconfig.py", b"raise SystemExit('no such plugin')")

    with pytest.raises(build.BuildFailed) as refusal:
        build.ensure_built(project)

    assert "no such plugin" in str(refusal.value.facts["output"])
    assert not (project / build.STAMP).exists()


def test_the_built_address_becomes_the_pages_own() -> None:
    script = 'var e={PING:"http://localhost:3000/ping",EVENT:`ws://localhost:3000/_event`};'

    assert own_origin(script).endswith('var e={PING:o+"/ping",EVENT:w+"/_event"};')


def test_a_build_of_another_shape_is_refused() -> None:
    with pytest.raises(BuildChanged):
        own_origin("var e={}")


def test_the_built_pages_turn_together_with_their_address() -> None:
    entry = "hydrateRoot(document, createElement(HydratedRouter));"

    assert turned_at_once(entry) == (
        "hydrateRoot(document, createElement(HydratedRouter, { useTransitions: false }));"
    )
    with pytest.raises(BuildChanged):
        turned_at_once("hydrateRoot(document, <HydratedRouter />)")


def test_the_built_pages_work_where_storage_is_refused() -> None:
    entry = 'import { startTransition } from "react";\nstartTransition(() => {});'

    changed = with_own_storage(entry)

    assert changed.startswith('import { startTransition } from "react";\nfor (const name of')
    assert changed.endswith("startTransition(() => {});")
    with pytest.raises(BuildChanged):
        with_own_storage("hydrateRoot(document)")


# --- nothing phones home ------------------------------------------------------------------------


def test_lock_files_name_no_address() -> None:
    names = ["requirements.txt", "requirements-dev.txt", "reflex.lock/bun.lock"]
    locks = [ROOT / name for name in names] + [FOLDER / "package-lock.json"]

    found = {str(path): ADDRESS.findall(FUNDING.sub("", path.read_text())) for path in locks}

    assert {path: [] for path in found} == found


def test_tools_come_from_beside_the_interpreter_and_ask_nobody(tmp_path: Path) -> None:
    environ = tool_environment({"HOME": str(tmp_path), "PATH": "/usr/bin"})

    assert str(Path(sys.executable).parent) == environ["PATH"].split(os.pathsep)[0]
    assert environ["REFLEX_CHECK_LATEST_VERSION"] == "0"
    assert environ["REFLEX_TELEMETRY_ENABLED"] == "false"
    assert Path(environ["BUN_INSTALL_CACHE_DIR"]).is_relative_to(tmp_path)
    assert environ["PATH"] == tool_environment({"HOME": str(tmp_path), **environ})["PATH"]


@pytest.mark.parametrize("environ", [{}, {"HOME": "/proc/nowhere"}, {"XDG_CACHE_HOME": "relative"}])
def test_without_a_usable_home_the_cache_stays_in_the_project(environ: dict[str, str]) -> None:
    assert cache_folder(environ) == ROOT / "var" / "cache"


def test_reflex_is_configured_to_be_quiet_and_closed() -> None:
    code = (
        "import json, rxconfig; c = rxconfig.config; print(json.dumps([c.telemetry_enabled, "
        "c.show_built_with_reflex, list(c.cors_allowed_origins), c.redis_token_expiration, "
        "str(c.state_manager_mode.value), [type(p).__name__ for p in c.plugins]]))"
    )
    environ = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), "PORT": "3123"}

    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=environ,
        check=True,
        capture_output=True,
        text=True,
    )

    assert json.loads(done.stdout.splitlines()[-1]) == [
        False,
        False,
        ["http://localhost:3123", "http://127.0.0.1:3123"],
        900,
        "memory",
        ["SameOriginPlugin", "TurnAtOncePlugin", "OwnStoragePlugin"],
    ]
