"""The page of a report: whole, safe, the same each time, and in both languages."""

from __future__ import annotations

import base64
import hashlib
import html
import re
import sys
from collections.abc import Callable
from html.parser import HTMLParser

import numpy as np
import pytest

from simcast.analysis import run
from simcast.errors import SimcastError
from simcast.report.page import Material, collect, render
from simcast.report.page.answering import interval_legend, parts
from simcast.report.page.charts import Histogram, Interval, Intervals, fan, histogram, nice_step, ticks
from simcast.report.page.rendering import sections
from simcast.report.tables import deals_table, leaks_table, stage_flows
from simcast.report.words import LANGUAGES
from simcast.scenario import build_scenario

VOID = {"meta", "br", "img", "line", "rect", "circle", "path", "hr", "link"}


class Outline(HTMLParser):
    """Collects tags, their attributes and the text, and holds that every tag is closed in its turn."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID or (tag in ("rect", "circle")):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def outline(page: str) -> Outline:
    parsed = Outline()
    parsed.feed(page)
    parsed.close()
    assert parsed.open == []
    return parsed


@pytest.fixture(scope="module", params=["en", "ru"])
def page(request: pytest.FixtureRequest, hostile: Material) -> str:
    return render(hostile, LANGUAGES[request.param])


def test_the_page_is_whole_and_has_all_its_sections(page: str) -> None:
    parsed = outline(page)
    keys = [attributes["id"] for tag, attributes in parsed.tags if tag == "section"]
    assert keys[:4] == ["build-up", "distribution", "scenarios", "funnel"]
    assert {"leaks", "parts", "spread", "deals", "quality", "assumptions", "provenance"} <= set(keys)
    links = {attributes["href"] for tag, attributes in parsed.tags if tag == "a"}
    assert links == {f"#{key}" for key in keys} | {"#answer"}


def test_every_figure_has_its_table_and_both_widths(page: str) -> None:
    figures = re.findall(r"<figure>.*?</figure>", page, flags=re.S)
    assert len(figures) >= 5
    for figure in figures:
        assert re.search(r"<details>.*<table.*</details>", figure, flags=re.S)
        assert 'class="chart wide"' in figure
        assert 'class="chart narrow"' in figure


def test_hostile_names_are_text_and_nothing_else(page: str) -> None:
    parsed = outline(page)
    tags = {tag for tag, _ in parsed.tags}
    assert not tags & {"script", "img", "iframe", "link", "object", "embed", "form", "base", "b", "i", "u"}
    assert not any(name.startswith("on") for _, attributes in parsed.tags for name in attributes)
    assert not any(name in attributes for _, attributes in parsed.tags for name in ("src", "style"))
    text = " ".join(parsed.text)
    for number in (1, 2, 4):
        assert f"<script>alert({number})</script>" in text
    assert "{{ 7 * 7 }}" in text
    assert "</table>" in text


def test_the_page_forbids_all_that_it_does_not_hold(page: str) -> None:
    parsed = outline(page)
    policies = [
        attributes["content"]
        for tag, attributes in parsed.tags
        if tag == "meta" and attributes.get("http-equiv") == "Content-Security-Policy"
    ]
    assert len(policies) == 1
    assert str(policies[0]).startswith("default-src 'none'; style-src 'sha256-")
    assert "script-src" not in str(policies[0])
    assert not re.search(r"@import|url\(", page)


def test_the_same_run_gives_the_same_bytes(hostile: Material) -> None:
    assert render(hostile, LANGUAGES["en"]) == render(hostile, LANGUAGES["en"])


def test_the_answer_tells_the_quantiles_and_the_chances(hostile: Material) -> None:
    page = render(hostile, LANGUAGES["en"])
    answer = re.search(r'<p class="answer">(.*?)</p>', page, flags=re.S)
    assert answer
    median = LANGUAGES["en"].money(float(np.median(hostile.baseline.values("bookings"))))
    assert f"Of 200 simulated futures, half book {median} or more by 30\u00a0September 2026" in answer[1]
    assert f"60\u00a0k is {LANGUAGES['en'].chance(hostile.baseline.probability('bookings', 60_000))}" in answer[1]
    assert f"50 wins is {LANGUAGES['en'].chance(hostile.baseline.probability('wins', 50))}" in answer[1]


def test_a_page_in_russian_says_nothing_in_english(hostile: Material) -> None:
    page = render(hostile, LANGUAGES["ru"])
    assert '<html lang="ru">' in page
    english = LANGUAGES["en"].messages
    russian = LANGUAGES["ru"].messages
    same = [key for key in english if english[key] == russian[key]]
    assert all(len(str(english[key])) < 12 for key in same), same
    words = " ".join(outline(page).text)
    for message in english.values():
        for form in (message,) if isinstance(message, str) else message:
            if "{" not in form and len(form) > 12:
                assert form not in words
    assert "30\u00a0сентября 2026" in words
    assert "assume.arrivals: не задано, новых сделок не будет" in words


def test_a_sentence_that_is_not_translated_is_marked(hostile: Material) -> None:
    page = render(hostile, LANGUAGES["ru"])
    assert re.search(r'<li lang="en" class="english">beware of', page)
    assert str(LANGUAGES["ru"].messages["lead.english"]) in page


def test_the_fan_ends_at_the_total_of_the_run(hostile: Material) -> None:
    chart = fan(hostile.fine, "bookings")
    assert len(chart.days) == 93
    total = hostile.baseline.values("bookings")
    assert chart.quantiles[:, -1] == pytest.approx(np.quantile(total, (0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95)))
    assert np.all(np.diff(chart.quantiles, axis=1) >= 0)


def test_the_bars_beyond_the_target_hold_its_probability(hostile: Material) -> None:
    chart: Histogram = histogram(hostile.baseline, "bookings")
    assert chart.shares.sum() == pytest.approx(1.0)
    reached = chart.shares[chart.edges[:-1] >= 60_000 * (1 - 1e-9)].sum()
    assert reached == pytest.approx(hostile.baseline.probability("bookings", 60_000))


def test_every_deal_in_a_stage_is_somewhere_at_the_end(hostile: Material) -> None:
    for flow in stage_flows(hostile.run):
        assert flow.forward + flow.other + flow.at_end == pytest.approx(flow.at_start + flow.entered)


def test_each_deal_has_its_own_chance(hostile: Material) -> None:
    """Forecasts and books do not hold the deals in the same order."""
    results = hostile.baseline.results
    won = dict(zip(results["deal"].to_numpy().tolist(), results["deal_wins"].to_numpy() / 200, strict=True))
    table = deals_table(hostile.deals, hostile.run.book.segments.columns, LANGUAGES["en"])
    titles = [column.title for column in table.columns]
    chance = titles.index("Chance of being won")
    assert {str(row[0]): row[chance] for row in table.rows} == pytest.approx(won)
    assert len(table.rows) == 30


def test_the_dot_of_a_part_is_the_number_beside_it(hostile: Material) -> None:
    language = LANGUAGES["en"]
    section = parts(hostile, language)
    assert section is not None
    for figure in section.figures:
        assert isinstance(figure.chart, Intervals)
        assert figure.legend[0].text == language.say("legend.median")
        for row in figure.chart.rows:
            assert row.label == language.money(row.dot)


def test_a_legend_tells_only_the_colours_that_are_there() -> None:
    def told(*dots: float, signed: bool = True) -> list[str]:
        rows = tuple(Interval("a", "", dot, (0.0, 0.0, 0.0, 0.0)) for dot in dots)
        return [key.style for key in interval_legend(Intervals(rows, signed=signed), LANGUAGES["en"])]

    assert told(1.0, 2.0) == ["gain", "dot", "thick", "thin"]
    assert told(1.0, -2.0) == ["gain", "loss", "dot", "thick", "thin"]
    assert told(-2.0) == ["loss", "dot", "thick", "thin"]
    assert told(-2.0, signed=False) == ["dot", "thick", "thin"]


def test_the_worth_of_a_point_is_told_by_rank(hostile: Material) -> None:
    rows = leaks_table(hostile.leaks, LANGUAGES["en"]).rows
    assert [row[0] for row in rows] == [leak.stage for leak in hostile.leaks.leaks]
    gains = [float(str(row[2])) for row in rows]
    assert gains == sorted(gains, reverse=True)


def test_a_world_with_one_future_and_no_open_deals_has_a_page(one_future: Material) -> None:
    text = " ".join(outline(render(one_future, LANGUAGES["en"])).text)
    assert "No deal is open" in text
    assert "nan" not in re.findall(r"[a-z]+", text)


def test_where_wins_are_wanted_the_answer_is_in_wins() -> None:
    scenario = build_scenario(
        {
            "simcast": 1,
            "pipeline": {"stages": ["lead"]},
            "assume": {
                "stages": {"lead": {"conversion": 0.5, "days": 3}},
                "arrivals": {"per_day": 1},
                "amount": 1000,
            },
            "forecast": {"as_of": "2026-07-01", "until": "2026-08-31", "target": {"wins": 25}},
            "simulation": {"futures": 100, "seed": 2},
        }
    )
    page = render(collect(run(scenario, threads=1), threads=1), LANGUAGES["ru"])
    answer = re.search(r'<p class="answer">(.*?)</p>', page, flags=re.S)
    assert answer
    assert re.search(r"не менее \d+ продаж", answer[1])
    assert "цель 25" in page


def test_steps_are_round_and_cover_their_range() -> None:
    assert nice_step(0, 0, 5) > 0
    assert ticks(0.0, 12.0, 5, whole=True) == [0, 3, 6, 9, 12]
    assert ticks(0.0, 2.7e6, 6) == pytest.approx([0, 5e5, 1e6, 1.5e6, 2e6, 2.5e6])


def test_sections_without_content_are_left_out(one_future: Material, hostile: Material) -> None:
    keys: Callable[[Material], set[str]] = lambda material: {  # noqa: E731 - short and local
        section.key for section in sections(material, LANGUAGES["en"])
    }
    assert keys(hostile) - keys(one_future) >= {"scenarios", "parts", "spread"}


def test_an_interactive_page_allows_its_own_scripts_only(hostile: Material) -> None:
    pytest.importorskip("plotly")
    page = render(hostile, LANGUAGES["ru"], interactive=True)
    scripts = re.findall(r"<script>(.*?)</script>", page, flags=re.S)
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page)
    assert policy
    allowed = re.search(r"script-src ([^;]*);", html.unescape(policy[1]))
    assert allowed
    hashes = [base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts]
    assert allowed[1].split() == [f"'sha256-{digest}'" for digest in hashes]
    assert len(scripts) == 2
    assert "<" not in scripts[1]


def test_without_plotly_the_error_says_what_to_install(hostile: Material, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "plotly.offline", None)
    with pytest.raises(SimcastError, match=r"pip install 'simcast\[interactive\]'"):
        render(hostile, LANGUAGES["en"], interactive=True)
