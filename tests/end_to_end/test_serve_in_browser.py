"""The what-if page in a real browser: it moves, stays on this machine, and takes names for text."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from simcast.scenario import dump_yaml

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
SCRIPT = "<script>document.title='pwned'</script><img src=x onerror=\"document.title='pwned'\">"
MARKUP = "**bold** $x^2$ :smile: [a](http://evil.example) <b>b</b>"
LONG = "очень длинное имя " * 12
STAGES = ["lead", SCRIPT, MARKUP, LONG.strip()]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine"),
]


def _scenario(n_open: int) -> dict[str, object]:
    stage = {"conversion": {"beta": [50, 50]}, "days": {"lognormal": {"median": 8, "sigma": 0.8}}}
    return {
        "simcast": 1,
        "name": f"Desk {SCRIPT}",
        "question": f"Will it pay? {MARKUP}",
        "pipeline": {"stages": STAGES},
        "assume": {
            "segments": {"source": {SCRIPT: 0.5, "реклама": 0.5}},
            "stages": dict.fromkeys(STAGES, stage),
            "arrivals": {"per_day": 4},
            "amount": {"lognormal": {"median": 1000, "sigma": 0.5}},
            "open": [{"stage": name, "count": n_open // 4, "age_days": 3} for name in STAGES],
        },
        "forecast": {"as_of": "2026-07-01", "until": "2026-09-30", "target": {"bookings": 40000}},
        "scenarios": {MARKUP: [{"lever": "conversion", "stage": SCRIPT, "add": 0.1}]},
    }


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    pytest.importorskip("streamlit")
    file = tmp_path_factory.mktemp("serve") / "desk.yaml"
    file.write_text(dump_yaml(_scenario(400)), encoding="utf-8")
    with _serving(file) as found:
        yield found


@contextlib.contextmanager
def _serving(file: Path) -> Iterator[str]:
    """Serve a file as a user would, and end it as a user would: by an interrupt, upon which it leaves quietly."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "simcast", "serve", str(file), "--port", str(port), "--no-browser"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert process.stdout is not None
    lines: list[str] = []
    for line in process.stdout:
        lines.append(line)
        if "the page is at" in line:
            break
    try:
        assert lines, f"the server ended with {process.wait()}"
        yield f"127.0.0.1:{port}"
    finally:
        process.send_signal(signal.SIGINT)
        rest, _ = process.communicate(timeout=60)
    assert process.returncode == 0, rest
    assert "Traceback" not in rest


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    sync_api = pytest.importorskip("playwright.sync_api")
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_api.sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield found
        found.close()


def _open(browser: Browser, address: str, width: int) -> tuple[Page, list[str]]:
    """Open the page; all that it asks for is noted."""
    page = browser.new_page(viewport={"width": width, "height": 900})
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("websocket", lambda connection: asked.append(connection.url))
    page.goto(f"http://{address}")
    page.get_by_text("Bookings, median").wait_for(timeout=90_000)
    page.locator(".js-plotly-plot").first.wait_for(timeout=60_000)
    return page, asked


def _number(page: Page, label: str) -> str:
    metric = page.get_by_test_id("stMetric").filter(has_text=label)
    return str(metric.get_by_test_id("stMetricValue").inner_text())


@pytest.mark.parametrize("width", [1400, 390])
def test_the_page_shows_all_it_has_at_any_width(browser: Browser, address: str, width: int, tmp_path: Path) -> None:
    page, asked = _open(browser, address, width)
    for name in ("By period", "By source", "Plans", "Open deals", "Check a csv", "Forecast"):
        page.get_by_role("tab", name=name).click()
        page.wait_for_timeout(500)
        page.screenshot(path=tmp_path / f"{name}.png")
        wide = page.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth")
        room = page.evaluate("document.querySelector('[data-testid=stMain]').clientWidth")
        assert wide <= room, f"{name} is wider than the page"
    assert page.get_by_test_id("stException").count() == 0
    outside = [url for url in asked if not url.startswith((f"http://{address}/", f"ws://{address}/", "data:", "blob:"))]
    assert asked
    assert outside == []


def test_names_are_text(browser: Browser, address: str) -> None:
    page, _ = _open(browser, address, 1400)
    page.get_by_text("New deals", exact=True).click()
    page.get_by_role("tab", name="By source").click()
    page.wait_for_timeout(1000)
    assert "pwned" not in page.title()
    text = page.locator("body").inner_text().replace("\u2060", "")
    assert f"Will it pay? {MARKUP}" in text
    assert f"Desk {SCRIPT}" in text
    for made_of_names in (".katex", "a[href*='evil']", "img[src='x']"):
        assert page.locator(made_of_names).count() == 0
    sidebar = page.get_by_test_id("stSidebar")
    assert sidebar.locator("strong, b, em").count() == 0


def test_a_slider_moves_the_numbers_and_a_kept_plan_is_saved(browser: Browser, address: str, tmp_path: Path) -> None:
    page, _ = _open(browser, address, 1400)
    before = _number(page, "Bookings, median")
    page.get_by_role("slider").nth(0).focus()
    for _ in range(10):
        page.keyboard.press("ArrowRight")
    page.get_by_test_id("stMetricDelta").first.wait_for(timeout=30_000)
    page.wait_for_timeout(2000)
    assert _number(page, "Bookings, median") != before
    difference = _number(page, "Difference, mean")
    assert difference.startswith("+")
    page.get_by_role("tab", name="Plans").click()
    page.get_by_role("button", name="Keep this plan").click()
    with page.expect_download() as saving:
        page.get_by_role("button", name="Save as a scenario file").click()
    saved = tmp_path / saving.value.suggested_filename
    saving.value.save_as(saved)
    command = [sys.executable, "-m", "simcast", "run", str(saved), "--scenario", "my-plan", "--futures", "2000"]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert difference in printed


def test_foreign_hosts_and_origins_get_nothing(address: str) -> None:
    def answer(host: str, origin: str) -> int:
        connection = HTTPConnection(address, timeout=30)
        upgrade = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13"}
        key = {"Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="}
        start = time.monotonic()
        connection.request("GET", "/_stcore/stream", headers={"Host": host, "Origin": origin, **upgrade, **key})
        status = connection.getresponse().status
        assert time.monotonic() - start < 10
        connection.close()
        return status

    assert answer(address, f"http://{address}") == 101
    assert answer(address, "http://evil.example") == 403
    rebound = f"evil.example:{address.partition(':')[2]}"
    assert answer(rebound, f"http://{rebound}") == 403
