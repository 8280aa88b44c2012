"""Sixty-four who write at once while one reads: on a disk whose flush takes 3 ms, and on Postgres.

What is written is short, so that the figures are about waiting and not about what is waited for.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Lock

import sqlalchemy as sa
from sqlmodel import Session

from tests.bench.report import Figure, figure, ratios
from tests.support.postgres import Postgres
from tests.support.project import ROOT
from upstage_crm.core.db import Database, make_engine

CALLERS = 64
WRITES = 10  # of each caller
ROUNDS = 3
PLACES = 8  # rows that all of them change, two at a time
_ADD = sa.text("INSERT INTO line (n) VALUES (:n)")
_COUNT = sa.text("SELECT count(*) FROM line")
_MOVE = sa.text("UPDATE place SET held = held + 1 WHERE id = :id")

# A disk that takes 3 ms to say that it has written: what a rented server's often takes.
_SLOW_DISK = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <time.h>
#include <unistd.h>
static void nap(void) { struct timespec t = {0, 3000000}; nanosleep(&t, 0); }
static int slow(const char *name, int file) {
  int (*real)(int) = dlsym(RTLD_NEXT, name);
  nap();
  return real(file);
}
int fdatasync(int file) { return slow("fdatasync", file); }
int fsync(int file) { return slow("fsync", file); }
"""


def measure(folder: Path, server: Postgres) -> list[Figure]:
    """Figures of SQLite in a process with a slow disk (where there is a compiler), and Postgres."""
    figures: list[Figure] = []
    if compiler := shutil.which("cc"):
        source, library = folder / "slow_disk.c", folder / "slow_disk.so"
        source.write_text(_SLOW_DISK, "utf-8")
        subprocess.run([compiler, "-shared", "-fPIC", source, "-o", library, "-ldl"], check=True)
        environ = {**os.environ, "LD_PRELOAD": str(library), "PYTHONPATH": str(ROOT)}
        command = [sys.executable, "-m", "tests.bench.writers", str(folder / "line.db")]
        done = subprocess.run(command, env=environ, check=True, stdout=subprocess.PIPE, text=True)
        figures += _figures("64 writers, SQLite, flush of 3 ms", json.loads(done.stdout))
    server.create("line")
    found = _rounds(server.url("line"), is_alone_too=False)
    server.drop("line")
    return [*figures, *_figures("64 writers, Postgres", found)]


def _figures(area: str, found: dict[str, list[float]]) -> list[Figure]:
    figures = [
        figure(area, "longest wait", found["worst"], unit="ms", at_most=1000),
        figure(area, "a read meanwhile, p95", found["read"], unit="ms", at_most=20),
        figure(area, "writes", found["rate"], unit="/s"),
    ]
    if found["alone"]:
        against = "a commit each"
        figures.append(
            figure(area, "writes", ratios(found["rate"], found["alone"]), against=against)
        )
    return figures


def _rounds(url: str, *, is_alone_too: bool) -> dict[str, list[float]]:
    database = Database(make_engine(url))
    with database.writing() as connection:
        connection.execute(sa.text("CREATE TABLE line (n INTEGER)"))
        connection.execute(sa.text("CREATE TABLE place (id INTEGER PRIMARY KEY, held INTEGER)"))
        for place in range(PLACES):
            connection.execute(sa.text(f"INSERT INTO place VALUES ({place}, 0)"))
    found: dict[str, list[float]] = {name: [] for name in ("worst", "read", "rate", "alone")}
    for _ in range(ROUNDS):
        rate, waits, reads = _crowd(database, database.attempt)
        found["rate"].append(rate)
        found["worst"].append(1000 * max(waits))
        found["read"].append(1000 * statistics.quantiles(reads, n=20)[-1])
        if is_alone_too:
            found["alone"].append(_crowd(database, _one_by_one(database))[0])
    with database.reading() as session:
        held = session.connection().execute(sa.text("SELECT sum(held) FROM place")).scalar_one()
        assert held == 2 * session.connection().execute(_COUNT).scalar_one()
    database.dispose()
    return found


Door = Callable[[Callable[[Session], None]], None]


def _one_by_one(database: Database) -> Door:
    """As the line in front of the file, but everybody commits alone."""
    turn = Lock()

    def write(work: Callable[[Session], None]) -> None:
        with turn, database.transaction() as session:
            work(session)

    return write


def _crowd(database: Database, door: Door) -> tuple[float, list[float], list[float]]:
    """Writes a second, and the seconds of each write and of each read meanwhile."""
    reads: list[float] = []
    is_over = threading.Event()

    def read() -> None:
        while not is_over.is_set():
            begun = time.perf_counter()
            with database.reading() as session:
                session.connection().execute(_COUNT).scalar_one()
            reads.append(time.perf_counter() - begun)
            is_over.wait(0.005)

    def write(number: int) -> float:
        # In the order of their ids, as every command locks: or Postgres would end one of two.
        two = sorted(random.Random(number).sample(range(PLACES), 2))

        def work(session: Session) -> None:
            session.connection().execute(_ADD, {"n": number})
            for place in two:
                session.connection().execute(_MOVE, {"id": place})

        begun = time.perf_counter()
        door(work)
        return time.perf_counter() - begun

    reader = threading.Thread(target=read)
    with ThreadPoolExecutor(CALLERS) as pool:
        reader.start()
        begun = time.perf_counter()
        waits = list(pool.map(write, range(CALLERS * WRITES)))
        rate = len(waits) / (time.perf_counter() - begun)
    is_over.set()
    reader.join()
    return rate, waits, reads


if __name__ == "__main__":
    print(json.dumps(_rounds(f"sqlite:///{sys.argv[1]}", is_alone_too=True)))
