"""Measurements: speed of the engine, coverage of the forecasts, calibration of the model."""
