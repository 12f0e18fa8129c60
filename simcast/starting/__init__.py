"""Getting started: a sample project to run as it is, and a scenario proposed for a user's own file."""

from simcast.starting.own_file import Proposal, propose
from simcast.starting.project import NAME, write_project
from simcast.starting.said import Said

__all__ = ["NAME", "Proposal", "Said", "propose", "write_project"]
