"""Traces by OpenTelemetry, where an endpoint is named; where none is, nothing is even imported."""

from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

_provider: "TracerProvider | None" = None
_nothing: AbstractContextManager[Any] = nullcontext()


def set_up_tracing(url: str | None, *, part: str) -> None:
    """Send spans to the collector at `url`, by OTLP over HTTP; None sends none."""
    global _provider  # noqa: PLW0603 -- one for the process, as OpenTelemetry has it
    if url is None:
        return
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    _provider = TracerProvider(resource=Resource.create({"service.name": f"onebooking-{part}"}))
    exporter = OTLPSpanExporter(f"{url.rstrip('/')}/v1/traces")
    _provider.add_span_processor(BatchSpanProcessor(exporter))


def stop_tracing() -> None:
    """Send what is left, and trace no more."""
    global _provider  # noqa: PLW0603 -- as above
    if _provider is not None:
        _provider.shutdown()
        _provider = None


def span(name: str, **attributes: str | int) -> AbstractContextManager[Any]:
    """A step worth seeing. Attributes are ids and numbers, never what is in a booking."""
    if _provider is None:
        return _nothing
    tracer = _provider.get_tracer("onebooking")
    return tracer.start_as_current_span(name, attributes=attributes, record_exception=False)
