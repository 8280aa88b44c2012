"""The picture of an event in and out of the route for files, and texts in other languages."""

from __future__ import annotations

import io
from typing import Any

import httpx
import pytest
from PIL import Image
from starlette.applications import Starlette

from tests.state.test_events import Scene, scene
from tests.support.pipeline import sign_in
from tests.support.visitor import OURS
from upstage_crm.admin import incoming_files
from upstage_crm.admin.programme.dialog_state import EventDialogState
from upstage_crm.admin.programme.event_state import EventState
from upstage_crm.admin.programme.picture_files import INCOMING, ROUTES
from upstage_crm.programme import queries
from upstage_crm.programme.picture_reading import MOST_BYTES
from upstage_crm.programme.views import EventView
from upstage_crm.staff.roles import PERMISSIONS, Permission, Role
from upstage_crm.wording.sentences import SENTENCES

__all__ = ["scene"]  # the fixture of events

KINDS = incoming_files.by_kind(INCOMING)
READERS = [role for role in Role if Permission.EDIT_PROGRAMME not in PERMISSIONS[role]]
ALT = "A lighthouse at night"


def photograph(width: int = 900, colour: tuple[int, int, int] = (9, 90, 200)) -> bytes:
    content = io.BytesIO()
    Image.new("RGB", (width, 600), colour).save(content, "JPEG")
    return content.getvalue()


async def ask(method: str, path: str, cookie: str, **how: Any) -> httpx.Response:
    routes = [*ROUTES, *incoming_files.routes(KINDS)]
    transport = httpx.ASGITransport(app=Starlette(routes=routes))
    async with httpx.AsyncClient(transport=transport, base_url=OURS) as client:
        headers = {"cookie": cookie, "origin": OURS}
        return await client.request(method, path, headers=headers, **how)


async def send(
    scene: Scene, content: bytes, cookie: str, *, version: int = 1, alt: str = ALT
) -> httpx.Response:
    files = {"file": ("picture.jpg", content)}
    texts = {"version": str(version), "picture_alt": alt}
    return await ask("POST", f"/files/picture/{scene.event}", cookie, data=texts, files=files)


def cookie_of(scene: Scene, role: Role = Role.OWNER) -> str:
    return sign_in(scene.parts.database, role, at=scene.parts.clock.now())


def event_of(scene: Scene) -> EventView:
    with scene.parts.database.reading() as session:
        return queries.event(session, scene.event)


async def test_a_picture_comes_in_is_shown_replaced_and_removed(scene: Scene) -> None:
    tab, cookie = scene.tab(), cookie_of(scene, Role.MANAGER)
    answer = await send(scene, photograph(), cookie)
    page = f"/events/{scene.event}/?picture=kept"
    assert (answer.status_code, answer.headers["location"]) == (303, page)
    shown = await scene.at(tab, page)
    assert (shown.done, shown.picture_alt) == ("The picture is kept.", ALT)
    picture = await ask("GET", shown.picture_large, cookie)
    image = Image.open(io.BytesIO(picture.content))
    assert (picture.headers["content-type"], image.size) == ("image/jpeg", (800, 533))
    assert "immutable" in picture.headers["cache-control"]

    await send(scene, photograph(400, (200, 9, 9)), cookie, version=2)
    assert (await ask("GET", shown.picture_large, cookie)).status_code == 404
    await send(scene, b"", cookie, version=3, alt="A red lighthouse")
    assert event_of(scene).texts["picture_alt"] == "A red lighthouse"

    await scene.at(tab, f"/events/{scene.event}/")
    await scene.pipeline.send(tab, EventDialogState.ask_remove)
    await scene.fill(tab, EventDialogState, EventDialogState.remove)
    shown = await scene.pipeline.state(tab, EventState)
    assert (shown.picture, shown.picture_alt, shown.done) == ("", "", "Removed.")
    with scene.parts.database.reading() as session:
        assert session.connection().exec_driver_sql("SELECT * FROM event_picture").all() == []


@pytest.mark.parametrize(
    ("content", "how", "code"),
    [
        (b"GIF89a", {}, "picture_unreadable"),
        (photograph()[:900], {}, "picture_damaged"),
        (photograph(300), {}, "picture_too_small"),
        (b"\0" * (MOST_BYTES + 1), {}, "picture_too_large"),
        (b"", {}, "picture_unknown"),
        (photograph(), {"alt": " "}, "picture_alt_missing"),
        (photograph(), {"version": 9}, "event_changed_meanwhile"),
    ],
)
async def test_a_picture_that_cannot_be_used_is_answered_with_what_is_wrong(
    scene: Scene, content: bytes, how: dict[str, Any], code: str
) -> None:
    answer = await send(scene, content, cookie_of(scene), **how)

    assert answer.status_code == 422
    assert SENTENCES[code].partition("{")[0] in answer.text
    assert f"/events/{scene.event}/" in answer.text
    assert event_of(scene).picture == ""


@pytest.mark.parametrize("role", READERS)
async def test_pictures_follow_the_permissions(scene: Scene, role: Role) -> None:
    await send(scene, photograph(), cookie_of(scene))
    shown = await scene.at(scene.tab(Role.MANAGER), f"/events/{scene.event}/")
    cookie = cookie_of(scene, role)

    assert (await ask("GET", shown.picture, cookie)).status_code == 200
    assert (await ask("GET", shown.picture, "")).status_code == 404
    for path in ("x/x/320.jpg", f"{scene.event}/x/320.jpg", f"{scene.event}/x/²0.jpg"):
        assert (await ask("GET", f"/events/picture/{path}", cookie)).status_code == 404
    posted = await send(scene, photograph(), cookie, version=2)
    assert posted.headers["location"].startswith("/sign-in/")
    assert event_of(scene).version == 2


async def test_an_event_is_translated_and_the_rest_is_read_in_its_own_language(
    scene: Scene,
) -> None:
    tab = scene.tab()
    shown = await scene.at(tab, f"/events/{scene.event}/")
    assert shown.language == "English"
    assert [line.code for line in shown.languages] == ["es", "fr", "de", "ar"]
    await scene.pipeline.send(tab, EventDialogState.open_translate, language="fr")
    opened = await scene.pipeline.state(tab, EventDialogState)
    assert (opened.own["title"], opened.about) == ("Hamlet", "Hamlet · French")

    refused = await scene.fill(
        tab, EventDialogState, EventDialogState.translate, age_advice="x" * 161
    )
    assert refused.errors["age_advice"]
    await scene.fill(tab, EventDialogState, EventDialogState.translate, title="Hamlet, prince")

    shown = await scene.pipeline.state(tab, EventState)
    french = next(line for line in shown.languages if line.code == "fr")
    assert (french.title, french.is_translated, shown.done) == ("Hamlet, prince", True, "Saved.")
    for language in ("en", "xx"):
        await scene.pipeline.send(tab, EventDialogState.open_translate, language=language)
        assert (await scene.pipeline.state(tab, EventDialogState)).dialog == ""
