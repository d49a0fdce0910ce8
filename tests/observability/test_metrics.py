"""What Prometheus reads, and that the dashboard and the alert rules ask for what there is."""

import json
import re
from pathlib import Path

import pytest
from httpx import AsyncClient
from prometheus_client.metrics import MetricWrapperBase
from prometheus_client.parser import text_string_to_metric_families

from onebooking import metrics
from onebooking.db import Database
from onebooking.metrics import REGISTRY
from onebooking.metrics_share import folder_in, share
from tests import make
from tests.front_door import SYNC, Hub, calling, member
from tests.parks import settled, told, until, working

pytestmark = pytest.mark.anyio
GRAFANA = Path(__file__).parents[2] / "docs/grafana"


async def scraped(http: AsyncClient) -> dict[str, float]:
    """Every sample, by its name and labels but for the process."""
    reply = await http.get("/metrics")
    assert reply.status_code == 200, reply.text
    found: dict[str, float] = {}
    for family in text_string_to_metric_families(reply.text):
        for sample in family.samples:
            told = ",".join(v for k, v in sorted(sample.labels.items()) if k != "process")
            name = f"{sample.name}{{{told}}}"
            found[name] = found.get(name, 0) + sample.value
    return found


async def test_what_happens_is_counted(hub: Hub, database_url: str) -> None:
    before = await scraped(hub.http)
    async with told(hub):
        booking = (await hub.hears(make.event())).json()["booking_id"]
        assert (await hub.hears({"event": "nonsense"})).status_code == 422
        await hub.edits(booking, admin_notes="by the gate")
        async with working(database_url):
            await until(lambda: settled(hub.database))
    after = await scraped(hub.http)

    def more(name: str) -> float:
        return after.get(name, 0) - before.get(name, 0)

    assert more("onebooking_syncs_total{applied}") == 1
    assert more("onebooking_syncs_total{invalid_payload}") == 1
    assert more("onebooking_request_seconds_count{POST,/api/bookings/sync,200}") == 1
    assert more("onebooking_request_seconds_count{PUT,/api/bookings/{booking_id},200}") == 1
    assert more("onebooking_delivery_seconds_count{accepted}") == 1
    assert more("onebooking_gathered_events_sum{}") == 2
    assert more("onebooking_claimed_lanes_sum{}") == 1
    assert after["onebooking_build_info{0.1.0}"] >= 1


async def test_how_each_website_is_comes_from_the_database(hub: Hub) -> None:
    booking = (await hub.hears(make.event())).json()["booking_id"]
    await hub.hears(make.event("booking.cancelled", customer=None))
    await hub.edits(booking, admin_notes="owed")
    found = await scraped(hub.http)
    assert found["onebooking_website_waiting{hanuman-world}"] == 1
    assert found["onebooking_website_state{ok,hanuman-world}"] == 1
    assert found["onebooking_website_state{paused,hanuman-world}"] == 0
    assert found["onebooking_alerts_open{given_up,hanuman-world}"] == 0


async def test_a_second_process_is_on_the_same_page(hub: Hub, tmp_path: Path) -> None:
    await hub.hears(make.event())
    share(folder_in(tmp_path), "worker-elsewhere-1")
    text = (await hub.http.get("/metrics")).text
    assert 'process="worker-elsewhere-1"' in text
    assert text.count("# TYPE onebooking_syncs_total counter") == 1


async def test_in_production_the_token_opens_the_page_and_nothing_else_does(
    database: Database, tmp_path: Path
) -> None:
    production = {"env": "production", "database_url": "postgresql://unused"}
    async with calling(database, tmp_path, **production) as http:
        assert (await http.get("/metrics")).status_code == 404
    async with calling(database, tmp_path, **production, metrics_token="t" * 32) as http:
        assert (await http.get("/metrics")).status_code == 404
        assert (await http.get("/metrics", headers=member("wrong"))).status_code == 404
        assert (await http.get("/metrics", headers=member("t" * 32))).status_code == 200


async def test_no_label_holds_what_a_caller_made_up(hub: Hub) -> None:
    await hub.http.get("/api/bookings?q=Siriporn", headers=member(hub.token))
    await hub.http.get("/made/up/by-somebody", headers=member("made-up-token"))
    text = (await hub.http.get("/metrics")).text
    assert not re.search("Siriporn|by-somebody|made-up", text)


# One metric with the labels it is chosen by, and what a sum is made by.
CHOSEN = re.compile(r"\b(onebooking_[a-z_]+)(?:{([^}]*)})?")
GROUPED = re.compile(r"\b(?:by|without|on|ignoring|group_left)\s*\(([^)]*)\)")
SHOWN = re.compile(r"{{\s*(?:\$labels\.)?(\w+)\s*}}")
FROM_PROMETHEUS = {"le", "instance", "job", "value"}


def asked_by(file: str) -> list[tuple[str, str]]:
    """Each question of a file, and the text that shows its answer."""
    text = (GRAFANA / file).read_text("utf-8")
    if file.endswith(".json"):
        panels = [one for panel in json.loads(text)["panels"]
                  for one in (panel, *panel.get("panels", ()))]  # fmt: skip
        targets = [target for panel in panels for target in panel.get("targets", ())]
        return [(target["expr"], target.get("legendFormat", "")) for target in targets]
    rules = re.split(r"- alert:", text)[1:]
    return [(re.findall(r"expr: (.*)", rule)[0], rule) for rule in rules]


@pytest.mark.parametrize("file", ["onebooking.json", "alerts.yml"])
async def test_the_dashboard_and_the_alert_rules_ask_for_what_there_is(hub: Hub, file: str) -> None:
    """Metrics that exist, chosen, summed and shown by labels that they have."""
    await hub.hears(make.event())
    page = (await hub.http.get("/metrics")).text
    known: dict[str, set[str]] = {}
    for family in text_string_to_metric_families(page):
        endings = {"counter": ["_total"], "histogram": ["_bucket", "_count", "_sum"]}
        for ending in endings.get(family.type, [""]):
            labels = {name for sample in family.samples for name in sample.labels}
            known[family.name + ending] = labels | labels_of(family.name)
    asked = asked_by(file)
    assert len(asked) >= 5
    for question, shown in asked:
        used = CHOSEN.findall(question)
        assert used
        assert [name for name, _ in used if name not in known] == [], question
        labels = set.union(*(known[name] for name, _ in used)) | FROM_PROMETHEUS
        for name, chosen in used:
            picked = set(re.findall(r"(\w+)\s*[=!]", chosen))
            assert picked <= known[name] | FROM_PROMETHEUS, question
        grouped = {one.strip() for by in GROUPED.findall(question) for one in by.split(",")}
        assert grouped - {""} <= labels, question
        assert set(SHOWN.findall(shown)) <= labels, (question, shown)


def labels_of(family: str) -> set[str]:
    """Those of a metric that has no sample yet, as it was declared."""
    for metric in (one for one in vars(metrics).values() if isinstance(one, MetricWrapperBase)):
        if next(iter(metric.describe())).name == family:
            return set(metric._labelnames)
    return set()


async def test_what_is_refused_or_fails_before_a_handler_is_counted_as_it_was_answered(
    tmp_path: Path,
) -> None:
    """A 503 while the database is away is no bug of ours, and counted as what it is."""
    nowhere = Database.at("postgresql://postgres@127.0.0.1:1/hub", connections=1)
    route = {"method": "POST", "route": SYNC}

    def counted(status: str) -> float:
        name = "onebooking_request_seconds_count"
        return REGISTRY.get_sample_value(name, route | {"status": status}) or 0

    before = {status: counted(status) for status in ("401", "500", "503")}
    async with calling(nowhere, tmp_path) as http:
        asked = [
            await http.post(SYNC, json=make.event(), headers={"X-API-Key": "some-key"}),
            await http.post(SYNC, json=make.event()),
            await http.post(SYNC, content="a form", headers={"Content-Type": "text/plain"}),
        ]
    await nowhere.close()
    assert [reply.status_code for reply in asked] == [503, 401, 401]
    assert counted("503") - before["503"] == 1
    assert counted("401") - before["401"] == 2
    assert counted("500") == before["500"]


def test_the_how_to_names_every_metric_of_a_process() -> None:
    told = (GRAFANA.parent / "how-to/watch-the-hub.md").read_text("utf-8")
    ours = [one for one in vars(metrics).values() if isinstance(one, MetricWrapperBase)]
    assert len(ours) > 10
    assert [one._name for one in ours if f"`{one._name}" not in told] == []


def test_the_dashboard_shows_what_becomes_of_exports() -> None:
    asked = " ".join(question for question, _ in asked_by("onebooking.json"))
    for name in ("asked", "ended"):
        assert f"onebooking_exports_{name}_total" in asked
    for what in ("bookings", "bytes"):
        assert f"onebooking_exported_{what}_total" in asked
