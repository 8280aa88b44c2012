"""What pages see of venues and halls."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class HallView:
    """One hall. `texts` are what staff wrote about it, by name."""

    id: str
    venue_id: str
    venue_name: str
    texts: Mapping[str, str]
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class VenueView:
    """One venue with its halls, in the order of their names."""

    id: str
    texts: Mapping[str, str]
    version: int
    halls: tuple[HallView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class VenueLine:
    """One venue in a list. `halls` are the names of its halls, in their order."""

    id: str
    name: str
    address: str
    halls: tuple[str, ...]
