"""Where questions come from: a folder of Parquet files, or the hub.

The folder layout is `<data_dir>/<set>/data/<split>-*.parquet`, one folder a set, with the columns of the
hub's set of the same content. Nothing is written there: local files are streamed, so `datasets` makes no
cache.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from tasks.base import BrokenData, MissingData

__all__ = ["Hub", "content_key", "read", "source"]

Row = dict[str, Any]


class Hub(NamedTuple):
    """A set on the hub, pinned: its id, the commit, its configurations, and the folder that mirrors it."""

    id: str
    revision: str
    folder: str
    configs: tuple[str, ...] = ("default",)


def content_key(*parts: str) -> str:
    """A 64-digit hexadecimal key of texts, the same on every machine (SHA-256, parts ended by NUL)."""
    return hashlib.sha256("".join(part + "\0" for part in parts).encode()).hexdigest()


def source(data_dir: str | Path | None, *hubs: Hub) -> str:
    """One line that says where the questions of a task came from."""
    if data_dir is not None:
        return " + ".join(str(Path(data_dir) / hub.folder) for hub in hubs)
    return " + ".join(f"hf://{hub.id}@{hub.revision[:12]}" for hub in hubs)


def read(hub: Hub, split: str, columns: tuple[str, ...], data_dir: str | Path | None) -> list[Row]:
    """All rows of one split, in stored order. Raises `MissingData` or `BrokenData`."""
    with _quiet():
        rows = _from_hub(hub, split) if data_dir is None else _from_folder(hub, split, Path(data_dir))
    if not rows or any(column not in rows[0] for column in columns):
        raise BrokenData(f"{source(data_dir, hub)}: split '{split}' needs rows with columns {', '.join(columns)}")
    return rows


def _from_folder(hub: Hub, split: str, data_dir: Path) -> list[Row]:
    files = sorted((data_dir / hub.folder / "data").glob(f"{split}-*.parquet"))
    if not files:
        raise _missing(hub, f"no {split}-*.parquet in {data_dir / hub.folder / 'data'}")
    from datasets import load_dataset  # type: ignore[import-untyped]

    try:
        return list(load_dataset("parquet", data_files=[str(f) for f in files], split="train", streaming=True))
    except Exception as error:  # pyarrow, fsspec and datasets each raise their own
        raise BrokenData(f"cannot read {files[0]}: {_line(error)}") from error


def _from_hub(hub: Hub, split: str) -> list[Row]:
    from datasets import load_dataset

    try:
        sets = [load_dataset(hub.id, name, split=split, revision=hub.revision) for name in hub.configs]
    except Exception as error:  # offline mode, no route, a full disk, a removed set: the cure is the same
        raise _missing(hub, _line(error)) from error
    return [row for rows in sets for row in rows]


def _line(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".splitlines()[0][:200]


def _missing(hub: Hub, why: str) -> MissingData:
    return MissingData(
        f"questions not found ({why}): give --data-dir DIR with DIR/{hub.folder}/data/<split>-*.parquet, "
        f"or run once with network access to huggingface.co/datasets/{hub.id}"
    )


@contextmanager
def _quiet() -> Iterator[None]:
    """No progress bars or warnings from `datasets` while we read; its settings are put back."""
    import datasets

    bars, level = datasets.are_progress_bars_disabled(), datasets.logging.get_verbosity()
    datasets.disable_progress_bars()
    datasets.logging.set_verbosity(logging.CRITICAL)  # our own error says what it would log
    try:
        yield
    finally:
        datasets.logging.set_verbosity(level)
        if not bars:
            datasets.enable_progress_bars()
