"""Results for people and programs: the terminal, JSON documents, and the folder that every run leaves."""

from simcast.report.document import run_document
from simcast.report.folder import write_run_folder
from simcast.report.terminal import print_run

__all__ = ["print_run", "run_document", "write_run_folder"]
