"""The database itself holds the reach: queries that forget it see nothing foreign."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from onebooking.db import Database
from onebooking.reach import EVERYTHING, NOTHING, Reach, WebsiteId
from tests import make
from tests.front_door import Hub
from tests.overview.sums import fold_some
from tests.parks import all_of, as_owner, book, one, run

pytestmark = pytest.mark.anyio

OURS, THEIRS = Reach(frozenset({WebsiteId("hanuman-world")})), "flying-hanuman"
GUARDED = (
    "alert_notices", "alerts", "attempts", "booking_changes", "bookings", "breakers", "conflicts",
    "deliveries", "digests", "idempotency_keys", "imports", "lanes", "parked_events", "sync_logs",
    "website_secrets",
)  # fmt: skip
# Read before it is known who is calling: a key's website, a member's reach. And what nobody is
# granted: `searchable` shows it, within the reach.
OPEN = {"website_keys", "member_websites", "booking_words"}


@pytest.fixture
async def both(hub: Hub) -> Database:
    """Two websites with a row in every guarded table."""
    other = await make.website(hub.database, THEIRS, webhook_url="https://flying.example/hook")
    for key in (hub.key, other.api_key):
        booking = await book(hub, key=key)
        await hub.edits(booking, admin_notes="edited")
        await hub.hears(make.event(), key=key, Idempotency_Key="once")
    await run(
        hub.database,
        "INSERT INTO conflicts (website_id, booking_id, field, website_won) "
        "SELECT DISTINCT ON (website_id) website_id, id, 'time_slot', false FROM bookings",
    )
    await run(
        hub.database,
        "INSERT INTO attempts (delivery_id, website_id, accepted, reason, reply, duration_ms) "
        "SELECT id, website_id, true, 'OK', '', 1 FROM deliveries",
    )
    await run(
        hub.database,
        "INSERT INTO parked_events (website_id, source_booking_id, content_hash, event) "
        "SELECT id, gen_random_uuid(), 'x', '{}' FROM websites",
    )
    await run(
        hub.database,
        "INSERT INTO digests (website_id, activity_date, there, here, agrees, compared_at) "
        "SELECT id, '2026-03-01', 1, 1, true, now() FROM websites",
    )
    await run(
        hub.database,
        "INSERT INTO alerts (website_id, kind, count, since) SELECT id, 'parked', 1, now() "
        "FROM websites",
    )
    await run(
        hub.database,
        "INSERT INTO alert_notices (alert_id, channel, address, website_id) "
        "SELECT id, 'webhook', '', website_id FROM alerts",
    )
    await run(
        hub.database,
        "INSERT INTO breakers (website_id, failing_since, failures) SELECT id, now(), 1 "
        "FROM websites",
    )
    await run(
        hub.database,
        "INSERT INTO imports (website_id, file_hash, file_name) SELECT id, 'x', 'x.csv' "
        "FROM websites",
    )
    await fold_some(hub.database, 100)  # both parts of the sums have something
    for key in (hub.key, other.api_key):
        await book(hub, key=key)
    return hub.database


# Sums of bookings, which triggers alone write.
SUMS = ("day_additions", "day_totals")


async def websites_seen(database: Database, reach: Reach, table: str) -> set[str]:
    async with database.begin(reach) as tx:
        rows = await tx.execute(text(f"SELECT DISTINCT website_id FROM {table}"))
        return {row.website_id for row in rows}


async def test_a_query_that_forgets_the_reach_sees_its_own_website_alone(both: Database) -> None:
    for table in (*GUARDED, *SUMS, "days", "searchable"):
        everything = await websites_seen(both, EVERYTHING, table)
        assert everything == {"hanuman-world", THEIRS}, table
        assert await websites_seen(both, OURS, table) == {"hanuman-world"}, table
        assert await websites_seen(both, NOTHING, table) == set(), table
        nobodys = Reach(frozenset({WebsiteId("no-such-park")}))
        assert await websites_seen(both, nobodys, table) == set(), table


async def test_nothing_foreign_is_changed_or_deleted(both: Database) -> None:
    for reach in (OURS, NOTHING):
        for table in GUARDED:
            foreign = f"UPDATE {table} SET website_id = website_id WHERE website_id = '{THEIRS}'"
            async with both.begin(reach) as tx:
                assert (await tx.execute(text(foreign))).rowcount == 0, table
                gone = text(f"DELETE FROM {table} WHERE website_id = '{THEIRS}'")
                assert (await tx.execute(gone)).rowcount == 0, table


async def test_nothing_is_written_into_another_website(both: Database) -> None:
    for reach in (OURS, NOTHING):
        for table in GUARDED:
            away = text(f"UPDATE {table} SET website_id = '{THEIRS}'")
            if reach is NOTHING:
                async with both.begin(reach) as tx:
                    assert (await tx.execute(away)).rowcount == 0
                continue
            with pytest.raises(DBAPIError, match="row-level security"):
                async with both.begin(reach) as tx:
                    await tx.execute(away)
    new = text("INSERT INTO lanes (booking_id, website_id) SELECT gen_random_uuid(), :website")
    for reach, website in ((OURS, THEIRS), (NOTHING, "hanuman-world"), (NOTHING, THEIRS)):
        with pytest.raises(DBAPIError, match="row-level security"):
            async with both.begin(reach) as tx:
                await tx.execute(new, {"website": website})


async def test_a_transaction_of_nobodys_sees_nothing_and_neither_does_the_owner(
    both: Database,
) -> None:
    """The setting never set is nothing. FORCE holds that for the tables' owner too."""
    owner, is_super = (
        await as_owner(both, "SELECT rolname, rolsuper FROM pg_roles WHERE rolname = current_user")
    )[0]
    assert owner != "onebooking_app"
    async with both.engine.begin() as tx:
        for role in (None, "onebooking_app"):
            if role is not None:
                await tx.execute(text(f"SET LOCAL ROLE {role}"))
            for table in (*GUARDED, *SUMS):
                seen = (await tx.execute(text(f"SELECT count(*) FROM {table}"))).scalar_one()
                # Nothing binds a superuser, which is why every transaction of ours leaves it.
                assert seen == 0 or (is_super and role is None), table


async def test_whoever_connects_works_as_the_role_that_owns_nothing(both: Database) -> None:
    async with both.begin(EVERYTHING) as tx:
        row = (
            await tx.execute(
                text(
                    "SELECT current_user, rolsuper, rolbypassrls FROM pg_roles "
                    "WHERE rolname = current_user"
                )
            )
        ).one()
        assert tuple(row) == ("onebooking_app", False, False)
        owned = "SELECT count(*) FROM pg_class WHERE relowner = 'onebooking_app'::regrole"
        assert (await tx.execute(text(owned))).scalar_one() == 0


async def test_the_next_transaction_of_a_connection_starts_from_nothing(
    both: Database, database_url: str
) -> None:
    single = Database.at(database_url, connections=1)
    assert await websites_seen(both, OURS, "bookings") == {"hanuman-world"}
    async with single.begin(EVERYTHING) as tx:
        assert (await tx.execute(text("SELECT count(*) FROM bookings"))).scalar_one() > 0
    assert await websites_seen(single, NOTHING, "bookings") == set()
    async with single.engine.begin() as tx:
        setting = await tx.execute(text("SELECT current_setting('onebooking.reach', true)"))
        assert not setting.scalar_one()
    await single.close()


async def test_every_table_with_a_website_is_guarded_or_named(both: Database) -> None:
    rows = await all_of(
        both,
        "SELECT c.relname, c.relrowsecurity AND c.relforcerowsecurity AS forced, "
        "  (SELECT count(*) FROM pg_policy WHERE polrelid = c.oid) AS policies "
        "FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid "
        "WHERE a.attname = 'website_id' AND c.relkind IN ('r', 'p') AND NOT c.relispartition "
        "  AND c.relnamespace = 'public'::regnamespace ORDER BY 1",
    )
    guarded = {name for name, forced, policies in rows if forced and policies == 1}
    assert guarded == {*GUARDED, *SUMS}
    assert {name for name, *_ in rows} - guarded == OPEN


async def test_a_partition_cannot_be_read_past_its_parents_policy(both: Database) -> None:
    partitions = await all_of(
        both, "SELECT relname FROM pg_class WHERE relispartition AND relkind = 'r'"
    )
    assert len(partitions) >= 4
    for (partition,) in partitions:
        with pytest.raises(DBAPIError, match="permission denied"):
            async with both.begin(OURS) as tx:
                await tx.execute(text(f"SELECT FROM {partition} LIMIT 1"))


async def test_the_words_of_bookings_are_read_through_their_view_alone(both: Database) -> None:
    for statement in (
        "SELECT FROM booking_words",
        "INSERT INTO booking_words SELECT * FROM searchable",
        "UPDATE booking_words SET words = ''",
        "DELETE FROM booking_words",
        "UPDATE searchable SET words = ''",
    ):
        with pytest.raises(DBAPIError, match="permission denied"):
            async with both.begin(EVERYTHING) as tx:
                await tx.execute(text(statement))


async def test_the_policy_reads_its_setting_once_and_lets_the_index_be_used(
    both: Database,
) -> None:
    await many_bookings(both)
    plan = "EXPLAIN (ANALYZE, BUFFERS, COSTS OFF, TIMING OFF, SUMMARY OFF) "
    page = "SELECT * FROM bookings WHERE website_id = 'hanuman-world' "
    page += "ORDER BY activity_date, id LIMIT 50"
    async with both.begin(OURS) as tx:
        lines = [row[0] for row in await tx.execute(text(plan + page))]
    found = "\n".join(lines)
    assert "Seq Scan" not in found
    assert "idx_bookings_website_id" in found
    assert "InitPlan" in found
    assert "loops=20" not in found
    buffers = int(found.split("shared hit=")[1].split()[0].split(",")[0])
    assert buffers < 200, found
    listed = await one(both, "SELECT count(*) FROM bookings")
    assert listed[0] > 20_000


async def many_bookings(database: Database) -> None:
    """20,000 more, half of them each website's."""
    await run(
        database,
        "INSERT INTO bookings (website_id, source_booking_id, booking_ref, package_name, "
        "  package_price, activity_date, time_slot, guest_count, total_amount, customer_name, "
        "  customer_email) "
        "SELECT (ARRAY['hanuman-world', 'flying-hanuman'])[1 + n % 2], gen_random_uuid(), "
        "  'HW-' || n, 'World A+', 3490, date '2026-01-01' + n % 365, '10:00', 2, 8500, "
        "  'John Doe', 'john@example.com' FROM generate_series(1, 20000) AS n",
    )
    await as_owner(database, "SELECT pg_stat_force_next_flush()")
    async with database.engine.begin() as owner:
        await owner.execute(text("ANALYZE bookings"))
