"""What people write for numbers is told from what no number was meant by."""

from __future__ import annotations

import pytest

from simcast.scenario.meant import hint
from tests.unit.scenario.small_files import minimal, problems_of


@pytest.mark.parametrize(
    ("written", "instead"),
    [
        ("40%", "0.4"),
        ("40 %", "0.4"),
        ("12,5 %", "0.125"),
        ("-5%", "-0.05"),
        ("100 %", "1"),
        ("1 200", "1200"),
        ("1\u00a0200,50", "1200.5"),
        ("1'000", "1000"),
        ("1_000", "1000"),
        ("1.200,50", "1200.5"),
        ("1,200.50", "1200.5"),
        ("1.200.000", "1200000"),
        ("1,5", "1.5"),
        ("0,125", "0.125"),
        ("1,200", "1200 or 1.2"),  # a thousand in English, one and a bit in German
        ("2k", "2000"),
        ("2.5 M", "2500000"),
        ("3,5 млн", "3500000"),
        ("2 тыс.", "2000"),
        ("$100", "100"),
        ("1 000 ₽", "1000"),
    ],
)
def test_it_is_said_what_to_write_instead(written: str, instead: str) -> None:
    assert hint(written) == f"; write {instead}"


@pytest.mark.parametrize("written", ["2", "-2.5", ".5", "1e6", " 3 "])
def test_a_number_in_quotes_needs_none(written: str) -> None:
    assert hint(written) == "; remove the quotes"


@pytest.mark.parametrize(
    "written", ["a lot", "", "%", "1 2 3", "1,23,456", "30 days", "..", "1-2", "٤٠%", "2 kg", "1e5%"]
)
def test_nothing_is_guessed(written: str) -> None:
    assert hint(written) == ""


@pytest.mark.parametrize(
    ("written", "instead"), [("1,200", "; write 1200"), ("2k", "; write 2000"), ("1,5", ""), ("40%", ""), ("2.5", "")]
)
def test_no_fraction_is_proposed_for_a_whole_number(written: str, instead: str) -> None:
    assert hint(written, whole=True) == instead


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("simulation.futures=2k", "must be a whole number, got '2k'; write 2000"),
        ("forecast.target.bookings=2,5 млн", "must be a number, got '2,5 млн'; write 2500000"),
        ("scenarios.fix=[{lever: conversion, stage: lead, add: 10%}]", "got '10%'; write 0.1"),
        ("scenarios.fix=[{lever: amount, multiply: {normal: [110%, 0.1]}}]", "got '110%'; write 1.1"),
        ("scenarios.fix=[{lever: conversion, stage: lead, add: 0,05}]", "'0,05' ends at its comma; write a decimal"),
    ],
)
def test_settings_are_answered_likewise(setting: str, said: str) -> None:
    assert said in problems_of(minimal(), setting)


def test_a_key_without_a_value_after_a_word_or_a_fraction_is_no_decimal_comma() -> None:
    assert "comma" not in problems_of(minimal(), "assume={segments: {cohort: {2024: 0.5, 2025}}}")
    assert "comma" not in problems_of(minimal(), "forecast={as_of: 2026-07-01, 5}")
