"""The one door to Jinja: every mail, and every page outside Reflex, is a file in a folder.

Whatever stands in `.html` is escaped. A template says its words with `_("Call {phone}.",
phone=…)`, which reads the catalogs in the language that the template is rendered in;
`ngettext("{count} change", "{count} changes", count)` picks the plural. Not `{% trans %}`: the
messages of the code and of the templates share one way to write a placeholder, a value inside a
message is cleaned as one outside of it, and in plain text no line break depends on a tag.

A value that is missing, or None, fails: no reader ever meets the word None.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from gettext import NullTranslations
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from markupsafe import Markup, escape

from upstage_crm.core import languages

if TYPE_CHECKING:
    from jinja2 import Environment
    from jinja2.runtime import Context

Filter = Callable[..., object]
_ISOLATED: Final = Markup("<bdi>{}</bdi>")
_ISOLATED_OF_CLASS: Final = Markup('<bdi class="{}">{}</bdi>')


class Templates:
    """The templates of one folder. Thread-safe; each is compiled when it is first used.

    `clean` makes every text harmless on its way out, whatever template shows it. In `.html` the
    filter `bdi` keeps a value apart from the reading direction of the words around it; `filters`
    are more of them.
    """

    def __init__(
        self,
        folder: Path,
        *,
        clean: Callable[[str], str] = str,
        filters: Mapping[str, Filter] | None = None,
        translations: Callable[[str], NullTranslations] = languages.translations,
    ) -> None:
        self._folder = folder
        self._clean = clean
        self._translations = translations
        self._filters: Mapping[str, Filter] = {"bdi": self.bdi, **(filters or {})}

    def render(self, name: str, /, *, lang: str, **values: object) -> str:
        """Fill the template `name`; it finds `lang` and `dir` among its values.

        What comes from `.html` is markup, so it can go into another template as it is.

        Raises:
            UndefinedError, TypeError: a value is missing, or None where a text is needed.
        """
        direction = languages.direction(lang)
        filled = self._jinja.get_template(name).render(values, lang=lang, dir=direction)
        return Markup(filled) if name.endswith(".html") else filled  # noqa: S704  # escaped above

    def bdi(self, value: object, class_name: str = "") -> Markup:
        """`value` in an element that keeps its own reading direction."""
        shown = self._shown(value)
        if class_name:
            return _ISOLATED_OF_CLASS.format(class_name, shown)
        return _ISOLATED.format(shown)

    @cached_property
    def _jinja(self) -> Environment:
        # A server that has nothing to fill saves the loading: 0.1 s and 2 MB.
        from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

        environment = Environment(
            loader=FileSystemLoader(self._folder),
            autoescape=select_autoescape(["html"], default=False),
            undefined=StrictUndefined,
            finalize=self._shown,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
            auto_reload=False,
        )
        environment.filters.update(self._filters)  # pyright: ignore[reportUnknownMemberType]
        words = {"_": self._gettext(), "ngettext": self._ngettext()}
        environment.globals.update(words)  # pyright: ignore[reportUnknownMemberType]
        return environment

    def _gettext(self) -> Filter:
        from jinja2 import pass_context

        @pass_context
        def gettext(context: Context, message: str, /, **values: object) -> Markup:
            said = self._translations(context["lang"]).gettext(message)
            return self._filled(context, said, values)

        return gettext

    def _ngettext(self) -> Filter:
        from jinja2 import pass_context

        @pass_context
        def ngettext(
            context: Context, one: str, many: str, count: int, /, **values: object
        ) -> Markup:
            said = self._translations(context["lang"]).ngettext(one, many, count)
            return self._filled(context, said, {"count": count, **values})

        return ngettext

    def _filled(self, context: Context, message: str, values: Mapping[str, object]) -> Markup:
        """`message` with its values, each as safe as it would be outside of a message."""
        clean: dict[str, Any] = {name: self._shown(value) for name, value in values.items()}
        isolated = languages.isolate_placeholders(message, context["lang"])
        if context.eval_ctx.autoescape:
            # Not `Markup.format_map`, which does the same in Python, a character at a time.
            clean = {name: escape(value) for name, value in clean.items()}
        return Markup(isolated.format_map(clean))  # noqa: S704  # a catalog's sentence, safe values

    def _shown(self, value: object) -> object:
        """A value as it leaves a template."""
        if isinstance(value, Markup):
            return value
        if isinstance(value, str):
            return self._clean(value)
        if value is None:
            raise TypeError("a template shows a value that is None")
        return value
