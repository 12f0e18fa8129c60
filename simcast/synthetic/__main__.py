"""Write the sample again: ``python -m simcast.synthetic scenarios/data``."""

from __future__ import annotations

import sys

from simcast.synthetic.leads import write_leads
from simcast.synthetic.sample import write_sample


def main(arguments: list[str]) -> int:
    """Write the sample into the one folder named; 2 when none or several are."""
    if len(arguments) != 1:
        sys.stderr.write("usage: python -m simcast.synthetic FOLDER\n")
        return 2
    write_sample(arguments[0])
    write_leads(arguments[0])
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
