"""What we change in Reflex's build. Imported by `rxconfig.py`, so it must stay light."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from reflex_base.plugins.base import Plugin

from upstage_crm.core.errors import UpstageError

if TYPE_CHECKING:
    from typing import Unpack

    from reflex_base.plugins.base import PostBuildContext, PreCompileContext

_BAKED_ADDRESS = re.compile(r'(["`])(http|ws)://[^/"`]+(/[^"`]*)\1')
_ORIGIN = (
    'var o=typeof location=="undefined"?"http://localhost":location.origin,'
    'w=o.replace(/^http/,"ws");'
)

_ENTRY = "app/entry.client.js"
_ROUTER = "createElement(HydratedRouter)"
_START = "startTransition("
_OWN_STORAGE = """for (const name of ["sessionStorage", "localStorage"]) {
  try {
    window[name].length;
  } catch {
    const kept = new Map();
    const value = {
      getItem: (key) => kept.get(String(key)) ?? null,
      setItem: (key, text) => void kept.set(String(key), String(text)),
      removeItem: (key) => void kept.delete(String(key)),
      clear: () => kept.clear(),
      key: (index) => [...kept.keys()][index] ?? null,
      get length() { return kept.size },
    };
    Object.defineProperty(window, name, { value });
  }
}

"""


class BuildChanged(UpstageError):
    """Reflex's build no longer looks as this version of it did; the pages cannot be trusted."""

    code = "build_changed"


def own_origin(script: str) -> str:
    """Return the built `reflex-env` script with every baked address taken from the page instead.

    Reflex 0.10.1 writes the address of the build machine into the pages (upstream issue 6239). One
    build must serve any host, port and scheme.

    Raises:
        BuildChanged: the script holds no baked address.
    """
    changed, count = _BAKED_ADDRESS.subn(
        lambda match: ("o" if match[2] == "http" else "w") + f'+"{match[3]}"', script
    )
    if not count:
        raise BuildChanged(where="reflex-env")
    return _ORIGIN + changed


class SameOriginPlugin(Plugin):
    """Lets one build serve any host, port and scheme."""

    def post_build(self, **context: Unpack[PostBuildContext]) -> None:
        """Rewrite the built script; runs before the compressed copies are made."""
        files = list(context["static_dir"].rglob("assets/reflex-env-*.js"))
        if len(files) != 1:
            raise BuildChanged(where="reflex-env", count=len(files))
        script = files[0]
        script.write_text(own_origin(script.read_text("utf-8")), "utf-8")


def turned_at_once(script: str) -> str:
    """Return the script that starts the pages, with a router that turns page and address at once.

    By default the router draws a new page as a transition, which gives way to other work. The
    browser shows the new address meanwhile and still the old page, for a tenth of a second on a
    slow machine: one patron's record, with its buttons, under another patron's address.

    Raises:
        BuildChanged: the script does not start the router as we know it.
    """
    changed = script.replace(_ROUTER, f"{_ROUTER[:-1]}, {{ useTransitions: false }})")
    if changed == script:
        raise BuildChanged(where="entry.client")
    return changed


def with_own_storage(script: str) -> str:
    """Return the script that starts the pages, with storage where the browser refuses it.

    Reflex keeps the tab's token in the browser's storage. Where that is blocked, reading it ends
    the whole page with a stack trace; so the page gets a storage that lasts as long as it does.

    Raises:
        BuildChanged: the script does not start the pages as we know it.
    """
    changed = script.replace(_START, f"{_OWN_STORAGE}{_START}", 1)
    if changed == script:
        raise BuildChanged(where="entry.client")
    return changed


class OwnStoragePlugin(Plugin):
    """Lets the pages work in a browser that refuses storage."""

    def pre_compile(self, **context: Unpack[PreCompileContext]) -> None:
        """Change the script before it is built."""
        context["add_modify_task"](_ENTRY, with_own_storage)


class TurnAtOncePlugin(Plugin):
    """Lets address and page change together."""

    def pre_compile(self, **context: Unpack[PreCompileContext]) -> None:
        """Change the script before it is built."""
        context["add_modify_task"](_ENTRY, turned_at_once)
