"""What is held about a patron, taken out: `GET /patrons/data/{number}.html` and `.json`.

The page is one document without script, to read and to print. Every look at it is an entry of the
trail. What is masked for the staff member's role is masked in it.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from datetime import tzinfo
from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from upstage_crm.admin.patrons.rows import patron_href
from upstage_crm.admin.sign_in.routes import back
from upstage_crm.admin.sign_in.second_routes import AGAIN
from upstage_crm.core import when
from upstage_crm.core.errors import NotFound, UpstageError
from upstage_crm.core.languages import SOURCE
from upstage_crm.core.templates import Templates
from upstage_crm.core.threads import to_writer_thread
from upstage_crm.http.origins import is_led_by_another_site
from upstage_crm.http.session_cookie import signed_in_by_cookie
from upstage_crm.organisation.details import OrganisationDetails
from upstage_crm.organisation.settings import details
from upstage_crm.pages import calm_page
from upstage_crm.pages.calm_page import CalmPage
from upstage_crm.pages.style import own_style
from upstage_crm.patrons import queries
from upstage_crm.privacy import held_data
from upstage_crm.privacy.held_data import HeldData, Section
from upstage_crm.staff.auth.sessions import Stage
from upstage_crm.staff.roles import Permission, StaffMember, may
from upstage_crm.wiring import runtime
from upstage_crm.wording import held_data as words
from upstage_crm.wording.sentences import sentence

PATH: Final = "/patrons/data"
HTML, JSON = "html", "json"
LARGEST = 10  # digits of a patron's number
CONFLICT = 409
_USED: Final = ("canvas", "surface", "line", "text", "muted", "accent-ink", "focus")
_RULES: Final = """
*{box-sizing:border-box}
body{margin:0;background:var(--canvas);color:var(--text);font:1rem/1.5 system-ui,sans-serif}
main{max-width:60rem;margin:0 auto;padding:1.5rem 1.25rem 3rem;overflow-wrap:anywhere}
h1{font-size:1.5rem;line-height:1.25;margin:.25rem 0 .75rem}
h2{font-size:1.0625rem;margin:2rem 0 .5rem}
p{margin:0 0 .5rem}.m,dt{color:var(--muted);font-size:.875rem}
dl{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(16rem,100%),1fr));gap:.5rem 1rem;
margin:0;padding:.75rem 1rem;background:var(--surface);border:1px solid var(--line);
border-bottom-width:0;break-inside:avoid}
dl:first-of-type{border-radius:.5rem .5rem 0 0}
dl:last-of-type{border-bottom-width:1px;border-radius:0 0 .5rem .5rem}
dl:only-of-type{border-radius:.5rem}
dd{margin:0;white-space:pre-line}
a{display:inline-block;padding:.375rem 0;margin-inline-end:1.5rem;color:var(--accent-ink)}
:focus-visible{outline:3px solid var(--focus);outline-offset:2px}
@media print{.d{display:none}body{background:#fff}dl{padding:.375rem .5rem}}
"""
STYLE: Final = own_style(_USED, _RULES)
_TEMPLATES: Final = Templates(Path(__file__).parent / "templates")
_HEADERS: Final = {"cache-control": "no-store", "x-robots-tag": "noindex"}


@dataclass(frozen=True)
class Link:
    """A link of the page: its words, and where it leads."""

    words: str
    href: str


@dataclass(frozen=True)
class DrawnSection:
    """A section of the page: pairs of name and value, for each thing that is in it."""

    title: str
    rows: tuple[tuple[tuple[str, str], ...], ...]


def may_export(member: StaffMember) -> bool:
    """Whether a member may take a patron's data out of the CRM."""
    return all(may(member, one) for one in (Permission.VIEW_PATRONS, Permission.EXPORT_DATA))


def export_href(number: int, form: str = HTML) -> str:
    """The address of a patron's data as a page, or as a file."""
    return f"{PATH}/{number}.{form}"


async def export(request: Request) -> Response:
    """The data. A member who may not take it out gets a 404, an old proof a question first.

    A link of another site leads to the record, and takes nothing out.
    """
    number, form = str(request.path_params["number"]), str(request.path_params["form"])
    is_number = number.isascii() and number.isdecimal() and len(number) < LARGEST
    found = await asyncio.to_thread(signed_in_by_cookie, request.headers.get("cookie", ""))
    is_in = found is not None and found.stage is Stage.COMPLETE and may_export(found.member)
    if found is None or not is_in or not is_number or form not in (HTML, JSON):
        return _missing()
    if is_led_by_another_site(request):
        # The trail would name a member who pressed nothing here.
        return RedirectResponse(patron_href(int(number)), 303, _HEADERS)
    if not found.is_fresh(runtime().clock.now()):
        return back(AGAIN, patron_href(int(number)))
    try:
        held, organisation = await to_writer_thread(_taken, found.member, int(number))
    except NotFound:
        return _missing()
    except UpstageError as error:
        return _refusal(error, int(number))
    return _file(held) if form == JSON else _page(held, organisation)


def drawn(held: HeldData, time_zone: tzinfo) -> list[DrawnSection]:
    """Every section in words; what is empty in a row is left out."""
    return [
        DrawnSection(
            words.SECTION_WORDS[section],
            tuple(_pairs(section, row, time_zone) for row in rows),
        )
        for section, rows in held.sections.items()
    ]


def _taken(member: StaffMember, number: int) -> tuple[HeldData, OrganisationDetails]:
    parts = runtime()
    with parts.database.transaction() as session:
        patron = queries.get_by_number(session, number)
        held = held_data.export(parts.staff_context(session, member), patron_id=patron.id)
        return held, details(session)


def _page(held: HeldData, organisation: OrganisationDetails) -> Response:
    lines = [words.LEAD.format(number=held.number, at=when.in_words(held.at, organisation.zone))]
    lines += [] if held.is_whole else [words.MASKED]
    if held.head is not None:
        lines.append(words.HEAD.format(entry=f"{held.head[0]:,}", hash=held.head[1]))
    html = _TEMPLATES.render(
        "held_data.html",
        lang=SOURCE,
        style=STYLE.css,
        organisation=organisation.name,
        title=words.TITLE.format(name=held.name),
        lines=lines,
        record=Link(words.BACK, patron_href(held.number)),
        file=Link(words.AS_JSON, export_href(held.number, JSON)),
        sections=drawn(held, organisation.zone),
        nothing=words.NOTHING,
    )
    policy = STYLE.policy(form_action="'none'", frame_ancestors="'none'")
    return HTMLResponse(html, headers={**_HEADERS, "content-security-policy": policy})


def _pairs(section: Section, row: held_data.Row, zone: tzinfo) -> tuple[tuple[str, str], ...]:
    told = (
        (words.column_words(column), words.value_words(section, column, value, zone))
        for column, value in row.items()
    )
    return tuple((name, said) for name, said in told if said)


def _file(held: HeldData) -> Response:
    named = {"content-disposition": f'attachment; filename="patron-{held.number}.json"'}
    content = json.dumps(held.as_json(), ensure_ascii=False, indent=2)
    return Response(content, media_type="application/json", headers={**_HEADERS, **named})


def _refusal(error: UpstageError, number: int) -> Response:
    shown = CalmPage(
        title=words.REFUSED, lines=(sentence(error),), action=(words.BACK, patron_href(number))
    )
    headers = {**_HEADERS, "content-security-policy": calm_page.POLICY}
    return HTMLResponse(shown.as_html(), CONFLICT, headers)


def _missing() -> Response:
    return PlainTextResponse("There is no such patron.\n", 404, _HEADERS)


ROUTES = [Route(f"{PATH}/{{number}}.{{form}}", export, methods=["GET"])]
