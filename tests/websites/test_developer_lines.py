"""The lines that a website's developer copies do what they say: the TypeScript ones under Node."""

import asyncio
import re
import shutil
import subprocess
from functools import partial
from html import unescape
from pathlib import Path

import pytest

from tests.front_door import Hub
from tests.pages import visiting
from tests.websites.test_website_pages import LUGE

pytestmark = pytest.mark.anyio
_TYPES = re.compile(r": (Request|object)\b|(?<=[A-Z])!(?=[,) ])")  # Node 20 reads no types
_USE = """
globalThis.applied = [];
const apply = async (change) => { globalThis.applied.push(change); };
process.env.ONEBOOKING_WEBHOOK_SECRET = "whsec_x";
const body = JSON.stringify({ data: { status: "cancelled" } });
const hook = (headers) => new Request("http://park/hook", { method: "POST", body, headers });
const mac = (secret, at) => createHmac("sha256", secret).update(`${at}.${body}`).digest("hex");
const signed = (secret, at) => hook({
  "x-webhook-timestamp": String(at), "x-webhook-signature": "sha256=" + mac(secret, at),
});
const now = Math.floor(Date.now() / 1000);
const told = [signed("whsec_x", now), signed("forged", now), signed("whsec_x", now - 3600),
  signed("whsec_x", "x"), hook({})];
const answers = [];
for (const request of told) answers.push((await POST(request)).status);
const asked = [];
globalThis.fetch = async (url, given) => {
  asked.push(given);
  return new Response("no", { status: asked.length > 1 ? 503 : 200 });
};
process.env.ONEBOOKING_API_URL = "http://hub";
process.env.ONEBOOKING_API_KEY = "key";
await sync({ event: "booking.created" });
const failed = await sync({}).then(() => "nothing", (error) => error.message);
const { headers, body: sent } = asked[0];
console.log(JSON.stringify([answers, applied, headers["X-API-Key"], sent, failed]));
"""


async def test_a_nextjs_websites_lines_verify_apply_and_report(hub: Hub, tmp_path: Path) -> None:
    node = shutil.which("node")
    assert node, "Please type: sudo apt-get install -y nodejs"
    page = await (await visiting(hub)).sends("/websites/new", **LUGE)
    assert page.status_code == 200
    found = re.search(r'id="typescript"[^>]*>(.*?)</pre>', page.text, re.DOTALL)
    assert found
    script = tmp_path / "route.mjs"
    script.write_text(_TYPES.sub("", unescape(found[1])) + _USE)
    run = partial(subprocess.run, capture_output=True, text=True, check=False)
    told = await asyncio.to_thread(run, [node, str(script)])
    assert told.stdout.strip() == (
        '[[200,401,401,401,401],[{"data":{"status":"cancelled"}}],'
        '"key","{\\"event\\":\\"booking.created\\"}","no"]'
    ), told.stderr
