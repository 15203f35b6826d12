"""The dossiers as JSON lines, in the order of the feed.

Built by string formatting from ready-made fragments: a third of a million records have to be
written in a few seconds. Persons are invented beyond mistaking: every name contains "Mẫu" (sample)
or "Thử" (trial), numbers begin with 000, and every personal value holds a mark of `canaries`.
"""

import json
from collections.abc import Iterator

import numpy as np

from simulator.canaries import FILE_MARK, NAME_MARK, NUMBER_MARK
from simulator.draws import Ints
from simulator.handling import Fee, Handling, Result
from simulator.lifecycle import SUPPLEMENT_REQUESTED, Lifecycle
from simulator.population import ONLINE, Population
from simulator.reference import Procedure
from simulator.rhythm import stamp

_CHUNK = 20_000
# A third of the records carry the suffix that a province's own copy of a procedure has.
PROVINCIAL_SUFFIX = ".000.00.00.H99"

_SURNAMES = ("Nguyễn", "Trần", "Lê", "Phạm", "Hoàng", "Vũ", "Đặng", "Bùi", "Đỗ", "Ngô")
_MIDDLES = ("Văn Mẫu", "Thị Mẫu", "Minh Thử", "Thu Mẫu", "Đức Thử", "Ngọc Mẫu", "Hải Thử")
_GIVEN = ("An", "Bình", "Chi", "Dung", "Giang", "Hà", "Khánh", "Lan", "Nam", "Phúc", "Quang")

_DOSSIER = (
    '{"MaHoSo":"%s",%s"KenhThucHien":"%d","MaDonVi":"%s","DonViXuLy":"%s",%s'
    '"NgayNopHoSo":"%s","NgayTiepNhan":"%s","NgayHenTra":"%s","NgayKetThucXuLy":"%s",'
    '"NgayTra":"%s","TrangThaiHoSo":"%d","HinhThuc":"%d","HoSoCoThanhPhanSoHoa":"%d",'
    '"TaiKhoanDuocXacThucVoiVNeID":"%d","DuocThanhToanTrucTuyen":"%d","TaiLieuNop":[%s],'
    '"DanhSachLePhi":[%s],"DanhSachHoSoBoSung":[%s],"DanhSachGiayToKetQua":[%s],'
    '"DSKetNoiCSDL":[%s],"CoBuocTrucTiep":"%s","NgayDongBoDVCQG":"%s","NgayDongBoKho":"%s",'
    '"DaXoa":"0","NgayCapNhat":"%d"}'
)
_DOCUMENT = (
    '{"TepDinhKemId":"%s-%d","TenTepDinhKem":"giay-to-%d-'
    f'{FILE_MARK}.pdf"'
    ',"MaThanhPhanHoSo":"TP%02d",'
    '"DuongDanTaiTepTin":"/tep/%s-%d.pdf","DuocSoHoa":"%d","DuocTaiSuDung":"%d",'
    '"DuocLayTuKhoDMQG":"%d"}'
)
_RESULT = (
    '{"TenGiayTo":"Kết quả giải quyết","MaThanhPhanHoSo":"","GiayToId":"KQ-%s",'
    '"DuongDanTepTinKetQua":"%s","MaGiayToKetQua":"%s"}'
)
_FEE = (
    '{"TenPhiLePhi":"Phí, lệ phí","MaPhiLePhi":"P%s","HinhThucThu":"1","Gia":"%d",'
    '"LoaiPhiLePhi":"1"}'
)
_SUPPLEMENT = (
    '{"HoSoBoSungId":"BS-%s","NgayBoSung":"%s","NgayHenTraTruoc":"%s","NgayHenTraMoi":"%s"}'
)
# Reuse of a document, three ways: (DuocTaiSuDung, DuocLayTuKhoDMQG).
_REUSE = ((1, 0), (2, 0), (0, 1))


def dossier_numbers(received: Ints) -> Ints:
    """Each dossier's number: its date of reception and its place in the order of reception."""
    order = np.argsort(received, kind="stable")
    place = np.empty(len(received), dtype=np.int64)
    place[order] = np.arange(1, len(received) + 1)
    return stamp(received) // 1_000_000 % 1_000_000 * 1_000_000 + place


def dossier_code(number: int) -> str:
    """`MaHoSo` of a number: MAU-250701-000123."""
    return f"MAU-{number // 1_000_000:06d}-{number % 1_000_000:06d}"


class DossierWriter:
    """Writes a population's dossiers as JSON lines."""

    def __init__(self, procedures: tuple[Procedure, ...], unit_codes: tuple[str, ...]) -> None:
        self._heads = [_procedure_fragments(procedure) for procedure in procedures]
        self._fees = [_fee_fragment(procedure) for procedure in procedures]
        self._levels = [procedure.level for procedure in procedures]
        self._unit_codes = unit_codes

    def lines(
        self, population: Population, lifecycle: Lifecycle, handling: Handling, numbers: Ints
    ) -> Iterator[tuple[int, str, bytes]]:
        """Version, key and JSON of every dossier, ordered by version and key."""
        order = np.lexsort((numbers, handling.version))
        columns = _columns(population, lifecycle, handling, numbers)
        for start in range(0, len(order), _CHUNK):
            chosen = order[start : start + _CHUNK]
            for row in zip(*(column[chosen].tolist() for column in columns), strict=True):
                code = dossier_code(row[0])
                yield row[-1], code, self._line(code, row).encode()

    def _line(self, code: str, row: tuple[int, ...]) -> str:
        number, unit, procedure, channel, state, submitted, received, due, due_before = row[:9]
        closed, returned, way, digitised, reused, result, step, fee = row[9:17]
        to_portal, to_vault, supplemented, population_data, version = row[17:]
        # Decides what no figure depends on; Knuth's multiplicative hash.
        mix = number * 2_654_435_761 % 4_294_967_296
        unit_code = self._unit_codes[unit]
        return _DOSSIER % (
            code,
            self._heads[procedure][mix % 3 == 0],
            channel,
            unit_code,
            unit_code,
            _applicant(mix, self._levels[procedure]),
            submitted,
            received,
            due or "",
            closed or "",
            returned or "",
            state,
            way,
            digitised,
            channel == ONLINE,
            _payment_flag(fee, mix),
            _documents(code, mix, digitised, reused),
            self._fees[procedure] if fee else "",
            _SUPPLEMENT % (code, supplemented, due_before, due) if due_before else "",
            _result(code, result),
            _databases(mix, population_data),
            step if step >= 0 else "",
            to_portal or "",
            to_vault or "",
            version,
        )


def _columns(
    population: Population, lifecycle: Lifecycle, handling: Handling, numbers: Ints
) -> tuple[Ints, ...]:
    """What a line is made of, in the order in which `DossierWriter` takes it."""
    return (
        numbers,
        population.unit,
        population.procedure,
        population.channel,
        lifecycle.state,
        stamp(handling.submitted),
        stamp(population.received),
        stamp(lifecycle.due),
        stamp(lifecycle.due_before),
        stamp(np.where(handling.closing_unrecorded, 0, lifecycle.closed)),
        stamp(handling.returned),
        handling.return_way,
        handling.digitised.astype(np.int64),
        handling.reused.astype(np.int64),
        handling.result,
        handling.in_person_step,
        handling.fee,
        stamp(handling.synced_to_portal),
        stamp(handling.synced_to_vault),
        stamp(_supplemented_at(population, lifecycle, handling)),
        handling.uses_population_data.astype(np.int64),
        stamp(handling.version),
    )


def _supplemented_at(population: Population, lifecycle: Lifecycle, handling: Handling) -> Ints:
    """When a supplement came: halfway to the end, or to the record's present version."""
    until = np.where(lifecycle.closed > 0, lifecycle.closed, handling.version)
    asked = (lifecycle.due_before > 0) | (lifecycle.state == SUPPLEMENT_REQUESTED)
    return np.where(asked, (population.received + until) // 2, 0)


def _procedure_fragments(procedure: Procedure) -> tuple[str, str]:
    """The procedure's fields, without and with the provincial suffix."""
    rest = f'"MaLinhVuc":{_text(procedure.field_code)},"TenLinhVuc":{_text(procedure.field_name)},'
    code = procedure.code
    return f'"MaTTHC":"{code}",{rest}', f'"MaTTHC":"{code}{PROVINCIAL_SUFFIX}",{rest}'


def _fee_fragment(procedure: Procedure) -> str:
    return _FEE % (procedure.code, procedure.fee)


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)


def _applicant(mix: int, level: str) -> str:
    kind = 2 if level == "tinh" and mix % 10 < 6 else 1
    if kind == 2:
        name = f"Doanh nghiệp Mẫu {NAME_MARK} {mix % 90_000:05d}"
    else:
        family, middle = _SURNAMES[mix % 10], _MIDDLES[mix // 10 % 7]
        name = " ".join((family, middle, NAME_MARK, _GIVEN[mix // 70 % 11]))
    return (
        f'"ChuHoSo":"{name}","LoaiDoiTuong":"{kind}","DinhDanhCHS":[{{"LoaiDinhDanh":"{kind}",'
        f'"SoDinhDanh":"{NUMBER_MARK}{mix % 1_000_000:06d}"}}],'
        f'"SoDienThoai":"{NUMBER_MARK}{mix % 10_000:04d}",'
        f'"Email":"mau{mix % 100_000}@{FILE_MARK}.invalid",'
    )


def _payment_flag(fee: int, mix: int) -> int:
    """The dossier's own word on its payment; set for some paid in cash, too."""
    if fee == Fee.NO_FEE:
        return 0
    online = (Fee.PAID_ONLINE, Fee.PAID_ONLINE_LATER, Fee.REFUNDED)
    return 1 if fee in online or (fee == Fee.CASH and mix % 7 == 0) else 3


def _documents(code: str, mix: int, digitised: int, reused: int) -> str:
    documents = []
    for number in range(1, 2 + (mix // 7 % 5 > 2) + (mix // 11 % 9 == 0)):
        again, vault = _REUSE[mix % 3] if reused and number == 1 else (0, 0)
        documents.append(
            _DOCUMENT % (code, number, number, number, code, number, digitised, again, vault)
        )
    return ",".join(documents)


def _result(code: str, result: int) -> str:
    match result:
        case Result.ELECTRONIC:
            return _RESULT % (code, f"/ket-qua/{code}.pdf", f"KQ{code[4:]}")
        case Result.FILE_WITHOUT_CODE:
            return _RESULT % (code, f"/ket-qua/{code}.pdf", "")
        case Result.INPUT_RESENT:
            return _RESULT % (code, f"/tep/{code}-1.pdf", f"KQ{code[4:]}")
    return ""


def _databases(mix: int, population_data: int) -> str:
    population = '{"MaCSDL":"CSDLDC"}' if population_data else ""
    other = '{"MaCSDL":"CSDLHT"}' if mix // 17 % 10 == 0 else ""
    return ",".join(part for part in (population, other) if part)
