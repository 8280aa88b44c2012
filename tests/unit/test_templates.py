"""The one door to Jinja: what is escaped, cleaned, translated and counted, and what fails."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from jinja2 import UndefinedError

from upstage_crm.core.languages import LANGUAGES, SOURCE, read_catalog, translations
from upstage_crm.core.templates import Templates

EVIL = "<b>&\"'"
FILES = {
    "value.html": "<p>{{ value }}</p>",
    "value.txt": "{{ value }}",
    "message.html": '<p>{{ _("Call {phone}.", phone=value) }}</p>',
    "message.txt": '{{ _("Call {phone}.", phone=value) }}',
    "isolated.html": '{{ value|bdi }} {{ value|bdi("nowrap") }}',
    "count.txt": '{{ ngettext("{count} change", "{count} changes", value) }}',
    "outer.html": "<main>{{ value }}</main>",
    "language.html": '<html lang="{{ lang }}" dir="{{ dir }}">',
}
ARABIC = """
msgid ""
msgstr ""
"Content-Type: text/plain; charset=utf-8\\n"
"Plural-Forms: nplurals=6; plural=(n==0 ? 0 : n==1 ? 1 : n==2 ? 2 : n%100>=3 && n%100<=10 ? 3 : "
"n%100>=0 && n%100<=2 ? 4 : 5);\\n"

msgid "Call {phone}."
msgstr "اتصلوا على {phone}."

msgid "{count} change"
msgid_plural "{count} changes"
msgstr[0] "لا تغييرات"
msgstr[1] "تغيير واحد"
msgstr[2] "تغييران"
msgstr[3] "{count} تغييرات"
msgstr[4] "{count} تغيير"
msgstr[5] "{count} تغييرًا"
"""


@pytest.fixture
def templates(tmp_path: Path) -> Templates:
    for name, source in FILES.items():
        (tmp_path / name).write_text(source, "utf-8")
    catalog = tmp_path / "patron.po"
    catalog.write_text(ARABIC, "utf-8")
    arabic = read_catalog(catalog, "ar")
    return Templates(
        tmp_path,
        clean=lambda text: text.replace("\u202e", ""),
        translations=lambda language: arabic if language == "ar" else translations(SOURCE),
    )


@pytest.mark.parametrize(
    ("name", "drawn"),
    [
        ("value.html", "<p>&lt;b&gt;&amp;&#34;&#39;</p>"),
        ("message.html", "<p>Call &lt;b&gt;&amp;&#34;&#39;.</p>"),
        ("value.txt", EVIL),
        ("message.txt", f"Call {EVIL}."),
        (
            "isolated.html",
            (
                "<bdi>&lt;b&gt;&amp;&#34;&#39;</bdi> "
                '<bdi class="nowrap">&lt;b&gt;&amp;&#34;&#39;</bdi>'
            ),
        ),
    ],
)
def test_html_is_escaped_and_plain_text_is_not(templates: Templates, name: str, drawn: str) -> None:
    assert templates.render(name, lang="en", value=EVIL) == drawn


@pytest.mark.parametrize("name", ["value.html", "value.txt", "message.html", "message.txt"])
def test_every_value_is_cleaned_inside_of_a_message_and_outside(
    templates: Templates, name: str
) -> None:
    assert "\u202e" not in templates.render(name, lang="en", value="moc.live\u202e")


@pytest.mark.parametrize("name", ["value.html", "value.txt", "message.html", "message.txt"])
def test_what_is_missing_fails(templates: Templates, name: str) -> None:
    with pytest.raises(UndefinedError):
        templates.render(name, lang="en")
    with pytest.raises(TypeError):
        templates.render(name, lang="en", value=None)


def test_a_value_is_never_read_as_a_template_or_a_placeholder(templates: Templates) -> None:
    for name in ("message.html", "message.txt"):
        drawn = templates.render(name, lang="en", value="{{ 7*7 }} {phone} %(phone)s {% raw %}")

        assert "Call {{ 7*7 }} {phone} %(phone)s {% raw %}." in drawn


def test_what_one_page_drew_is_not_escaped_again_in_another(templates: Templates) -> None:
    inner = templates.render("value.html", lang="en", value="<i>")

    outer = templates.render("outer.html", lang="en", value=inner)

    assert outer == "<main><p>&lt;i&gt;</p></main>"


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_document_names_its_language_and_direction(templates: Templates, language: str) -> None:
    direction = "rtl" if language == "ar" else "ltr"

    drawn = templates.render("language.html", lang=language)

    assert drawn == f'<html lang="{language}" dir="{direction}">'


def test_arabic_keeps_each_value_apart(templates: Templates) -> None:
    drawn = templates.render("message.txt", lang="ar", value="+1 212")

    assert drawn == "اتصلوا على \u2068+1 212\u2069."


@pytest.mark.parametrize(
    ("count", "said"),
    [
        (0, "لا تغييرات"),
        (1, "تغيير واحد"),
        (2, "تغييران"),
        (3, "3 تغييرات"),
        (10, "10 تغييرات"),
        (11, "11 تغييرًا"),
        (99, "99 تغييرًا"),
        (100, "100 تغيير"),
        (103, "103 تغييرات"),
    ],
)
def test_arabic_counts_in_six_forms(templates: Templates, count: int, said: str) -> None:
    drawn = templates.render("count.txt", lang="ar", value=count)

    assert re.sub("[\u2068\u2069]", "", drawn) == said


def test_english_counts_in_two_forms(templates: Templates) -> None:
    drawn = [templates.render("count.txt", lang="en", value=count) for count in (0, 1, 2)]

    assert drawn == ["0 changes", "1 change", "2 changes"]


@pytest.mark.parametrize(
    ("language", "forms"), [("en", 2), ("es", 2), ("fr", 2), ("de", 2), ("ar", 6)]
)
def test_every_catalog_counts_as_its_language_does(language: str, forms: int) -> None:
    known = translations(language)
    picked = getattr(known, "plural", lambda count: int(count != 1))

    assert len({picked(count) for count in range(200)}) == forms
    assert picked(0) == (1 if language in ("en", "es", "de") else 0)
