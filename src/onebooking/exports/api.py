"""Bookings as a file, for a member's script."""

from dataclasses import dataclass
from typing import Annotated, Any

from litestar import Request, Router, get
from litestar.di import NamedDependency, Provide
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import OpenAPIResponse, Operation
from litestar.params import QueryParameter
from litestar.response import Stream

from onebooking.bookings.filters import Filters
from onebooking.bookings.filters_api import filters_of
from onebooking.db import Database
from onebooking.exports.download import export_now
from onebooking.exports.model import Format
from onebooking.members.auth import SECURITY, desk_of
from onebooking.web.replies import answers

_FILE = ResponseSpec(
    bytes, description="The file", media_type=Format.CSV.media_type, generate_examples=False
)


@dataclass
class _InEitherFormat(Operation):
    """The route in the document, with the second media type, which Litestar has no word for."""

    def __post_init__(self) -> None:
        answer = (self.responses or {})["200"]
        assert isinstance(answer, OpenAPIResponse)  # noqa: S101 -- it is `_FILE`
        assert answer.content is not None  # noqa: S101 -- likewise
        answer.content[Format.XLSX.media_type] = answer.content[Format.CSV.media_type]


@get(
    "/",
    summary="Export bookings",
    dependencies={"wanted": Provide(filters_of, sync_to_thread=False)},
    security=SECURITY,
    operation_class=_InEitherFormat,
    responses={200: _FILE} | answers(401, 403, 422),
)
async def export_bookings(
    request: Request[Any, Any, Any],
    database: NamedDependency[Database],
    wanted: NamedDependency[Filters],
    file_format: Annotated[
        Format, QueryParameter(name="format", description="`xlsx` opens in Excel as it is")
    ] = Format.CSV,
) -> Stream:
    """All bookings that the list of the same filters has, as one file, however many.

    Amounts are decimals, times local to each booking's website, whose zone stands in the column
    `timezone`. In CSV, text that a spreadsheet would run begins with an apostrophe. A connection
    that is cut before its end is no whole file: ask again.
    """
    async with desk_of(request, database) as desk:
        return await export_now(desk, database, wanted, file_format, mark=False)


router = Router("/api/bookings/export", route_handlers=[export_bookings], tags=["Bookings"])
