"""The scores that the national portal shows, as its form service prints them."""

from simulator import SAMPLE_NOTICE, reference

# The service's column for each group of criteria.
_COLUMNS = {
    "CKMB": "transparency",
    "TDGQ": "timeliness",
    "CLGQ": "online_service",
    "TTTT": "online_payment",
    "MDHL": "satisfaction",
    "MDSH": "digitisation",
    "TONG_SCORE": "total",
}


def rows_by_month() -> dict[str, list[dict[str, str]]]:
    """The rows of every month ("2025-03"), by rank.

    As the portal does, some rows print decimal commas, and some carry no province code.
    """
    months: dict[str, list[dict[str, str]]] = {}
    for place, score in enumerate(reference.rows("national_scores")):
        has_comma = place % 3 == 1
        row = {
            "ID": str(place + 1),
            "TEN": score["province_name"],
            "MA_COQUAN": "" if place % 11 == 5 else score["province_code"],
            "ROW_STT": score["rank"],
        }
        for column, group in _COLUMNS.items():
            row[column] = score[group].replace(".", ",") if has_comma else score[group]
        row["GHI_CHU"] = SAMPLE_NOTICE
        months.setdefault(score["month"], []).append(row)
    return months
