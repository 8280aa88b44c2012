"""What a browser submits. Nothing has checked a handler's argument before the handler does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

LONGEST = 10_000  # characters of one field that are read at all


def texts(form: object, limit: int = LONGEST) -> dict[str, str]:
    """The texts of a submitted form; whatever else a client sends is left out."""
    given: Mapping[Any, Any] = form if isinstance(form, Mapping) else {}
    return {
        name: value[:limit]
        for name, value in given.items()
        if isinstance(name, str) and isinstance(value, str)
    }
