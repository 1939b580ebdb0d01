"""Runs a caller's script in the page, as one of its own."""

import json
from typing import Any

from scraping.acting.actions import Evaluate
from scraping.acting.reasons import Undone
from scraping.acting.turn import Turn
from scraping.rules.structured import tidied, whole

MOST_BYTES = 64 * 1024
LONGEST_COMPLAINT = 200

RUN = """
(async () => {
  try {
    const text = JSON.stringify(await (0, eval)(%s)) ?? "null";
    return typeof text === "string" && text.length <= %d ? { text } : { tooLarge: true };
  } catch (error) {
    return { complaint: String(error).slice(0, %d) };
  }
})()
"""
"""The value is made small in the page, whatever else the page makes of it."""


async def run(action: Evaluate, turn: Turn) -> object:
    """The script's value, that of a promise once it is kept. Raises: Undone."""
    if not action.allowed:
        raise Undone("the operator of this installation does not allow scripts (SCRPY_ALLOW_EVALUATE).")
    expression = RUN % (json.dumps(action.script), MOST_BYTES, LONGEST_COMPLAINT)
    answer = await turn.lane.evaluate(expression, within_ms=turn.left_ms)
    if "exceptionDetails" in answer:
        raise Undone("the script did not end by itself.")
    return _value(answer["result"].get("value"))


def _value(answer: Any) -> object:
    if not isinstance(answer, dict) or "tooLarge" in answer:
        raise Undone(f"its value is larger than {MOST_BYTES // 1024} KiB as JSON.")
    if "complaint" in answer:
        raise Undone(f"the script failed: {whole(str(answer['complaint']))}")
    try:
        return tidied(json.loads(str(answer.get("text"))), MOST_BYTES)[0]
    except (ValueError, OverflowError, RecursionError):
        raise Undone("its value is not JSON, or is nested too deep.") from None
