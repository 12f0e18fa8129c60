"""The command line as a user runs it, in a process of its own or in this one."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from simcast.cli import main

ASSUMED = """
simcast: 1
name: a test
pipeline: {stages: [lead, meeting, contract]}
assume:
  segments: {source: {ads: 0.4, referral: 0.6}}
  stages:
    lead:
      conversion: {beta: [60, 40]}
      days: {lognormal: {median: 4, sigma: 0.8}}
      days_lost: {exponential: {mean: 6}}
    meeting: {conversion: 0.5, days: {weibull: {scale: 9, shape: 1.3}}, stalled: 0.1}
    contract: {conversion: 0.7, days: {gamma: {mean: 6, shape: 2}}}
  arrivals: {per_day: 3}
  amount: {lognormal: {median: 12000, sigma: 0.9}}
  open: [{stage: meeting, count: 40, age_days: 6}, {stage: contract, count: 10, age_days: 2, amount: 15000}]
forecast: {as_of: 2026-07-01, until: 2026-09-30, period: month, by: [source], target: {bookings: 900000}}
simulation: {futures: 600, seed: 3}
scenarios:
  better: [{lever: conversion, stage: meeting, add: 0.1, from: 2026-07-15, ramp_days: 20, cost: 5000}]
  more: [{lever: arrivals, where: {source: ads}, multiply: {normal: [1.3, 0.1]}}]
  neutral:
    - {lever: conversion, stage: meeting, add: 0}
    - {lever: duration, stage: lead, multiply: 1}
    - {lever: arrivals, multiply: 1}
    - {lever: amount, multiply: 1, open: true}
  both: [better, more]
"""


@pytest.fixture
def invoke() -> Callable[..., Result]:
    """Run one command in this process."""

    def run(*arguments: object) -> Result:
        return CliRunner().invoke(main, [str(argument) for argument in arguments], catch_exceptions=False)

    return run


@pytest.fixture
def assumed(tmp_path: Path) -> Path:
    """Write a scenario that needs no history, and so no fit."""
    file = tmp_path / "assumed.yaml"
    file.write_text(ASSUMED, encoding="utf-8")
    return file


@pytest.fixture
def run_json(invoke: Callable[..., Result], tmp_path: Path) -> Callable[..., dict[str, Any]]:
    """Run ``simcast run --json`` and return the document."""

    def run(file: Path, *arguments: object) -> dict[str, Any]:
        result = invoke("run", file, "--json", "--out", tmp_path / "out", *arguments)
        assert result.exit_code == 0, result.stderr
        document: dict[str, Any] = json.loads(result.stdout)
        return document

    return run
