"""Syncs a second through HTTP, beside the same endpoint on Next.js 15 and pg.

    python -m bench.nextjs [--clients 1,32] [--seconds 4] [--rounds 9] [--built FOLDER] [--markdown]

Needs Node and npm: the endpoint in `bench/nextjs_app` is installed and built in a temporary folder,
or in FOLDER, which is kept for the next run. Both sides write to one PostgreSQL, each into its own
database with 50,000 bookings already there; commits are durable. They take turns.
"""

from pathlib import Path
from statistics import median
from typing import Any

from msgspec import Struct, field

from bench.bare import seed
from bench.hub import Hub, Store, running_hub
from bench.ingest import SEEDED, load, numbers
from bench.load import Round
from bench.on_nextjs import App, built, running
from bench.part import cpu_seconds
from bench.sheets import Conditions, Sheet, options_of, progress, run, spread


class Turn(Struct, frozen=True):
    """What one side came to in one round."""

    done: Round
    cpu_ms: float  # of its web process, a sync
    session_cpu_ms: float  # of its sessions in PostgreSQL, a sync


class Turns(Struct, kw_only=True):
    """Both sides, by round."""

    hub: list[Turn] = field(default_factory=list)
    app: list[Turn] = field(default_factory=list)


def measure(options: Any) -> tuple[Conditions, list[Sheet]]:
    """One run; nothing is left behind but FOLDER."""
    conditions = Conditions(how=f"median of {options.rounds} rounds of {options.seconds:g} s")
    found = {clients: Turns() for clients in options.clients}
    with built(options.built) as folder, running_hub() as hub, running(hub.store, folder) as app:
        conditions.postgresql = hub.store.postgresql
        for side in (hub, app):
            load(side, connections=1, events=1, seconds=1.0)
            seed(side.store, SEEDED)
            load(side, connections=32, events=1, seconds=options.warm_seconds)
            with side.store.sql() as connection:
                connection.execute("VACUUM (ANALYZE)")
        for number in range(options.rounds):
            for clients, turns in found.items():
                turns.hub.append(_turn(hub, clients, options.seconds))
                turns.app.append(_turn(app, clients, options.seconds))
                progress.print(
                    f"round {number + 1}, {clients} clients: "
                    f"hub {turns.hub[-1].done.per_second:,.0f}/s, "
                    f"Next.js {turns.app[-1].done.per_second:,.0f}/s"
                )
    return conditions, [sheet(found)]


def _turn(side: Hub | App, clients: int, seconds: float) -> Turn:
    before = side.web.cpu_seconds(), _sessions_cpu_seconds(side.store)
    done = load(side, connections=clients, events=1, seconds=seconds)
    after = side.web.cpu_seconds(), _sessions_cpu_seconds(side.store)
    used = (b - a for a, b in zip(before, after, strict=True))
    return Turn(done, *(seconds * 1000 / done.sent for seconds in used))


def _sessions_cpu_seconds(store: Store) -> float:
    """Of the sessions that are there; one that comes later began with nothing."""
    with store.sql() as connection:
        found = connection.execute(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database() "
            "AND backend_type = 'client backend' AND pid <> pg_backend_pid()"
        )
        return cpu_seconds([pid for (pid,) in found])


def sheet(found: dict[int, Turns]) -> Sheet:
    """The hub beside Next.js; a ratio is that of one round."""
    head = ("clients", "hub/s", "Next.js/s", "hub ÷ Next.js", "hub p50, p99 ms",
            "Next.js p50, p99 ms", "web CPU ms a sync: hub, Next.js, ÷",
            "sessions' CPU ms a sync: hub, Next.js, ÷")  # fmt: skip
    return Sheet("One event a request", head, [_row(*one) for one in found.items()])


def _row(clients: int, turns: Turns) -> list[str]:
    sides = (turns.hub, turns.app)
    rates = [[turn.done.per_second for turn in side] for side in sides]
    cpu = [median(turn.cpu_ms for turn in side) for side in sides]
    sessions = [median(turn.session_cpu_ms for turn in side) for side in sides]
    return [
        str(clients),
        *(spread(side) for side in rates),
        spread([hub / app for hub, app in zip(*rates, strict=True)], 2),
        *(
            f"{median(turn.done.p50 for turn in side):.1f}, "
            f"{median(turn.done.p99 for turn in side):.1f}"
            for side in sides
        ),
        f"{cpu[0]:.2f}, {cpu[1]:.2f}, {cpu[1] / cpu[0]:.1f}",
        f"{sessions[0]:.2f}, {sessions[1]:.2f}, {sessions[1] / sessions[0]:.1f}",
    ]


def main() -> None:
    """Measure, then say it."""
    parser = options_of("nextjs", __doc__)
    parser.add_argument("--clients", type=numbers, default=[1, 32], help="such as 1,32")
    parser.add_argument("--seconds", type=float, default=4.0, help="each measurement (4)")
    parser.add_argument(
        "--warm-seconds", type=float, default=15.0, help="before that, for Node's compiler (15)"
    )
    parser.add_argument("--rounds", type=int, default=9, help="of everything; medians count (9)")
    parser.add_argument(
        "--built", type=Path, metavar="FOLDER", help="build here, or use what was built"
    )
    options = parser.parse_args()
    run(lambda: measure(options), markdown=options.markdown)


if __name__ == "__main__":
    main()
