"""Runs a command that cannot outlive the tests.

`python leash.py SIGNAL GRACE_S USER FOLDER COMMAND...` starts the command (as USER, when not empty)
and waits for the end of its own standard input, which the kernel closes when the tests end, in
whatever way (`kill -9` included). Then it sends SIGNAL, waits GRACE_S seconds and kills. A command
that ends by itself ends this too. At last FOLDER is removed, when not empty.
"""

from __future__ import annotations

import os
import select
import shutil
import signal
import subprocess
import sys


def main(arguments: list[str]) -> int:
    number, grace_s, user, folder, *command = arguments
    # Our own standard input must not reach the command: it would keep the leash alive.
    child = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, start_new_session=True, user=user or None
    )
    # SIGTERM to us must not leave the command behind: it only closes the leash.
    reader, writer = os.pipe()
    signal.signal(signal.SIGTERM, lambda *_: os.write(writer, b"."))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to the whole group; pytest decides
    while child.poll() is None:
        ready, _, _ = select.select([sys.stdin.fileno(), reader], [], [], 0.2)
        if reader in ready or (ready and not os.read(sys.stdin.fileno(), 1024)):
            break
    if child.poll() is None:
        child.send_signal(int(number))
        try:
            child.wait(float(grace_s))
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
    code = child.wait()
    if folder:
        shutil.rmtree(folder, ignore_errors=True)
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
