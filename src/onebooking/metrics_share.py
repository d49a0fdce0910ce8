"""One scrape shows every process of a machine: each keeps a file of what it counted."""

import asyncio
import os
import socket
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from prometheus_client import generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families

from onebooking.metrics import REGISTRY

_EVERY_SECONDS = 5.0
_STALE_SECONDS = 30.0  # whoever has not written for so long is gone


def folder_in(data_dir: Path) -> Path:
    """Where the processes of this machine keep their files."""
    return data_dir / "metrics"


def process_name(part: str) -> str:
    """This process among those that share the folder: a container's pid alone would not do."""
    return f"{part}-{socket.gethostname()}-{os.getpid()}"


async def keep_sharing(folder: Path, name: str) -> None:
    """Write what this process counted, every few seconds, until cancelled; then take it away."""
    try:
        while True:
            await asyncio.to_thread(share, folder, name)
            await asyncio.sleep(_EVERY_SECONDS)
    finally:
        with suppress(OSError):
            _file(folder, name).unlink(missing_ok=True)


def share(folder: Path, name: str) -> None:
    """Write this process's file; a full disk costs us the file, and nothing else."""
    with suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        fresh = _file(folder, name).with_suffix(".new")
        fresh.write_bytes(generate_latest(REGISTRY))
        fresh.replace(_file(folder, name))


def everybody(folder: Path, name: str) -> list[Metric]:
    """What each process counted, labelled `process`; those that are gone are swept away."""
    families: dict[str, Metric] = {}
    _add(families, REGISTRY.collect(), name)
    for file in sorted(folder.glob("*.prom")) if folder.is_dir() else ():
        with suppress(OSError, ValueError):
            if time.time() - file.stat().st_mtime > _STALE_SECONDS:
                file.unlink(missing_ok=True)
            elif file.stem != name:
                _add(families, text_string_to_metric_families(file.read_text("utf-8")), file.stem)
    return list(families.values())


def _add(families: dict[str, Metric], found: Iterable[Metric], process: str) -> None:
    for family in found:
        known = families.setdefault(
            family.name, Metric(family.name, family.documentation, family.type)
        )
        for sample in family.samples:
            known.samples.append(sample._replace(labels=sample.labels | {"process": process}))


def _file(folder: Path, name: str) -> Path:
    return folder / f"{name}.prom"
