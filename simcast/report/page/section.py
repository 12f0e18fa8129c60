"""The parts of a page: sections of sentences, figures with their tables, tables and lists."""

from __future__ import annotations

from dataclasses import dataclass

from simcast.report.page.charts import Chart
from simcast.report.tables import Table


@dataclass(frozen=True)
class Key:
    """An entry of a figure's legend: the CSS class of its swatch, and what it stands for."""

    style: str
    text: str


@dataclass(frozen=True)
class Figure:
    """A chart, what it shows in words, its legend, and the table that holds the same."""

    name: str
    chart: Chart
    legend: tuple[Key, ...]
    table: Table


@dataclass(frozen=True)
class Remark:
    """A sentence of a list, and whether it stayed in English."""

    text: str
    is_english: bool = False


@dataclass(frozen=True)
class Listing:
    """A list under a heading of its own."""

    title: str
    items: tuple[Remark, ...]
    style: str = ""


@dataclass(frozen=True)
class Section:
    """One part of the page, with all that it holds in the order of these fields.

    Parameters
    ----------
    key
        Its anchor.
    title
        Its heading.
    lead
        Sentences below the heading.
    figures, lists, tables
        What it holds; each may be empty.
    folded
        Tables that are closed until asked for.
    """

    key: str
    title: str
    lead: tuple[str, ...] = ()
    figures: tuple[Figure, ...] = ()
    lists: tuple[Listing, ...] = ()
    tables: tuple[Table, ...] = ()
    folded: tuple[Table, ...] = ()


@dataclass(frozen=True)
class Tile:
    """A number that stands out, with its name."""

    name: str
    value: str
    hint: str = ""
