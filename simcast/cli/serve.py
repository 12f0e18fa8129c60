"""`simcast serve`: the what-if page, on this machine alone."""

from __future__ import annotations

from pathlib import Path

import click

from simcast.cli import options


@click.command(short_help="Open the what-if page for a file.")
@options.scenario_file
@options.overrides
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
@options.quick
@options.quiet
@options.says_what_is_wrong
def serve(
    file: Path, overrides: tuple[str, ...], port: int, futures: int, no_browser: bool, quick: bool, quiet: bool
) -> None:
    """Open a page with a slider for each lever of FILE; the forecast follows the sliders.

    The page is served on this machine only (127.0.0.1), sends nothing anywhere, and stores nothing: save plans that
    are worth keeping as a file that `simcast run` reads. Ctrl-C ends it.

    \b
    Examples:
      simcast serve scenarios/q3.yaml
      simcast serve scenarios/assumed.yaml --port 9000 --no-browser --set forecast.target.bookings=7e5
    """
    from simcast import app
    from simcast.app.serving import check_installed, check_port

    check_installed()
    check_port(port)
    options.load(file, overrides, futures, quick=quick)  # says what is wrong in the words of the command line
    if quick:
        overrides = (*overrides, "history.model.quick=true")
    question = app.Question(str(file), overrides, futures)
    with options.telling(quiet=quiet) as progress:
        app.shared_bench(question, progress)
    app.serve(
        question,
        port=port,
        browser=not no_browser,
        ready=lambda address: click.echo(f"the page is at {address}; Ctrl-C ends it"),
    )
