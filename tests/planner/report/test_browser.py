"""The page in a browser: nothing is requested, nothing complains, it fits a phone, links open what they lead to."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def file(html: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("page") / "report.html"
    path.write_text(html, "utf-8")
    return path.as_uri()


@pytest.fixture(scope="module")
def any_file(document: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("page") / "page.html"
    path.write_text(document, "utf-8")
    return path.as_uri()


@pytest.fixture
def phone(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport={"width": 390, "height": 800})
    yield context
    context.close()


def watched(context: BrowserContext) -> tuple[Page, list[str]]:
    page, complaints = context.new_page(), []
    page.on("console", lambda message: complaints.append(f"console: {message.text}"))
    page.on("pageerror", lambda error: complaints.append(f"error: {error}"))
    page.on("request", lambda request: complaints.append(f"request: {request.url}"))
    return page, complaints


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_opens_quietly_and_fits(browser: Browser, any_file: str, width: int, scheme: str) -> None:
    context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)  # type: ignore[arg-type]
    page, complaints = watched(context)
    page.goto(any_file)
    page.evaluate("document.querySelectorAll('details').forEach(box => { box.open = true })")
    assert [text for text in complaints if any_file not in text and "data:" not in text] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    background = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    light = sum(int(part) for part in background[4:-1].split(",")) > 3 * 128
    assert light == (scheme == "light")
    context.close()


@pytest.mark.parametrize("javascript", [True, False], ids=["script", "no-script"])
def test_a_figure_opens_to_its_formula(browser: Browser, file: str, javascript: bool) -> None:
    context = browser.new_context(java_script_enabled=javascript)
    page, _ = watched(context)
    page.goto(file)
    entry = page.locator("[id='figure-funding_need_usd']")
    assert not entry.is_visible()
    page.locator("#verdict a[href='#figure-funding_need_usd']").first.click()
    entry.wait_for(state="visible")
    assert "funding_buffer_usd - lowest_cash_before_funding_usd" in entry.inner_text()
    context.close()


def test_inputs_are_filtered_by_their_evidence_without_script(browser: Browser, file: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page, _ = watched(context)
    page.goto(file)
    shown = page.locator("#inputs .inputs li:visible")
    everything = shown.count()
    page.locator("#show-measured").check()
    assert 0 < shown.count() < everything
    assert shown.count() == page.locator("#inputs li.measured").count()
    context.close()


def test_a_link_to_a_hidden_input_shows_it(phone: BrowserContext, file: str) -> None:
    page, _ = watched(phone)
    page.goto(file)
    page.locator("#show-measured").check()
    page.evaluate("location.hash = '#input-funding_buffer_usd'")
    page.locator("#input-funding_buffer_usd").wait_for(state="visible")


def test_print_has_the_charts_and_the_appendix_only_by_choice(browser: Browser, file: str) -> None:
    page = browser.new_page()
    page.goto(file)
    page.emulate_media(media="print")
    assert page.locator("svg.chart:visible").count() == 2
    assert not page.locator("#figures").is_visible()
    page.emulate_media(media="screen")
    page.locator("#print-figures").check()
    page.emulate_media(media="print")
    assert page.locator("#figures").is_visible()
    page.close()


def test_a_comparison_prints_its_charts(browser: Browser, comparison_html: str, tmp_path: Path) -> None:
    path = tmp_path / "comparison.html"
    path.write_text(comparison_html, "utf-8")
    page = browser.new_page()
    page.goto(path.as_uri())
    page.emulate_media(media="print")
    assert page.locator("svg.chart:visible").count() == 1
    assert page.locator("table.waterfall:visible").count() == 2
    page.close()


def test_text_has_enough_contrast(browser: Browser, any_file: str, root: Path) -> None:
    script = (root / "tests" / "planner" / "report" / "contrast.js").read_text("utf-8")
    for scheme in ("light", "dark"):
        context = browser.new_context(color_scheme=scheme)  # type: ignore[arg-type]
        page = context.new_page()
        page.goto(any_file)
        assert page.evaluate(script) == [], scheme
        context.close()
