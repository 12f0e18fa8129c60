"""A report as an Excel workbook: real tables with native charts, in which text stays text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from itertools import cycle
from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING, Any

import numpy as np

from simcast.errors import SimcastError
from simcast.report.page.answering import spread_table
from simcast.report.page.assuming import assumed_tables, assumed_teams_table, lever_sentence, priors_table
from simcast.report.page.material import Material
from simcast.report.page.trusting import provenance_table
from simcast.report.scenario_tables import scenarios_table
from simcast.report.tables import (
    Column,
    Kind,
    Table,
    Value,
    as_date,
    deals_table,
    distribution_table,
    leaks_table,
    listed_table,
    losses_table,
    periods_table,
    segment_tables,
    stages_table,
)
from simcast.report.team_tables import has_teams, queue_table, teams_table, waits_table
from simcast.report.words import Language

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

_MOST_LETTERS = 32_000
"""A cell of Excel holds 32,767 letters."""
_LINE_HEIGHT, _HIGHEST = 15.0, 409.0
"""In points; Excel's rows are no higher."""
_WIDEST = 48
_NARROWEST = 9
_COLOURS = ("#0072B2", "#D55E00", "#AAB2BB")

_FORMATS: dict[Kind, str] = {
    "money": "#,##0",
    "gain": "+#,##0;-#,##0;0",
    "count": "#,##0.0",
    "more": "+#,##0.0;-#,##0.0;0",
    "chance": "0%",
    "share": "0%",
    "number": "0.000",
    "days": "0.0#",
    "date": "yyyy-mm-dd",
}


def check_library() -> None:
    """Refuse to go on without the library that writes workbooks.

    Raises
    ------
    SimcastError
        When XlsxWriter is not installed.
    """
    try:
        import xlsxwriter  # noqa: F401 - only whether it is there
    except ImportError as error:
        raise SimcastError("--xlsx needs XlsxWriter, which is not installed: pip install 'simcast[excel]'") from error


def write_workbook(material: Material, path: Path, language: Language) -> None:
    """Write the workbook.

    Text is written as text whatever it looks like: a deal named ``=HYPERLINK(...)`` is no formula and no link.
    """
    import xlsxwriter

    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(str(path), options) as book:
        as_of = as_date(material.run.days.as_of)
        # Excel writes when a file was made; the same results must give the same bytes.
        book.set_properties(
            {"title": material.run.scenario.name, "created": datetime(as_of.year, as_of.month, as_of.day)}
        )
        sheets = _Sheets(book, language)
        _write_forecast(sheets, material)
        _write_scenarios(sheets, material)
        _write_stages(sheets, material)
        _write_teams(sheets, material)
        _write_deals(sheets, material)
        _write_assumptions(sheets, material)
        sheets.add("provenance", [provenance_table(material, language)])


class _Sheets:
    """Writes tables below each other on sheets of a workbook."""

    def __init__(self, book: Workbook, language: Language) -> None:
        self.book, self.language = book, language
        self._bold = book.add_format({"bold": True, "font_size": 13})
        self._header = book.add_format({"bold": True, "text_wrap": True, "valign": "top"})
        self._formats: dict[Kind, Format] = {
            kind: book.add_format({"num_format": text, "valign": "top"}) for kind, text in _FORMATS.items()
        }
        self._whole = book.add_format({"num_format": "#,##0", "valign": "top"})
        self._text = book.add_format({"text_wrap": True, "valign": "top", "num_format": "@"})
        self._n_tables = 0

    def add(self, key: str, tables: Sequence[Table]) -> tuple[Worksheet, list[int]]:
        """Write tables on a new sheet; return it and the row of each table's header."""
        sheet = self.book.add_worksheet(self.language.say(f"sheet.{key}"))
        row, headers = 0, []
        widths: dict[int, int] = {}
        for table in tables:
            sheet.write_string(row, 0, table.title[:_MOST_LETTERS], self._bold)
            headers.append(row + 1)
            self._write_table(sheet, row + 1, table)
            for at, width in enumerate(_widths(table)):
                widths[at] = max(widths.get(at, 0), width)
            row += len(table.rows) + 4
        for at, width in widths.items():
            sheet.set_column(at, at, width)
        for table, top in zip(tables, headers, strict=True):
            _set_heights(sheet, top, table, widths)
        if len(tables) == 1:
            sheet.freeze_panes(2, 1)
        sheet.set_landscape()
        sheet.fit_to_pages(1, 0)
        return sheet, headers

    def _write_table(self, sheet: Worksheet, top: int, table: Table) -> None:
        self._n_tables += 1
        n_rows = max(1, len(table.rows))
        columns = [{"header": title, "header_format": self._header} for title in _unique(table.columns)]
        sheet.add_table(
            top,
            0,
            top + n_rows,
            len(table.columns) - 1,
            {"columns": columns, "name": f"simcast_{self._n_tables}", "style": "Table Style Light 1"},
        )
        for at_row, values in enumerate(table.rows):
            for at, (value, column) in enumerate(zip(values, table.columns, strict=True)):
                self._write_cell(sheet, top + 1 + at_row, at, value, column.kind)

    def _write_cell(self, sheet: Worksheet, row: int, at: int, value: Value, kind: Kind) -> None:
        """Write one value by its type, never by what a text looks like."""
        if value is None or (isinstance(value, float) and not np.isfinite(value)):
            return
        if isinstance(value, bool):
            if value:
                sheet.write_string(row, at, self.language.say("yes"), self._text)
        elif isinstance(value, str):
            sheet.write_string(row, at, value[:_MOST_LETTERS], self._text)
        elif isinstance(value, date):
            sheet.write_datetime(row, at, datetime(value.year, value.month, value.day), self._formats["date"])
        else:
            number = float(value)
            is_whole = kind == "count" and number == round(number)  # else Excel would write "12."
            sheet.write_number(row, at, number, self._whole if is_whole else self._formats[kind])

    def chart(self, sheet: Worksheet, place: tuple[int, int], kind: dict[str, Any], title: str) -> Any:  # noqa: ANN401
        """Put an empty chart on a sheet and return it."""
        chart = self.book.add_chart(kind)
        if chart is None:
            raise SimcastError(f"XlsxWriter knows no chart {kind}")
        chart.set_title({"name": self.language.say(f"sheet.chart.{title}"), "name_font": {"size": 12}})
        chart.set_size({"width": 620, "height": 340})
        sheet.insert_chart(*place, chart)
        return chart


def _unique(columns: Sequence[Column]) -> list[str]:
    """Return titles of which no two are the same in Excel's eyes, and none is empty."""
    titles: list[str] = []
    for column in columns:
        title = column.title[:200].strip() or "-"
        number, wanted = 2, title
        while wanted.casefold() in {known.casefold() for known in titles}:
            wanted, number = f"{title} {number}", number + 1
        titles.append(wanted)
    return titles


def _widths(table: Table) -> list[int]:
    """Return how wide the columns should be, in letters."""
    widths = []
    for at, column in enumerate(table.columns):
        cells = [len(str(row[at])) for row in table.rows[:2000] if isinstance(row[at], str)]
        numbers = 12 if column.kind in ("money", "gain", "date") else _NARROWEST
        title = max((len(word) for word in column.title.split()), default=1) + 3
        widths.append(min(_WIDEST, max([numbers, title, *(cell + 2 for cell in cells)])))
    return widths


def _set_heights(sheet: Worksheet, top: int, table: Table, widths: Mapping[int, int]) -> None:
    """Make rows as high as their wrapped texts need, since not every program does so by itself."""
    titles = tuple(f"{title} ▾" for title in _unique(table.columns))
    for at_row, row in enumerate([titles, *table.rows]):
        lines = max((_n_lines(value, widths[at]) for at, value in enumerate(row) if isinstance(value, str)), default=1)
        if lines > 1:
            sheet.set_row(top + at_row, min(lines * _LINE_HEIGHT, _HIGHEST))


def _n_lines(text: str, width: int) -> int:
    """Return into how many lines a text is about broken in a column of so many letters."""
    return sum(max(1, len(wrap(line, max(1, width - 2)))) for line in text[:_MOST_LETTERS].splitlines() or [""])


def _write_forecast(sheets: _Sheets, material: Material) -> None:
    run, language = material.run, sheets.language
    periods = periods_table(run, language)
    spread = distribution_table(material.baseline, language)
    tables = [periods, spread, *segment_tables(run, language)]
    if material.sources:
        tables.append(spread_table(material, language))
    sheet, headers = sheets.add("forecast", tables)
    name, n_periods = language.say("sheet.forecast"), len(run.days.starts)
    right = max(len(table.columns) for table in tables) + 1
    in_wins = material.metric == "wins"
    chart = sheets.chart(sheet, (0, right), {"type": "column"}, "periods.wins" if in_wins else "periods")
    beside = in_wins and not run.by_wins  # wins stand beside bookings
    at = 4 if beside else 1
    for offset, colour in zip(range(3), ("#B0D0E3", "#0072B2", "#7AB0D1"), strict=True):
        chart.add_series(
            {
                "name": [name, headers[0], at + offset],
                "categories": [name, headers[0] + 1, 0, headers[0] + n_periods, 0],
                "values": [name, headers[0] + 1, at + offset, headers[0] + n_periods, at + offset],
                "fill": {"color": colour},
            }
        )
    line = sheets.chart(sheet, (18, right), {"type": "scatter", "subtype": "straight_with_markers"}, "distribution")
    total = 3 if beside else 2
    n_levels = sum(row[1] is not None for row in spread.rows)
    line.add_series(
        {
            "name": [name, headers[1], 1],
            "categories": [name, headers[1] + 1, total, headers[1] + n_levels, total],
            "values": [name, headers[1] + 1, 1, headers[1] + n_levels, 1],
            "line": {"color": _COLOURS[0]},
            "marker": {"type": "circle", "fill": {"color": _COLOURS[0]}, "border": {"color": _COLOURS[0]}},
        }
    )
    line.set_y_axis({"min": 0, "max": 1, "num_format": "0%"})
    line.set_legend({"none": True})


def _write_scenarios(sheets: _Sheets, material: Material) -> None:
    run, language = material.run, sheets.language
    table = scenarios_table(run, language)
    levers = [
        (name, lever_sentence(lever, run.scenario, language))
        for name in run.forecasts
        for lever in run.scenario.levers(name)
    ]
    columns = (Column(language.say("scenario")), Column(language.say("sheet.lever")))
    tables = [table]
    if levers:
        tables.append(listed_table("levers", language.say("sheet.lever"), columns, levers))
    sheet, headers = sheets.add("scenarios", tables)
    if run.differences:
        by_wins = run.by_wins
        title = language.say("more-wins" if by_wins else "net")
        name, top = language.say("sheet.scenarios"), headers[0] + 2
        gain = next(at for at, column in enumerate(table.columns) if column.title == title)
        place = (0, len(table.columns) + 1)
        chart = sheets.chart(sheet, place, {"type": "bar"}, "scenarios.wins" if by_wins else "scenarios")
        last = top + len(run.differences) - 1
        chart.add_series(
            {
                "categories": [name, top, 0, last, 0],
                "values": [name, top, gain, last, gain],
                "fill": {"color": "#009E73"},
                "invert_if_negative": True,
                "invert_if_negative_color": _COLOURS[1],
            }
        )
        chart.set_y_axis({"reverse": True, "label_position": "low"})
        chart.set_legend({"none": True})


def _write_stages(sheets: _Sheets, material: Material) -> None:
    language, table = sheets.language, stages_table(material.run, sheets.language)
    losses = losses_table(material.leaks, language)
    tables = [table, leaks_table(material.leaks, language), *([] if losses is None else [losses])]
    sheet, headers = sheets.add("stages", tables)
    name, top = language.say("sheet.stages"), headers[0]
    chart = sheets.chart(
        sheet, (0, max(len(one.columns) for one in tables) + 1), {"type": "bar", "subtype": "stacked"}, "stages"
    )
    for at, colour in zip((3, 4, 5), _COLOURS, strict=True):
        chart.add_series(
            {
                "name": [name, top, at],
                "categories": [name, top + 1, 0, top + len(table.rows), 0],
                "values": [name, top + 1, at, top + len(table.rows), at],
                "fill": {"color": colour},
            }
        )
    chart.set_y_axis({"reverse": True})
    chart.set_legend({"position": "bottom"})


def _write_teams(sheets: _Sheets, material: Material) -> None:
    """Write how long deals wait for people, where there are teams."""
    run, language = material.run, sheets.language
    if not has_teams(run):
        return
    queue = queue_table(run, language)
    tables = [teams_table(run, language), waits_table(run, language), queue]
    sheet, headers = sheets.add("teams", tables)
    name, right = language.say("sheet.teams"), max(len(table.columns) for table in tables) + 1
    chart = sheets.chart(sheet, (0, right), {"type": "column"}, "queue")
    n_periods = len(run.days.ends)
    for at, colour in zip(range(len(run.scenario.teams)), cycle(_COLOURS)):
        first = headers[2] + 1 + at * n_periods
        last = first + n_periods - 1
        chart.add_series(
            {"name": [name, first, 0], "categories": [name, first, 1, last, 1], "values": [name, first, 2, last, 2]}
            | {"fill": {"color": colour}}
        )
    chart.set_x_axis({"num_format": "yyyy-mm-dd", "text_axis": True})
    chart.set_legend({"position": "bottom"})


def _write_deals(sheets: _Sheets, material: Material) -> None:
    language, segments = sheets.language, material.run.book.segments.columns
    table = deals_table(material.deals, segments, language, full=True)
    sheet, headers = sheets.add("deals", [table])
    expected = next((at for at, column in enumerate(table.columns) if column.title == language.say("at-stake")), 0)
    if expected and table.rows:
        name, top, last = language.say("sheet.deals"), headers[0] + 1, headers[0] + min(15, len(table.rows))
        chart = sheets.chart(sheet, (1, len(table.columns) + 1), {"type": "bar"}, "deals")
        chart.add_series(
            {
                "categories": [name, top, 0, last, 0],
                "values": [name, top, expected, last, expected],
                "fill": {"color": _COLOURS[0]},
            }
        )
        chart.set_y_axis({"reverse": True})
        chart.set_legend({"none": True})


def _write_assumptions(sheets: _Sheets, material: Material) -> None:
    scenario, language = material.run.scenario, sheets.language
    tables = [] if scenario.assume is None else assumed_tables(scenario.assume, language)
    if scenario.teams:
        tables.append(assumed_teams_table(scenario, language))
    words = [(language.say(f"model.{number}"),) for number in range(1, 7)]
    tables.append(listed_table("model", language.say("list.model"), (Column(language.say("list.model")),), words))
    if material.run.posterior.diagnostics is not None:
        tables.append(priors_table(scenario, language))
    sheets.add("assumptions", tables)
