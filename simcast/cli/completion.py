"""`simcast completion`: the script by which a shell completes commands and options."""

from __future__ import annotations

import click


@click.command(short_help="Print a shell completion script.")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print the script that lets SHELL complete simcast's commands and options.

    \b
    Examples (add the line to the file named in the comment):
      eval "$(simcast completion bash)"                                  # ~/.bashrc
      eval "$(simcast completion zsh)"                                   # ~/.zshrc
      simcast completion fish > ~/.config/fish/completions/simcast.fish
    """
    from click.shell_completion import get_completion_class

    found = get_completion_class(shell)
    assert found is not None  # noqa: S101  click has all three
    click.echo(found(context.find_root().command, {}, "simcast", "_SIMCAST_COMPLETE").source())
