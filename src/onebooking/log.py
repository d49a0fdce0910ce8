"""Logs: lines for people in development, JSON in production; no secrets, no personal data."""

import logging
import sys

import structlog

# What a line may say beside its message: ids, times and numbers.
_FIELDS = (
    "request_id", "member_id", "delivery_id", "website_id", "status", "duration_ms", "attempt",
)  # fmt: skip


def set_up_logging(level: str, *, for_people: bool) -> None:
    """Let every logger of this process write to stderr: lines `for_people`, or else JSON."""
    renderer: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
        if for_people
        else structlog.processors.JSONRenderer()
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.stdlib.ExtraAdder(allow=_FIELDS),
            structlog.processors.TimeStamper(fmt="iso", utc=True),
        ],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            renderer,
        ],
    )
    handler = logging.StreamHandler()
    handler.setFormatter(formatter)
    # What other people's loggers say in detail is what goes through them: rows, addresses, headers.
    logging.basicConfig(handlers=[handler], level=max(logging.WARNING, level_of(level)), force=True)
    logging.getLogger("onebooking").setLevel(level_of(level))


def level_of(name: str) -> int:
    """The number of a level's name."""
    return logging.getLevelNamesMapping()[name.upper()]
