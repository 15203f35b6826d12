"""What a release meets when it is verified by the software of another day."""

from __future__ import annotations

from dataclasses import replace

import pyarrow as pa
import pytest

from service_index.publishing import edition, manifest
from service_index.publishing.open_data import csv as open_data_csv
from service_index.publishing.open_data import descriptions, parquet


def reword(monkeypatch: pytest.MonkeyPatch) -> None:
    """Other words, other schemas and other ways to write the same values."""
    shipped = descriptions.of_table

    def of_table(table: str) -> descriptions.Description:
        return replace(shipped(table), title_vi="Tên khác")

    monkeypatch.setattr(descriptions, "of_table", of_table)
    monkeypatch.setitem(manifest._DIALECT, "commentChar", "#")
    monkeypatch.setitem(manifest.LICENCE, "title", "CC")
    monkeypatch.setattr(parquet, "NUMBER", pa.decimal256(76, 30))
    monkeypatch.setattr(open_data_csv, "_FORMULA", "^X")
    for module in (edition, open_data_csv, parquet, manifest):
        monkeypatch.setattr(module, "SAMPLE_NOTICE", "DỮ LIỆU THỬ")
