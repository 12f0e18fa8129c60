"""The figures of the page, drawn by Plotly; in colours that colour-blind readers can distinguish."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from simcast.app.outcome import BANDS, Outcome
from simcast.app.wording import in_figure
from simcast.forecast import Metric

if TYPE_CHECKING:
    import plotly.graph_objects as go

BASELINE_COLOUR = "86, 86, 86"
PLAN_COLOUR = "0, 114, 178"
TARGET_COLOUR = "rgb(213, 94, 0)"

_HEIGHT = 380
_LONGEST_TICK = 18

CONFIG = {"displaylogo": False, "displayModeBar": False}
"""What Plotly offers beside a figure."""


def fan(baseline: Outcome, plan: Outcome | None, as_of: np.datetime64, target: float | None) -> go.Figure:
    """Draw the cumulative total: median and 80% interval of the baseline, and of the plan with its 50% one.

    Parameters
    ----------
    baseline, plan
        What is drawn; no plan while nothing is changed.
    as_of
        The day on which the forecast stands; the total counts from it.
    target
        The wanted total, if any.
    """
    import plotly.graph_objects as go

    figure = go.Figure()
    shown = [("baseline", baseline, BASELINE_COLOUR, (0.1, 0.9), 0.16)]
    if plan is not None:
        shown += [("what-if", plan, PLAN_COLOUR, (0.1, 0.9), 0.16), ("", plan, PLAN_COLOUR, (0.25, 0.75), 0.16)]
    for name, outcome, colour, edges, opacity in shown:
        days = np.append(as_of, outcome.days).astype("datetime64[ms]")
        for edge in edges:
            figure.add_scatter(
                x=days,
                y=_from_zero(outcome, edge),
                mode="lines",
                line={"width": 0},
                fill="tonexty" if edge == edges[1] else None,
                fillcolor=f"rgba({colour}, {opacity})",
                showlegend=False,
                hoverinfo="skip",
            )
        if name:
            figure.add_scatter(
                x=days,
                y=_from_zero(outcome, 0.5),
                mode="lines",
                line={"color": f"rgb({colour})", "width": 2.5, "dash": "dash" if name == "baseline" else "solid"},
                name=f"{name}: median",
                hovertemplate="%{y:.3s}",
            )
    if target is not None:
        figure.add_hline(y=target, line={"color": TARGET_COLOUR, "width": 1.5, "dash": "dot"})
        font = {"color": TARGET_COLOUR}
        figure.add_annotation(
            x=0, xref="paper", xanchor="left", y=target, yanchor="bottom", text="target", showarrow=False, font=font
        )
    figure.update_layout(**_layout(f"{baseline.metric} so far"))
    return figure


def _from_zero(outcome: Outcome, band: float) -> Any:  # noqa: ANN401 - an array, as Plotly takes it
    return np.append(0.0, outcome.fan[:, BANDS.index(band)])


def differences(plan: Outcome) -> go.Figure:
    """Draw how much the plan brings against the baseline in the same future, and its 80% interval."""
    import plotly.graph_objects as go

    low, high = plan.gained.quantile(0.1), plan.gained.quantile(0.9)
    counts, edges = np.histogram(plan.differences, bins=40)
    figure = go.Figure()
    figure.add_bar(
        x=(edges[1:] + edges[:-1]) / 2,
        y=counts / plan.futures,
        width=np.diff(edges),
        marker={"color": f"rgba({PLAN_COLOUR}, 0.6)"},
        hovertemplate="%{x:.3s}: %{y:.1%} of futures<extra></extra>",
    )
    if high > low:
        figure.add_vrect(x0=low, x1=high, fillcolor=f"rgba({PLAN_COLOUR}, 0.12)", line_width=0)
    figure.add_vline(x=0, line={"color": f"rgb({BASELINE_COLOUR})", "width": 1})
    figure.update_layout(**_layout("share of futures"), bargap=0)
    figure.update_layout(height=260, xaxis={"title": {"text": f"difference of {plan.metric}"}})
    figure.update_yaxes(tickformat=".0%")
    return figure


def bars(
    names: list[str],
    baseline: list[tuple[float, float, float]],
    plan: list[tuple[float, float, float]] | None,
    metric: Metric = "bookings",
) -> go.Figure:
    """Draw medians with 80% intervals, side by side.

    Parameters
    ----------
    names
        What the bars stand for.
    baseline, plan
        Per name P10, P50 and P90; no plan while nothing is changed.
    metric
        What they are of.
    """
    import plotly.graph_objects as go

    figure = go.Figure()
    series = [("baseline", baseline, BASELINE_COLOUR)] + ([("what-if", plan, PLAN_COLOUR)] if plan else [])
    for name, values, colour in series:
        low, middle, high = (np.array(part) for part in zip(*values, strict=True))
        figure.add_bar(
            x=list(range(len(names))),  # not the names: two long ones may be cut to the same
            y=middle,
            error_y={"type": "data", "symmetric": False, "array": high - middle, "arrayminus": middle - low},
            marker={"color": f"rgba({colour}, 0.6)"},
            name=name,
            hovertemplate="%{y:.3s}",
        )
    figure.update_layout(**_layout(f"{metric}: median, 80% interval"), barmode="group")
    ticks = [in_figure(text, _LONGEST_TICK) for text in names]
    figure.update_xaxes(tickmode="array", tickvals=list(range(len(names))), ticktext=ticks)
    return figure


def _layout(y_title: str) -> dict[str, Any]:
    """Return what all figures share."""
    return {
        "height": _HEIGHT,
        "margin": {"l": 10, "r": 10, "t": 30, "b": 10},
        "hovermode": "x unified",
        "legend": {"orientation": "h", "yanchor": "bottom", "y": 1.0, "x": 0},
        "yaxis": {"title": {"text": y_title}, "rangemode": "tozero", "tickformat": "~s"},
        "uirevision": "kept",
    }
