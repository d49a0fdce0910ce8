"""Pages packed small, without their length telling what is in them."""

import secrets
import zlib
from struct import pack

_SMALLEST = 1024  # bytes; below it nothing is won
_COMMENT = 16  # the flag of RFC 1952 for a comment in the header
_MOST_PADDING = 64


def packed(html: bytes) -> bytes | None:
    """`html` as gzip, or None where it is small already.

    A comment of random length stands in its header. Who makes a member's browser load a page with
    a guess in its address, again and again, and watches the wire, would else see by the length
    when the guess is like a secret on that page (BREACH).
    """
    if len(html) < _SMALLEST:
        return None
    squeeze = zlib.compressobj(6, zlib.DEFLATED, -zlib.MAX_WBITS)
    header = pack("<HBBIBB", 0x8B1F, zlib.DEFLATED, _COMMENT, 0, 0, 255)
    padding = b"x" * secrets.randbelow(_MOST_PADDING) + b"\0"
    trailer = pack("<II", zlib.crc32(html), len(html) & 0xFFFFFFFF)
    return header + padding + squeeze.compress(html) + squeeze.flush() + trailer
