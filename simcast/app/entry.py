"""The script that Streamlit runs for each change on the page; its argument is what `simcast serve` was asked."""

import sys

from simcast.app.page import show
from simcast.app.serving import question_of

if __name__ == "__main__":
    show(question_of(sys.argv[1:]))
