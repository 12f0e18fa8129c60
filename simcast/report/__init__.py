"""Results for people and programs: the terminal, JSON documents, pages, and the folder that every run leaves."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from simcast.report.document import run_document
from simcast.report.folder import write_run_folder
from simcast.report.terminal import print_run

if TYPE_CHECKING:
    from simcast.report.making import write_report

__all__ = ["print_run", "run_document", "write_report", "write_run_folder"]


def __getattr__(name: str) -> object:
    """Import what writes pages and workbooks when it is first asked for: commands that only print need none of it."""
    if name == "write_report":
        return importlib.import_module("simcast.report.making").write_report
    raise AttributeError(f"module 'simcast.report' has no attribute {name!r}", name=name)
