"""Sentences on levers that do nothing, put into Russian by their wording."""

from __future__ import annotations

OF_LEVERS: list[tuple[str, str]] = [
    (
        r"(?P<path>.*): begins on (?P<day>[\d-]+), after the forecast ends \((?P<until>[\d-]+)\); it does nothing",
        "{path}: начинается {day}, после конца прогноза ({until}), и ничего не меняет",
    ),
    (
        r"(?P<path>.*): begins on (?P<day>[\d-]+), after the forecast ends \((?P<until>[\d-]+)\); it does nothing but cost",
        "{path}: начинается {day}, после конца прогноза ({until}), и ничего не меняет, а стоимость учтена",
    ),
    (
        r"(?P<path>.*): ends on (?P<day>[\d-]+), before the as-of date \((?P<until>[\d-]+)\); it does nothing",
        "{path}: заканчивается {day}, до даты прогноза ({until}), и ничего не меняет",
    ),
    (
        r"(?P<path>.*): ends on (?P<day>[\d-]+), before the as-of date \((?P<until>[\d-]+)\); it does nothing but cost",
        "{path}: заканчивается {day}, до даты прогноза ({until}), и ничего не меняет, а стоимость учтена",
    ),
    (
        r"(?P<path>.*): the money shows from (?P<day>[\d-]+) on, after the forecast ends \((?P<until>[\d-]+)\); it does nothing",
        "{path}: деньги дают сделки лишь с {day}, после конца прогноза ({until}), и ничего не меняют",
    ),
    (
        r"(?P<path>.*): the money shows from (?P<day>[\d-]+) on, after the forecast ends \((?P<until>[\d-]+)\); it does nothing but cost",
        "{path}: деньги дают сделки лишь с {day}, после конца прогноза ({until}), и ничего не меняют, а стоимость учтена",
    ),
    (
        r"(?P<path>.*): the training is over on (?P<day>[\d-]+), after the forecast ends \((?P<until>[\d-]+)\); nothing is gained by it",
        "{path}: обучение кончается {day}, после конца прогноза ({until}), и ничего не прибавляет",
    ),
    (
        r"(?P<path>.*): the training is over on (?P<day>[\d-]+), after the last day of its gain \((?P<until>[\d-]+)\); nothing is gained by it",
        "{path}: обучение кончается {day}, после последнего дня прибавки ({until}), и ничего не прибавляет",
    ),
    (
        r"(?P<path>.*): ends on (?P<day>[\d-]+), after the forecast ends \((?P<until>[\d-]+)\): all of the money counts, and only the deals that it moves by then; give the amount of the days forecast",
        "{path}: заканчивается {day}, после конца прогноза ({until}): учтены все деньги, а сделки — лишь до конца прогноза; укажите сумму за дни прогноза",
    ),
]
