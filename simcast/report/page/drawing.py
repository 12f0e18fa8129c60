"""Charts drawn as SVG, each in a wide form for screens and paper and a narrow one for phones."""

from __future__ import annotations

import math

import numpy as np
from markupsafe import Markup

from simcast.report.page.charts import Bars, Chart, Fan, Histogram, Intervals, date_ticks, ticks
from simcast.report.page.svg import Drawing, broken, text_width
from simcast.report.words import Language

WIDE, NARROW = 900.0, 340.0

_TOP, _BOTTOM, _RIGHT = 16.0, 30.0, 12.0
_BANDS = ((0, 6, "band90"), (1, 5, "band80"), (2, 4, "band50"))
_MEDIAN = 3
_ROW, _BAR = 50.0, 15.0
_LINE, _MOST_LINES = 17.0, 4
"""The height of a line of a row's name, and into how many lines a long one is broken at most."""


def drawn(chart: Chart, name: str, language: Language) -> Markup:
    """Draw a chart twice, for the style sheet to choose from."""
    return Markup("").join(
        _draw(chart, Drawing(width, _height(chart, width), name, variant), language)
        for width, variant in ((WIDE, "wide"), (NARROW, "narrow"))
    )


def _height(chart: Chart, width: float) -> float:
    """Return how high a chart is at some width."""
    if isinstance(chart, Intervals):
        return _row_height(chart, width) * len(chart.rows) + _BOTTOM
    if isinstance(chart, Bars):
        return _row_height(chart, width) * len(chart.rows) + 4.0
    return 360.0 if width == WIDE else 250.0


def _row_height(chart: Intervals | Bars, width: float) -> float:
    """Return how high each row is: as high as the one with the longest name needs."""
    n_lines = max((len(_head_lines(row.name, row.label, width)) for row in chart.rows), default=1)
    return _ROW + _LINE * (n_lines - 1)


def _head_lines(name: str, label: str, width: float) -> list[str]:
    """Return the lines of a row's name; the last of them leaves room for the word at its right."""
    beside = width - 14.0 - text_width(label)
    if text_width(name, bold=True) <= beside:
        return [name]
    lines = broken(name, width - 4.0, _MOST_LINES - 1)
    return lines if text_width(lines[-1], bold=True) <= beside else [*lines, ""]


def _draw(chart: Chart, sheet: Drawing, language: Language) -> Markup:
    match chart:
        case Fan():
            _draw_fan(chart, sheet, language)
        case Histogram():
            _draw_histogram(chart, sheet, language)
        case Intervals():
            _draw_intervals(chart, sheet, language)
        case Bars():
            _draw_bars(chart, sheet)
    return sheet.markup()


class _Scale:
    """Places values of a range on a stretch of pixels."""

    def __init__(self, low: float, high: float, start: float, end: float) -> None:
        self.low, self.high = low, high if high > low else low + 1.0
        self.start, self.end = start, end

    def __call__(self, value: float) -> float:
        return self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)


def _tick_label(value: float, metric: str, language: Language) -> str:
    return language.count(value) if metric == "wins" else language.axis_money(value)


def _draw_fan(chart: Fan, sheet: Drawing, language: Language) -> None:
    top = max(float(np.max(chart.quantiles)), chart.target or 0.0) * 1.06 or 1.0
    marks = ticks(0.0, top, 6, whole=chart.metric == "wins")
    labels = [_tick_label(mark, chart.metric, language) for mark in marks]
    left = 12.0 + max(text_width(label, 12.0) for label in labels)
    first, last = chart.days[0].toordinal(), chart.days[-1].toordinal()
    x = _Scale(first, last, left, sheet.width - _RIGHT)
    y = _Scale(0.0, top, sheet.height - _BOTTOM, _TOP)
    for mark, label in zip(marks, labels, strict=True):
        sheet.line(left, y(mark), sheet.width - _RIGHT, y(mark), "grid")
        sheet.text(left - 8.0, y(mark) + 4.0, label, "tick", "end")
    for day in date_ticks(chart.days, int((sheet.width - left) / 70.0)):
        at = x(day.toordinal())
        written = language.date(day, "short")
        edge = text_width(written, 12.0) / 2
        anchor = "end" if at + edge > sheet.width else "start" if at - edge < 0 else "middle"
        sheet.line(at, y(0.0), at, y(0.0) + 5.0, "axis")
        sheet.text(at, sheet.height - 10.0, written, "tick", anchor)
    places = [x(day.toordinal()) for day in chart.days]
    for low, high, style in _BANDS:
        upper = list(zip(places, map(y, chart.quantiles[high]), strict=True))
        lower = list(zip(places, map(y, chart.quantiles[low]), strict=True))
        sheet.path([*upper, *reversed(lower)], style, closed=True)
    sheet.path(list(zip(places, map(y, chart.quantiles[_MEDIAN]), strict=True)), "median")
    sheet.line(left, y(0.0), sheet.width - _RIGHT, y(0.0), "axis")
    if chart.target is not None:
        written = language.say("target.is", value=_tick_label(chart.target, chart.metric, language))
        sheet.line(left, y(chart.target), sheet.width - _RIGHT, y(chart.target), "target")
        sheet.text(left + 6.0, y(chart.target) - 6.0, written, "target-label")


def _draw_histogram(chart: Histogram, sheet: Drawing, language: Language) -> None:
    x = _Scale(float(chart.edges[0]), float(chart.edges[-1]), 10.0, sheet.width - 10.0)
    base = sheet.height - _BOTTOM - 22.0
    y = _Scale(0.0, float(np.max(chart.shares)) * 1.12, base, _TOP + 8.0)
    for low, high, share in zip(chart.edges[:-1], chart.edges[1:], chart.shares, strict=True):
        reached = chart.target is not None and low >= chart.target * (1 - 1e-9)
        style = "reached" if reached else "missed" if chart.target is not None else "part-forward"
        between = language.interval(*(_tick_label(float(edge), chart.metric, language) for edge in (low, high)))
        title = f"{between}: {language.share(float(share), 1)}"
        sheet.rect(x(low) + 0.5, y(share), x(high) - x(low) - 1.0, base - y(share), style, title)
    sheet.line(10.0, base, sheet.width - 10.0, base, "axis")
    _draw_ticks_below(sheet, x, base, chart.metric, language)
    low, middle, high = (x(q) for q in chart.quantiles)
    beneath = sheet.height - 10.0
    sheet.line(low, beneath, high, beneath, "whisker")
    sheet.circle(middle, beneath, 5.0, "dot")
    if chart.target is not None:
        at = x(chart.target)
        written = language.say("target.is", value=_tick_label(chart.target, chart.metric, language))
        sheet.line(at, _TOP - 4.0, at, base, "target")
        to_left = at > sheet.width / 2
        sheet.text(at + (-6.0 if to_left else 6.0), _TOP + 4.0, written, "target-label", "end" if to_left else "start")


def _draw_ticks_below(sheet: Drawing, x: _Scale, base: float, metric: str, language: Language) -> None:
    """Write round values below an axis, as many as fit."""
    for mark in ticks(x.low, x.high, max(2, int(sheet.width / 90.0)), whole=metric == "wins"):
        label = _tick_label(mark, metric, language)
        if x(mark) - text_width(label, 12.0) / 2 >= 0 and x(mark) + text_width(label, 12.0) / 2 <= sheet.width:
            sheet.line(x(mark), base, x(mark), base + 4.0, "axis")
            sheet.text(x(mark), base + 18.0, label, "tick", "middle")


def _draw_head(sheet: Drawing, top: float, height: float, name: str, label: str) -> None:
    """Write a row's name right above its bar, and its word at the right."""
    lines = _head_lines(name, label, sheet.width)
    base = top + height - _ROW + 14.0
    for at, line in enumerate(lines):
        sheet.fitting(2.0, base - _LINE * (len(lines) - 1 - at), line, sheet.width - 4.0, "row-name")
    sheet.text(sheet.width - 2.0, base, label, "row-label", "end")


def _draw_intervals(chart: Intervals, sheet: Drawing, language: Language) -> None:
    ends = [value for row in chart.rows for value in (*row.quantiles, row.dot)]
    low, high = min(0.0, *ends), max(0.0, *ends)
    pad = 0.03 * ((high - low) or 1.0)
    x = _Scale(low - pad if low < 0 else 0.0, high + pad, 8.0, sheet.width - 8.0)
    height = _row_height(chart, sheet.width)
    base = height * len(chart.rows) + 2.0
    for mark in ticks(x.low, x.high, max(2, int(sheet.width / 120.0))):
        label = _signed_tick(mark, chart, language)
        half = text_width(label, 12.0) / 2
        for at in range(len(chart.rows)):
            below = height * (at + 1) - _ROW
            sheet.line(x(mark), below + 21.0, x(mark), below + 43.0, "zero" if mark == 0 else "grid")
        anchor = "start" if x(mark) < half else "end" if x(mark) + half > sheet.width else "middle"
        sheet.text(x(mark), base + 18.0, label, "tick", anchor)
    for at, row in enumerate(chart.rows):
        _draw_head(sheet, height * at, height, row.name, row.label)
        colour = ("gain" if row.dot >= 0 else "loss") if chart.signed else "level"
        middle = height * (at + 1) - _ROW + 32.0
        outer_low, low_, high_, outer_high = row.quantiles
        sheet.rect(x(outer_low), middle - 2.0, x(outer_high) - x(outer_low), 4.0, f"{colour} pale")
        sheet.rect(x(low_), middle - 5.0, x(high_) - x(low_), 10.0, colour)
        sheet.circle(x(row.dot), middle, 4.5, "dot", row.label)


def _signed_tick(mark: float, chart: Intervals, language: Language) -> str:
    if chart.metric == "wins":
        digits = next(d for d in range(4) if d == 3 or math.isclose(round(mark, d), mark))
        return language.number(mark, digits, signed=chart.signed)
    return language.axis_money(mark, signed=chart.signed)


def _draw_bars(chart: Bars, sheet: Drawing) -> None:
    longest = max((sum(row.parts) for row in chart.rows), default=0.0)
    x = _Scale(0.0, longest or 1.0, 2.0, sheet.width - 2.0)
    height = _row_height(chart, sheet.width)
    for at, row in enumerate(chart.rows):
        _draw_head(sheet, height * at, height, row.name, row.label)
        begun, below = 0.0, height * (at + 1) - _ROW
        for part, colour in zip(row.parts, chart.colours, strict=True):
            sheet.rect(x(begun), below + 22.0, x(begun + part) - x(begun), _BAR, colour)
            begun += part
