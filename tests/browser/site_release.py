"""A release made by hand, for pages: every kind of row, odd decimals, and text that attacks."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Context, Decimal
from typing import Any

from service_index.publishing.edition import Edition
from service_index.publishing.month import (
    Cause,
    Change,
    Compliance,
    Criterion,
    CriterionScore,
    EarlierMonth,
    MonthRelease,
    NationalAverage,
    NationalRank,
    Points,
    Revision,
    UnitScore,
)
from service_index.publishing.relations import GROUPS

PROVINCE = "H31"
_LONG = Context(prec=34)
MAXIMA = dict(zip(GROUPS, map(Decimal, (18, 20, 12, 10, 22, 18)), strict=True))
HOSTILE = {
    "H31.003": '<script>alert("x")</script>',
    "H31.004": "{{ 7*7 }}{% raw %}</title></script><img src=x onerror=alert(1)>",
    "H31.005": '=HYPERLINK("http://evil.example";"Xã")',
    "H31.006": "Xã\x00\x1b[31m\u202eBA\u2028'\"&amp;",
    "H31.007": "Dài" * 1_700,
    "../../etc/passwd": "Xã ngoài thư mục",
    "CON": "Xã thiết bị",
}
FIELDS = {"ho-tich": "Hộ tịch", "dat-dai": "Đất đai", "<b>": "Lĩnh vực <b>đậm</b>"}
CRITERIA = (
    ("01", "transparency", "6", "YTD", "province;department"),
    ("05", "timeliness", "20", "M", "all"),
    ("08", "online_service", "6", "M", "all"),
    ("11", "online_payment", "6", "M", "all"),
    ("14", "digitisation", "2", "M", "all"),
    ("21", "satisfaction", "6", "M", "all"),
)
SUSPENDED = "21"
_NO_NUMBERS: dict[str, None] = {"numerator": None, "denominator": None, "rate": None}


def edition(**changes: Any) -> Edition:
    made = Edition(
        release_id="2025-08.r1",
        kind="monthly",
        period="2025-08",
        province_code=PROVINCE,
        province_name="Tỉnh Mẫu",
        revision=1,
        previous_release_id=None,
        reason=None,
        created_at=datetime(2025, 9, 2, 1, 30, tzinfo=UTC),
        catalogue_version="2022-06-23",
        content_sha256="0123456789abcdef" * 4,
        code_revision="abc",
        is_sample=True,
        source_batches=[],
        stamp=1,
        status="final",
        data_cutoff=datetime(2025, 8, 31, 17, tzinfo=UTC),
        stamped_at=datetime(2025, 9, 2, 1, 30, tzinfo=UTC),
    )
    return replace(made, **changes)


def release(communes: int = 14, **edition_changes: Any) -> MonthRelease:
    """A month with everything: ranks, districts, hostile names, small cells, a suspension."""
    units = _units(communes, shift=0)
    return MonthRelease(
        edition=edition(**edition_changes),
        units=units,
        criteria=[_criterion(*row) for row in CRITERIA],
        criterion_scores=_criterion_scores(units, shift=0),
        compliance=_compliance(units),
        causes=_causes(units),
        national=_national(units[PROVINCE]),
        averages={
            group: NationalAverage(group, MAXIMA[group] * Decimal("0.61235"), MAXIMA[group], 3)
            for group in GROUPS
        }
        | {"total": NationalAverage("total", Decimal("61.235"), Decimal(100), 3)},
        letter={},
        changes=[],
    )


def plain_release(communes: int = 3, **edition_changes: Any) -> MonthRelease:
    """What a province has that knows little: no nation, departments, districts, targets, bands."""
    full = release(communes, province_name="Tỉnh Nhỏ", is_sample=False, **edition_changes)
    units = {
        code: replace(
            unit,
            unit_name=f"Đơn vị {code}",
            parent_unit_code=None,
            former_unit_code=None,
            former_unit_name=None,
            band=None,
            previous_rank=None,
        )
        for code, unit in full.units.items()
        if unit.unit_type in {"province", "commune"} and code not in HOSTILE
    }
    return replace(
        full,
        units=units,
        criterion_scores={k: v for k, v in full.criterion_scores.items() if k[0] in units},
        compliance=[],
        causes=[],
        national=[],
        averages={},
    )


def earlier() -> list[EarlierMonth]:
    """June before a break, in which a code was another unit's; July after it."""
    june, july = _units(14, shift=5), _units(14, shift=3)
    june = {code: replace(unit, previous_rank=None) for code, unit in june.items()}
    june["H31.001"] = replace(june["H31.001"], unit_name="Xã đã bỏ")
    july = {
        code: replace(unit, is_series_break=True, previous_rank=None) for code, unit in july.items()
    }
    return [
        EarlierMonth("2025-06.r1", june, _criterion_scores(june, shift=5), "2025-06"),
        EarlierMonth("2025-07.r2", july, _criterion_scores(july, shift=3), "2025-07"),
    ]


def revision(full: MonthRelease) -> MonthRelease:
    """The same month as its second revision, with what it changed."""
    changes = [
        Change(
            "criterion_score",
            "unit_code=H31.002, criterion_code=05",
            "rate",
            "0.98123456",
            "0.97912",
            "late_data",
            None,
        ),
        Change("monthly_score", "unit_code=H31.002", "rank", "3", "4", "late_data", None),
        Change(
            "criterion_score",
            "unit_code=H31.009, criterion_code=08",
            "numerator",
            None,
            None,
            "late_data",
            "n<5",
        ),
        Change("monthly_score", "unit_code=H31.002", "total_score", "7.0051", "7.0052", "x", None),
    ]
    return replace(
        full,
        edition=replace(
            full.edition,
            release_id="2025-08.r2",
            revision=2,
            previous_release_id="2025-08.r1",
            reason="late_data",
            status="revised",
        ),
        changes=changes,
        previous=_before(full),
    )


def _before(full: MonthRelease) -> Revision:
    """A rank, a hostile commune's total and a criterion were others."""
    unit, hostile = full.units["H31.002"], full.units["H31.004"]
    score = full.criterion_scores["H31.002", "05"]
    assert score.numerator and score.denominator
    then = score.numerator + 3
    return Revision(
        "2025-08.r1",
        full.units
        | {
            unit.unit_code: replace(unit, rank=3),
            hostile.unit_code: replace(hostile, total_score=Decimal("1.005")),
        },
        full.criterion_scores
        | {
            ("H31.002", "05"): replace(
                score, numerator=then, rate=Decimal(then) / score.denominator
            )
        },
    )


def _units(communes: int, shift: int) -> dict[str, UnitScore]:
    codes = [f"H31.{number:03}" for number in range(1, communes + 1)]
    codes[-2:] = [code for code in HOSTILE if not code.startswith("H31")]
    units = [_unit(PROVINCE, "Tỉnh Mẫu", "province", 11 + shift)]
    units += [
        replace(
            _unit(code, HOSTILE.get(code, f"Xã số {number}"), "commune", number + shift),
            parent_unit_code=PROVINCE,
            former_unit_code=f"F{number % 2}",
            former_unit_name=f"Huyện cũ {number % 2}",
            rank=number,
            rank_out_of=communes,
            # Up, level and down by turns; one is new.
            previous_rank=None if number == 1 else number + number % 3 - 1,
            ranking_status="ranked",
        )
        for number, code in enumerate(codes, start=1)
    ]
    units += [
        replace(
            _unit(f"H31.D{number}", f"Sở số {number}", "department", 20 + number + shift),
            parent_unit_code=PROVINCE,
            rank=number,
            rank_out_of=2,
            previous_rank=number,
            ranking_status="ranked",
        )
        for number in (1, 2)
    ]
    units.append(_unit("H31.V1", "Cơ quan thuế", "vertical_agency", 30 + shift))
    return {unit.unit_code: unit for unit in units}


def _unit(code: str, name: str, unit_type: str, number: int) -> UnitScore:
    # Nothing that ends after two decimals, with more digits than a context keeps.
    part = _LONG.divide(Decimal(47), Decimal(47 + number))
    groups = {
        group: Points(_LONG.multiply(MAXIMA[group], part), MAXIMA[group])
        for group in GROUPS
        if group != "satisfaction"
    }
    nothing = number % 4 == 2
    groups["satisfaction"] = (
        Points(Decimal(0), Decimal(0))
        if nothing
        else Points(_LONG.multiply(MAXIMA["satisfaction"], part), MAXIMA["satisfaction"])
    )
    largest = Decimal(82 if nothing else 100)
    return UnitScore(
        unit_code=code,
        unit_name=name,
        unit_type=unit_type,
        parent_unit_code=None,
        former_unit_code=None,
        former_unit_name=None,
        groups=groups,
        raw_points=_LONG.multiply(largest, part),
        applicable_max_points=largest,
        total_score=_LONG.multiply(Decimal(100), part),
        band="Tốt" if part > Decimal("0.8") else "Khá",
        ranking_status="unit_type_not_ranked",
        rank=None,
        rank_out_of=None,
        previous_rank=None,
        is_series_break=False,
    )


def _criterion(code: str, group: str, max_points: str, basis: str, applies_to: str) -> Criterion:
    return Criterion(
        criterion_code=code,
        group_code=group,
        official_number="I",
        official_subheading="Phần <phụ>" if code == "11" else None,
        name_vi=f"Tiêu chí số {code}",
        name_en=f"Criterion number {code}",
        max_points=Decimal(max_points),
        basis=basis,
        applies_to=applies_to,
        target_rate=Decimal("0.9") if code == "08" else Decimal(1),
        numerator_vi="Hồ sơ đạt",
        numerator_en="Dossiers that meet it",
        denominator_vi="Mọi hồ sơ",
        denominator_en="All dossiers",
        counts="dossiers",
        lead_unit="Văn phòng UBND tỉnh",
        cooperating_units=None,
        suspended_because="đang rà soát <nguồn>" if code == SUSPENDED else None,
    )


def _criterion_scores(
    units: dict[str, UnitScore], shift: int
) -> dict[tuple[str, str], CriterionScore]:
    made = {}
    for number, unit in enumerate(units.values(), start=1):
        for code, _, max_points, _, applies_to in CRITERIA:
            most = Decimal(max_points)
            applies = applies_to == "all" or unit.unit_type in applies_to.split(";")
            numerator, denominator = 7 * number + shift, 7 * number + int(code) + shift + 1_000
            rate = Decimal(numerator) / denominator
            row = CriterionScore(
                unit.unit_code,
                code,
                numerator,
                denominator,
                rate,
                most,
                most * rate,
                "scored",
                None,
            )
            if code == SUSPENDED:
                row = replace(row, **_NO_NUMBERS, score=None, status="suspended")
            elif not applies or (code == "14" and number % 5 == 0):
                row = replace(row, **_NO_NUMBERS, score=None, status="not_applicable")
            elif code == "08" and number % 4 == 1:
                row = replace(row, **_NO_NUMBERS, withheld="n<5")
            made[unit.unit_code, code] = row
    return made


def _compliance(units: dict[str, UnitScore]) -> list[Compliance]:
    rows = []
    for metric, target in (("end_to_end_online", "0.7"), ("result_in_vault", "1")):
        for basis, scale in (("month", 1), ("year_to_date", 9)):
            for number, unit in enumerate(units.values(), start=1):
                for field, name in {"*": None, **FIELDS}.items():
                    numerator, denominator = 1_234 * scale + 9 * number, 1_700 * scale + 11 * number
                    has_target = field == "*" or (field == "ho-tich" and target == "0.7")
                    row = Compliance(
                        unit.unit_code,
                        basis,
                        metric,
                        field,
                        name,
                        numerator,
                        denominator,
                        Decimal(numerator) / denominator,
                        Decimal(target) if has_target else None,
                        number % 3 != 0 if has_target else None,
                        number % 3 if has_target else None,
                        None,
                    )
                    if not has_target:
                        row = replace(
                            row,
                            numerator=None,
                            denominator=None,
                            rate=(Decimal(numerator) / denominator).quantize(Decimal("0.01")),
                        )
                    if field == "dat-dai" and number % 2:
                        row = replace(row, **_NO_NUMBERS, shortfall=None, withheld="n<5")
                    rows.append(row)
    return rows


def _causes(units: dict[str, UnitScore]) -> list[Cause]:
    made = []
    for number, unit in enumerate(units.values(), start=1):
        made += [
            Cause(unit.unit_code, "in_person_step", None, None, "n<5"),
            Cause(unit.unit_code, "not_paid_online", 1_000 + number, 5, None),
            Cause(unit.unit_code, "not_submitted_online", 2_000 + number, 0, None),
        ]
    return made


def _national(province: UnitScore) -> list[NationalRank]:
    def row(code: str, name: str, place: int, part: Decimal) -> NationalRank:
        return NationalRank(
            code,
            name,
            {group: (MAXIMA[group] * part).quantize(Decimal("0.01")) for group in GROUPS},
            dict.fromkeys(GROUPS, place),
            (100 * part).quantize(Decimal("0.01")),
            place,
            3,
            None,
        )

    return [
        row("H01", "Tỉnh <i>đầu</i>", 1, Decimal("0.9")),
        row(PROVINCE, province.unit_name, 2, Decimal("0.765957")),
        row("H99", "Tỉnh cuối", 3, Decimal("0.2")),
    ]
