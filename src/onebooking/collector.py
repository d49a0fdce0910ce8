"""When Python looks for garbage: seldom, and never among what is there for good."""

import gc

_NEW_OBJECTS = 10_000  # between two looks at the youngest; Python's own 700 is less than one list


def calm_collector() -> None:
    """Call once a process has put its parts together, and before it has work to do.

    What modules, routes and schemas keep is some hundred thousand objects. Looking through them
    all stopped the web process for 120 ms each time, which 32 clients at once took for a slow
    answer (docs/benchmarks/syncs.md).
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_NEW_OBJECTS, 10, 10)
