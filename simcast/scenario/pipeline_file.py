"""The pipeline alone: from a scenario, or from a file that holds nothing else."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from simcast.errors import ScenarioError
from simcast.pipeline import Pipeline
from simcast.scenario.accents import composed
from simcast.scenario.loading import load_scenario
from simcast.scenario.reading import is_file, plain, read_file
from simcast.scenario.settings import PipelineSettings
from simcast.scenario.wording import found, placed


def load_pipeline(path: str | Path) -> Pipeline:
    """Read stages and moves from a YAML file: a whole scenario, or ``stages`` and ``moves`` alone.

    Raises
    ------
    ScenarioError
        With every problem found.
    """
    file = Path(path)
    if not is_file(file):
        raise ScenarioError(f"{path}: there is no such file; name a scenario, or a file of stages")
    problems: list[str] = []
    tree = composed(read_file(file, str(path), problems), problems)
    if problems:
        raise ScenarioError(problems)
    if isinstance(tree.value, dict) and "simcast" in tree.value:
        return load_scenario(file).pipeline_definition
    try:
        return PipelineSettings.model_validate(plain(tree)).define()
    except ValidationError as error:
        raise ScenarioError([placed(tree, place, text)[1] for place, text in found(error, PipelineSettings)]) from None
