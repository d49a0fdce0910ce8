"""What msgspec finds wrong with a value, said as a person would beside its field."""

import re

from onebooking.words import say

_BOUND = re.compile(r"Expected `(\w+)`(?: of length)? (>=|<=) (-?\d+)")
_TYPES = {"int": say("Use a whole number."), "str": say("Cannot be empty.")}


def said_of(message: str) -> str:
    """The same in a person's words; the API keeps msgspec's, which name JSON's types."""
    if bound := _BOUND.fullmatch(message):
        return _beyond(bound[1], bound[2], int(bound[3]))
    if message.startswith(("Invalid RFC3339", "Invalid `date`")):
        return say("Use a date such as 2026-03-01.")
    if message.startswith("Invalid enum value"):
        return say("Choose one of the list.")
    wanted = re.match(r"Expected `(\w+)", message)
    return _TYPES.get(wanted[1], say("This cannot be used here.")) if wanted else message


def _beyond(kind: str, side: str, bound: int) -> str:
    if kind == "int":
        if side == ">=":
            return say("Use a number from %(least)s.", least=f"{bound:,}")
        return say("Use a number up to %(most)s.", most=f"{bound:,}")
    if kind == "str":
        if side == "<=":
            return say("Use %(most)s characters at most.", most=f"{bound:,}")
        return say("Cannot be empty.")
    return say("Use %(most)s at most.", most=f"{bound:,}")
