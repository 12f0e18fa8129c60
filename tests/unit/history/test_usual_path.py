"""Stages that most deals go through make the path; those that they come back from, or enter later, stand beside it."""

from __future__ import annotations

import pandas as pd

from simcast.history.usual_path import UsualPath, usual_path


def path_of(*ways: tuple[int, str]) -> UsualPath:
    """Find the path of so many deals that each go a way, such as ``"lead meeting won"``."""
    rows = [
        (f"{way}-{number}", name)
        for way, (count, steps) in enumerate(ways)
        for number in range(count)
        for name in steps.split()
    ]
    return usual_path(pd.DataFrame(rows, columns=["deal", "stage"]))


def test_a_stage_from_which_deals_come_back_stands_beside_the_path() -> None:
    found = path_of(
        (60, "заявка встреча won"), (50, "заявка lost"), (30, "заявка встреча пауза встреча won"),
        (40, "заявка встреча пауза lost"), (5, "заявка пауза"), (20, "заявка встреча"),
    )  # fmt: skip
    assert found.stages == ("заявка", "встреча")
    assert found.beside == ("пауза",)
    assert found.never_left == ()
    assert found.moves == {("встреча", "пауза"): 70, ("пауза", "встреча"): 30, ("заявка", "пауза"): 5}


def test_a_stage_that_most_winners_went_through_is_on_the_path_though_most_of_its_deals_go_back() -> None:
    found = path_of((40, "work review work review work review won"), (10, "work lost"))
    assert found.stages == ("work", "review")
    assert found.moves == {("review", "work"): 80}


def test_what_follows_a_win_stands_beside_the_path_and_a_few_mistakes_do_not() -> None:
    renewing = path_of((60, "trial offer won renewal won"), (30, "trial offer lost"), (20, "trial offer won"))
    assert renewing.stages == ("trial", "offer")
    assert renewing.moves == {("renewal", "won"): 60, ("won", "renewal"): 60}
    mistaken = path_of((100, "trial offer won"), (2, "trial offer won offer won"))
    assert mistaken.stages == ("trial", "offer")
    assert not mistaken.moves


def test_a_stage_that_no_deal_leaves_while_others_win_is_told_apart() -> None:
    found = path_of((50, "lead talk won"), (30, "lead talk pilot"), (50, "lead lost"))
    assert (found.stages, found.never_left) == (("lead", "talk"), ("pilot",))
    assert found.moves == {("talk", "pilot"): 30}
    without_wins = path_of((50, "lead talk signed"), (50, "lead lost"))
    assert without_wins.stages == ("lead", "talk", "signed")


def test_a_stage_with_few_entries_stays_on_the_path_and_a_skipped_one_too() -> None:
    found = path_of((90, "lead proposal won"), (10, "lead meeting proposal won"), (3, "lead proposal pause lead"))
    assert found.stages[:2] == ("lead", "meeting")
    assert "proposal" in found.stages
    assert found.moves[("lead", "proposal")] == 93
