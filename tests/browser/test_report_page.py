"""The page of a report in a real browser: it runs nothing, asks for nothing, and fits a phone."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from simcast.report.page import render
from simcast.report.words import LANGUAGES

sys.path.insert(0, str(Path(__file__).parents[1] / "unit" / "report"))

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.slow

CHROMIUM = os.environ.get("SIMCAST_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
NARROW, WIDE = 390, 1400


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if CHROMIUM is None:
        pytest.skip("there is no Chromium here (SIMCAST_CHROMIUM names one)")
    with api.sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield launched
        launched.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the hostile page in both languages, and one that plotly draws."""
    from hostile_runs import hostile_material

    place: Path = tmp_path_factory.mktemp("pages")
    for code, language in LANGUAGES.items():
        (place / f"{code}.html").write_text(render(hostile_material(), language), encoding="utf-8")
        if importlib.util.find_spec("plotly"):
            page = render(hostile_material(), language, interactive=True)
            (place / f"{code}-interactive.html").write_text(page, encoding="utf-8")
    return place


OVERLAPS = """() => {
  const found = [];
  for (const svg of document.querySelectorAll('svg.chart')) {
    if (getComputedStyle(svg).display === 'none') continue;
    const frame = svg.getBoundingClientRect();
    const texts = [...svg.querySelectorAll('text')].map(t => [t.textContent, t.getBoundingClientRect()]);
    for (const [text, box] of texts)
      if (box.left < frame.left - 1 || box.right > frame.right + 1 || box.bottom > frame.bottom + 1)
        found.push(['outside', text]);
    for (let i = 0; i < texts.length; i++) for (let j = i + 1; j < texts.length; j++) {
      const [a, b] = [texts[i][1], texts[j][1]];
      const wide = Math.min(a.right, b.right) - Math.max(a.left, b.left);
      const high = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
      if (wide > 1 && high > 3) found.push(['overlap', texts[i][0], texts[j][0]]);
    }
  }
  return found;
}"""


def look(browser: Browser, page_file: Path, width: int) -> dict[str, Any]:
    """Open a page with all its details and tell what happened."""
    page = browser.new_page(viewport={"width": width, "height": 900})
    requests: list[str] = []
    said: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    page.on("dialog", lambda dialog: (said.append(f"dialog {dialog.message}"), dialog.dismiss()))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(page_file.as_uri())
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    page.wait_for_timeout(200)
    result = {
        "requests": requests,
        "said": said,
        "width": page.evaluate("document.documentElement.scrollWidth"),
        "scripts": page.evaluate("document.scripts.length + document.querySelectorAll('img, iframe').length"),
        "texts": page.evaluate(OVERLAPS),
        "drawn": page.evaluate("document.querySelectorAll('.interactive .main-svg .trace').length"),
        "links": page.evaluate("document.querySelectorAll('.interactive svg a').length"),
        "charts": page.evaluate(
            "[...document.querySelectorAll('svg.chart')].map(s => s.getBoundingClientRect().height).filter(h => h > 0)"
        ),
    }
    page.close()
    return result


@pytest.mark.parametrize("width", [NARROW, WIDE])
@pytest.mark.parametrize("code", sorted(LANGUAGES))
def test_a_hostile_page_runs_nothing_asks_for_nothing_and_fits(
    browser: Browser, folder: Path, code: str, width: int
) -> None:
    seen = look(browser, folder / f"{code}.html", width)
    assert seen["requests"] == [(folder / f"{code}.html").as_uri()]
    assert seen["said"] == []
    assert seen["scripts"] == 0
    assert seen["width"] <= width
    assert seen["texts"] == []
    assert len(seen["charts"]) >= 5


@pytest.mark.parametrize("width", [NARROW, WIDE])
@pytest.mark.parametrize("code", sorted(LANGUAGES))
def test_an_interactive_page_runs_its_own_scripts_only(browser: Browser, folder: Path, code: str, width: int) -> None:
    pytest.importorskip("plotly")
    file = folder / f"{code}-interactive.html"
    seen = look(browser, file, width)
    assert seen["requests"] == [file.as_uri()]
    assert seen["said"] == []
    assert seen["scripts"] == 2
    assert seen["width"] <= width
    assert seen["drawn"] >= 5
    assert seen["links"] == 0


def test_the_check_sees_a_script_a_request_and_an_overflow(browser: Browser, tmp_path: Path) -> None:
    """The negative control: a page that does all that ours must not."""
    bad = tmp_path / "bad.html"
    svg = '<svg class="chart" width="90" height="20"><text y="15">one one one</text><text y="15">two two</text></svg>'
    bad.write_text(
        '<img src="missing.png"><script>console.log("ran")</script><div style="width:900px">x</div>' + svg,
        encoding="utf-8",
    )
    seen = look(browser, bad, NARROW)
    assert len(seen["requests"]) == 2
    assert "ran" in seen["said"]
    assert seen["scripts"] == 2
    assert seen["width"] > NARROW
    assert seen["texts"] != []
