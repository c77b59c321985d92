"""Reads a page as the tests of the report ask."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from html.parser import HTMLParser

from planner.result import Result

VOID = {"meta", "link", "input", "br", "rect", "path"}

Planner = Callable[..., Result]


class Reader(HTMLParser):
    """Collects what a test asks of a page: ids, links, addresses that would load, headings, balance of tags."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: Counter[str] = Counter()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.headings: list[int] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.ids.update([given["id"]] if given.get("id") else [])
        if tag == "a":
            self.links.append(given.get("href") or "")
        self.loads += [
            str(given[name]) for name in ("src", "srcset", "data", "poster", "xlink:href") if name in given
        ]
        if tag in ("link", "use", "image") and given.get("href"):
            self.loads.append(str(given["href"]))
        assert not any(name.startswith("on") or name == "style" for name in given), given
        if re.fullmatch(r"h[1-6]", tag):
            self.headings.append(int(tag[1]))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag
