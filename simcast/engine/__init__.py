"""The Monte Carlo engine: compiled kernels that see only arrays and numbers.

Compiled code is kept beside the sources, in a folder named after a hash of all of them: Numba itself looks only at
the file of the function it loads, and would go on using code compiled with an older helper module.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path

from numba import __version__ as _numba_version
from numba.core import config

_HERE = Path(__file__).parent


def _compiled_folder() -> Path | None:
    """Return the folder for code compiled from these very sources, or None where nothing can be written."""
    sources = hashlib.sha256(_numba_version.encode())
    for file in sorted(_HERE.glob("*.py")):
        sources.update(file.read_bytes())
    folder = _HERE / "__pycache__" / f"compiled-{sources.hexdigest()[:16]}"
    try:
        if not folder.exists():
            for outdated in folder.parent.glob("compiled-*"):
                shutil.rmtree(outdated, ignore_errors=True)
            folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return None
    return folder if os.access(folder, os.W_OK) else None


# Numba defines its options at run time. Ours is put back, so that other users of Numba keep theirs.
_before = config.CACHE_DIR  # type: ignore[attr-defined]
_folder = _compiled_folder()
if _folder is not None and not _before:
    config.CACHE_DIR = str(_folder)  # type: ignore[attr-defined]

from simcast.engine import (  # noqa: E402
    amount_slope,
    block,
    counts,
    gamma,
    hazard,
    kernel,
    layout,
    normal,
    open_deals,
    rng,
    samplers,
    tables,
)

config.CACHE_DIR = _before  # type: ignore[attr-defined]

__all__ = [
    "amount_slope",
    "block",
    "counts",
    "gamma",
    "hazard",
    "kernel",
    "layout",
    "normal",
    "open_deals",
    "rng",
    "samplers",
    "tables",
]
