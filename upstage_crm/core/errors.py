"""The root of every expected refusal.

    UpstageError                an expected refusal: stable `code`, facts, never a sentence
    ├── Invalid                 a value that a person or program gave is not acceptable
    ├── Forbidden               this actor may not do this
    ├── NotFound                no such record, or none that this actor may know of
    ├── Conflict                the world moved: the command no longer fits what is stored
    └── Busy                    there is no room for this now; the same command may succeed later

The sentence for a code stands in `wording.sentences`; a house test keeps the two complete.
"""

from __future__ import annotations


class UpstageError(Exception):
    """An expected refusal.

    `code` is stable and may be relied on by tests, logs and clients. `facts` are plain values
    (strings, numbers, instants) that the sentence for people may mention; they never hold a token.
    """

    code: str = "refused"

    def __init__(self, **facts: object) -> None:
        super().__init__(self.code)
        self.facts: dict[str, object] = facts

    def __str__(self) -> str:
        return self.code


class Invalid(UpstageError):
    """A given value is not acceptable; nothing was changed."""

    code = "invalid"


class Forbidden(UpstageError):
    """This actor may not do this; nothing was changed."""

    code = "forbidden"


class NotFound(UpstageError):
    """No such record, or none that this actor may know of."""

    code = "not_found"


class Conflict(UpstageError):
    """The stored state no longer allows this; nothing was changed."""

    code = "conflict"


class Busy(UpstageError):
    """There is no room for this now; nothing was changed. Facts: `seconds` to wait."""

    code = "busy"
