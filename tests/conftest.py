"""Shared set-up of the tests, and how several processes share them."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from xdist.scheduler import LoadScopeScheduling

    from tests.cluster_here import Here

sys.path.insert(0, str(Path(__file__).parent / "unit" / "engine"))

_FITS, _TEAMS = "fits", "teams"
_TOGETHER = {
    _FITS: {
        "tests/recovery/test_recovery.py",
        "tests/unit/model/test_arrivals_forecast.py",
        "tests/unit/model/test_few_data.py",
        "tests/unit/model/test_fit_of_new_deals.py",
        "tests/unit/model/test_sampling.py",
        "tests/unit/model/test_spikes.py",
        "tests/unit/model/test_truncation.py",
    },
    _TEAMS: {
        "tests/end_to_end/test_run.py",
        "tests/end_to_end/test_scenario_files.py",
        "tests/statistical/test_queues_against_closed_forms.py",
    },
}
"""Modules that one process plays, since they compile the same: models of the same shapes, up to half a minute each; and
the kernel of teams, which later modules find on disk."""


_CONNECTING = ("simcast.cluster", "simcast.analysis.run", "simcast.backtesting.scenario_file")
"""Modules that look up `connect` and `check_address` by names of their own."""


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> Here:
    """Let a stand-in in this process be what commands connect to at its address."""
    from tests.cluster_here import ADDRESS, Here

    cluster = Here()

    @contextmanager
    def connect(address: str) -> Iterator[Here]:
        assert address == ADDRESS
        yield cluster

    for module in map(importlib.import_module, _CONNECTING):
        monkeypatch.setattr(module, "connect", connect)
        monkeypatch.setattr(module, "check_address", lambda _: None)
    return cluster


def _shared_by(nodeid: str) -> str:
    """Return what a test is kept together with: its module and what is set up there once, or what is compiled once."""
    module = nodeid.partition("::")[0]
    return next((name for name, modules in _TOGETHER.items() if module in modules), module)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Let one of several processes begin with the fits, while another compiles the kernels, for both."""
    if hasattr(config, "workerinput") and "not slow" in config.option.markexpr:
        first = [_FITS, _TEAMS]
        items.sort(key=lambda item: first.index(name) if (name := _shared_by(item.nodeid)) in first else len(first))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling | None:  # noqa: ANN401
    """Let each process of ``-n`` take whole modules, in the order of the files: the many small ones come last.

    Slow tests are dealt out one by one: some modules have dozens, each of which takes longer than to compile.
    """
    if "not slow" not in config.option.markexpr:
        return None
    from xdist.scheduler import LoadScopeScheduling

    class ByModule(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return _shared_by(nodeid)

    config.option.loadscopereorder = False
    return ByModule(config, log)
