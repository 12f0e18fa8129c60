"""A scenario in plain sentences: which ways deals may go."""

from __future__ import annotations

from typing import Any

from simcast.report.explaining import scenario_sentences
from simcast.report.words import LANGUAGES
from simcast.scenario import build_scenario


def sentences(pipeline: dict[str, Any]) -> list[str]:
    """Return what is said of a pipeline, before the sentence on where parameters come from."""
    scenario = build_scenario(
        {
            "simcast": 1,
            "pipeline": pipeline,
            "history": {"path": "log.csv"},
            "forecast": {"as_of": "2026-07-01", "until": "2026-09-30"},
        }
    )
    said = scenario_sentences(scenario, LANGUAGES["en"])
    return said[: next(at for at, text in enumerate(said) if text.startswith("Parameters are learned"))]


def move(start: str, end: str) -> dict[str, str]:
    return {"from": start, "to": end}


def test_a_plain_path_has_one_sentence() -> None:
    assert sentences({"stages": ["lead", "offer"]}) == ["Deals go lead -> offer -> won; at each stage some are lost."]


def test_skips_returns_stages_beside_and_further_ends_are_named() -> None:
    said = sentences(
        {
            "stages": ["screen", "phone", "onsite", "offer"],
            "outcomes": {"withdrew": "lost", "contractor": "won"},
            "moves": [
                move("screen", "onsite"),
                move("phone", "won"),
                move("onsite", "phone"),
                move("onsite", "keepwarm"),
                move("keepwarm", "onsite"),
                move("offer", "contractor"),
            ],
        }
    )
    assert said[1:] == [
        "Some skip stages: screen -> onsite, phone -> won.",
        "Some go back: onsite -> phone.",
        "Beside this path there is keepwarm, reached from onsite; from it deals go to onsite.",
        "Deals may also end as withdrew (from any stage), which counts as lost.",
        "Deals may also end as contractor (from offer), which counts as won.",
    ]


def test_what_follows_a_win_is_named() -> None:
    said = sentences(
        {
            "stages": ["demo", "offer"],
            "outcomes": {"upsold": "won"},
            "moves": [
                move("won", "renewal"),
                move("renewal", "won"),
                move("renewal", "upsold"),
                move("upsold", "renewal"),
            ],
        }
    )
    assert said[1:] == [
        "Beside this path there is renewal, reached from won and upsold; from it deals go to won or upsold.",
        "Deals may also end as upsold (from renewal), which counts as won.",
        "A win need not be the end, and each further one counts again: won -> renewal, upsold -> renewal.",
    ]


def test_a_stage_beside_the_path_may_lead_to_losses_only() -> None:
    said = sentences({"stages": ["lead"], "moves": [move("lead", "spam"), move("spam", "lost")]})
    assert said[1:] == ["Beside this path there is spam, reached from lead; from it deals go to lost."]
