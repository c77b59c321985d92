"""The report's texts in a language: gettext catalogues, read when a page is written; the source is English."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

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
        return str(self.translations.gettext(message))

    def ngettext(self, one: str, many: str, number: int) -> str:
        """Return a text in the language of the page, in the form that the number asks for."""
        return str(self.translations.ngettext(one, many, number))


def languages() -> list[str]:
    """Return the languages for which a report can be written."""
    return sorted({SOURCE_LANGUAGE, *(path.stem for path in _folder().glob("*.po"))})


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
    path = _folder() / f"{language}.po"
    return Messages(language, _read(path)) if path.is_file() else Messages(language)


def _read(path: Path) -> Translations:
    compiled = io.BytesIO()
    with path.open("rb") as file:
        write_mo(compiled, read_po(file, locale=path.stem))
    compiled.seek(0)
    return Translations(compiled)


def _folder() -> Path:
    return templates() / "messages"
