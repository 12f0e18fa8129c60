"""A small desk without history, with names that try to be more than text."""

import sys
from pathlib import Path

import pytest

from simcast.app.bench import Bench, Question, open_bench
from simcast.scenario import dump_yaml

MARKUP = "<script>document.title='pwned'</script>"
FORMULA = "$x^2$ **bold** :smile: [a](http://evil.example)"
RUSSIAN = "Переговоры"

DESK = {
    "simcast": 1,
    "name": f"A desk {MARKUP}",
    "question": f"Will it pay? {FORMULA}",
    "pipeline": {"stages": ["lead", MARKUP, FORMULA, RUSSIAN]},
    "assume": {
        "segments": {"source": {"ads": 0.6, "referral": 0.4}},
        "stages": {
            "lead": {"conversion": 0.7, "days": {"exponential": {"mean": 3}}},
            MARKUP: {"conversion": 0.5, "days": {"exponential": {"mean": 5}}},
            FORMULA: {"conversion": {"beta": [40, 60]}, "days": {"lognormal": {"median": 8, "sigma": 0.6}}},
            RUSSIAN: {"conversion": 0.6, "days": {"exponential": {"mean": 6}}},
        },
        "arrivals": {"per_day": 3, "size": 5},
        "amount": {"lognormal": {"median": 1000, "sigma": 0.5}},
        "open": [
            {"stage": "lead", "count": 12, "age_days": 2},
            {"stage": RUSSIAN, "count": 8, "age_days": 4},
        ],
    },
    "forecast": {
        "as_of": "2026-07-01",
        "until": "2026-08-31",
        "period": "month",
        "by": ["source"],
        "target": {"bookings": 20000},
    },
    "simulation": {"futures": 3000, "seed": 7},
    "scenarios": {
        "train": [{"lever": "conversion", "stage": "lead", "add": {"normal": [0.1, 0.02]}, "cost": 500}],
        "lose one": [{"lever": "deal", "deal": "open-1", "outcome": "lost"}],
        "more ads": [{"lever": "arrivals", "where": {"source": "ads"}, "multiply": 1.5, "from": "2026-07-15"}],
    },
}
FUTURES = 200


@pytest.fixture(scope="session")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("app") / "desk.yaml"
    file.write_text(dump_yaml(DESK), encoding="utf-8")
    return file


@pytest.fixture(scope="session")
def bench(desk: Path) -> Bench:
    return open_bench(Question(str(desk), (), FUTURES))


@pytest.fixture(autouse=True)
def own_main_module(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put `__main__` back: Streamlit's AppTest leaves its script there, and processes started later would run it."""
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])
