"""What a snapshot of PostgreSQL shows, from its text. Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Which transactions had ended when a statement began, as `pg_current_snapshot` says it."""

    first: int  # every transaction before it had ended
    next: int  # no transaction from here on had begun
    running: frozenset[int]

    @classmethod
    def read(cls, text: str) -> Snapshot:
        """Read `10:20:10,14`."""
        first, following, running = text.split(":")
        numbers = frozenset(int(number) for number in running.split(",") if number)
        return cls(int(first), int(following), numbers)

    def shows(self, transaction: int) -> bool:
        """Whether the transaction had ended."""
        is_begun = transaction < self.next
        return transaction < self.first or (is_begun and transaction not in self.running)
