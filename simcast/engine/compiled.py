"""Where the kernels' compiled code is kept between runs, and what happens when it is damaged.

Numba keeps compiled code in files, with three traps. It looks only at the file of the function that it loads, and would
go on using code compiled with an older helper module: so the folder is named after a hash of all sources. A file cut
short (a full disk, a machine switched off) ends the program: so what cannot be read is compiled again. And two
processes may keep two functions under one name, of which a third that loads both calls the wrong one: so names hold
random numbers.
"""

from __future__ import annotations

import hashlib
import logging
import os
import shutil
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from pickle import UnpicklingError
from types import MappingProxyType, ModuleType
from typing import Any

from numba import __version__ as _numba_version
from numba.core import config
from numba.core.bytecode import FunctionIdentity
from numba.core.caching import CompileResultCacheImpl, FunctionCache
from numba.core.dispatcher import Dispatcher
from numba.core.runtime.nrt import rtsys
from numba.misc.appdirs import AppDirs

_MOST_KEPT = 3
"""How many folders are kept: each change of the sources makes another, of some megabytes."""

_log = logging.getLogger("simcast")


class _RandomNumbers:
    """Numbers that no other process draws too."""

    def __iter__(self) -> Iterator[int]:
        """Go on for ever."""
        return self

    def __next__(self) -> int:
        """Return the next number; forks of a process draw different ones."""
        return int.from_bytes(os.urandom(8), "big")


def tell_functions_apart() -> None:
    """Have Numba name what it compiles in this process as no other process does.

    Numba numbers the functions of one name (`numba_composite`, `impl`) from 1 in each process, and the linker takes the
    first of two with the same name, number and types of arguments for both, whatever they compute. It is Numba's fault
    (https://github.com/numba/numba/issues/10486), mended in the same way by PyTensor 3.
    """
    FunctionIdentity._unique_ids = _RandomNumbers()  # type: ignore[assignment]  # typed as the counter that it was


@contextmanager
def kept_beside(
    package: Path, *others: Path, announcements: Mapping[str, str] = MappingProxyType({})
) -> Iterator[None]:
    """Keep what the modules compile that are first imported inside the block, in a folder of their package.

    Parameters
    ----------
    package
        The folder of the package whose modules are imported.
    others
        The folders of packages whose functions they call.
    announcements
        What to log when a function of this name is compiled.
    """
    # Numba defines its options at run time. Ours is put back, so that other users of Numba keep theirs.
    before = config.CACHE_DIR  # type: ignore[attr-defined]
    folder = compiled_folder(digest_of_sources(package, *others), places_for_compiled_code(package, before))
    if folder is not None:
        config.CACHE_DIR = str(folder)  # type: ignore[attr-defined]
    try:
        yield
        modules = [module for name, module in sys.modules.items() if name.startswith("simcast.")]
        keep_compiled_code([module for module in modules if _lies_in(package, module)], announcements)
    finally:
        config.CACHE_DIR = before  # type: ignore[attr-defined]


def _lies_in(package: Path, module: ModuleType) -> bool:
    """Return whether a module is a file of this folder."""
    file = getattr(module, "__file__", None)
    return file is not None and Path(file).parent == package


def digest_of_sources(*folders: Path) -> str:
    """Return a hash of Numba's version and of all Python files of these folders, 16 hexadecimal digits."""
    sources = hashlib.sha256(_numba_version.encode())
    for folder in folders:
        for file in sorted(folder.glob("*.py")):
            sources.update(file.name.encode())
            sources.update(file.read_bytes())
    return sources.hexdigest()[:16]


def compiled_folder(digest: str, places: Iterable[Path]) -> Path | None:
    """Return the folder for code compiled from the sources with this digest, or None where nothing can be written.

    It is made if need be; of the folders of other sources beside it, those used last are kept.

    Parameters
    ----------
    digest
        Of the sources.
    places
        Folders in which it may be, the first that can be written is taken.
    """
    for place in places:
        folder = place / f"compiled-{digest}"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            os.utime(folder)
            _remove_outdated(place)
        except OSError:
            continue
        if os.access(folder, os.W_OK):
            return folder
    return None


def places_for_compiled_code(beside: Path, chosen: str) -> list[Path]:
    """Return where compiled code may be kept: where the user chose (`NUMBA_CACHE_DIR`), or beside the sources.

    Where the sources' own folder cannot be written, as in an installation by another user, it is the user's cache.
    """
    if chosen:
        return [Path(chosen) / f"simcast-{beside.name}"]
    return [beside / "__pycache__", Path(AppDirs("simcast", appauthor=False).user_cache_dir) / beside.name]


def _remove_outdated(place: Path) -> None:
    """Remove all but the folders used last."""
    by_use = sorted(place.glob("compiled-*"), key=lambda folder: folder.stat().st_mtime, reverse=True)
    for outdated in by_use[_MOST_KEPT:]:
        shutil.rmtree(outdated, ignore_errors=True)


class _Kept(CompileResultCacheImpl):
    """What is kept of a compiled function.

    With a function Numba keeps the environment of each that it calls, and imports their modules when it loads it: for
    those of its own arrays a seventh of a second. Only code that prints, or raises with arguments, looks at them.
    """

    def reduce(self, compiled: object) -> tuple[object, ...]:
        """Return what is written to disk: all but the environments of Numba's own functions."""
        *rest, environments = super().reduce(compiled)
        return (*rest, tuple(one for one in environments if one.globals["__name__"].startswith("simcast.")))


class KeptCode(FunctionCache):
    """The compiled code of one function on disk; what is damaged there counts as not there.

    Parameters
    ----------
    function
        The function, not compiled.
    announcement
        What to log when it is not there and compiling begins; nothing when empty.
    """

    _impl_class = _Kept

    def __init__(self, function: object, announcement: str = "") -> None:
        super().__init__(function)
        self._announcement = announcement

    def load_overload(self, sig: object, target_context: object) -> object:
        """Return the code for these types of arguments, or None, and then Numba compiles it."""
        # Not `super().load_overload`: it loads all that Numba can compile first, a fifth of a second, a sixth of what a
        # command does before its simulation. Where nothing is kept the compiler does so itself.
        rtsys.initialize(target_context)
        try:
            with self._guard_against_spurious_io_errors():
                code = self._load_overload(sig, target_context)
        except (EOFError, UnpicklingError):
            self.flush()
            code = None
        if code is None and self._announcement:
            _log.info(self._announcement)
        return code

    def holds(self, sig: object, target_context: Any) -> bool:  # noqa: ANN401  # as in `load_overload`, but used
        """Return whether there is code for these types of arguments; it may turn out damaged when it is loaded."""
        try:
            with self._guard_against_spurious_io_errors():
                return self._index_key(sig, target_context.codegen()) in self._cache_file._load_index()
        except (EOFError, UnpicklingError):
            pass
        return False

    def save_overload(self, sig: object, data: object) -> None:
        """Keep what was compiled, if there is room; a full disk is no reason to stop."""
        try:
            super().save_overload(sig, data)
        except OSError as error:
            _log.info("compiled code could not be kept: %s", error)


def keep_compiled_code(modules: Iterable[ModuleType], announcements: Mapping[str, str]) -> None:
    """Let the functions of these modules that Numba keeps on disk survive damage there.

    Parameters
    ----------
    modules
        Whose functions.
    announcements
        What to log when a function of this name is compiled.
    """
    for module in modules:
        for name, value in vars(module).items():
            function = getattr(value, "compiled", value)
            if isinstance(function, Dispatcher) and function.py_func.__module__ == module.__name__:
                kept = function._cache  # type: ignore[attr-defined]  # private, as is how `njit` sets it
                if isinstance(kept, FunctionCache):
                    code = KeptCode(function.py_func, announcements.get(name, ""))
                    function._cache = code  # type: ignore[attr-defined]  # likewise
