"""Lets ``python -m simcast`` stand in for the ``simcast`` command."""

from simcast.cli import main

if __name__ == "__main__":
    main(prog_name="simcast")
