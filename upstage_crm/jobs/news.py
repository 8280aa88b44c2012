"""What was committed, told by topic: which pages have something new to show.

The trail says it. Every change that a page shows is an entry, whichever process wrote it; that
mails were settled is told by the gate's count, and that seats were held or sold by the seats
themselves: they are too many for the trail.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from sqlmodel import Session

from upstage_crm.audit import trail
from upstage_crm.audit.events import Action
from upstage_crm.inventory import queries as inventory
from upstage_crm.mail.sending import send_gate

MOST_READ = 200  # entries; after more than that every page reads again


class Topic(StrEnum):
    """What a page may show. `NEEDS` is what waits for a person beside requests and mails."""

    PATRONS = "patrons"
    REQUESTS = "requests"
    MAILS = "mails"
    NEEDS = "needs"
    PROGRAMME = "programme"
    TRAIL = "trail"
    SEATS = "seats"
    ORDERS = "orders"
    TILLS = "tills"


ALL_TOPICS = frozenset(Topic) - {Topic.SEATS}
"""Of seats hears only the page that asks for them: in an on-sale there is news all the time."""

# By the subject that an action begins with. Every entry is also news of the trail.
TOPICS_OF_SUBJECT: dict[str, frozenset[Topic]] = {
    "patron": frozenset({Topic.PATRONS}),
    "request": frozenset({Topic.REQUESTS}),
    "desk": frozenset({Topic.REQUESTS}),
    "code": frozenset({Topic.REQUESTS}),
    "receipt": frozenset({Topic.REQUESTS}),
    "field": frozenset({Topic.REQUESTS, Topic.PATRONS}),
    "address": frozenset({Topic.REQUESTS, Topic.PATRONS}),
    "staff": frozenset({Topic.MAILS}),  # an invitation, a reset, a word about a new device
    "mail": frozenset({Topic.MAILS}),
    "integrity": frozenset({Topic.NEEDS}),
    "venue": frozenset({Topic.PROGRAMME}),
    "hall": frozenset({Topic.PROGRAMME}),
    "plan": frozenset({Topic.PROGRAMME}),
    "event": frozenset({Topic.PROGRAMME}),
    "performance": frozenset({Topic.PROGRAMME}),
    "price": frozenset({Topic.PROGRAMME}),
    "window": frozenset({Topic.PROGRAMME}),
    "house": frozenset({Topic.PROGRAMME}),
    "order": frozenset({Topic.ORDERS}),
    "report": frozenset(),
    "till": frozenset({Topic.TILLS}),
    "shift": frozenset({Topic.TILLS}),
    "security": frozenset(),
    "policy": frozenset(),
    "organisation": ALL_TOPICS,  # its time zone is in every date
    "trail": ALL_TOPICS,
}
_MORE: dict[Action, frozenset[Topic]] = {
    Action.REQUEST_REVERTED: frozenset({Topic.PATRONS}),
    Action.STAFF_FROZEN: frozenset({Topic.NEEDS, Topic.REQUESTS}),
    Action.TRIPWIRE_TRIPPED: frozenset({Topic.NEEDS}),
    Action.ALERT_CLOSED: frozenset({Topic.NEEDS}),
}


@dataclass(frozen=True, slots=True)
class Position:
    """How far a reader is: the trail's last entry, how many mails were settled, the last seat."""

    entry: int
    settled: int
    seats: str = ""


@dataclass(frozen=True, slots=True)
class News:
    """One thing that happened. `subjects` are the patron and request; empty: any may be meant."""

    topics: frozenset[Topic]
    subjects: frozenset[str] = frozenset()

    def concerns(self, topics: frozenset[Topic], subjects: frozenset[str]) -> bool:
        """Whether a page has something new that shows `topics`, about `subjects` or about any."""
        if not self.topics & topics:
            return False
        return not self.subjects or not subjects or bool(self.subjects & subjects)


EVERYTHING = News(ALL_TOPICS)
_SETTLED = News(frozenset({Topic.MAILS}))
_SEATS = News(frozenset({Topic.SEATS}))


def topics_of(action: Action) -> frozenset[Topic]:
    """The topics that an entry of the trail is news of."""
    subject = action.value.partition(".")[0]
    return TOPICS_OF_SUBJECT[subject] | _MORE.get(action, frozenset()) | {Topic.TRAIL}


def position(session: Session) -> Position:
    """The newest position, by two queries: it is asked once a second while a page is open."""
    return Position(*send_gate.change_marker(session), seats=inventory.change_marker(session))


def since(session: Session, seen: Position) -> tuple[Position, tuple[News, ...]]:
    """The newest position and what happened after `seen`."""
    newest = position(session)
    news: list[News] = []
    if newest.settled != seen.settled:
        news.append(_SETTLED)
    if newest.seats != seen.seats:
        news.append(_SEATS)
    if newest.entry != seen.entry:
        found = trail.subjects_since(session, seen.entry, limit=MOST_READ + 1)
        if len(found) > MOST_READ or newest.entry < seen.entry:  # a restored database
            return newest, (EVERYTHING,)
        news += [
            News(topics_of(action), frozenset(filter(None, (patron_id, request_id))))
            for action, patron_id, request_id in found
        ]
    return newest, tuple(news)
