"""The notebooks: short, with small outputs that say nothing of the machine that made them; and they run."""

from __future__ import annotations

import base64
import importlib.util
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import nbformat
import pytest

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
NAMES = ["01_posterior_diagnostics.ipynb", "02_what_if_to_decision.ipynb", "03_backtest.ipynb"]

MOST_CELLS, MOST_LINES = 24, 10
MOST_PICTURE_BYTES, MOST_TEXT_BYTES = 60_000, 12_000

SMALL = ("durations=lognormal", "draws=60", "tune=150", "chains=2")
"""A fit that takes as little time as possible, and that nobody should look at."""


def load_render() -> ModuleType:
    spec = importlib.util.spec_from_file_location("render", ROOT / "notebooks" / "render.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


render = load_render()


def outputs(path: Path) -> Iterator[nbformat.NotebookNode]:
    for cell in nbformat.read(path, as_version=4).cells:
        yield from cell.get("outputs", ())


def test_there_are_three_notebooks() -> None:
    assert [path.name for path in NOTEBOOKS] == NAMES == [path.name for path in render.NOTEBOOKS]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_valid_and_short(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    assert len(notebook.cells) <= MOST_CELLS
    lengths = {position: len(cell.source.splitlines()) for position, cell in enumerate(notebook.cells, 1)}
    assert {position: lines for position, lines in lengths.items() if lines > MOST_LINES} == {}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_logic_is_in_the_package(path: Path) -> None:
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == "code":
            assert not any(line.lstrip().startswith(("def ", "class ")) for line in cell.source.splitlines())


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_all_cells_were_run_in_order_and_none_failed(path: Path) -> None:
    cells = [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    assert {output.output_type for output in outputs(path)} <= {"stream", "display_data", "execute_result"}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_there_are_tables_and_pictures_and_they_are_small(path: Path) -> None:
    forms = [form for output in outputs(path) for form in output.get("data", {})]
    assert forms.count("text/html") >= 2
    assert forms.count("image/png") >= 2
    for output in outputs(path):
        data = output.get("data", {})
        assert len(base64.b64decode(data.get("image/png", ""))) <= MOST_PICTURE_BYTES
        assert all(len(text.encode()) <= MOST_TEXT_BYTES for text in render.texts([output]))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_cleaning_what_is_kept_changes_nothing(path: Path) -> None:
    kept = nbformat.read(path, as_version=4)
    assert render.clean(nbformat.read(path, as_version=4)) == kept


def cell_with(*found: nbformat.NotebookNode) -> nbformat.NotebookNode:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1", outputs=list(found))])
    notebook.cells[0].metadata["execution"] = {"iopub.execute_input": "2026-07-01T00:00:00"}
    notebook.metadata["language_info"] = {"name": "python", "version": "3.99.1"}
    return notebook


def test_cleaning_drops_warnings_widgets_and_timings_and_keeps_the_rest() -> None:
    notebook = cell_with(
        nbformat.v4.new_output("stream", name="stderr", text="/home/me/x.py:1: FutureWarning"),
        nbformat.v4.new_output("stream", name="stdout", text="said"),
        nbformat.v4.new_output(
            "display_data",
            data={"application/vnd.jupyter.widget-view+json": {}, "text/plain": "bar", "image/png": "eA=="},
        ),
    )
    (cell,) = render.clean(notebook).cells
    assert [output.output_type for output in cell.outputs] == ["stream", "display_data"]
    assert cell.outputs[0].text == "said"
    assert set(cell.outputs[1].data) == {"text/plain", "image/png"}
    assert cell.metadata == {}
    assert "version" not in notebook.metadata["language_info"]


@pytest.mark.parametrize("text", ["<Axes at 0x7f3a12345678>", "stored in /home/me/.cache/simcast/x.nc"])
def test_an_output_that_names_something_of_this_machine_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="something of this machine"):
        render.clean(cell_with(nbformat.v4.new_output("execute_result", data={"text/plain": text})))


def test_a_cell_that_fails_stops_the_rendering(tmp_path: Path) -> None:
    from nbclient.exceptions import CellExecutionError

    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1 / 0")])
    nbformat.write(notebook, tmp_path / "failing.ipynb")
    with pytest.raises(CellExecutionError, match="ZeroDivisionError"):
        render.execute(tmp_path / "failing.ipynb", timeout=120)


@pytest.fixture(scope="module")
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Fits go into a folder of their own, shared by the three notebooks."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SIMCAST_CACHE", str(tmp_path_factory.mktemp("fits")))
        patch.setenv("PYTHONPATH", str(ROOT))
        yield


@pytest.mark.slow
@pytest.mark.usefixtures("own_cache")
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_from_beginning_to_end(path: Path) -> None:
    overrides = [f"history.model.{setting}" for setting in SMALL] + ["simulation.futures=400"]
    parameters: dict[str, object] = {"overrides": overrides}
    if path.name == NAMES[1]:
        parameters["overrides"] = [*overrides, "forecast.period=week"]
    if path.name == NAMES[2]:
        parameters["n_origins"] = 2
    run = render.clean(render.execute(path, parameters, timeout=1800))
    kept = nbformat.read(path, as_version=4)
    forms = [[sorted(output.get("data", {})) for output in cell.get("outputs", ())] for cell in run.cells]
    assert forms == [[sorted(output.get("data", {})) for output in cell.get("outputs", ())] for cell in kept.cells]
