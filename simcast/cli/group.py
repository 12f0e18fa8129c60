"""The group of all commands: what is wrong with a command line, or with the place of its output, in one line."""

from __future__ import annotations

import errno
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

import click

from simcast.cli.process import collect_garbage_less_often, one_thread_for_matrices, write_no_more

WRONG_INPUT = 2
"""Exit status: the input is wrong; one line per problem."""

_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EROFS})
_NO_PLACE = frozenset({errno.ENAMETOOLONG, errno.ELOOP, errno.EACCES, errno.EPERM, errno.ENOTDIR, errno.EISDIR})


class _WrongArguments(click.ClickException):
    """What is wrong with the words of a command line, in one line."""

    exit_code = WRONG_INPUT

    def show(self, file: IO[Any] | None = None) -> None:  # noqa: ARG002  click's own signature
        """Print it as all errors are printed."""
        click.echo(f"error: {self.message}", err=True)


@contextmanager
def _in_one_line() -> Iterator[None]:
    """Say in one line what click says in four: the option, what is wrong, and where the options are told."""
    try:
        yield
    except click.exceptions.NoArgsIsHelpError:
        raise
    except click.UsageError as error:
        message = error.format_message().rstrip(".")
        if isinstance(error, click.BadParameter) and not isinstance(error, click.MissingParameter):
            from simcast.scenario.meant import hint

            message = re.sub(r"^Invalid value for '([^']+)'", r"\1", message)
            found = re.fullmatch(r"(.*'(.*)') is not a valid (float|integer)( range)?", message, re.DOTALL)
            if found:
                whole = found[3] == "integer"
                message = f"{found[1]} is not a {'whole ' * whole}number{hint(found[2], whole=whole)}"
        where = f" (see `{error.ctx.command_path} --help`)" if error.ctx is not None else ""
        raise _WrongArguments(f"{' '.join(message.split())}{where}") from None


class Commands(click.Group):
    """The commands; wrong arguments, and what there is no room to print or store, are one line and exit status 2."""

    def make_context(self, *args: Any, **kwargs: Any) -> click.Context:  # noqa: ANN401  click's own signature
        """Take the arguments of `simcast` itself."""
        with _in_one_line():
            return super().make_context(*args, **kwargs)

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401  click's own signature
        """Take the arguments of a command, and run it."""
        with _in_one_line():
            return super().invoke(ctx)

    def main(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  click's own signature
        """Run the command that the arguments name."""
        one_thread_for_matrices()
        collect_garbage_less_often()
        try:
            return super().main(*args, **kwargs)
        except OSError as error:
            if error.errno in _NO_PLACE and error.filename:
                click.echo(f"error: {error.filename}: {error.strerror}; name another place", err=True)
                sys.exit(WRONG_INPUT)
            if error.errno not in _NO_ROOM:
                raise
            where = error.filename or "standard output"
            click.echo(
                f"error: {where}: cannot be written: {error.strerror}; make room, or name another place", err=True
            )
            if not error.filename:
                write_no_more()
            sys.exit(WRONG_INPUT)
