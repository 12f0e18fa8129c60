"""Interactive figures, drawn by plotly, whose script the page then contains."""

from __future__ import annotations

import html
import json
from collections.abc import Sequence
from typing import Any

import numpy as np

from simcast.errors import SimcastError
from simcast.report.page.charts import Bar, Bars, Chart, Fan, Floats, Histogram, Interval, Intervals, date_ticks, ticks
from simcast.report.page.section import Figure
from simcast.report.words import Language

_BLUE, _RED, _GREEN, _GREY, _INK = "#0072B2", "#D55E00", "#009E73", "#AAB2BB", "#444444"
_FILLS = {
    "part-forward": _BLUE,
    "part-other": _RED,
    "part-open": _GREY,
    "share-part": _BLUE,
    "missed": _GREY,
    "reached": _GREEN,
}
_BANDS = ((0, 6, 90, 0.16), (1, 5, 80, 0.2), (2, 4, 50, 0.3))
_MEDIAN = 3
_CONFIG = {"displaylogo": False, "responsive": True, "modeBarButtonsToRemove": ["select2d", "lasso2d"]}

Trace = dict[str, Any]


def library() -> str:
    """Return plotly's script.

    Raises
    ------
    SimcastError
        When plotly is not installed.
    """
    try:
        from plotly.offline import get_plotlyjs
    except ImportError as error:
        raise SimcastError(
            "--interactive needs plotly, which is not installed: pip install 'simcast[interactive]'"
        ) from error
    return str(get_plotlyjs())


def drawing_script(figures: Sequence[Figure], language: Language) -> str:
    """Return the script that draws all figures into their places, ``figure-1`` and so on."""
    plots = [_plot(figure.chart, language) for figure in figures]
    # Inside a script element only these letters could end it or begin a comment.
    held = json.dumps(plots, ensure_ascii=True, allow_nan=False).replace("<", "\\u003c").replace(">", "\\u003e")
    return (
        f"const plots = {held};\n"
        "plots.forEach((plot, at) => Plotly.newPlot('figure-' + (at + 1), plot.data, plot.layout, plot.config));\n"
    )


def _plot(chart: Chart, language: Language) -> dict[str, Any]:
    """Return traces and layout of a chart."""
    match chart:
        case Fan():
            data, more = _fan(chart, language)
        case Histogram():
            data, more = _histogram(chart, language)
        case Intervals():
            data, more = _intervals(chart, language)
        case Bars():
            data, more = _bars(chart, language)
    rows = len(chart.rows) if isinstance(chart, Intervals | Bars) else 0
    layout = {
        "height": 140 + 48 * rows if rows else 380,
        "margin": {"l": 8, "r": 12, "t": 32 if rows else 12, "b": 8},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"family": "inherit", "color": "#7a828c"},
        "showlegend": False,
        "hovermode": "x unified" if isinstance(chart, Fan) else "closest",
        "separators": language.decimal + language.thousands,
        "xaxis": {"automargin": True, "gridcolor": "rgba(128,128,128,0.2)", **more.pop("xaxis", {})},
        "yaxis": {"automargin": True, "gridcolor": "rgba(128,128,128,0.2)", **more.pop("yaxis", {})},
        **more,
    }
    return {"data": data, "layout": layout, "config": _CONFIG}


def _name(text: str) -> str:
    """Write a name so that plotly, which reads some tags in its texts, shows it as it is."""
    return html.escape(text)


def _fan(chart: Fan, language: Language) -> tuple[list[Trace], dict[str, Any]]:
    days = [day.isoformat() for day in chart.days]
    traces: list[Trace] = []
    for low, high, level, opacity in _BANDS:
        name = language.say("legend.central", share=language.share(level / 100))
        shared = {"x": days, "mode": "lines", "line": {"width": 0}}
        traces.append({**shared, **_told(chart.quantiles[low], chart.metric, language), "name": f"{name} ↓"})
        fill = {"fill": "tonexty", "fillcolor": f"rgba(0,114,178,{opacity})"}
        traces.append({**shared, **fill, **_told(chart.quantiles[high], chart.metric, language), "name": f"{name} ↑"})
    median = {"x": days, "mode": "lines", "line": {"color": _INK, "width": 2}, "name": language.say("legend.median")}
    traces.append({**median, **_told(chart.quantiles[_MEDIAN], chart.metric, language)})
    shapes, notes = [], []
    if chart.target is not None:
        shapes.append(_line(y0=chart.target, y1=chart.target, x0=0, x1=1, xref="paper"))
        above = {"x": 0.01, "xref": "paper", "y": chart.target, "yanchor": "bottom"}
        notes.append(_target_note(chart.target, chart.metric, language, **above))
    top = max(float(np.max(chart.quantiles)), chart.target or 0.0) * 1.06
    marked = date_ticks(chart.days, 8)
    dates = {"tickvals": [day.isoformat() for day in marked], "ticktext": [language.date(d, "short") for d in marked]}
    below: Trace = {"range": [days[0], days[-1]], "ticks": "outside", "ticklen": 8, "tickcolor": "rgba(0,0,0,0)"}
    axis = {"range": [0.0, top], **_marks(0.0, top, chart.metric, language)}
    return traces, {"shapes": shapes, "annotations": notes, "yaxis": axis, "xaxis": below | dates}


def _told(values: Floats, metric: str, language: Language) -> Trace:
    """Return heights, and what the mouse is told of them, in the page's language."""
    texts = [_total(float(value), metric, language) for value in values]
    return {"y": values.tolist(), "text": texts, "hovertemplate": "%{text}"}


def _total(value: float, metric: str, language: Language) -> str:
    return language.count(round(value)) if metric == "wins" else language.money(value)


def _marks(low: float, high: float, metric: str, language: Language) -> dict[str, Any]:
    """Return the ticks of an axis in the page's language."""
    marks = ticks(low, high, 7, whole=metric == "wins" and high - low > 5)
    texts = [language.count(mark) if metric == "wins" else language.axis_money(mark) for mark in marks]
    return {"tickvals": marks, "ticktext": texts}


def _line(**places: object) -> dict[str, object]:
    """Return the dashed line of a target."""
    return {"type": "line", "line": {"color": _RED, "width": 2, "dash": "dash"}, **places}


def _target_note(target: float, metric: str, language: Language, **places: object) -> dict[str, object]:
    """Return the words beside the line of a target."""
    value = language.count(target) if metric == "wins" else language.axis_money(target)
    written = {"text": language.say("target.is", value=value), "showarrow": False, "font": {"color": _RED}}
    return {**written, "xanchor": "left", **places}


def _histogram(chart: Histogram, language: Language) -> tuple[list[Trace], dict[str, Any]]:
    middles = (chart.edges[:-1] + chart.edges[1:]) / 2
    no_target = chart.target is None
    reached = np.zeros(len(middles), dtype=bool) if chart.target is None else middles > chart.target
    colours = [_GREEN if hit else (_BLUE if no_target else _GREY) for hit in reached]
    bars = {"type": "bar", "x": middles.tolist(), "y": chart.shares.tolist(), "marker": {"color": colours}}
    bars |= {"width": np.diff(chart.edges).tolist(), "hovertemplate": "%{text}<extra></extra>"}
    between = (map(float, pair) for pair in zip(chart.edges[:-1], chart.edges[1:], strict=True))
    spans = [language.interval(*(_total(edge, chart.metric, language) for edge in pair)) for pair in between]
    told = zip(spans, map(float, chart.shares), strict=True)
    bars |= {"text": [f"{span}: {language.share(share, 1)}" for span, share in told], "textposition": "none"}
    below = [-0.05 * float(np.max(chart.shares))]
    low, middle, high = chart.quantiles
    whisker = {
        "x": [low, high],
        "y": below * 2,
        "mode": "lines",
        "line": {"color": _INK, "width": 3},
        "hoverinfo": "skip",
    }
    text = [_total(middle, chart.metric, language)]
    dot = {"x": [middle], "y": below, "mode": "markers", "marker": {"color": _INK, "size": 9}, "text": text}
    dot["hovertemplate"] = "P50: %{text}<extra></extra>"
    shapes, notes = [], []
    if chart.target is not None:
        shapes.append(_line(x0=chart.target, x1=chart.target, y0=0, y1=1, yref="paper"))
        in_right_half = chart.target > (chart.edges[0] + chart.edges[-1]) / 2
        beside = {
            "x": chart.target,
            "xanchor": "right" if in_right_half else "left",
            "xshift": -6 if in_right_half else 6,
        }
        notes.append(_target_note(chart.target, chart.metric, language, y=1.0, yref="paper", **beside))
    axis = _marks(float(chart.edges[0]), float(chart.edges[-1]), chart.metric, language)
    more = {"shapes": shapes, "annotations": notes, "bargap": 0.03, "yaxis": {"visible": False}, "xaxis": axis}
    return [bars, whisker, dot], more


def _intervals(chart: Intervals, language: Language) -> tuple[list[Trace], dict[str, Any]]:
    traces: list[Trace] = []
    for at, row in enumerate(chart.rows):
        colour = (_GREEN if row.dot >= 0 else _RED) if chart.signed else _BLUE
        for pair, width in (((0, 3), 3), ((1, 2), 11)):
            x = [row.quantiles[end] for end in pair]
            line = {"color": colour, "width": width}
            text = [_gained(value, chart, language) for value in x]
            told = {"text": text, "hovertemplate": "%{text}<extra></extra>"}
            traces.append({"x": x, "y": [at, at], "mode": "lines", "line": line, **told})
        label = f"{_name(row.name)}: {_gained(row.dot, chart, language)}<extra></extra>"
        dot = {"x": [row.dot], "y": [at], "mode": "markers", "marker": {"color": _INK, "size": 9}}
        traces.append({**dot, "hovertemplate": label})
    ends = [value for row in chart.rows for value in row.quantiles]
    low, high = min(0.0, *ends), max(0.0, *ends)
    pad = 0.04 * ((high - low) or 1.0)
    across = {"range": [low - pad, high + pad], "zeroline": True, "zerolinecolor": _GREY}
    marks = _marks(low, high, chart.metric, language)
    rows = {"yaxis": _row_axis([row.name for row in chart.rows]), "annotations": _row_labels(chart.rows, above=7)}
    return traces, {**rows, "xaxis": across | marks}


def _gained(value: float, chart: Intervals, language: Language) -> str:
    if chart.metric == "wins":
        return language.number(value, 2, signed=chart.signed)
    return language.money(value, signed=chart.signed)


def _bars(chart: Bars, language: Language) -> tuple[list[Trace], dict[str, Any]]:
    places = list(range(len(chart.rows)))
    traces: list[Trace] = [
        {
            "type": "bar",
            "orientation": "h",
            "x": [row.parts[at] for row in chart.rows],
            "y": places,
            "width": 0.5,
            "marker": {"color": _FILLS[style]},
            "hovertemplate": f"{language.say(f'legend.{style}')}: %{{x:,.1f}}<extra></extra>",
        }
        for at, style in enumerate(chart.colours)
    ]
    rows = {"yaxis": _row_axis([row.name for row in chart.rows]), "annotations": _row_labels(chart.rows, above=12)}
    return traces, {"barmode": "stack", **rows}


def _row_labels(rows: Sequence[Interval | Bar], above: int) -> list[dict[str, object]]:
    """Return the word of each row, at the right end, so many pixels above its middle."""
    place = {"x": 1.0, "xref": "paper", "xanchor": "right", "yanchor": "bottom", "yshift": above, "showarrow": False}
    return [{**place, "y": at, "text": _name(row.label)} for at, row in enumerate(rows)]


def _row_axis(names: Sequence[str]) -> dict[str, Any]:
    """Return an axis with a name for each row, from top to bottom, long names cut."""
    shown = [_name(name if len(name) <= 24 else name[:23] + "…") for name in names]
    marks: dict[str, Any] = {"tickvals": list(range(len(names))), "ticktext": shown}
    marks |= {"ticks": "outside", "ticklen": 8, "tickcolor": "rgba(0,0,0,0)"}
    return {**marks, "range": [len(names) - 0.4, -0.6], "showgrid": False, "zeroline": False}
