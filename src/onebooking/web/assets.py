"""Our own files for browsers: small on the wire, and asked for once."""

import gzip
import hashlib
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from litestar import Request, Response, Router, get, head
from litestar.exceptions import NotFoundException
from litestar.params import FromPath, FromQuery
from msgspec import Struct

_STATIC = Path(__file__).parent.parent / "static"
_FOR_GOOD = "public, max-age=31536000, immutable"
_ASK_AGAIN = "public, max-age=0, must-revalidate"
_TYPES = {
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
}
_VERSIONED = "vendor/"  # these carry their version in their name


class Asset(Struct, frozen=True):
    """One file, as it is and compressed; `tag` changes with its bytes."""

    body: bytes
    small: bytes | None  # gzip; None where that is no smaller
    media_type: str
    tag: str


def url_of(name: str) -> str:
    """Where a page finds this file: another URL when its bytes are others."""
    return f"/static/{name}?v={ASSETS[name].tag}"


def accepts_gzip(request: Request[Any, Any, Any]) -> bool:
    """Whether the browser unpacks gzip; a weight of 0, which nobody sends, counts as yes."""
    return "gzip" in request.headers.get("accept-encoding", "").lower()


@get("/{file_path:path}", include_in_schema=False)
async def static_file(
    request: Request[Any, Any, Any], file_path: FromPath[str], v: FromQuery[str] = ""
) -> Response[bytes]:
    """A file of `static/`; kept for good by whoever asks for exactly these bytes."""
    asset = _asked(file_path)
    headers = _headers(file_path, asset, v)
    if request.headers.get("if-none-match") == headers["ETag"]:
        return Response(b"", status_code=304, media_type=asset.media_type, headers=headers)
    if asset.small is not None and accepts_gzip(request):
        headers["Content-Encoding"] = "gzip"
        return Response(asset.small, media_type=asset.media_type, headers=headers)
    return Response(asset.body, media_type=asset.media_type, headers=headers)


@head("/{file_path:path}", include_in_schema=False)
async def static_file_head(file_path: FromPath[str], v: FromQuery[str] = "") -> Response[None]:
    """The same without its bytes."""
    asset = _asked(file_path)
    headers = _headers(file_path, asset, v) | {"Content-Length": str(len(asset.body))}
    return Response(None, media_type=asset.media_type, headers=headers)


def _asked(file_path: str) -> Asset:
    asset = ASSETS.get(file_path.lstrip("/"))
    if asset is None:
        raise NotFoundException
    return asset


def _headers(file_path: str, asset: Asset, version: str) -> dict[str, str]:
    for_good = version == asset.tag or file_path.lstrip("/").startswith(_VERSIONED)
    return {
        "Cache-Control": _FOR_GOOD if for_good else _ASK_AGAIN,
        "ETag": f'"{asset.tag}"',
        "Vary": "Accept-Encoding",
        "X-Content-Type-Options": "nosniff",
    }


def _read(path: Path) -> Asset:
    body = path.read_bytes()
    small = gzip.compress(body, mtime=0)
    return Asset(
        body=body,
        small=small if len(small) < len(body) * 0.9 else None,
        media_type=_TYPES.get(path.suffix, "text/plain"),
        tag=hashlib.sha256(body).hexdigest()[:12],
    )


# Read once, at start: there is no path of a visitor's to follow on the disk.
ASSETS: Mapping[str, Asset] = MappingProxyType(
    {
        str(path.relative_to(_STATIC)): _read(path)
        for path in sorted(_STATIC.rglob("*"))
        if path.is_file()
    }
)

router = Router("/static", route_handlers=[static_file, static_file_head], include_in_schema=False)
