"""`simcast serve`: the what-if page, on this machine alone."""

from __future__ import annotations

from pathlib import Path

import click

from simcast.cli import checks, options


@click.command(short_help="Open the what-if page for a file.")
@options.scenario_file
@options.overrides
@options.standing_on
@click.option(
    "--port", type=click.IntRange(1, 65535), default=8501, show_default=True, metavar="N", help="The port to listen on."
)
@click.option(
    "--futures",
    type=click.IntRange(min=1),
    default=2000,
    show_default=True,
    metavar="N",
    help="Number of futures the page plays.",
)
@click.option("--no-browser", is_flag=True, help="Do not open a browser; print the address only.")
@options.seed
@options.threads
@options.quick
@options.answered
def serve(
    file: Path,
    overrides: tuple[str, ...],
    standing_on: str | None,
    port: int,
    futures: int,
    no_browser: bool,
    seed: int | None,
    threads: int | None,
    quick: bool,
    as_json: bool,
    quiet: bool,
) -> None:
    """Open a page with a slider for each lever of FILE; the forecast follows the sliders.

    The page is served on this machine only (127.0.0.1), sends nothing anywhere, and stores nothing: save plans that
    are worth keeping as a file that `simcast run` reads. With --json, the address is printed as a document. Ctrl-C ends
    it.

    \b
    Examples:
      simcast serve scenarios/q3.yaml
      simcast serve scenarios/q3.yaml --scenario fix-operator
      simcast serve scenarios/assumed.yaml --port 9000 --no-browser --set forecast.target.bookings=7e5
    """
    from simcast import app
    from simcast.app.serving import check_installed, check_port

    check_installed()
    check_port(port)
    scenario = options.load(
        file, overrides, futures, seed, quick=quick
    )  # says what is wrong as the command line has it
    start = checks.check_scenario(scenario, standing_on)
    if quick:
        overrides = (*overrides, "history.model.quick=true")
    if seed is not None:
        overrides = (*overrides, f"simulation.seed={seed}")
    question = app.Question(str(file), overrides, futures, threads, start)
    with options.telling(quiet=quiet, as_json=as_json) as progress:
        app.shared_bench(question, progress)
    app.serve(
        question,
        port=port,
        browser=not no_browser,
        ready=_tell_as_json if as_json else _tell,
    )


def _tell(address: str) -> None:
    """Say where the page is."""
    click.echo(f"the page is at {address}; Ctrl-C ends it")


def _tell_as_json(address: str) -> None:
    """Say where the page is, to a program that has started it."""
    options.print_json({"address": address})
