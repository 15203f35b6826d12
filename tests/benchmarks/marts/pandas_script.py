"""The marts of one month from the landed pages: what an analyst with pandas would write."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import zstandard

from tests.benchmarks import volume
from tests.benchmarks.marts import pandas_compliance as compliance
from tests.benchmarks.marts import pandas_scores as scores
from tests.benchmarks.marts.pandas_units import Places, places
from tests.benchmarks.measuring import ROOT, Work

PAID = "Đã thanh toán"


def marts(landing: str, target: str) -> Work:
    """All marts of August into Parquet files in `target`; every feed is read as a whole."""
    return _marts(landing, Path(target), by_page=False)


def marts_by_page(landing: str, target: str) -> Work:
    """The same by a careful analyst: of every page only what is needed is kept."""
    return _marts(landing, Path(target), by_page=True)


def _marts(landing: str, target: Path, by_page: bool) -> Work:
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    seeds = ROOT / "dbt_project" / "seeds"
    month = scores.Month(pd.Timestamp(volume.FIRST), pd.Timestamp(volume.AFTER_LAST))

    def work() -> None:
        units = [unit for page in pages(landing, "units") for unit in page]
        place = places(units, month.start.date(), month.last_day.date())
        procedure = procedures(read(landing, "procedures"), month)
        # Reduced page by page, or as one frame.
        if by_page:
            reduced = [reduce_dossiers(pd.DataFrame(page)) for page in pages(landing, "dossiers")]
            dossier = pd.concat(reduced, ignore_index=True)
        else:
            dossier = reduce_dossiers(read(landing, "dossiers"))
        dossier = dossiers(dossier, payments(read(landing, "payments")), procedure)
        records = scores.Records(
            dossier,
            petitions(read(landing, "petitions")),
            ratings(read(landing, "ratings")),
            procedure,
        )
        for name, frame in all_marts(records, place, scores.read_catalogue(seeds, month), month):
            frame.to_parquet(target / f"{name}.parquet", index=False)

    return work


def all_marts(
    records: scores.Records,
    place: Places,
    catalogue: dict[str, pd.DataFrame],
    month: scores.Month,
) -> Iterator[tuple[str, pd.DataFrame]]:
    """Each mart's name and rows."""
    yield "fct_dossier", records.dossiers
    measure = scores.measures(records, place, catalogue, month)
    yield "fct_measure", measure
    score = scores.criterion_scores(measure, place, catalogue["criteria"])
    yield "fct_criterion_score", score
    yield "mart_monthly_score", scores.monthly_scores(score, catalogue)
    yield "mart_dossier_balance", scores.balance(records.dossiers, place, month)
    flow = compliance.resolution_flow(records.dossiers, place, month)
    targets = catalogue["targets"]
    yield "mart_target_compliance", compliance.compliance(flow, records, place, targets)
    yield "mart_compliance_cause", compliance.causes(flow, place)


def pages(landing: str, feed: str) -> Iterator[list[dict[str, Any]]]:
    """The records of each landed page."""
    for path in sorted(Path(landing, feed).glob("*/page-*.json.zst")):
        yield json.loads(zstandard.ZstdDecompressor().decompress(path.read_bytes()))["data"]


def read(landing: str, feed: str) -> pd.DataFrame:
    """All records of a feed."""
    return pd.DataFrame([record for page in pages(landing, feed) for record in page])


def latest(frame: pd.DataFrame, key: str, version: str) -> pd.DataFrame:
    """The latest version of every record."""
    return frame.sort_values(version, kind="stable").drop_duplicates(key, keep="last")


def instant(values: pd.Series) -> pd.Series:
    """`yyyyMMddHHmmss`, blank where missing."""
    return pd.to_datetime(values.where(values != ""), format="%Y%m%d%H%M%S")


def day(values: pd.Series) -> pd.Series:
    """`yyyyMMdd`, blank where missing; of an instant the day."""
    return pd.to_datetime(values.where(values != "").str[:8], format="%Y%m%d")


def procedure_code(values: pd.Series) -> pd.Series:
    """Without a provincial suffix."""
    return values.str.split(".").str[:2].str.join(".")


def procedures(raw: pd.DataFrame, month: scores.Month) -> pd.DataFrame:
    """Procedure rows, and whether they are active on the month's last day."""
    since, until = day(raw["HieuLucTu"]), day(raw["HieuLucDen"])
    return pd.DataFrame(
        {
            "procedure_code": procedure_code(raw["MaTTHC"]),
            "unit_code": raw["MaDonVi"],
            "field_code": raw["MaLinhVuc"],
            "field_name": raw["TenLinhVuc"],
            "is_online": raw["MucDo"].isin(["3", "4"]),
            "has_fee": raw["CoPhi"] == "1",
            "is_payment_integrated": raw["TichHopThanhToanQG"] == "1",
            "shares_population_data": raw["KetNoiCSDLDC"] == "1",
            "is_disclosed_in_full": raw["DuNoiDung"] == "1",
            "publish_by": day(raw["HanCongBo"]),
            "published_on": day(raw["NgayCongBo"]),
            "disclose_by": day(raw["HanCongKhai"]),
            "disclosed_on": day(raw["NgayCongKhai"]),
            "is_active": (raw["TrangThai"] == "1")
            & (since.isna() | (since <= month.last_day))
            & (until.isna() | (until >= month.last_day)),
        }
    )


def payments(raw: pd.DataFrame) -> pd.Series:
    """Dossier → when it was first paid online."""
    payment = latest(raw, "MaGiaoDich", "NgayCapNhat")
    payment = payment[
        (payment["HinhThucThanhToan"] == "truc-tuyen")
        & (payment["QuaNenTangQG"] == "1")
        & (payment["TrangThai"] == PAID)
    ]
    return instant(payment["ThoiGianGD"]).groupby(payment["MaHoSo"]).min()


def petitions(raw: pd.DataFrame) -> pd.DataFrame:
    """Petitions that count."""
    petition = latest(raw, "MaPAKN", "NgayCapNhat")
    petition = petition[(petition["DaXoa"] != "1") & (petition["TrangThai"] != "4")]
    return pd.DataFrame(
        {
            "unit_code": petition["MaDonVi"],
            "due_at": instant(petition["NgayHenTraLoi"]),
            "replied_at": instant(petition["NgayTraLoi"]),
            "satisfaction": petition["MucDoHaiLong"].fillna(""),
        }
    )


def ratings(raw: pd.DataFrame) -> pd.DataFrame:
    """Ratings that count."""
    rating = latest(raw, "MaDanhGia", "NgayCapNhat")
    rating = rating[rating["DaXoa"] != "1"]
    return pd.DataFrame(
        {
            "unit_code": rating["MaDonVi"],
            "rated_at": instant(rating["ThoiGianDanhGia"]),
            "is_satisfied": rating["DanhGia"].isin(["RHL", "HL"]),
        }
    )


def reduce_dossiers(raw: pd.DataFrame) -> pd.DataFrame:
    """What the criteria need of each dossier's fields and lists."""
    state = raw["TrangThaiHoSo"]
    # The return, or the last update, stands in for a closing time that is missing.
    stand_in = raw["NgayTra"].where(state.isin(["9", "10"]), raw["NgayCapNhat"])
    closed = raw["NgayKetThucXuLy"].where(raw["NgayKetThucXuLy"] != "", stand_in)
    papers, results = lists(raw["TaiLieuNop"]), lists(raw["DanhSachGiayToKetQua"])
    return pd.DataFrame(
        {
            "dossier_id": raw["MaHoSo"],
            "unit_code": raw["MaDonVi"],
            "procedure_code": procedure_code(raw["MaTTHC"]),
            "field_code": raw["MaLinhVuc"].replace("", None),
            "field_name": raw["TenLinhVuc"],
            "channel": raw["KenhThucHien"],
            "state": state,
            "received_at": instant(raw["NgayTiepNhan"]),
            "due_at": instant(raw["NgayHenTra"]),
            "closed_at": instant(closed.where(state.isin(["7", "8", "9", "10"]), "")),
            "synced_to_portal_at": instant(raw["NgayDongBoDVCQG"]),
            "synced_to_vault_at": instant(raw["NgayDongBoKho"]),
            "is_digitised": raw["HoSoCoThanhPhanSoHoa"] == "1",
            "is_returned_online_or_by_post": raw["HinhThuc"].isin(["1", "2"]),
            "is_without_in_person_step": raw["CoBuocTrucTiep"] == "0",
            "is_deleted": raw["DaXoa"] == "1",
            "version": raw["NgayCapNhat"],
            "has_fee": [
                sum(int(fee["Gia"] or 0) for fee in fees) > 0
                for fees in lists(raw["DanhSachLePhi"])
            ],
            "is_reused": [
                any(
                    each["DuocTaiSuDung"] in ("1", "2") or each["DuocLayTuKhoDMQG"] == "1"
                    for each in paper
                )
                for paper in papers
            ],
            "uses_population_data": [
                any(each["MaCSDL"] == "CSDLDC" for each in consulted)
                for consulted in lists(raw["DSKetNoiCSDL"])
            ],
            "has_electronic_result": [
                has_electronic_result(result, paper)
                for result, paper in zip(results, papers, strict=True)
            ],
        }
    )


def lists(values: pd.Series) -> list[list[dict[str, str]]]:
    """A column of lists, empty where missing."""
    return [value if isinstance(value, list) else [] for value in values]


def has_electronic_result(results: list[dict[str, str]], papers: list[dict[str, str]]) -> bool:
    """A result with a code and a file that is not one of the dossier's own papers."""
    files = {paper["DuongDanTaiTepTin"] for paper in papers}
    return any(
        result["MaGiayToKetQua"]
        and result["DuongDanTepTinKetQua"]
        and result["DuongDanTepTinKetQua"] not in files
        for result in results
    )


def dossiers(frame: pd.DataFrame, paid: pd.Series, procedure: pd.DataFrame) -> pd.DataFrame:
    """Dossiers that count, with their payment and their procedure's field and level."""
    frame = latest(frame, "dossier_id", "version")
    frame = frame[~frame["is_deleted"] & ~frame["state"].isin(["1", "3"])]
    frame = frame.drop(columns=["is_deleted", "version"])
    described = procedure[["procedure_code", "unit_code", "field_code", "is_online"]].rename(
        columns={"field_code": "own_field_code", "is_online": "is_online_procedure"}
    )
    frame = frame.merge(described, on=["procedure_code", "unit_code"], how="left")
    # Where its unit has no such procedure, the row with the smallest unit code stands in.
    first = described.sort_values("unit_code").drop_duplicates("procedure_code")
    first = frame[["procedure_code"]].merge(first, on="procedure_code", how="left")
    for column in ("own_field_code", "is_online_procedure"):
        frame[column] = frame[column].where(frame["is_online_procedure"].notna(), first[column])
    frame["is_online_procedure"] = frame["is_online_procedure"].fillna(False).astype(bool)
    frame["field_code"] = frame["field_code"].fillna(frame.pop("own_field_code"))
    frame["paid_online_at"] = frame["dossier_id"].map(paid)
    frame["is_resolved"] = frame["state"].isin(["9", "10"])
    frame["is_on_time"] = frame["due_at"].isna() | (
        frame["closed_at"].dt.normalize() <= frame["due_at"].dt.normalize()
    )
    return frame
