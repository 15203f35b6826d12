"""The files of a release that a reader can take along, with their sizes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from service_index.publishing.labels import Label

_FOLDERS = (
    ("documents", Label("Văn bản", "documents")),
    ("data", Label("Dữ liệu mở", "open data")),
    ("", Label("Tệp khác", "other files")),
)
_NAMES = {
    "letter": Label("Công văn tháng", "monthly letter"),
    "compliance": Label("Phụ lục mức độ đạt chỉ tiêu", "annex on compliance"),
    "statistical_form": Label("Biểu thống kê", "statistical form"),
    "CHANGES": Label("Các số liệu thay đổi", "changed values"),
    "NOTICE": Label("Thông báo điều chỉnh", "notice of revision"),
    "datapackage": Label("Bản kê dữ liệu (Data Package)", "manifest (Data Package)"),
    "SHA256SUMS": Label("Mã kiểm tra SHA-256", "SHA-256 checksums"),
}
# Made after the pages, since they list them.
_MADE_LATER = ("datapackage.json", "SHA256SUMS")


@dataclass(frozen=True)
class Download:
    """`path` is from the release's folder; `size` in bytes, None for a file yet to be made."""

    path: str
    label: Label | None
    size: int | None

    @property
    def file_name(self) -> str:
        return self.path.rpartition("/")[2]


@dataclass(frozen=True)
class DownloadGroup:
    label: Label
    files: list[Download]


def downloads(folder: Path, *, is_being_made: bool = False) -> list[DownloadGroup]:
    """What lies in a release's folder, apart from its pages.

    While the folder `is_being_made`, manifest and checksums are named before they are there.
    """
    made = []
    for name, label in _FOLDERS:
        place = folder / name
        files = [
            Download(path.relative_to(folder).as_posix(), _label(path), path.stat().st_size)
            for path in sorted(place.iterdir() if place.is_dir() else [])
            if path.is_file() and not (is_being_made and path.name in _MADE_LATER)
        ]
        if not name and is_being_made:
            files += [Download(later, _label(Path(later)), None) for later in _MADE_LATER]
        if files:
            made.append(DownloadGroup(label, files))
    return made


def _label(path: Path) -> Label | None:
    return _NAMES.get(path.name.partition(".")[0])
