"""`/docs`: read by people, so every route is there and nothing on the page can run."""

from collections.abc import AsyncIterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml  # type: ignore[import-untyped]
from litestar import Litestar
from litestar.testing import AsyncTestClient

from onebooking.app import create_app
from onebooking.db import Database
from onebooking.web.schema import operations
from tests import make

pytestmark = pytest.mark.anyio
PAGES = ("/docs",)


class Page(HTMLParser):
    """What a page links to, which ids it has, and its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        for name, value in attrs:
            self.attributes.add(name)
            if name == "id" and value:
                self.ids.append(value)
            if name in {"href", "src"} and value:
                self.links.append(value)

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture
async def browser(database: Database, tmp_path: Path) -> AsyncIterator[AsyncTestClient[Litestar]]:
    async with AsyncTestClient(create_app(make.settings(tmp_path), database)) as client:
        yield client


async def read(browser: AsyncTestClient[Litestar], path: str) -> Page:
    answer = await browser.get(path)
    assert answer.status_code == 200
    return Page(answer.text)


async def document(browser: AsyncTestClient[Litestar]) -> dict[str, Any]:
    found: dict[str, Any] = (await browser.get("/schema/openapi.json")).json()
    return found


async def test_every_operation_is_on_the_page(browser: AsyncTestClient[Litestar]) -> None:
    page = await read(browser, "/docs")
    for operation in operations(await document(browser)):
        assert operation.anchor in page.ids
        assert operation.path in page.text
        assert f"#{operation.anchor}" in page.links


async def test_fields_inside_fields_are_shown(browser: AsyncTestClient[Litestar]) -> None:
    page = await read(browser, "/docs")
    for name in ("country_code", "private_passengers", "unit_price"):
        assert name in page.text


async def test_every_operation_has_a_command_to_paste(browser: AsyncTestClient[Litestar]) -> None:
    page = await read(browser, "/docs")
    found = operations(await document(browser))
    assert page.text.count("curl ") == len(found)
    assert page.text.count('X-API-Key: $ONEBOOKING_API_KEY"') == sum(
        operation.callers[:1] == ["key"] for operation in found
    )


async def test_every_error_code_of_the_contract_is_explained(
    browser: AsyncTestClient[Litestar],
) -> None:
    page = await read(browser, "/docs")
    told = msgspec.json.decode((make.CONTRACT / "errors.json").read_bytes())
    for code, error in told.items():
        assert code in page.text
        assert error["description"] in page.text


@pytest.mark.parametrize("path", PAGES)
async def test_a_page_needs_no_script_no_inline_style_and_no_other_server(
    browser: AsyncTestClient[Litestar], path: str
) -> None:
    answer = await browser.get(path)
    page = Page(answer.text)
    assert "'none'" in answer.headers["content-security-policy"]
    assert "unsafe" not in answer.headers["content-security-policy"]
    assert not page.tags & {"script", "style", "iframe", "form"}
    assert not {name for name in page.attributes if name == "style" or name.startswith("on")}


@pytest.mark.parametrize("path", PAGES)
async def test_every_link_leads_somewhere(browser: AsyncTestClient[Litestar], path: str) -> None:
    page = await read(browser, path)
    assert len(page.ids) == len(set(page.ids))
    for link in set(page.links):
        if link.startswith("#"):
            assert link[1:] in page.ids
        elif link.startswith("/"):
            assert (await browser.get(link)).status_code == 200


async def test_the_document_is_the_same_as_yaml(browser: AsyncTestClient[Litestar]) -> None:
    told = (await browser.get("/schema/openapi.yaml")).text
    assert yaml.safe_load(told) == await document(browser)


async def test_what_a_route_says_cannot_become_markup(browser: AsyncTestClient[Litestar]) -> None:
    browser.app.openapi_schema.info.title = "<script>alert(1)</script>"
    page = await read(browser, "/docs")
    assert "script" not in page.tags
