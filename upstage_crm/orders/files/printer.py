"""Hands bytes to a network printer, and asks it before and after: bytes sent are not bytes printed.

Plain TCP, as such printers speak it (port 9100). Never call this inside a transaction.
"""

from __future__ import annotations

import socket
from typing import Final

from upstage_crm.orders.files.escpos import ASK_PAPER, NO_PAPER
from upstage_crm.orders.files.print_errors import NotPrinted

PATIENCE_S: Final = 2.0  # for each answer


def send(address: tuple[str, int], content: bytes, *, patience_s: float = PATIENCE_S) -> None:
    """Print `content` at `address`, a host and a port.

    Raises:
        NotPrinted: there is no printer, it does not answer, or its paper has come to an end.
    """
    try:
        with socket.create_connection(address, patience_s) as line:
            line.settimeout(patience_s)
            for part in (b"", content):  # nothing is sent to a printer without paper
                line.sendall(part + ASK_PAPER)
                answer = line.recv(1)
                if not answer:
                    raise NotPrinted(why="no_answer")
                if answer[0] & NO_PAPER:
                    raise NotPrinted(why="no_paper")
    except TimeoutError:
        raise NotPrinted(why="no_answer") from None
    except OSError:
        raise NotPrinted(why="unreachable") from None
