"""How much a file may hold, so that a hostile one cannot fill memory or disk."""

from __future__ import annotations

from dataclasses import dataclass

MIB = 1024 * 1024


@dataclass(frozen=True)
class FileLimits:
    """Upper bounds for files of records.

    max_file_bytes      a file's bytes, and its records' bytes together, both uncompressed; a
                        year of the province's dossiers (a million of 1.1 kB) fits once over
    max_workbook_bytes  an XLSX file's members together, uncompressed: its table of strings is
                        held in memory while it is read
    max_record_bytes    one record; thousands of times an ordinary one, and a name of 1 MB passes
    """

    max_file_bytes: int = 2048 * MIB
    max_workbook_bytes: int = 256 * MIB
    max_record_bytes: int = 4 * MIB
