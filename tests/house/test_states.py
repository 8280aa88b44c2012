"""Every public method of a state is an endpoint for the whole internet: none is one by accident."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import textwrap
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import reflex as rx
from reflex.state import BaseState
from sqlmodel import SQLModel

import upstage_crm
from upstage_crm import upstage_crm as app_module
from upstage_crm.admin.guard import FRAMEWORK_HANDLERS, AdminState, Guard
from upstage_crm.admin.login_redirect import is_staff_page
from upstage_crm.pages.page_state import PageMixin
from upstage_crm.pages.registry import registry

# Reviewed by name: what a visitor who has not signed in may send. One who adds a line here says in
# the commit why a stranger may call it with any argument.
REVIEWED = {
    "SignInState.load",
    "SecondState.load",
    "StaffLinkState.load",
    "ConfirmState.load",
    "ConfirmState.approve",
    "ConfirmState.reject",
    "ConfirmState.answer_each",
    "ConfirmState.object_to",
    "TroubleState.tell",
}
# The only states that do not derive from `AdminState`.
OUTSIDE = {"SignInState", "SecondState", "StaffLinkState", "ConfirmState", "TroubleState"}

ROOT = Path(__file__).resolve().parents[2]
KIT = "upstage_crm.ui.components"

for _found in pkgutil.walk_packages(upstage_crm.__path__, "upstage_crm."):
    if not _found.name.endswith("__main__"):
        importlib.import_module(_found.name)


def heirs(cls: type[Any]) -> Iterator[type[Any]]:
    for heir in cls.__subclasses__():
        yield heir
        yield from heirs(heir)


def ours() -> list[type[BaseState]]:
    """Our states and mixins, each once; not those that tests define."""
    found = {cls.__qualname__: cls for cls in heirs(BaseState)}
    mine = [cls for cls in found.values() if cls.__module__.startswith("upstage_crm.")]
    assert len(mine) > 8
    return sorted(mine, key=lambda cls: cls.__qualname__)


def handlers(cls: type[BaseState]) -> set[str]:
    """Names of the events that the class itself defines; `setvar` is the framework's."""
    return {name for name in cls.event_handlers if name != "setvar" and hasattr(cls, name)}


def methods(cls: type[Any]) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    tree = ast.parse(textwrap.dedent(inspect.getsource(cls))).body[0]
    assert isinstance(tree, ast.ClassDef)
    return [n for n in tree.body if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]


def test_every_state_of_the_crm_stands_behind_the_guard() -> None:
    """Property 5: everything but a few reviewed states derives from the guarded one."""
    outside = {
        cls.__name__
        for cls in ours()
        if not issubclass(cls, AdminState) and not cls.__name__.endswith("Mixin")
    }

    assert outside == OUTSIDE
    middlewares = [type(middleware) for middleware in app_module.app._middlewares]
    assert middlewares.index(Guard) == min(
        place
        for place, kind in enumerate(middlewares)
        if kind.__module__.startswith("upstage_crm.")
    )


def test_the_public_handlers_are_the_reviewed_ones() -> None:
    """The app's list, the framework's list and our states agree, by full name."""
    by_name = {cls.__name__: cls for cls in ours()}
    expected = {
        f"{by_name[state].get_full_name()}.{handler}"
        for state, handler in (name.split(".") for name in REVIEWED)
    }

    assert expected == app_module.PUBLIC_HANDLERS
    for full_name in FRAMEWORK_HANDLERS:
        assert full_name.startswith("reflex___state____state.")
        assert "upstage" not in full_name


def test_a_state_outside_the_guard_has_no_handler_beside_the_reviewed_ones() -> None:
    for cls in ours():
        if cls.__name__ in OUTSIDE:
            for name in handlers(cls):
                assert f"{cls.__name__}.{name}" in REVIEWED


def test_every_public_method_of_a_state_is_an_event_on_purpose() -> None:
    for cls in ours():
        for method in methods(cls):
            if method.name.startswith("_"):
                continue
            decorators = [ast.unparse(decorator) for decorator in method.decorator_list]
            assert any(d.startswith(("rx.event", "rx.var")) for d in decorators), (
                f"{cls.__name__}.{method.name} can be called by any visitor who opens a websocket: "
                "say @rx.event, or begin its name with an underscore"
            )


def test_no_state_lets_a_browser_set_its_vars() -> None:
    """`setvar` is registered on every state; it finds no setter on any of ours."""
    for cls in ours():
        setters = {name for name in dir(cls) if name.startswith("set_")}
        assert {"set_is_hydrated"} >= setters, cls.__name__


def test_no_state_holds_a_row() -> None:
    """A row in a var would be sent to the browser whole, password hashes included."""
    for cls in ours():
        hints = typing.get_type_hints(cls)
        for name in cls.__annotations__:
            for kind in _kinds(hints[name]):
                assert not (isinstance(kind, type) and issubclass(kind, SQLModel)), (cls, name)


def test_no_state_takes_a_name_that_the_frame_has() -> None:
    """Both would be one var: the browser would draw one from the values of the other."""
    frame = set(AdminState.get_fields())
    for cls in ours():
        if issubclass(cls, AdminState) and cls is not AdminState:
            own = [kind for kind in cls.__mro__ if kind not in AdminState.__mro__]
            named = {name for kind in own for name in inspect.get_annotations(kind)}
            assert named & frame == set(), cls.__name__


def test_no_computed_var_reads_the_database() -> None:
    """It would do so at every event of every tab."""
    for cls in ours():
        for method in methods(cls):
            if any(ast.unparse(d).startswith("rx.var") for d in method.decorator_list):
                body = ast.unparse(method)
                for door in ("runtime", "session", "_read", "_command", "database"):
                    assert door not in body, f"{cls.__name__}.{method.name}"


def test_every_page_of_the_crm_asks_for_a_permission() -> None:
    """A state without one may be used by every signed-in role: say so on purpose."""
    free = {
        cls.__name__
        for cls in ours()
        if issubclass(cls, AdminState) and cls.permission is None and handlers(cls)
    }

    # Everybody's own account is theirs, whatever the role; the palette finds what the role sees.
    assert free == {"AccountDialogState", "AccountState", "PaletteState"}


def test_dialogs_and_their_forms_are_drawn_by_the_page_kit() -> None:
    """A dialog of its own making would name no subject, and outlive its page."""
    for path in (ROOT / "upstage_crm" / "admin").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom) and str(node.module).startswith(KIT):
                own = {"dialog", "dialog_form", "DialogRoot"} & {name.name for name in node.names}
                assert own == set(), path


def test_every_page_stands_in_the_table_once() -> None:
    routes = [page.route for page in app_module.PAGES]
    opened = [page.state for page in app_module.PAGES if page.is_for_staff]

    assert len(set(routes)) == len(routes)
    assert all(route == "/" or not route.endswith("/") for route in routes)
    pages = {cls for cls in ours() if issubclass(cls, PageMixin) and issubclass(cls, AdminState)}
    assert set(opened) == pages
    assert len(opened) == len(pages)


def test_every_address_of_a_staff_page_needs_a_session() -> None:
    for page in app_module.PAGES:
        path = page.route.replace("[", "").replace("]", "")
        assert is_staff_page(path, app_module.STAFF_PLACES) is page.is_for_staff, page.route


def test_a_menu_entry_leads_to_a_page_without_a_variable_part() -> None:
    menu = registry.menu

    assert menu[0].key == "dashboard"
    assert len(menu) == len({page.key for page in menu}) > 1, "two entries would be one place"
    assert all("[" not in page.href and page.permission is not None for page in menu)


def _kinds(annotation: object) -> Iterator[object]:
    yield annotation
    for argument in typing.get_args(annotation):
        yield from _kinds(argument)


assert issubclass(rx.State, BaseState)


def test_the_focus_goes_by_the_state_of_the_tab() -> None:
    """Reflex's own event may run before the element has been drawn."""
    found = [
        path.name
        for folder in ("admin", "pages")
        for path in (Path(upstage_crm.__file__).parent / folder).rglob("*.py")
        if "rx.set_focus(" in path.read_text()
    ]

    assert found == []
