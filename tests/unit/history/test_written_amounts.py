"""Amounts with currencies and with marks between thousands are read, and several currencies are said."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from simcast.errors import DataError
from simcast.history import Dialect, History
from simcast.history.written_amounts import find_decimal, rewrite_amount

Read = Callable[..., History]

WRITTEN = [
    ("50 575,50 руб.", "50575.50"),
    ("50\u00a0575,50 руб.", "50575.50"),
    ("1\u202f200 ₽", "1200"),
    ("1 200р.", "1200"),
    ("12.500,00 €", "12500.00"),
    ("USD 1,200.50", "1200.50"),
    ("$1,200.50", "1200.50"),
    ("US$ 1,200.50", "1200.50"),
    ("1'200.00 CHF", "1200.00"),
    ("CHF 1’200.–", "1200"),
    ("3 000 тенге", "3000"),
    ("₹1,20,000.50", "120000.50"),
    ("1 200,00|RUB", "1200.00"),
    ("-$5.25", "-5.25"),
    ("1200.50", "1200.50"),
]


@pytest.mark.parametrize(("text", "number"), WRITTEN)
def test_amounts_are_read_with_their_currency(text: str, number: str) -> None:
    assert rewrite_amount(text, find_decimal([text]) or ".") == number


@pytest.mark.parametrize(
    "text", ["12 34", "5k", "1.2 млн", "$5 €", "1200 USD net", "1,20,00", "much", "2026-01-05", ""]
)
def test_what_is_no_amount_is_left_as_it_stands(text: str) -> None:
    assert rewrite_amount(text, ".") == text


ROWS = "deal,stage,entered,amount\n1,заявка,2026-01-05,\n1,won,2026-01-09,{}\n2,заявка,2026-01-07,{}\n"


def test_a_history_is_read_with_them(read: Read) -> None:
    text = ROWS.format('"50 575,50 руб."', '"1 200 ₽"')
    history = read(text, ["заявка"], dialect=Dialect(decimal=","))
    assert history.stays["amount"].max() == 1200.0
    assert history.stays["amount_at_end"].max() == 50575.5
    assert history.stays.equals(read(text, ["заявка"], dialect=Dialect(decimal="auto")).stays)
    assert not history.quality.reading.caveats  # type: ignore[union-attr]  # it was read


def test_strict_reading_says_that_a_currency_stands_there(read: Read) -> None:
    with pytest.raises(DataError, match=r"'\$5.00': is not a number: it has a currency; .* history.decimal"):
        read(ROWS.format("$5.00", "7"), ["заявка"])


def test_several_currencies_in_one_column_are_said(read: Read) -> None:
    history = read(ROWS.format("$5.00", "7.00 EUR"), ["заявка"], dialect=Dialect(decimal="."))
    assert history.quality.reading is not None
    assert "amounts are in 2 currencies (USD, EUR; column 'amount')" in history.quality.reading.caveats[0]
