"""`simcast completion`: the script by which a shell completes commands and options."""

from __future__ import annotations

import click


@click.command(short_help="Print a script by which your shell completes commands.")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print the script by which SHELL completes the commands and options of simcast.

    \b
    Examples (put the line into the file named to keep it):
      eval "$(simcast completion bash)"                                  # ~/.bashrc
      eval "$(simcast completion zsh)"                                   # ~/.zshrc
      simcast completion fish > ~/.config/fish/completions/simcast.fish
    """
    from click.shell_completion import get_completion_class

    found = get_completion_class(shell)
    assert found is not None  # noqa: S101  click has all three
    click.echo(found(context.find_root().command, {}, "simcast", "_SIMCAST_COMPLETE").source())
