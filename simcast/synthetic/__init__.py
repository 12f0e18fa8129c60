"""Histories made from a known truth, independent of the engine, to test against and to show simcast with."""

from simcast.synthetic.bookings import Bookings, simulate_bookings
from simcast.synthetic.log import LOG_COLUMNS, simulate_history
from simcast.synthetic.sample import sample_truth, write_sample
from simcast.synthetic.truth import Lognormal, Rush, SegmentTruth, StageTruth, Truth

__all__ = [
    "LOG_COLUMNS",
    "Bookings",
    "Lognormal",
    "Rush",
    "SegmentTruth",
    "StageTruth",
    "Truth",
    "sample_truth",
    "simulate_bookings",
    "simulate_history",
    "write_sample",
]
