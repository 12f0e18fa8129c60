"""Writing a report of a run: a page, a workbook, or both."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from simcast.analysis import Run
from simcast.errors import SimcastError
from simcast.progress import Progress
from simcast.report.folder import provenance, write_whole
from simcast.report.page import collect, render
from simcast.report.page.interactive import library
from simcast.report.words import LANGUAGES
from simcast.report.workbook import check_library, write_workbook

_NO_PAGES = frozenset({".csv", ".docx", ".json", ".md", ".parquet", ".pdf", ".png", ".xls", ".xlsx", ".yaml", ".yml"})
"""Endings of names that promise something else than a page."""


def check_targets(page: Path | None, workbook: Path | None, *, interactive: bool = False) -> None:
    """Refuse what cannot be written before minutes of work are spent.

    Raises
    ------
    SimcastError
        When a page or a workbook is to be named as something else, or both are one file; when a target is a folder or
        in one that is not there or cannot be written; when the workbook's library is missing.
    """
    problems = []
    for option, target in (("--out", page), ("--xlsx", workbook)):
        if target is None:
            continue
        folder = target.absolute().parent
        problems += _problems_of_name(option, target)
        if target.is_dir():
            problems.append(f"{option} {target}: this is a folder; name a file")
        elif not folder.is_dir():
            problems.append(f"{option} {target}: there is no folder {folder}; make it, or name another")
        elif not os.access(folder, os.W_OK):
            problems.append(f"{option} {target}: {folder} cannot be written; name another folder")
    if not problems and page is not None and workbook is not None and page.resolve() == workbook.resolve():
        problems.append(f"--xlsx {workbook}: --out names the same file; name another")
    if problems:
        raise SimcastError(problems)
    if workbook is not None:
        check_library()
    if interactive:
        library()


def _problems_of_name(option: str, target: Path) -> list[str]:
    """Say what is wrong with the ending of a page's name, or of a workbook's; a device may be called anything."""
    ending = target.suffix.lower()
    if option == "--out" and ending in _NO_PAGES:
        return [f"{option} {target}: a page is written as .html; name such a file (a workbook goes to --xlsx)"]
    is_device = target.exists() and not target.is_file()
    if option == "--xlsx" and ending != ".xlsx" and not is_device:
        return [f"{option} {target}: a workbook is written as .xlsx; name such a file"]
    return []


def write_report(
    run: Run,
    page: Path | None = None,
    workbook: Path | None = None,
    *,
    language: str = "en",
    interactive: bool = False,
    threads: int | None = None,
    progress: Progress | None = None,
    command: Sequence[str] = (),
) -> list[Path]:
    """Write a report.

    Parameters
    ----------
    run
        What to tell of.
    page, workbook
        Where to write the page and the workbook; each only where given.
    language
        A key of `simcast.report.words.LANGUAGES`.
    interactive
        Whether plotly draws the figures of the page, which then holds its script (4.8 MB).
    threads
        How many threads play the baseline by day, for the fan.
    progress
        Called with a description and the fraction done.
    command
        How the report was asked for; its program is written without its folder.

    Returns
    -------
    list of Path
        What was written.

    Raises
    ------
    SimcastError
        When a file cannot be written, or the language is not known.
    """
    if language not in LANGUAGES:
        raise SimcastError(f"language {language!r}: not known (known: {', '.join(LANGUAGES)})")
    words = LANGUAGES[language]
    asked = ("simcast", *command[1:]) if command else ()
    material = collect(run, threads=threads, progress=progress, provenance=provenance(run, ()), command=asked)
    written = []
    try:
        if page is not None:
            text = render(material, words, interactive=interactive)
            write_whole(page, lambda path: path.write_text(text, encoding="utf-8"))
            written.append(page)
        if workbook is not None:
            check_library()
            write_whole(workbook, lambda path: write_workbook(material, path, words))
            written.append(workbook)
    except OSError as error:
        raise SimcastError(f"the report cannot be written: {error}; name another place") from error
    return written
