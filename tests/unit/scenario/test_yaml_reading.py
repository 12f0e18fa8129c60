"""YAML 1.2 as scenario files read it: values, places and limits."""

from __future__ import annotations

import unicodedata
from pathlib import Path
from typing import Any

import pytest

from simcast.errors import ScenarioError
from simcast.scenario import dump_yaml
from simcast.scenario.accents import composed
from simcast.scenario.reading import Node, Place, plain, read_text

SOURCE = Place("q.yaml", folder=Path())


def read(text: str) -> tuple[Any, list[str]]:
    problems: list[str] = []
    node = read_text(text, SOURCE, problems)
    return None if node is None else plain(node), problems


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("no", "no"),
        ("yes", "yes"),
        ("on", "on"),
        ("22:22", "22:22"),
        ("010", 10),
        ("0o10", 8),
        ("1e5", 100000.0),
        ("3e6", 3000000.0),
        ("1_000", "1_000"),
        ("2026-07-01", "2026-07-01"),
        ("007", 7),
        ('"007"', "007"),
        ("true", True),
        ("True", True),
        ("-.5", -0.5),
        ("1.", 1.0),
        (".inf", float("inf")),
        ("-.inf", float("-inf")),
        ("NaN", "NaN"),
        ("1" * 100, "1" * 100),
        ("'a: b'", "a: b"),
    ],
)
def test_a_bare_word_means_what_yaml_1_2_says(written: str, meant: object) -> None:
    value, problems = read(f"key: {written}")
    assert value == {"key": meant}
    assert type(value["key"]) is type(meant)
    assert problems == []


def test_an_empty_value_is_as_if_the_key_were_not_there_but_an_empty_scenario_stays() -> None:
    assert read("a:\nb: {c: ~, d: 1}\n")[0] == {"b": {"d": 1}}
    assert read("scenarios:\n  fix:\n")[0] == {"scenarios": {"fix": None}}


def test_places_count_lines_and_columns_from_one() -> None:
    problems: list[str] = []
    node = read_text("a: 1\nb:\n  - c: 2\n", SOURCE, problems)
    assert isinstance(node, Node)
    found, whole = node.find(("b", 0, "c"))
    assert whole
    assert (str(found.key), str(found.place)) == ("q.yaml:3:5", "q.yaml:3:8")
    assert node.find(("b", 7))[1] is False


def test_aliases_are_values_written_once() -> None:
    value, problems = read("a: &west [1, 2]\nb: *west\n")
    assert value == {"a": (1, 2), "b": (1, 2)}
    assert problems == []


def test_all_repeated_keys_are_told() -> None:
    _, problems = read("a: 1\na: 2\nb: {c: 1, c: 2}\n")
    assert [problem.split(": given")[0] for problem in problems] == ["q.yaml:2:1: a", "q.yaml:3:11: b.c"]


def test_keys_that_are_not_words_are_told() -> None:
    _, problems = read("{a: 1}: 2\n")
    assert "a key must be one word or text" in problems[0]


@pytest.mark.parametrize("text", ["a: !thing 1", "!thing a: 1", "a: !!python/name:os.system x", "a: !!str 5"])
def test_tags_are_refused(text: str) -> None:
    assert "a tag" in read(text)[1][0]


def test_an_undirected_directive_changes_nothing() -> None:
    assert read("%YAML 1.1\n---\nopen: no\n")[0] == {"open": "no"}


def test_a_control_character_is_refused() -> None:
    with pytest.raises(ScenarioError, match="not valid YAML"):
        read("a: \x00\n")


def test_a_bomb_is_refused_before_it_is_written_out() -> None:
    text = "a: &a [x, x, x, x, x, x, x, x, x, x]\n"
    for previous, name in zip("abcdefghijkl", "bcdefghijklm", strict=True):
        text += f"{name}: &{name} [{', '.join([f'*{previous}'] * 10)}]\n"
    with pytest.raises(ScenarioError, match="once aliases are written out"):
        read(text)


def test_many_aliases_of_a_small_value_are_no_bomb() -> None:
    value, _ = read("a: &a [1]\nb: [" + ", ".join(["*a"] * 500) + "]\n")
    assert len(value["b"]) == 500


WORDS = [
    *("no", "1e5", "010", "007", "~", "null", "true", "22:22", "2026-07-01", ".5", "0x1F", "1_000", "0o7", ".inf"),
    *(
        "a: b",
        "# x",
        "",
        " x",
        "x ",
        "- a",
        "!x",
        "*a",
        "<<",
        "=",
        "%x",
        "@a",
        "[a]",
        "{a}",
        "two\nlines",
        "'q'",
        '"q"',
    ),
    *("воронка", "-.INF"),
]


@pytest.mark.parametrize("word", WORDS)
def test_every_text_survives_being_written(word: str) -> None:
    data = {"key": word, "list": [word, 1, 2.5, True]}
    problems: list[str] = []
    node = read_text(dump_yaml(data), SOURCE, problems)
    assert node is not None
    assert plain(node) == {"key": word, "list": (word, 1, 2.5, True)}


@pytest.mark.parametrize("number", [0.1, 1e-7, 1e22, 2_400_000.0, 123456789, -0.5, 5e-324])
def test_every_number_survives_being_written(number: float) -> None:
    node = read_text(dump_yaml({"key": number}), SOURCE, [])
    assert node is not None
    assert plain(node) == {"key": number}


def test_letters_that_json_escapes_in_two_halves_are_whole() -> None:
    """As programs write JSON, which is YAML 1.2: a letter beyond the first 65,536 is two escapes."""
    assert read('{"\\ud83d\\ude80": "\\ud83d\\ude80 lead \\u0439"}') == ({"🚀": "🚀 lead й"}, [])
    _, problems = read('key: "\\ud83d lead"')
    assert len(problems) == 1
    assert problems[0].startswith("q.yaml:1:6: '\\ud83d lead' contains half of an escaped character")


def test_letters_with_accents_are_one_character_but_in_the_names_of_files() -> None:
    """A name copied from a file on a Mac has them in two, and looks the same."""
    apart = unicodedata.normalize("NFD", "й")
    node = read_text(
        f"extends: {apart}\nhistory: {{path: {apart}, query: {apart}, where: {{{apart}: {apart}}}}}\n", SOURCE, []
    )
    assert node is not None
    problems: list[str] = []
    assert plain(composed(node, problems)) == {
        "extends": apart,
        "history": {"path": apart, "query": apart, "where": {"й": "й"}},
    }
    assert problems == []
    twice = read_text(f"й: 1\n{apart}: 2\n", SOURCE, problems)
    assert twice is not None
    composed(twice, problems)
    assert problems == ["q.yaml:2:1: й: given twice, first at q.yaml:1:1; keep one of them"]
