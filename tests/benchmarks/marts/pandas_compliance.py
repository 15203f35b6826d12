"""The analyst's script, its last part: targets, and the causes of missing them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tests.benchmarks.marts.pandas_scores import Month, Records
from tests.benchmarks.marts.pandas_units import Places

CAUSES = [
    "not_submitted_online",
    "not_paid_online",
    "no_electronic_result",
    "not_returned_online",
    "in_person_step",
]
# Metric: numerator, denominator.
METRICS = {
    "end_to_end_online": ("end_to_end_online", "resolved"),
    "result_in_vault": ("in_vault", "with_result"),
}
KEY = ["basis", "metric_code", "unit_code", "field_code"]


def resolution_flow(dossiers: pd.DataFrame, places: Places, month: Month) -> pd.DataFrame:
    """Dossiers resolved in the year up to the month's end, for every unit that they are under:
    how many there are of each field and each set of causes."""
    part = dossiers[
        dossiers["is_resolved"]
        & (month.year_start <= dossiers["closed_at"])
        & (dossiers["closed_at"] < month.end)
    ]
    is_paid, has_result = part["paid_online_at"] < month.end, part["has_electronic_result"]
    flow = pd.DataFrame(
        {
            "source_code": part["unit_code"],
            "field_code": part["field_code"],
            "is_of_month": month.start <= part["closed_at"],
            "not_submitted_online": part["channel"] != "2",
            "not_paid_online": part["has_fee"] & ~is_paid,
            "no_electronic_result": ~has_result,
            "not_returned_online": ~part["is_returned_online_or_by_post"],
            "in_person_step": ~part["is_without_in_person_step"],
            "is_in_vault": has_result & (part["synced_to_vault_at"] < month.end),
        }
    )
    flow = flow.groupby(list(flow.columns), dropna=False).size().rename("dossiers").reset_index()
    flow["lacking"] = flow[CAUSES].sum(axis="columns")
    flow = flow.merge(places.resolution[["source_code", "unit_code"]], on="source_code")
    flow = flow.merge(places.covering, on="unit_code")
    return flow.drop(columns="unit_code").rename(columns={"above_code": "unit_code"})


def compliance(
    flow: pd.DataFrame, records: Records, places: Places, targets: pd.DataFrame
) -> pd.DataFrame:
    """A row per basis, metric and unit for all fields, for each with a target of its own, and for
    each in which something was resolved."""
    dossiers = flow["dossiers"]
    counts = flow[["unit_code", "field_code", "is_of_month"]].assign(
        resolved=dossiers,
        end_to_end_online=dossiers.where(flow["lacking"] == 0, 0),
        with_result=dossiers.where(~flow["no_electronic_result"], 0),
        in_vault=dossiers.where(flow["is_in_vault"], 0),
    )
    counts = pd.concat([counts.assign(field_code="*"), counts[counts["field_code"].notna()]])
    bases = {"month": counts[counts["is_of_month"]], "year_to_date": counts}
    found = []
    for basis, rows in bases.items():
        sums = rows.drop(columns="is_of_month").groupby(["unit_code", "field_code"]).sum()
        for metric, (numerator, denominator) in METRICS.items():
            tally = sums[[numerator, denominator]].set_axis(["numerator", "denominator"], axis=1)
            found.append(tally.reset_index().assign(basis=basis, metric_code=metric))
    tallies = pd.concat(found)
    target = target_rates(records, places, targets)
    every = places.units[["unit_code"]].assign(field_code="*")
    every = every.merge(pd.DataFrame({"metric_code": list(METRICS)}), how="cross")
    wanted = pd.concat([every, target[["metric_code", "unit_code", "field_code"]]])
    wanted = wanted.merge(pd.DataFrame({"basis": list(bases)}), how="cross")
    mart = pd.concat([wanted[KEY], tallies[KEY]]).drop_duplicates()
    mart = mart.merge(tallies, how="left", on=KEY)
    mart = mart.merge(target, how="left", on=["metric_code", "unit_code", "field_code"])
    for column in ("numerator", "denominator"):
        mart[column] = mart[column].fillna(0).astype(int)
    return with_judgement(mart)


def with_judgement(mart: pd.DataFrame) -> pd.DataFrame:
    """Whether the target is reached, and how many dossiers are missing."""
    mart["rate"] = mart["numerator"] / mart["denominator"].where(mart["denominator"] > 0)
    # Rounded: 0.7 is no binary fraction, and 0.7 of 10 is to be 7.
    needed = (mart["target_rate"] * mart["denominator"]).round(6)
    is_judged = mart["target_rate"].notna() & (mart["denominator"] > 0)
    mart["is_compliant"] = (mart["numerator"] >= needed).astype(object).where(is_judged, None)
    mart["shortfall"] = (np.ceil(needed) - mart["numerator"]).clip(lower=0)
    return mart


def target_rates(records: Records, places: Places, targets: pd.DataFrame) -> pd.DataFrame:
    """The rate set for each metric, unit and field."""
    columns = ["field_code", "field_name"]
    known = records.procedures[columns].drop_duplicates()
    others = records.dossiers.loc[
        ~records.dossiers["field_code"].isin(known["field_code"]), columns
    ].drop_duplicates()
    fields = pd.concat([pd.DataFrame([("*", "*")], columns=columns), known, others])
    pairs = targets.merge(fields, how="cross", suffixes=("_wanted", ""))
    is_meant = [
        name == wanted or (wanted != "*" and wanted.lower() in name.lower())
        for wanted, name in zip(pairs["field_name_wanted"], pairs["field_name"], strict=True)
    ]
    pairs = pairs[is_meant].merge(places.units, how="cross", suffixes=("_wanted", ""))
    pairs = pairs[
        pairs["unit_code_wanted"].isin(["*"]) | (pairs["unit_code_wanted"] == pairs["unit_code"])
    ]
    pairs = pairs[
        pairs["unit_type_wanted"].isin(["*"]) | (pairs["unit_type_wanted"] == pairs["unit_type"])
    ]
    pairs["target_rate"] = pairs["target_rate"].astype(float)
    key = ["metric_code", "unit_code", "field_code"]
    return pairs.groupby(key)["target_rate"].max().reset_index()


def causes(flow: pd.DataFrame, places: Places) -> pd.DataFrame:
    """Of the dossiers resolved in the month, how many fail for a cause, and for it alone."""
    part = flow[flow["is_of_month"]]
    long = part.melt(["unit_code", "dossiers", "lacking"], CAUSES, "cause", "is_failed")
    long = long[long["is_failed"].astype(bool)]
    long["dossiers_failing_only"] = long["dossiers"].where(long["lacking"] == 1, 0)
    sums = long.groupby(["unit_code", "cause"])[["dossiers", "dossiers_failing_only"]].sum()
    every = pd.MultiIndex.from_product(
        [places.units["unit_code"], CAUSES], names=["unit_code", "cause"]
    )
    return (
        sums.rename(columns={"dossiers": "dossiers_failing"})
        .reindex(every, fill_value=0)
        .reset_index()
    )
