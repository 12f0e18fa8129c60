"""The page without a browser: Streamlit's own testing runs the script and holds its elements."""

from pathlib import Path
from typing import Any

import pytest

from simcast.app.bench import Question, shared_bench
from simcast.scenario import BASELINE

# Streamlit's elements have no types to speak of here.
# ruff: noqa: ANN401
from .conftest import DESK, FORMULA, FUTURES, MARKUP, RUSSIAN

testing = pytest.importorskip("streamlit.testing.v1")


def _script(file: str, futures: int, start: str) -> None:
    from simcast.app.bench import Question
    from simcast.app.page import show

    show(Question(file, (), futures, start=start))


def _page(desk: Path, start: str = BASELINE) -> Any:
    return testing.AppTest.from_function(_script, args=(str(desk), FUTURES, start), default_timeout=600).run()


def _metrics(page: Any) -> dict[str, str]:
    return {metric.label: metric.value for metric in page.metric}


def _slider(page: Any, key: str) -> Any:
    return next(slider for slider in page.slider if slider.key == key)


def test_the_page_opens_with_the_baseline(desk: Path) -> None:
    page = _page(desk)
    assert not page.exception
    assert not page.error
    assert _metrics(page)["Difference, mean"] == "0"
    assert list(page.selectbox[0].options) == ["baseline", "train", "lose one", "more ads"]


def test_the_page_opens_with_the_scenario_that_is_named(desk: Path) -> None:
    page = _page(desk, "train")
    assert not page.exception
    assert page.selectbox[0].value == "train"
    assert _metrics(page)["Difference, mean"] != "0"


def test_a_slider_moves_the_numbers_and_moves_them_back(desk: Path) -> None:
    page = _page(desk)
    before = _metrics(page)
    _slider(page, "baseline|0|conversion:lead").set_value(20.0).run()
    moved = _metrics(page)
    assert moved["Difference, mean"].startswith("+")
    assert moved["Bookings, median"] != before["Bookings, median"]
    levers = [{"lever": "conversion", "stage": "lead", "add": 0.2}]
    outcome = shared_bench(Question(str(desk), (), FUTURES)).play(levers)
    assert moved["P(better)"] == f"{outcome.difference.probability_better:.0%}"
    _slider(page, "baseline|0|conversion:lead").set_value(0.0).run()
    assert _metrics(page) == before


def test_the_button_puts_all_sliders_back(desk: Path) -> None:
    page = _page(desk)
    before = _metrics(page)
    _slider(page, "baseline|0|conversion:lead").set_value(20.0).run()
    _button(page, "Back to the start").click().run()
    assert _slider(page, "baseline|1|conversion:lead").value == 0.0
    assert _metrics(page) == before


def test_a_scenario_of_the_file_can_be_started_from(desk: Path) -> None:
    page = _page(desk)
    assert [shown.value for shown in page.caption if "darker" in shown.value] == []  # no what-if is drawn yet
    page.selectbox[0].set_value("train").run()
    assert not page.exception
    assert len([shown.value for shown in page.caption if "darker" in shown.value]) == 1
    assert _slider(page, "train|0|file:0:conversion").value == 10.0
    assert not [slider for slider in page.slider if slider.key == "train|0|conversion:lead"]
    assert _metrics(page)["Difference, mean"].startswith("+")


def test_plans_are_kept_compared_and_dropped(desk: Path) -> None:
    page = _page(desk)
    _slider(page, f"baseline|0|conversion:{RUSSIAN}").set_value(10.0).run()
    assert f"stage: {RUSSIAN}" in page.code[0].value
    page.text_input[0].set_value("train")
    _button(page, "Keep this plan").click().run()
    assert "choose another" in page.error[0].value
    page.text_input[0].set_value("мой план")
    _button(page, "Keep this plan").click().run()
    assert not page.error
    table = next(frame.value for frame in page.dataframe if "plan" in frame.value)
    assert list(table["plan"]) == ["baseline", "мой план"]
    assert page.get("download_button")
    page.selectbox(key="drop").set_value("мой план").run()
    _button(page, "Drop it").click().run()
    assert not page.get("download_button")


def test_the_scenarios_of_the_file_can_be_compared_too(desk: Path) -> None:
    page = _page(desk)
    next(toggle for toggle in page.toggle if "scenarios in the file" in toggle.label).set_value(True).run()
    table = next(frame.value for frame in page.dataframe if "plan" in frame.value)
    assert list(table["plan"]) == ["baseline", "train", "lose one", "more ads"]


def test_open_deals_are_filtered(desk: Path) -> None:
    page = _page(desk)
    page.multiselect(key="filter stage").set_value([RUSSIAN]).run()
    deals = next(frame.value for frame in page.dataframe if "deal" in frame.value)
    assert set(deals["stage"]) == {RUSSIAN}
    assert len(deals) == 8
    baseline = shared_bench(Question(str(desk), (), FUTURES)).play([])
    chances = dict(zip(baseline.deals.tolist(), baseline.deal_chance.tolist(), strict=True))
    assert deals["P(won)"].tolist() == pytest.approx([100 * chances[deal] for deal in deals["deal"]])


def test_a_csv_is_checked(desk: Path) -> None:
    page = _page(desk)
    uploader = page.get("file_uploader")[0]
    bad = "deal,stage,entered,amount,source\nA,nowhere <b>,2026-01-05,1,ads\n"
    uploader.set_value([("mine.csv", bad.encode(), "text/csv")]).run()
    assert not page.exception
    assert any("nowhere <b>" in block.value for block in page.code)


def test_names_never_reach_the_page_as_markup(desk: Path) -> None:
    page = _page(desk)
    labels = [slider.label for slider in page.slider]
    texts = [*labels, *(element.value for element in (*page.markdown, *page.caption, *page.title))]
    assert any("script" in text for text in texts)
    for text in texts:
        assert "<script" not in text.replace("\\<script", "")
        assert "$x" not in text.replace("\\$x", "")
        assert ":smile:" not in text
    assert not any(getattr(element.proto, "allow_html", False) for element in (*page.markdown, *page.caption))
    assert MARKUP not in "".join(texts)
    assert FORMULA not in "".join(texts)


def test_a_file_that_cannot_be_played_is_told_in_lines(tmp_path: Path) -> None:
    page = _page(tmp_path / "none.yaml")
    assert not page.exception
    assert "no such file" in page.code[0].value


def test_while_all_futures_take_long_the_first_are_shown_and_then_all(
    desk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = shared_bench(Question(str(desk), (), FUTURES))
    monkeypatch.setattr(type(bench), "preview", 50)
    page = _page(desk)
    _slider(page, "baseline|0|speed:lead").set_value(2.0).run()
    assert not page.exception
    levers = [{"lever": "duration", "stage": "lead", "multiply": 0.5}]
    assert bench.played(levers, 50) is not None
    assert bench.played(levers, FUTURES) is not None
    assert any(f"{FUTURES} futures, the same luck" in caption.value for caption in page.caption)


def _button(page: Any, label: str) -> Any:
    return next(button for button in page.button if button.label == label)


@pytest.mark.slow  # where teams are played, their kernel may have to be compiled first
def test_teams_have_sliders_for_headcount_where_this_version_plays_them(tmp_path: Path) -> None:
    from simcast.scenario import dump_yaml

    team = {"serves": ["lead"], "headcount": 2, "effort_hours": {"lead": 5.0}}
    data = {**DESK, "teams": {"operators": team}, "scenarios": {}}
    file = tmp_path / "teams.yaml"
    file.write_text(dump_yaml(data), encoding="utf-8")
    page = _page(file)
    people = [slider for slider in page.slider if "more or fewer people" in slider.label]
    assert [slider.label[-10:] for slider in people] == ["2026-07-01", "2026-08-01"]
    people[1].set_value(3).run()
    assert not page.exception
    assert "lever: hire" in page.code[0].value
