"""The report's texts in a language: gettext catalogues, read when a page is written; the source is English.

A language is a folder of `.po` files, which are read as one: what the page says, the help of the inputs, the sentences
of the figures, the units.
"""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations

from planner.errors import InputError, suggestion
from planner.resources import templates

SOURCE_LANGUAGE = "en"


@dataclass(frozen=True)
class Messages:
    """Translates what the page says; what a catalogue lacks stays English."""

    language: str = SOURCE_LANGUAGE
    translations: NullTranslations = field(default_factory=NullTranslations)

    def gettext(self, message: str) -> str:
        """Return a text in the language of the page."""
        return str(self.translations.gettext(message)) if message else ""

    def ngettext(self, one: str, many: str, number: int) -> str:
        """Return a text in the language of the page, in the form that the number asks for."""
        return str(self.translations.ngettext(one, many, number))


def languages() -> list[str]:
    """Return the languages for which a report can be written."""
    return sorted({SOURCE_LANGUAGE, *(path.parent.name for path in _folder().glob("*/*.po"))})


@cache
def messages(language: str) -> Messages:
    """Return the texts of a language.

    Raises:
        InputError: there is no catalogue for it; the text says which there are.
    """
    known = languages()
    if language not in known:
        hint = suggestion(language, known)
        raise InputError(
            f"--lang {language}: there is no such catalogue of messages; allowed: {', '.join(known)}{hint}"
        )
    paths = sorted(_folder().glob(f"{language}/*.po"))
    return Messages(language, _read(paths, language)) if paths else Messages(language)


def _read(paths: Iterable[Path], language: str) -> Translations:
    merged, compiled = Catalog(locale=language), io.BytesIO()
    for path in paths:
        with path.open("rb") as file:
            for message in read_po(file, locale=language):
                if message.id:
                    merged[message.id] = message
    write_mo(compiled, merged)
    compiled.seek(0)
    return Translations(compiled)


def _folder() -> Path:
    return templates() / "messages"
