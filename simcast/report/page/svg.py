"""SVG by hand: small, sharp in print, coloured by the page's style sheet, without any script."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from markupsafe import Markup

_BROAD = frozenset("WMwm@%&—ЖМШЩЮФДЫжмшщюфыЪ")
_SLIM = frozenset("iIlj.,:;'|!()[]ft r")


class Drawing:
    """Shapes on a sheet of some width and height, in pixels; y grows downwards.

    Colours are classes of the style sheet. All text is escaped.
    """

    def __init__(self, width: float, height: float, name: str, variant: str) -> None:
        self.width, self.height = width, height
        self._name, self._variant = name, variant
        self._parts: list[Markup] = []

    def rect(self, x: float, y: float, width: float, height: float, style: str, title: str = "") -> None:
        """Draw a filled rectangle; its title shows where the mouse rests."""
        self._parts.append(
            Markup('<rect class="{}" x="{}" y="{}" width="{}" height="{}">{}</rect>').format(
                style, _n(x), _n(y), _n(max(width, 0.0)), _n(height), _title(title)
            )
        )

    def line(self, x1: float, y1: float, x2: float, y2: float, style: str) -> None:
        """Draw a straight line."""
        self._parts.append(
            Markup('<line class="{}" x1="{}" y1="{}" x2="{}" y2="{}"/>').format(style, _n(x1), _n(y1), _n(x2), _n(y2))
        )

    def circle(self, x: float, y: float, radius: float, style: str, title: str = "") -> None:
        """Draw a dot."""
        self._parts.append(
            Markup('<circle class="{}" cx="{}" cy="{}" r="{}">{}</circle>').format(
                style, _n(x), _n(y), _n(radius), _title(title)
            )
        )

    def path(self, points: Sequence[tuple[float, float]], style: str, *, closed: bool = False) -> None:
        """Draw a polyline, or fill a polygon."""
        steps = " ".join(f"{'L' if at else 'M'}{_n(x)} {_n(y)}" for at, (x, y) in enumerate(points))
        self._parts.append(Markup('<path class="{}" d="{}"/>').format(style, steps + ("Z" if closed else "")))

    def text(self, x: float, y: float, text: str, style: str = "", anchor: str = "start") -> None:
        """Write text; `anchor` is ``start``, ``middle`` or ``end``."""
        self._parts.append(
            Markup('<text class="{}" x="{}" y="{}" text-anchor="{}">{}</text>').format(
                style, _n(x), _n(y), anchor, text
            )
        )

    def fitting(self, x: float, y: float, text: str, room: float, style: str, size: float = 13.0) -> None:
        """Write text from the left, cut where its room ends; the whole text is its title."""
        most = len(text)
        while most > 1 and text_width(shortened(text, most), size, bold=True) > room:
            most -= 1
        cut = shortened(text, most)
        self._parts.append(
            Markup('<text class="{}" x="{}" y="{}">{}{}</text>').format(
                style, _n(x), _n(y), _title(text if cut != text else ""), cut
            )
        )

    def markup(self) -> Markup:
        """Return the drawing."""
        return Markup('<svg class="chart {}" viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>').format(
            self._variant, _n(self.width), _n(self.height), self._name, Markup("").join(self._parts)
        )


def text_width(text: str, size: float = 13.0, *, bold: bool = False) -> float:
    """Return about how wide a text is in any common sans serif, in pixels; rather too much than too little."""
    return size * (1.1 if bold else 1.0) * sum(map(_letter_width, text))


def _letter_width(letter: str) -> float:
    """Return how wide a letter is, as a share of the size."""
    if letter in _BROAD or unicodedata.east_asian_width(letter) in "WF":
        return 1.02
    if letter in _SLIM:
        return 0.42
    return 0.75 if letter.isupper() else 0.64


def shortened(text: str, most: int) -> str:
    """Cut a text to so many letters.

    Examples
    --------
    >>> shortened("a long name", 7)
    'a long…'
    """
    return text if len(text) <= most else text[: max(1, most - 1)].rstrip() + "…"


def broken(text: str, room: float, most: int, size: float = 13.0) -> list[str]:
    """Break a bold text into lines that fit into some room, between words where it can; the last is cut if need be.

    Examples
    --------
    >>> broken("a name of five words", 75.0, 3)
    ['a name', 'of five', 'words']
    """
    lines: list[str] = []
    rest = text.strip()
    while rest and len(lines) < most - 1 and text_width(rest, size, bold=True) > room:
        fits = 1
        while fits < len(rest) and text_width(rest[: fits + 1], size, bold=True) <= room:
            fits += 1
        at = max(rest.rfind(" ", 0, fits + 1), rest.rfind("-", 0, fits) + 1)
        at = at if at > fits // 3 else fits  # a word that is longer than a line is broken anywhere
        lines.append(rest[:at].rstrip())
        rest = rest[at:].lstrip()
    while rest and text_width(shortened(rest, len(rest)), size, bold=True) > room and len(rest) > 1:
        rest = shortened(rest.rstrip("…"), len(rest.rstrip("…")) - 1)
    return [*lines, rest] if rest or not lines else lines


def _title(text: str) -> Markup:
    return Markup("<title>{}</title>").format(text) if text else Markup("")


def _n(number: float) -> str:
    """Write a coordinate in tenths of a pixel, without needless zeros.

    Examples
    --------
    >>> _n(12.0), _n(0.26), _n(-0.01)
    ('12', '0.3', '0')
    """
    text = f"{number:.1f}".removesuffix(".0")
    return "0" if text == "-0" else text


__all__ = ["Drawing", "broken", "shortened", "text_width"]
