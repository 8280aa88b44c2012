"""A module's name says what is in it: plain words, or words that `docs/rules.md` explains."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "upstage_crm"
RULES = (ROOT / "docs" / "rules.md").read_text("utf-8").partition("## Names of modules")[2]
EXPLAINED, _, ONE_MEANING = RULES.partition("Names that several packages repeat")
# Its modules are named by what they have words for, so they repeat the names of others.
NAMED_BY_SUBJECT = "wording"
# Words of English, of the product (`docs/rules.md`, *Words*) or of the trade.
PLAIN_WORDS = """
access account accounts acquirer action actions add address addresses admin admission alert amounts
answer answering answers approvals arrival asked assignment attachments attack attacks audit auth
authenticator availability available back base base64url basket baskets best body books box broken
browser build builder bulk busy button calendar cancel cancellation cancellations cancelling card
cards cash cells change changes check checking checkout checks chips choice choose chosen cli clock
closed closing code codes columns command commands comments communications component components
confirm confirmations consequences contact contacts context contexts controls cookie cookies copies
copy copying core counting countries country coverage create crm crowd currency dashboard data
database date dates day days db deadline decide decisions deferred delivery demo design desk detail
details devices dialog dialogs diff dispatcher display dispute disputes document door dots downloads
drawer drawing dry earlier earning edit email entries entry environment erasure errors even event
events exchanges explained export exporting fact factor facts failures feedback feeds field fields
figures file files filing filters find finding findings fixed foreign forged forgery form formats
forms found frame free frozen gallery gate gift gifts give giving grid handing hashing headers
health heard held history holdings holds hours house household households houses html http icons ids
in incoming index inputs integrity inventory invitations issuing jobs join joining keys labels
language languages last layout ledger letter letters level lifecycle limit limits lines link links
list listings lists live loader local lock locking log login mail mailbox mailboxes mailed mailer
mails main map mark member memory menu message messages migrations missing model money months moves
moving name names naming narrowed near needs news next note notes notifications number numbers
objections obstacles of offer offered offering offers office on open opening order orders
organisation origins out overview own owner page pages palette paper parked part parts passkey
passkeys password passwords past paths patron patrons paying payment payments pdf people performance
performances periods person personal phone phones picture pictures plan plans plot plots plugins
policy pools portal postal postgres postings preferences preview price prices pricing print printer
printing privacy programme progress proposable proposal propose provider providers proxies public
published qr quality queries query queue raw reader readers reading readme reads ready reasons
receipt receipts record recording records redacted redirect refunds refusals register registering
registry rehearsal reminders render repair report reporting reports request requests resend reset
resort restore return returns reveal reveals revert reverting reviewer reviewers rights role roles
rollups route routes row rows rule rules run runs sale sales samples sanitize save saved scans
schedule scheduled search season seasons seat seating seatings seats second security selection
seller selling send sender sending sent sentences serve session sessions setting settings settlement
settling setup sheet shift shifts short shortcut sign signature signing socket spans special sql
staff start state states status step steps store story strays strip stripe structured style suffix
suggest sums table tables tabs tags taking takings task team teamwork template templates terms test
text texts threads ticket tickets till tills time timeline times toolbar towns transfer transfers
translations triggers trouble two typed types ui unusual upstage value values venue venues verifying
versions view views visit visitor visitors waiting web webhooks whats window windows word wording
words writers zones
"""
PLAIN = set(PLAIN_WORDS.split())


def modules() -> list[Path]:
    return sorted(
        path
        for path in PACKAGE.rglob("*.py")
        if path.name != "__main__.py" and "__pycache__" not in path.parts
    )


def name_of(path: Path) -> str:
    return path.parent.name if path.name == "__init__.py" else path.stem


def first_cells(text: str) -> set[str]:
    """The words in the first column of the tables of `text`."""
    rows = re.findall(r"^\| ([a-z_0-9, ]+) \|", text, re.MULTILINE)
    return {word for row in rows for word in row.split(", ")} - {"word", "name"}


def test_every_name_is_made_of_words_that_are_explained_or_plain() -> None:
    known = PLAIN | first_cells(EXPLAINED)
    unknown = {
        str(path.relative_to(ROOT)): strange
        for path in modules()
        if (strange := sorted(set(name_of(path).split("_")) - known))
    }

    assert unknown == {}


def test_every_word_that_is_explained_is_used() -> None:
    used = {word for path in modules() for word in name_of(path).split("_")}

    assert first_cells(EXPLAINED) - used == set()


def test_no_word_is_both_explained_and_plain() -> None:
    assert first_cells(EXPLAINED) & PLAIN == set()


def test_two_modules_have_one_name_only_where_it_has_one_meaning() -> None:
    places: defaultdict[str, list[str]] = defaultdict(list)
    for path in modules():
        if path.name != "__init__.py" and NAMED_BY_SUBJECT not in path.parts:
            places[path.stem].append(str(path.relative_to(PACKAGE)))
    doubled = {name: found for name, found in places.items() if len(found) > 1}

    assert {name: doubled[name] for name in doubled.keys() - first_cells(ONE_MEANING)} == {}
