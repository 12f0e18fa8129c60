"""The house itself: the module map of the README against the tree, and the rules that no other tool holds."""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "simcast"
MODULES = sorted(PACKAGE.rglob("*.py"))

ENGINE_MAY_IMPORT = {
    "__future__",
    "atexit",
    "collections",
    "contextlib",
    "functools",
    "hashlib",
    "importlib",
    "llvmlite",
    "logging",
    "math",
    "numba",
    "numpy",
    "os",
    "pathlib",
    "pickle",
    "shutil",
    "struct",
    "subprocess",
    "sys",
    "threading",
    "types",
    "typing",
}
MOST_LINES = 400
MAP_ROW = re.compile(r"^\| `simcast/([a-z_]+)(\.py|/)` \| (.+) \|$")


def shown(path: Path) -> str:
    return str(path.relative_to(ROOT))


def rooms() -> set[str]:
    """The modules and packages directly under simcast, as the README writes them."""
    modules = {path.name for path in PACKAGE.glob("*.py") if not path.name.startswith("__")}
    packages = {f"{path.parent.name}/" for path in PACKAGE.glob("*/*.py")}
    return modules | packages


def map_rows() -> list[re.Match[str]]:
    lines = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    return [found for line in lines if (found := MAP_ROW.match(line))]


def imports(path: Path) -> Iterator[str]:
    """The modules that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{shown(path)}: write imports in full"
            assert node.module is not None
            yield node.module


def test_the_module_map_lists_each_room_once_and_no_other() -> None:
    listed = [found[1] + found[2] for found in map_rows()]
    assert sorted(listed) == sorted(set(listed)), "a room is listed twice"
    assert set(listed) == rooms()


def test_the_module_map_says_what_each_room_is_in_one_sentence() -> None:
    assert [found[0] for found in map_rows() if not re.fullmatch(r"[A-Z].*[^.]\.", found[3])] == []


@pytest.mark.parametrize("path", MODULES, ids=shown)
def test_each_module_says_what_it_is_for(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))), "the module has no docstring"


def test_no_module_is_too_long() -> None:
    lengths = {shown(path): len(path.read_text(encoding="utf-8").splitlines()) for path in MODULES}
    assert {name: length for name, length in lengths.items() if length > MOST_LINES} == {}


def test_no_module_is_a_drawer_for_anything() -> None:
    drawers = {"base", "common", "helpers", "misc", "tools", "util", "utils"}
    assert [shown(path) for path in MODULES if drawers & {path.stem, path.parent.name}] == []


def test_the_engine_imports_only_what_arrays_need() -> None:
    foreign = {
        f"{shown(path)}: {name}"
        for path in (PACKAGE / "engine").glob("*.py")
        for name in imports(path)
        if name.split(".")[0] not in ENGINE_MAY_IMPORT and not f"{name}.".startswith("simcast.engine.")
    }
    assert foreign == set()


def test_the_requirements_are_pinned_and_hashed_and_name_no_host() -> None:
    text = (ROOT / "requirements" / "dev.txt").read_text(encoding="utf-8")
    assert re.findall(r"(?i)https?:|://|--[a-z-]*index|--find-links|--trusted-host", text) == []
    pins = re.findall(r"^[a-z0-9][a-z0-9.-]*==\S+", text, flags=re.MULTILINE)
    blocks = re.findall(r"^[a-z0-9][^\n]*\\\n    --hash=sha256:[0-9a-f]{64}", text, flags=re.MULTILINE)
    assert len(pins) == len(blocks) > 50


def test_no_lock_that_names_hosts_is_kept() -> None:
    assert not (ROOT / "uv.lock").exists()


def test_each_declared_dependency_is_locked() -> None:
    declared = re.findall(
        r'^    "([A-Za-z0-9.-]+)>=', (ROOT / "pyproject.toml").read_text(encoding="utf-8"), re.MULTILINE
    )
    locked = (ROOT / "requirements" / "dev.txt").read_text(encoding="utf-8")
    names = {re.sub(r"[.]+", "-", name) for name in declared}
    assert len(names) > 15
    assert {name for name in names if not re.search(rf"^{re.escape(name)}==", locked, re.MULTILINE)} == set()


def test_each_scenario_file_opens_with_its_question() -> None:
    files = [*(ROOT / "scenarios").glob("*.yaml"), *(ROOT / "benchmarks" / "real").glob("*.yaml")]
    assert len(files) >= 6
    for path in files:
        opening = re.match(r"(?:#.*\n)+", path.read_text(encoding="utf-8"))
        assert opening, f"{shown(path)} does not open with a comment"
        assert "?" in opening[0], f"{shown(path)} does not open with a question"


def test_the_page_of_the_model_lists_the_priors_as_they_are() -> None:
    from simcast.model import DEFAULT_PRIORS, NEW_DEAL_PRIORS
    from simcast.model.priors import RESPONSE_PRIORS

    page = (ROOT / "docs" / "model.md").read_text(encoding="utf-8")
    for name, prior in {**DEFAULT_PRIORS, **NEW_DEAL_PRIORS, **RESPONSE_PRIORS}.items():
        numbers = (
            f"Normal({prior.mean:.3g}, {prior.sd:.3g})"
            if prior.family == "normal"
            else f"Lognormal(median {math.exp(prior.mean):.3g}, {prior.sd:.3g})"
        )
        assert f"| `{name}` | {numbers} | {prior.reason} |" in page
