"""What is done to a page before it is read: clicks, typing, scrolling, and what became of each.

`actions` are what may be asked for, `keys` the keys that may be pressed; `perform` does them in order within the page's
time, `does` one of each kind, and `reasons` says why one could not be done. A report tells what became of each.
"""

from scraping.acting.actions import (
    Action,
    Click,
    Evaluate,
    Hover,
    Look,
    Pause,
    Press,
    ScrollBy,
    ScrollTo,
    ScrollToEnd,
    Select,
    Type,
    WaitFor,
)
from scraping.acting.perform import Performance
from scraping.acting.report import ActionReport, Status

__all__ = [
    "Action",
    "ActionReport",
    "Click",
    "Evaluate",
    "Hover",
    "Look",
    "Pause",
    "Performance",
    "Press",
    "ScrollBy",
    "ScrollTo",
    "ScrollToEnd",
    "Select",
    "Status",
    "Type",
    "WaitFor",
]
