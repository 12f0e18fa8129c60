import numpy as np
import pytest

from simcast.app.bench import Bench

pytest.importorskip("plotly")

from simcast.app import figures

BETTER = [{"lever": "conversion", "stage": "lead", "add": 0.1}]
AS_OF = np.datetime64("2026-07-01")


def test_the_fan_shows_both_medians_from_the_as_of_date_on(bench: Bench) -> None:
    baseline, plan = bench.play(()), bench.play(BETTER)
    lines = {trace.name: trace for trace in figures.fan(baseline, plan, AS_OF, 20000.0).data if trace.name}
    assert list(lines) == ["baseline: median", "what-if: median"]
    for name, outcome in (("baseline: median", baseline), ("what-if: median", plan)):
        assert lines[name].y[0] == 0
        assert lines[name].y[-1] == pytest.approx(outcome.bookings.quantile(0.5))
        assert np.datetime64(lines[name].x[0], "D") == AS_OF
    assert len(figures.fan(baseline, None, AS_OF, None).data) == 3


def test_the_shares_of_the_differences_add_up_to_all_futures(bench: Bench) -> None:
    (bars,) = figures.differences(bench.play(BETTER)).data
    assert sum(bars.y) == pytest.approx(1.0)
    (still,) = figures.differences(bench.play(())).data
    assert sum(still.y) == pytest.approx(1.0)


def test_names_that_are_cut_alike_keep_a_bar_each() -> None:
    names = ["x" * 50 + "1", "x" * 50 + "2", "<b>$y$</b>"]
    figure = figures.bars(names, [(1.0, 2.0, 3.0)] * 3, [(2.0, 3.0, 4.0)] * 3)
    assert [len(set(trace.x)) for trace in figure.data] == [3, 3]
    assert "<" not in "".join(figure.layout.xaxis.ticktext)
    assert tuple(figure.data[0].error_y.array) == (1.0, 1.0, 1.0)
