"""The table of formats; ``tests/pipeline/test_export.py`` compares each with the original."""

from __future__ import annotations

import logging
import typing

from blasr.inference import EXPORT_FORMAT_NAMES, EXPORT_FORMATS
from blasr.inference.config import ExportFormatName
from blasr.inference.export_formats import _quiet
from blasr.inference.exported import EXPORTED_FILES
from blasr.inference.network import LOADERS


def test_every_format_has_a_row() -> None:
    assert tuple(EXPORT_FORMATS) == ("onnx", "int8", "torchscript", "torch-export")
    assert set(EXPORT_FORMATS) == set(EXPORT_FORMAT_NAMES) == set(typing.get_args(ExportFormatName))
    assert {row.file for row in EXPORT_FORMATS.values()} == set(EXPORTED_FILES)
    for row in EXPORT_FORMATS.values():
        assert row.runs == any(row.file.endswith(suffix) for suffix in LOADERS)


def test_logging_is_quiet_only_while_an_exporter_runs() -> None:
    before = logging.root.manager.disable
    with _quiet():
        assert logging.root.manager.disable == logging.WARNING
    assert logging.root.manager.disable == before
