"""What a fit draws beside its sampler has random numbers of its own each time."""

from itertools import combinations

import numpy as np

from simcast.model.standing import Standing
from simcast.model.streams import Stream, stream
from simcast.model.weather import VALUES, SpreadOfMonths


def test_no_two_streams_of_two_stages_and_two_fits_have_numbers_in_common() -> None:
    drawn = [
        set(stream(seed, of, stage).standard_normal(1000)) for seed in (1, 2) for of in Stream for stage in (0, 1, 2)
    ]

    assert not any(one & other for one, other in combinations(drawn, 2))


def test_a_stream_begins_anew_for_the_same_seed_and_thing() -> None:
    np.testing.assert_array_equal(stream(3, Stream.DRIFT, 1).random(9), stream(3, Stream.DRIFT, 1).random(9))


def test_good_months_do_not_come_with_good_segments() -> None:
    n_draws, seed = 20_000, 1
    flat = SpreadOfMonths(np.full(VALUES.size, 1.0 / VALUES.size), np.zeros(VALUES.size))
    errors = Standing(np.zeros(2), np.eye(2)).errors(1, n_draws, seed)[0, :, 0]

    months = {of: flat.draw(n_draws, stream(seed, of)) for of in (Stream.CONVERSION_OF_MONTHS, Stream.SPEED_OF_MONTHS)}

    for one, other in combinations([errors, *months.values()], 2):
        assert abs(np.corrcoef(one, other)[0, 1]) < 4.0 / np.sqrt(n_draws)
