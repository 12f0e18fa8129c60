"""Execute the notebooks and keep their outputs, clean and small: `make notebooks`."""

from __future__ import annotations

import base64
import io
import os
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nbformat import NotebookNode

HERE = Path(__file__).parent
NOTEBOOKS = sorted(HERE.glob("[0-9]*.ipynb"))

PICTURE = "image/png"
KEPT_FORMS = ("text/plain", "text/html", PICTURE)
_COLOURS = 128
PARAMETERS = "parameters"
"""The tag of the cell whose values may be replaced."""

_INLINE = "module://matplotlib_inline.backend_inline"
_METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
_OF_THIS_MACHINE = re.compile(r"0x[0-9a-f]{6,}|/(?:home|root|tmp|usr|Users)/\S+")


def execute(path: Path, parameters: Mapping[str, object] | None = None, timeout: int = 7200) -> NotebookNode:
    """Run all cells of a notebook in a kernel of its own, in the notebook's folder.

    Parameters
    ----------
    path
        The notebook; its file is not changed.
    parameters
        Values in place of those in the cell that is tagged ``parameters``.
    timeout
        The most seconds that one cell may take.

    Raises
    ------
    nbclient.exceptions.CellExecutionError
        When a cell fails.
    """
    import nbformat
    from nbclient import NotebookClient

    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        if PARAMETERS in cell.metadata.get("tags", ()):
            cell.source = "\n".join(
                [cell.source, *(f"{name} = {value!r}" for name, value in (parameters or {}).items())]
            )
    client = NotebookClient(
        notebook, timeout=timeout, kernel_name="python3", resources={"metadata": {"path": path.parent}}
    )
    # Streamlit, once imported, leaves word for all processes to come that nothing is to be shown.
    client.execute(env={**os.environ, "MPLBACKEND": _INLINE})
    return notebook


def clean(notebook: NotebookNode) -> NotebookNode:
    """Keep tables, numbers and pictures; drop warnings, widgets, timings, and what tells of the interpreter.

    Raises
    ------
    ValueError
        When an output names a path or an address of this machine.
    """
    notebook.metadata.clear()
    notebook.metadata.update(_METADATA)
    for cell in notebook.cells:
        for name in ("execution", "collapsed", "scrolled"):
            cell.metadata.pop(name, None)
        if cell.cell_type != "code":
            continue
        cell.outputs = [output for output in cell.outputs if output.get("name") != "stderr"]
        for output in cell.outputs:
            output.pop("metadata", None)
            if "data" in output:
                output["metadata"] = {}
                output.data = {form: output.data[form] for form in KEPT_FORMS if form in output.data}
        found = _OF_THIS_MACHINE.search("\n".join(texts(cell.outputs)))
        if found:
            raise ValueError(
                f"an output names something of this machine ({found[0]}); end the cell otherwise:\n{cell.source}"
            )
    return notebook


def in_few_colours(picture: str) -> str:
    """Return a picture in base64 with as many colours as plots have, which takes a third of the room."""
    from PIL import Image

    drawn, written = Image.open(io.BytesIO(base64.b64decode(picture))), io.BytesIO()
    drawn.convert("RGB").quantize(_COLOURS).save(written, "PNG", optimize=True)
    return base64.b64encode(written.getvalue()).decode()


def texts(outputs: Sequence[NotebookNode]) -> list[str]:
    """Return what the outputs of a cell say in words."""
    said = []
    for output in outputs:
        said.append(str(output.get("text", "")))
        said += [str(value) for form, value in output.get("data", {}).items() if form.startswith("text/")]
    return said


def main(paths: Sequence[Path] = NOTEBOOKS) -> int:
    """Execute and rewrite the notebooks, all of them unless some are named."""
    import nbformat

    for path in paths:
        sys.stderr.write(f"executing {path.name}\n")
        notebook = clean(execute(path))
        for output in (output for cell in notebook.cells for output in cell.get("outputs", ())):
            if PICTURE in output.get("data", {}):
                output.data[PICTURE] = in_few_colours(output.data[PICTURE])
        nbformat.write(notebook, path)
    return 0


if __name__ == "__main__":
    sys.exit(main([Path(name).resolve() for name in sys.argv[1:]] or NOTEBOOKS))
