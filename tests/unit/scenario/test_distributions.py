"""Numbers and quantities: what is read, and what their quantiles and means are."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from simcast.scenario import Distribution, Quantity
from simcast.scenario.distribution import ANY, CHANGE, NON_NEGATIVE, POSITIVE, PROBABILITY, Domain
from simcast.scenario.numbers import parse_number, parse_quantity
from simcast.scenario.sampling import draw_numbers

U = np.array([0.001, 0.1, 0.5, 0.9, 0.999])

FAMILIES = [
    ({"normal": [1.2, 0.05]}, stats.norm(1.2, 0.05)),
    ({"normal": {"mean": -3, "sd": 2}}, stats.norm(-3, 2)),
    ({"beta": [40, 60]}, stats.beta(40, 60)),
    ({"uniform": [-1, 3]}, stats.uniform(-1, 4)),
    ({"triangular": [1, 2, 6]}, stats.triang(0.2, 1, 5)),
    ({"triangular": [1, 1, 6]}, stats.triang(0, 1, 5)),
    ({"lognormal": [3, 0.8]}, stats.lognorm(0.8, scale=3)),
    ({"lognormal": {"median": 3, "sigma": 0.8}}, stats.lognorm(0.8, scale=3)),
    ({"gamma": [12, 4]}, stats.gamma(4, scale=3)),
    ({"gamma": {"scale": 3, "shape": 4}}, stats.gamma(4, scale=3)),
    ({"exponential": 5}, stats.expon(scale=5)),
    ({"exponential": {"mean": 5}}, stats.expon(scale=5)),
]


@pytest.mark.parametrize(("written", "truth"), FAMILIES)
def test_quantiles_and_mean_are_those_of_the_family(written: dict[str, object], truth: stats.rv_frozen) -> None:
    number = parse_number(written)
    np.testing.assert_allclose(number.ppf(U), truth.ppf(U), rtol=1e-10)
    assert number.mean() == pytest.approx(truth.mean(), rel=1e-10)


@pytest.mark.parametrize(("written", "truth"), FAMILIES)
def test_what_is_written_back_reads_the_same(written: dict[str, object], truth: stats.rv_frozen) -> None:
    number = parse_number(written)
    assert parse_number(number.plain()) == number
    assert truth.ppf(0.5) == pytest.approx(float(number.ppf(np.array(0.5))), rel=1e-10)


def test_a_known_number_is_the_same_at_every_quantile() -> None:
    number = parse_number(7)
    assert number == Distribution.constant(7.0)
    assert number.is_fixed
    np.testing.assert_array_equal(number.ppf(U.reshape(5, 1)), np.full((5, 1), 7.0))
    assert parse_number({"constant": 7}) == number


def test_a_normal_number_is_truncated_to_its_domain() -> None:
    number = parse_number({"normal": [0.9, 0.2]}, PROBABILITY)
    truth = stats.truncnorm((0 - 0.9) / 0.2, (1 - 0.9) / 0.2, 0.9, 0.2)
    np.testing.assert_allclose(number.ppf(U), truth.ppf(U), rtol=1e-8)
    assert number.mean() == pytest.approx(truth.mean(), rel=1e-8)
    assert number.ppf(np.array([0.0, 1.0])).tolist() == [0.0, 1.0]


@pytest.mark.parametrize(
    ("value", "domain", "said"),
    [
        (1.2, PROBABILITY, "from 0 to 1, got 1.2"),
        (45, PROBABILITY, "45% is 0.45"),
        (-0.1, PROBABILITY, "got -0.1"),
        (-2, CHANGE, "from -1 to 1"),
        (0, POSITIVE, "above 0"),
        (-1, NON_NEGATIVE, "0 or more"),
        (True, ANY, "got True"),
        ("0.5", ANY, "remove the quotes"),
        ("half", ANY, "got 'half'"),
        ([1, 2], ANY, "got [1, 2]"),
        (float("nan"), ANY, "got nan"),
        (float("inf"), ANY, "got inf"),
        ({}, ANY, "must name one distribution"),
        ({"normal": [1, 1], "beta": [1, 1]}, ANY, "must name one distribution"),
        ({"normal": 3}, ANY, "normal takes mean, sd"),
        ({"normal": {"mean": 3, "sigma": 1}}, ANY, "normal takes mean, sd, got mean, sigma"),
        ({"normal": [1, 0]}, ANY, "sd must be above 0"),
        ({"normal": [1, "x"]}, ANY, "sd must be a number, got 'x'"),
        ({"normal": [float("nan"), 1]}, ANY, "mean must be a number, got nan"),
        ({"beta": [0, 1]}, ANY, "a must be above 0"),
        ({"uniform": [2, 1]}, ANY, "low, high must rise"),
        ({"triangular": [1, 5, 3]}, ANY, "low, mode, high must rise"),
        ({"lognormal": [0, 1]}, ANY, "median must be above 0"),
        ({"weibull": [1, 1]}, ANY, "must name one distribution of a number"),
        ({"uniform": [-1, 0.5]}, PROBABILITY, "reaches beyond"),
        ({"lognormal": [0.3, 0.1]}, PROBABILITY, "reaches beyond"),
        ({"normal": [3, 0.1]}, PROBABILITY, "a normal distribution round 3"),
        ({"uniform": [-1, 1]}, POSITIVE, "reaches beyond"),
        ({"normal": [0.5, 1e9]}, PROBABILITY, "write uniform instead"),
    ],
)
def test_what_is_no_number_in_its_domain_is_refused(value: object, domain: Domain, said: str) -> None:
    with pytest.raises(ValueError, match=r"must|takes") as caught:
        parse_number(value, domain)
    assert said in str(caught.value)


QUANTITIES = [
    (3, "constant", 3.0, 0.0),
    ({"constant": 3}, "constant", 3.0, 0.0),
    ({"lognormal": {"median": 3, "sigma": 0.8}}, "lognormal", 3.0, 0.8),
    ({"lognormal": [3, 0.8]}, "lognormal", 3.0, 0.8),
    ({"exponential": {"mean": 5}}, "exponential", 5.0, 1.0),
    ({"weibull": {"scale": 4, "shape": 2}}, "weibull", 4.0, 0.5),
    ({"loglogistic": {"median": 4, "shape": 2}}, "loglogistic", 4.0, 0.5),
    ({"gamma": {"mean": 12, "shape": 4}}, "gamma", 3.0, 4.0),
    ({"gamma": {"scale": 3, "shape": 4}}, "gamma", 3.0, 4.0),
]


@pytest.mark.parametrize(("written", "family", "scale", "shape"), QUANTITIES)
def test_a_quantity_becomes_the_scale_and_shape_of_a_posterior(
    written: object, family: str, scale: float, shape: float
) -> None:
    quantity = parse_quantity(written)
    values = [parameter.ppf(np.array([0.5])) for parameter in quantity.parameters]
    found = quantity.scale_and_shape(*values)
    assert quantity.family == family
    assert [float(part[0]) for part in found] == pytest.approx([scale, shape])
    assert parse_quantity(quantity.plain()) == quantity


def test_the_parameters_of_a_quantity_may_be_uncertain() -> None:
    quantity = parse_quantity({"lognormal": {"median": {"normal": [3, 0.2]}, "sigma": 0.8}})
    assert [parameter.is_fixed for parameter in quantity.parameters] == [False, True]
    assert parse_quantity({"constant": {"uniform": [2, 4]}}).parameters[0].family == "uniform"
    assert parse_quantity(quantity.plain()) == quantity == parse_quantity(Quantity("lognormal", quantity.parameters))


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (-1, "0 or more, got -1"),
        ({"normal": [3, 1]}, "days or money (constant, lognormal"),
        ({"lognormal": [0, 1]}, "lognormal: median must be a number above 0"),
        ({"lognormal": {"median": 3}}, "lognormal takes median, sigma, got median"),
        ({"gamma": {"scale": {"normal": [3, 1]}, "shape": 2}}, "give mean and shape where they are uncertain"),
        ("3 days", "got '3 days'"),
    ],
)
def test_what_is_no_quantity_is_refused(value: object, said: str) -> None:
    with pytest.raises(ValueError, match=r"must|takes") as caught:
        parse_quantity(value)
    assert said in str(caught.value)


def test_draws_fill_every_stratum_once_and_do_not_depend_on_other_numbers() -> None:
    number, other = parse_number({"uniform": [0, 1]}), parse_number({"normal": [0, 1]})
    alone = draw_numbers({"a": number}, 1000, seed=3)["a"]
    both = draw_numbers({"b": other, "a": number}, 1000, seed=3)
    np.testing.assert_array_equal(np.sort(np.floor(alone * 1000)), np.arange(1000))
    np.testing.assert_array_equal(alone, both["a"])
    assert not np.array_equal(alone, draw_numbers({"a": number}, 1000, seed=4)["a"])
    # Independent orders: |r| of 1000 independent pairs exceeds 0.16 with probability below 1e-6.
    assert abs(np.corrcoef(both["a"], both["b"])[0, 1]) < 0.16
    assert np.corrcoef(alone, draw_numbers({"a": number}, 1000, seed=3)["a"])[0, 1] > 0.99
