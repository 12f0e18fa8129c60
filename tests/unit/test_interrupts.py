"""What a command says and returns when it is stopped."""

from __future__ import annotations

import pytest

from simcast.cli.options import says_what_is_wrong


def stopped(error: BaseException, cause: BaseException | None = None, **options: bool) -> None:
    @says_what_is_wrong
    def command(**_: bool) -> None:
        raise error from cause

    command(**options)


@pytest.mark.parametrize(
    ("error", "cause"), [(KeyboardInterrupt(), None), (SystemError("of compiled code"), KeyboardInterrupt())]
)
@pytest.mark.parametrize("fits", [False, True])
def test_an_interrupt_is_one_wherever_it_strikes(
    error: BaseException, cause: BaseException | None, fits: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        stopped(error, cause, **({"quick": False} if fits else {}))
    assert caught.value.code == 130
    told = capsys.readouterr().err
    assert told.startswith("interrupted")
    assert ("is kept" in told) is fits


def test_other_errors_of_compiled_code_are_no_interrupts() -> None:
    with pytest.raises(SystemError):
        stopped(SystemError("of compiled code"), ValueError())
