"""Parquet files: typed columns are taken as they are, ids as text."""

from __future__ import annotations

import datetime as dt
import decimal
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from simcast.errors import DataError
from simcast.history import Dialect, History, read_history
from simcast.pipeline import Pipeline

Read = Callable[..., History]
PIPELINE = Pipeline.define(["lead", "meeting"])
CSV = "deal,stage,entered,amount,source\n7,lead,2026-01-05,100.5,3\n7,meeting,2026-01-06,,3\n8,lead,2026-01-07,20,\n"


def write(tmp_path: Path, **columns: object) -> Path:
    file = tmp_path / "history.parquet"
    pq.write_table(pa.table(columns), file)
    return file


DAYS = [dt.date(2026, 1, 5), dt.date(2026, 1, 6), dt.date(2026, 1, 7)]


@pytest.mark.parametrize(
    "entered",
    [
        pa.array(DAYS),
        pa.array([dt.datetime(2026, 1, day, 23, 59) for day in (5, 6, 7)], pa.timestamp("us")),
        pa.array([dt.datetime(2026, 1, day, 1) for day in (5, 6, 7)], pa.timestamp("ns")),
        pa.array([str(day) for day in DAYS]),
        pa.array([f"{day}T10:00" for day in DAYS], pa.large_string()),
    ],
    ids=lambda column: str(column.type),
)
@pytest.mark.parametrize(
    "amount",
    [
        pa.array([100.5, None, 20.0]),
        pa.array([decimal.Decimal("100.50"), None, decimal.Decimal("20.00")]),
        pa.array(["100.5", "", "20"]),
    ],
    ids=lambda column: str(column.type),
)
@pytest.mark.parametrize(
    "names",
    [(pa.array([7, 7, 8]), pa.array([3, 3, None])), (pa.array(["7", "7", "8"]), pa.array(["3", "3", None]))],
    ids=["numbers", "text"],
)
def test_typed_columns_say_the_same_as_text(
    read: Read, tmp_path: Path, entered: pa.Array, amount: pa.Array, names: tuple[pa.Array, pa.Array]
) -> None:
    stage = pa.array(["lead", "meeting", "lead"]).dictionary_encode()
    file = write(tmp_path, deal=names[0], stage=stage, entered=entered, amount=amount, source=names[1])

    history = read_history(file, PIPELINE, segments=["source"], today=dt.date(2026, 7, 1))

    assert history == read(CSV, PIPELINE, segments=["source"])


def test_whole_numbers_may_be_amounts(tmp_path: Path) -> None:
    file = write(tmp_path, deal=["a", "b"], stage=["lead"] * 2, entered=DAYS[:2], amount=pa.array([5, None]))

    assert read_history(file, PIPELINE).stays["amount"].fillna(-1).tolist() == [5, -1]


@pytest.mark.parametrize("kind", [pa.float32(), pa.float64(), pa.decimal128(24, 2)], ids=str)
def test_floats_that_are_whole_are_the_words_that_a_csv_has(kind: pa.DataType, tmp_path: Path) -> None:
    """As pandas writes a column of whole numbers of which some are missing."""
    partner = pa.array([3, None]).cast(kind)
    file = write(tmp_path, deal=pa.array([17, 18]).cast(kind), stage=["lead"] * 2, entered=DAYS[:2], partner=partner)

    history = read_history(file, PIPELINE, segments=["partner"], today=dt.date(2026, 7, 1))

    assert history.stays["deal"].tolist() == ["17", "18"]
    assert history.segments.values == (("(unknown)",), ("3",))


def test_errors_name_the_row(tmp_path: Path) -> None:
    file = write(tmp_path, deal=["a", "b"], stage=["lead", "led"], entered=[dt.date(2026, 1, 5), dt.date(2126, 1, 5)])

    with pytest.raises(DataError) as caught:
        read_history(file, PIPELINE, today=dt.date(2026, 7, 1))

    assert [problem.removeprefix(f"{file}:2: ")[:16] for problem in caught.value.problems] == [
        "column 'entered'",
        "column 'stage': ",
    ]


def test_rows_set_aside_from_parquet_are_written_as_csv(tmp_path: Path) -> None:
    file = write(tmp_path, deal=["a", "b"], stage=["lead", "led"], entered=DAYS[:2], extra=[[1], [2]])

    read_history(file, PIPELINE, on_bad_rows="quarantine")

    rejects = pd.read_csv(tmp_path / "history.rejects.csv")
    assert rejects["line"].tolist() == [2]
    assert rejects["entered"].tolist() == ["2026-01-06 00:00:00"]


def test_the_ids_of_an_index_written_by_pandas_are_found(tmp_path: Path) -> None:
    file = tmp_path / "indexed.parquet"
    pd.DataFrame({"stage": ["lead"], "entered": DAYS[:1]}, index=pd.Index(["007"], name="deal")).to_parquet(file)

    assert read_history(file, PIPELINE).stays["deal"].tolist() == ["007"]


def test_an_upper_case_suffix_is_read(read: Read) -> None:
    assert read(CSV, PIPELINE, name="EXPORT.CSV").n_deals == 2


SECONDS = [int(dt.datetime(2026, 1, day, 23, 30, tzinfo=dt.UTC).timestamp()) for day in (5, 6, 7)]


@pytest.mark.parametrize("zeros", [0, 3, 6, 9])
def test_seconds_since_1970_are_read_from_parquet_as_from_csv(tmp_path: Path, zeros: int) -> None:
    moments = [second * 10**zeros for second in SECONDS]
    file = write(tmp_path, deal=["7", "7", "8"], stage=["lead", "meeting", "lead"], entered=moments)
    csv = tmp_path / "history.csv"
    pq.read_table(file).to_pandas().to_csv(csv, index=False)

    found = read_history(file, PIPELINE, dialect=Dialect(time_zone="Europe/Berlin"))

    assert found.stays["entered"].dt.day.tolist() == [6, 7, 8]  # half past midnight in Berlin
    assert found == read_history(csv, PIPELINE, dialect=Dialect(time_zone="Europe/Berlin"))


def test_seconds_that_pandas_made_floats_of_are_read(read: Read) -> None:
    text = "deal,lead,outcome,closed\na,1767225600.0,won,1767398400.0\nb,1767225600.0,,\n"
    pipeline = Pipeline.define(["lead"])

    found = read(text, pipeline, format="deals", outcomes={"": "open"}, dialect=Dialect(time_zone="UTC"))

    assert found.stays["left"].dt.day.tolist()[0] == 3


@pytest.mark.parametrize("zeros", [0, 3, 6, 9])
def test_seconds_that_are_floats_in_parquet_are_read_as_whole_numbers_are(tmp_path: Path, zeros: int) -> None:
    """Nanoseconds are beyond what floats hold exactly, and a fraction in one row makes floats of all."""
    deals, stages = ["7", "7", "8"], ["lead", "meeting", "lead"]
    moments = [second * 10**zeros for second in SECONDS]
    whole = read_history(
        write(tmp_path, deal=deals, stage=stages, entered=moments), PIPELINE, dialect=Dialect(time_zone="+02:00")
    )
    for fraction in (0.0, 0.5):
        floats = [float(moment) for moment in moments[:2]] + [moments[2] + fraction]
        file = write(tmp_path, deal=deals, stage=stages, entered=pa.array(floats, pa.float64()))
        assert read_history(file, PIPELINE, dialect=Dialect(time_zone="+02:00")) == whole


@pytest.mark.parametrize("other", [46_000.5, 1e300, -1767600000.5])
def test_floats_that_are_no_counts_of_seconds_are_refused(other: float, tmp_path: Path) -> None:
    file = write(tmp_path, deal=["7", "8"], stage=["lead"] * 2, entered=[SECONDS[0] + 0.5, other])
    with pytest.raises(DataError, match="column 'entered' holds values of type float64, but dates without a time zone"):
        read_history(file, PIPELINE, dialect=Dialect(time_zone="UTC"))


def test_truth_values_of_parquet_are_segments_as_those_of_a_csv_are(tmp_path: Path) -> None:
    columns = {"deal": ["a", "b", "c"], "stage": ["lead"] * 3, "entered": DAYS}
    file = write(tmp_path, **columns, vip=pa.array([True, None, False]))
    csv = tmp_path / "history.csv"
    pd.read_parquet(file).to_csv(csv, index=False)

    found = read_history(file, PIPELINE, segments=["vip"])

    assert found.segments.labels == ("(unknown)", "False", "True")
    assert found == read_history(csv, PIPELINE, segments=["vip"])
    assert read_history(file, PIPELINE, where={"vip": "True"}, segments=()).n_deals == 1


def test_decimals_are_the_nearest_floats(tmp_path: Path) -> None:
    cents = [603419, 3384877, 1485721]
    amounts = pa.array([decimal.Decimal(cent) / 100 for cent in cents], pa.decimal128(12, 2))
    file = write(tmp_path, deal=["a", "b", "c"], stage=["lead"] * 3, entered=DAYS, amount=amounts)

    assert read_history(file, PIPELINE).stays["amount"].tolist() == [6034.19, 33848.77, 14857.21]


def test_text_of_the_view_type_is_read(tmp_path: Path) -> None:
    stage = pa.array(["lead", "meeting"], pa.string()).cast(pa.string_view())
    file = write(tmp_path, deal=["a", "a"], stage=stage, entered=DAYS[:2])

    assert read_history(file, PIPELINE).stays["stage"].tolist() == ["lead", "meeting"]


def test_the_type_of_objects_is_named(tmp_path: Path) -> None:
    file = write(tmp_path, deal=[b"a"], stage=["lead"], entered=DAYS[:1])

    with pytest.raises(DataError, match="column 'deal' holds values of type bytes"):
        read_history(file, PIPELINE)
