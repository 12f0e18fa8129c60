"""Options and behaviour that the commands share: overrides, errors in one line each, progress on a terminal."""

from __future__ import annotations

import io
import json
import logging
import sys
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, ParamSpec, TypeVar

import click

from simcast.cli.checks import check_is_text
from simcast.cli.group import WRONG_INPUT
from simcast.cli.lines import READING, Lines
from simcast.cli.process import dask_left_alone, write_no_more
from simcast.errors import SimcastError

if TYPE_CHECKING:
    from rich.console import Console

    from simcast.progress import Progress
    from simcast.scenario import Scenario

P = ParamSpec("P")
R = TypeVar("R")

NOT_TRUSTED = 1
"""Exit status: done, but the answer is not to be trusted, or a check failed."""

_ESTIMATE_SECONDS = 600.0
"""Over which stretch the time left is estimated: a fit tells of its progress a few times a minute only."""
_FULL_WIDTH = 120
_INTERRUPTED = 130

scenario_file = click.argument("file", type=click.Path(path_type=Path), metavar="FILE")
overrides = click.option(
    "--set",
    "overrides",
    multiple=True,
    metavar="KEY=VALUE",
    help="Override one value in the file, such as forecast.target.bookings=3e6; may be repeated.",
)
quick = click.option("--quick", is_flag=True, help="Fit with few draws, for a first look only (history.model.quick).")


def composed(_context: click.Context, _option: click.Parameter, names: Any) -> Any:  # noqa: ANN401 - one or several
    """Write names as scenario files are read, whose letters with accents are one character each."""
    if isinstance(names, str):
        return unicodedata.normalize("NFC", names)
    return tuple(unicodedata.normalize("NFC", name) for name in names) if names else names


scenario_names = click.option(
    "--scenario",
    "names",
    multiple=True,
    callback=composed,
    metavar="NAME",
    help="Only this scenario; may be repeated.",
)
standing_on = click.option(
    "--scenario",
    "standing_on",
    callback=composed,
    metavar="NAME",
    help="Start from this scenario of FILE instead of the baseline.",
)
cluster = click.option(
    "--cluster",
    metavar="local:N|tcp://HOST:PORT",
    help="Play the futures on N local processes, or on a Dask cluster.",
)
futures = click.option("--futures", type=click.IntRange(min=1), metavar="N", help="Number of futures to play.")
seed = click.option(
    "--seed", type=click.IntRange(min=0), metavar="N", help="Random seed of the futures; a fit has its own."
)
threads = click.option(
    "--threads", type=click.IntRange(min=1), metavar="N", help="Number of threads. Default: all processors."
)
checked_scenario = click.option(
    "--scenario",
    "standing_on",
    callback=composed,
    metavar="NAME",
    help="Checked only, as a scenario of FILE: a fit has no levers.",
)
_CHECKED_ONLY = (
    click.option(
        "--futures",
        type=click.IntRange(min=1),
        metavar="N",
        help="Checked only, as simulation.futures: none are played.",
    ),
    click.option(
        "--seed", type=click.IntRange(min=0), metavar="N", help="Checked only, as simulation.seed; a fit has its own."
    ),
    click.option("--threads", type=click.IntRange(min=1), metavar="N", help="Checked only: no futures are played."),
    click.option(
        "--cluster",
        metavar="local:N|tcp://HOST:PORT",
        help="Only check that this cluster could play futures: none are played here.",
    ),
)
folder = click.option(
    "--out",
    "folder",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Also write the JSON document, and its table if it has one, to this folder.",
)
rows = click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="FILE|DIR",
    help="Write all rows to a .csv or .parquet file, or with the JSON document to this folder.",
)
as_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON document and nothing else.")
quiet = click.option("--quiet", is_flag=True, help="No progress and no warnings on stderr.")


def played(command: Callable[P, R]) -> Callable[P, R]:
    """Give a command that plays futures the options that say how many, with which luck, and who plays them."""
    return futures(seed(threads(cluster(command))))


def checked_only(command: Callable[P, R]) -> Callable[P, R]:
    """Give a command that plays no futures the options of those that do, so that one set of options serves them all."""
    for option in reversed(_CHECKED_ONLY):
        command = option(command)
    return command


def answered(command: Callable[P, R]) -> Callable[P, R]:
    """Give a command ``--json`` and ``--quiet``, and errors in house style; it stands last, next to the function."""
    return as_json(quiet(says_what_is_wrong(command)))


def says_what_is_wrong(command: Callable[P, R]) -> Callable[P, R]:
    """Turn errors that a user can mend into one line per problem on stderr and exit status 2."""

    @wraps(command)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            with nullcontext() if kwargs.get("cluster") else dask_left_alone():
                return command(*args, **kwargs)
        except SimcastError as error:
            for line in str(error).splitlines():
                click.echo(f"error: {line}", err=True)
            sys.exit(WRONG_INPUT)
        except KeyboardInterrupt:
            _tell_interrupted(fits="quick" in kwargs)
        except SystemError as error:  # a compiled function was interrupted
            if not _was_interrupted(error):
                raise
            _tell_interrupted(fits="quick" in kwargs)
        except BrokenPipeError:
            # The reader of our output has gone (`simcast run ... | head`): leave without a word.
            write_no_more()
            sys.exit(0)

    return wrapped


def _tell_interrupted(*, fits: bool) -> NoReturn:
    """Say that the user stopped the command, and what is left of its work."""
    kept = "; what a fit or a backtest has finished is kept, and the next one goes on from there" if fits else ""
    click.echo(f"interrupted{kept}", err=True)
    sys.exit(_INTERRUPTED)


def _was_interrupted(error: BaseException | None) -> bool:
    """Return whether an interrupt is behind an error."""
    while error is not None and not isinstance(error, KeyboardInterrupt):
        error = error.__cause__ or error.__context__
    return error is not None


def load(
    file: Path, overrides: tuple[str, ...], futures: int | None = None, seed: int | None = None, *, quick: bool = False
) -> Scenario:
    """Read a scenario with its overrides; ``--futures``, ``--seed`` and ``--quick`` are short for three of them."""
    from simcast.scenario import Setting, load_scenario

    check_is_text(file)
    if file.suffix.lower() in {".csv", ".xlsx", ".parquet"} and file.is_file():
        raise SimcastError(f"{file}: is data, not a scenario; write one for it: simcast init --from {file}")
    if file.is_dir():
        held = sorted(file.glob("*.yaml"))
        hint = f"such as {held[0]}" if held else f"or write one: simcast init {file}"
        raise SimcastError(f"{file}: is a folder; name a scenario file, {hint}")
    _refuse_result(file)
    short = [
        Setting(f"simulation.{name}={value}", f"--{name}")
        for name, value in (("futures", futures), ("seed", seed))
        if value is not None
    ]
    if quick:
        short.append(Setting("history.model.quick=true", "--quick", without="there is no history to fit; leave it out"))
    return load_scenario(file, overrides=[*overrides, *short])


def _refuse_result(file: Path) -> None:
    """Refuse what a command wrote with ``--json``, and a run's own documents, by the version that stands in them."""
    if file.suffix.lower() != ".json" or not file.is_file():
        return
    try:
        held = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return  # what is wrong with it is said where scenarios are read
    if not isinstance(held, dict) or not isinstance(held.get("simcast"), str) or "pipeline" in held:
        return
    resolved = file.with_name("resolved.yaml")
    if resolved.is_file():
        raise SimcastError(f"{file}: is the result of a run, not a scenario; its scenario is {resolved} beside it")
    raise SimcastError(f"{file}: is the result of a command, not a scenario; name the file that it was asked of")


def exit_with(doubts: Sequence[str], silent: bool) -> None:
    """Leave with the status of an answer that is not to be trusted, and say why, where there are doubts of a fit."""
    if doubts:
        for doubt in () if silent else doubts:
            click.echo(f"warning: the fit is not to be trusted: {doubt}", err=True)
        sys.exit(NOT_TRUSTED)


def pairs(values: tuple[str, ...], name: str) -> dict[str, str]:
    """Take values such as ``ours=theirs`` apart, given to the option of this name."""
    wrong = [value for value in values if not all(value.partition("="))]
    if wrong:
        raise SimcastError([f"--{name} {value}: write it as NAME=VALUE" for value in wrong])
    found = [value.partition("=")[::2] for value in values]
    names = [left for left, _ in found]
    if twice := [left for left in dict.fromkeys(names) if names.count(left) > 1]:
        raise SimcastError([f"--{name} {left}: is given {names.count(left)} times; give it once" for left in twice])
    return dict(found)


def by_outcome(columns: Mapping[str, str]) -> dict[str, str | dict[str, str]]:
    """Gather ``closed.won`` and the like under ``closed``, as scenario files name them.

    Examples
    --------
    >>> by_outcome({"deal": "ID", "closed.won": "Hired on", "closed.lost": "Rejected on"})
    {'deal': 'ID', 'closed': {'won': 'Hired on', 'lost': 'Rejected on'}}
    """
    apart = {name.removeprefix("closed."): column for name, column in columns.items() if name.startswith("closed.")}
    if apart and "closed" in columns:
        raise SimcastError(
            [f"--column closed: goes without --column closed.{next(iter(apart))}; name one or both ends"]
        )
    others: dict[str, str | dict[str, str]] = {
        name: column for name, column in columns.items() if not name.startswith("closed.")
    }
    return {**others, "closed": apart} if apart else others


def console_for_results() -> Console:
    """Return a console on stdout, wide enough for the tables where no terminal says how wide it is."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a stage's name may be in letters that the terminal has not
    return _console()


def console_for_warnings(*, silent: bool) -> Console:
    """Return a console on stderr, as wide as that for results, which prints nothing where it is to be silent."""
    return _console(stderr=True, quiet=silent)


def _console(*, stderr: bool = False, quiet: bool = False) -> Console:
    """Return a console on stdout or stderr; what it prints is written at once, so that both keep their order."""
    from rich.console import Console

    class Leaving(Console):
        def on_broken_pipe(self) -> None:
            raise BrokenPipeError  # `says_what_is_wrong` leaves without a word

    stream = sys.stderr if stderr else sys.stdout
    wide = stream is None or not stream.isatty()  # None: the shell closed it (>&-)
    return Leaving(stderr=stderr, quiet=quiet, width=_FULL_WIDTH if wide else None)


def print_json(document: dict[str, Any] | list[Any]) -> None:
    """Print one JSON document on stdout, with escapes where its encoding has not all letters."""
    unicode = (getattr(sys.stdout, "encoding", None) or "").lower().replace("-", "") in ("utf8", "utf16")
    click.echo(json.dumps(document, indent=2, ensure_ascii=not unicode, allow_nan=False))


class _OnStderr(logging.Handler):
    """Writes one line per remark on what stderr is at the moment, so that a progress bar goes on below it."""

    def emit(self, record: logging.LogRecord) -> None:
        click.echo(f"simcast: {record.getMessage()}", err=True)


@contextmanager
def remarks_on_stderr(*, silent: bool) -> Iterator[None]:
    """Show remarks on what takes its time on stderr while the block runs."""
    log, handler = logging.getLogger("simcast"), _OnStderr(logging.INFO)
    level = log.level
    if not silent:
        log.addHandler(handler)
        log.setLevel(logging.INFO)
    try:
        yield
    finally:
        log.removeHandler(handler)
        log.setLevel(level)


@contextmanager
def progress_on_stderr(*, silent: bool) -> Iterator[Progress | None]:
    """Show progress on stderr while the block runs: a bar on a terminal, and lines elsewhere."""
    closed = sys.stderr is None  # as the shell's 2>&- leaves it
    if silent or closed or not sys.stderr.isatty():
        with nullcontext() if silent or closed else Lines().kept_up() as lines:
            yield lines
        return
    from rich.console import Console
    from rich.progress import BarColumn, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars

    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    with Bars(*columns, console=Console(stderr=True), transient=True, speed_estimate_period=_ESTIMATE_SECONDS) as bars:
        shown: dict[str, TaskID] = {READING: bars.add_task(READING, total=None)}

        def report(description: str, fraction: float) -> None:
            if READING in shown:
                bars.remove_task(shown.pop(READING))
            work = description.partition(":")[0]  # "fit: stage lead" and "fit: stage meeting" share a bar
            if work not in shown:
                shown[work] = bars.add_task(description, total=1.0)
            bars.update(shown[work], description=description, completed=fraction)

        yield report


@contextmanager
def telling(*, quiet: bool, as_json: bool = False) -> Iterator[Progress | None]:
    """Show remarks and progress on stderr while the block plays; a program that reads JSON is told of no progress."""
    with remarks_on_stderr(silent=quiet), progress_on_stderr(silent=quiet or as_json) as progress:
        yield progress
