"""The page: sections put into the template, with a policy that forbids whatever the page does not hold itself."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from importlib.resources import files

from markupsafe import Markup

import simcast
from simcast.report.page.answering import answer_sentence, build_up, distribution, parts, scenarios, spread, tiles
from simcast.report.page.assuming import assumptions
from simcast.report.page.drawing import drawn
from simcast.report.page.flowing import deals, funnel, leaks
from simcast.report.page.interactive import drawing_script, library
from simcast.report.page.material import Material
from simcast.report.page.section import Section
from simcast.report.page.trusting import provenance, quality, remarks
from simcast.report.page.waiting import teams
from simcast.report.tables import as_date, written
from simcast.report.words import Language

_TEMPLATES = files("simcast.report.page") / "templates"

NUMBER_KINDS = frozenset({"money", "gain", "count", "more", "chance", "share", "number", "days"})
"""Columns of these kinds stand on the right."""


def sections(material: Material, language: Language) -> list[Section]:
    """Return all sections that have something to tell, in order."""
    found = [
        build_up(material, language),
        distribution(material, language),
        scenarios(material, language),
        funnel(material, language),
        leaks(material, language),
        teams(material, language),
        parts(material, language),
        spread(material, language),
        deals(material, language),
        quality(material, language),
        assumptions(material, language),
        provenance(material, language),
    ]
    return [section for section in found if section is not None]


def render(material: Material, language: Language, *, interactive: bool = False) -> str:
    """Return the whole page as HTML; interactive pages hold plotly, which draws their figures.

    Raises
    ------
    SimcastError
        When plotly is asked for and not installed.
    """
    import jinja2

    style = (_TEMPLATES / "page.css").read_text(encoding="utf-8")
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.globals = {
        "say": language.say,
        "written": lambda value, kind: written(value, kind, language),
        "draw": lambda chart, name: drawn(chart, name, language),
        "is_number": lambda kind: kind in NUMBER_KINDS,
    }
    template = environment.from_string((_TEMPLATES / "page.html").read_text(encoding="utf-8"))
    run, told = material.run, sections(material, language)
    figures = [figure for section in told for figure in section.figures]
    scripts = [library(), drawing_script(figures, language)] if interactive else []
    page = template.render(
        lang=language.code,
        policy=_policy(style, scripts),
        style=Markup(style),  # noqa: S704 - our own file
        scripts=[Markup(script) for script in scripts],  # noqa: S704 - names in it are escaped for a script
        places={figure.table.key: at for at, figure in enumerate(figures, start=1)},
        title=run.scenario.name,
        question=run.scenario.question,
        answer=answer_sentence(material, language),
        as_of=language.date(as_date(run.days.as_of)),
        until=language.date(as_date(run.days.until)),
        tiles=tiles(material, language),
        doubts=remarks(run.posterior.doubts, language),
        sections=told,
        version=simcast.__version__,
    )
    return page + "\n"


def _policy(style: str, scripts: Sequence[str]) -> str:
    """Return the Content-Security-Policy: nothing from anywhere, this very style sheet, and these very scripts."""
    styles, run = _hashed(style), ""
    if scripts:
        # plotly writes styles of its own into the page, and offers pictures of its figures.
        styles, run = "'unsafe-inline'", f"script-src {' '.join(map(_hashed, scripts))}; img-src data: blob:; "
    return f"default-src 'none'; {run}style-src {styles}; base-uri 'none'; form-action 'none'"


def _hashed(text: str) -> str:
    """Return the source that allows one inline text and no other."""
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return f"'sha256-{digest}'"
