"""What all pictures share: matplotlib as an optional part, and colors that color-blind people distinguish."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Final

from blasr.errors import DependencyError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

BLUE: Final = "#0072b2"
ORANGE: Final = "#d55e00"
GREEN: Final = "#009e73"
AMBER: Final = "#e69f00"
SKY: Final = "#56b4e9"
"""Okabe and Ito's colors (https://jfly.uni-koeln.de/color)."""

INK: Final = "#1d2733"
GRAY: Final = "#5b6570"
GRID: Final = "#e6eaee"
FRAME: Final = "#b8c0c8"


def require_matplotlib() -> None:
    """Raise :class:`DependencyError` if matplotlib is not installed."""
    try:
        import matplotlib  # noqa: F401
    except ImportError:
        raise DependencyError("pictures need matplotlib", fix="pip install 'blasr[pictures]'") from None


def svg_element(figure: Figure, title: str, salt: str) -> str:
    """Return a figure as an ``<svg>`` element that screen readers announce with ``title``.

    Args:
        figure: the figure.
        title: what it shows, in one sentence.
        salt: a text that differs between the figures of a page; the names inside the element depend on it.
    """
    import matplotlib

    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": salt}):
        text = io.StringIO()
        figure.savefig(text, format="svg", transparent=True, metadata={"Date": None, "Creator": None, "Title": title})
    element = text.getvalue().partition("<svg")[2]
    return f'<svg role="img" aria-label="{_attribute(title)}"{element}'


def _attribute(text: str) -> str:
    return text.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")
