"""The analyst's script, its second part: measures, scores, ranks and balance."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pandas as pd

from tests.benchmarks.marts.pandas_units import Places

SATISFIED = ["RHL", "HL"]


class Month(NamedTuple):
    """A complete month: its first instant and that of the next month."""

    start: pd.Timestamp
    end: pd.Timestamp

    @property
    def last_day(self) -> pd.Timestamp:
        return self.end - pd.Timedelta(days=1)

    @property
    def year_start(self) -> pd.Timestamp:
        return self.start.replace(month=1)

    def holds(self, instants: pd.Series) -> pd.Series:
        return (self.start <= instants) & (instants < self.end)


class Records(NamedTuple):
    """The records that count."""

    dossiers: pd.DataFrame
    petitions: pd.DataFrame
    ratings: pd.DataFrame
    procedures: pd.DataFrame


def read_catalogue(seeds: Path, month: Month) -> dict[str, pd.DataFrame]:
    """The catalogue's rows that are valid at the month's end."""
    names = (
        *("measures", "criteria", "ranking_criteria", "ranking_policy", "bands", "targets"),
        "certified_copy_procedures",
    )
    found = {}
    for name in names:
        frame = pd.read_csv(seeds / f"{name}.csv", dtype=str, keep_default_na=False)
        if "valid_from" in frame:
            last = f"{month.last_day:%Y-%m-%d}"
            until = frame["valid_to"].where(frame["valid_to"] != "", "9999-12-31")
            frame = frame[(frame["valid_from"] <= last) & (last <= until)]
        found[name] = frame
    return found


def measures(
    records: Records, places: Places, catalogue: dict[str, pd.DataFrame], month: Month
) -> pd.DataFrame:
    """unit_code, measure_code, value: every measure of every unit."""
    received = received_flags(records.dossiers, month)
    wide = [
        summed(received.drop(columns="procedure_code"), places),
        distinct_codes(received, places),
        summed(resolved_flags(records.dossiers, catalogue, month), places),
        summed(petition_flags(records.petitions, month), places),
        summed(rating_flags(records.ratings, month), places),
        procedure_counts(records.procedures, places, month),
    ]
    every = pd.concat(wide, axis="columns").reindex(places.units["unit_code"]).fillna(0).astype(int)
    every = every[list(catalogue["measures"]["measure_code"])].rename_axis("unit_code")
    return every.reset_index().melt("unit_code", var_name="measure_code")


def summed(flags: pd.DataFrame, places: Places) -> pd.DataFrame:
    """How many records have each flag, by the unit that they count for."""
    by_source = flags.groupby("unit_code").sum()
    counting = places.counting[["unit_code", "source_code"]]
    counted = counting.merge(by_source, left_on="source_code", right_index=True)
    return counted.drop(columns="source_code").groupby("unit_code").sum()


def distinct_codes(received: pd.DataFrame, places: Places) -> pd.DataFrame:
    """Of how many procedure codes a dossier has each flag."""
    flags = {
        "dossiers_received_for_online_procedures": "online_procedures_received",
        "dossiers_received_online_for_online_procedures": "online_procedures_received_online",
        "dossiers_received_with_fee": "fee_procedures_received",
        "dossiers_received_with_fee_paid_online": "fee_procedures_received_paid_online",
    }
    by_source = received.groupby(["unit_code", "procedure_code"])[list(flags)].any().reset_index()
    counted = places.counting[["unit_code", "source_code"]].merge(
        by_source.rename(columns={"unit_code": "source_code", **flags}), on="source_code"
    )
    by_code = counted.drop(columns="source_code").groupby(["unit_code", "procedure_code"]).any()
    return by_code.groupby("unit_code").sum()


def received_flags(dossiers: pd.DataFrame, month: Month) -> pd.DataFrame:
    """A row per dossier received in the month."""
    received = dossiers[month.holds(dossiers["received_at"])]
    is_online, has_fee = received["is_online_procedure"], received["has_fee"]
    return pd.DataFrame(
        {
            "unit_code": received["unit_code"],
            "procedure_code": received["procedure_code"],
            "dossiers_received": True,
            "dossiers_received_synchronised": received["synced_to_portal_at"] < month.end,
            "dossiers_received_digitised": received["is_digitised"],
            "dossiers_received_reusing_data": received["is_reused"],
            "dossiers_received_using_population_data": received["uses_population_data"],
            "dossiers_received_for_online_procedures": is_online,
            "dossiers_received_online_for_online_procedures": is_online
            & (received["channel"] == "2"),
            "dossiers_received_with_fee": has_fee,
            "dossiers_received_with_fee_paid_online": has_fee
            & (received["paid_online_at"] < month.end),
        }
    )


def resolved_flags(
    dossiers: pd.DataFrame, catalogue: dict[str, pd.DataFrame], month: Month
) -> pd.DataFrame:
    """A row per dossier resolved in the month."""
    resolved = dossiers[dossiers["is_resolved"] & month.holds(dossiers["closed_at"])]
    copies = catalogue["certified_copy_procedures"]["procedure_code"]
    is_copy, has_result = resolved["procedure_code"].isin(copies), resolved["has_electronic_result"]
    is_digitised = resolved["is_digitised"]
    return pd.DataFrame(
        {
            "unit_code": resolved["unit_code"],
            "dossiers_resolved": True,
            "dossiers_resolved_on_time": resolved["is_on_time"],
            "dossiers_resolved_with_electronic_result": has_result,
            "digitised_dossiers_resolved": is_digitised,
            "digitised_dossiers_resolved_in_vault": is_digitised
            & (resolved["synced_to_vault_at"] < month.end),
            "certified_copies_resolved": is_copy,
            "certified_copies_resolved_with_electronic_result": is_copy & has_result,
        }
    )


def petition_flags(petitions: pd.DataFrame, month: Month) -> pd.DataFrame:
    """A row per petition answered in the month, or due in it and unanswered at its end."""
    is_replied = month.holds(petitions["replied_at"])
    is_late = month.holds(petitions["due_at"]) & ~(petitions["replied_at"] < month.end)
    is_in_time = petitions["due_at"].isna() | (
        petitions["replied_at"].dt.normalize() <= petitions["due_at"].dt.normalize()
    )
    flags = pd.DataFrame(
        {
            "unit_code": petitions["unit_code"],
            "petitions_to_reply": True,
            "petitions_replied_on_time": is_replied & is_in_time,
            "petitions_replied_rated": is_replied & (petitions["satisfaction"] != ""),
            "petitions_replied_satisfied": is_replied & petitions["satisfaction"].isin(SATISFIED),
        }
    )
    return flags[is_replied | is_late]


def rating_flags(ratings: pd.DataFrame, month: Month) -> pd.DataFrame:
    """A row per rating given in the month."""
    given = ratings[month.holds(ratings["rated_at"])]
    return pd.DataFrame(
        {
            "unit_code": given["unit_code"],
            "ratings_given": True,
            "ratings_satisfied": given["is_satisfied"],
        }
    )


def procedure_counts(procedures: pd.DataFrame, places: Places, month: Month) -> pd.DataFrame:
    """A unit counts rows; a province codes, met where every row of the whole meets it."""
    publish_by, disclose_by = procedures["publish_by"], procedures["disclose_by"]
    to_publish = publish_by.between(month.year_start, month.last_day)
    to_disclose = disclose_by.between(month.year_start, month.last_day)
    is_active, has_fee = procedures["is_active"], procedures["has_fee"]
    parts = {
        "procedures_due_for_publication": (to_publish, to_publish),
        "procedures_published_on_time": (to_publish, procedures["published_on"] <= publish_by),
        "procedures_due_for_disclosure": (to_disclose, to_disclose),
        "procedures_disclosed_on_time": (to_disclose, procedures["disclosed_on"] <= disclose_by),
        "procedures_active": (is_active, is_active),
        "procedures_disclosed_in_full": (is_active, procedures["is_disclosed_in_full"]),
        "procedures_offered_online": (is_active, procedures["is_online"]),
        "procedures_sharing_population_data": (is_active, procedures["shares_population_data"]),
        "fee_procedures_active": (is_active & has_fee, has_fee),
        "fee_procedures_payment_integrated": (
            is_active & has_fee,
            procedures["is_payment_integrated"],
        ),
    }
    found = {}
    for measure, (whole, is_met) in parts.items():
        rows = procedures.loc[whole, ["unit_code", "procedure_code"]].assign(is_met=is_met[whole])
        rows = places.counting.merge(rows.rename(columns={"unit_code": "source_code"}))
        of_units = rows[~rows["counts_codes"]].groupby("unit_code")["is_met"].sum()
        codes = rows[rows["counts_codes"]].groupby(["unit_code", "procedure_code"])["is_met"].all()
        found[measure] = pd.concat([of_units, codes.groupby("unit_code").sum()])
    return pd.DataFrame(found)


def criterion_scores(measure: pd.DataFrame, places: Places, criteria: pd.DataFrame) -> pd.DataFrame:
    """A row per unit and criterion; a criterion without a denominator has no score."""
    value = measure.set_index(["unit_code", "measure_code"])["value"]
    score = places.units.merge(criteria, how="cross")
    applies = [
        applies_to == "all" or unit_type in applies_to.split(";")
        for applies_to, unit_type in zip(score["applies_to"], score["unit_type"], strict=True)
    ]
    for side in ("numerator", "denominator"):
        keys = pd.MultiIndex.from_frame(score[["unit_code", f"{side}_measure"]])
        score[side] = value.reindex(keys).to_numpy()
        score[side] = score[side].where(applies)
    score["rate"] = score["numerator"] / score["denominator"].where(score["denominator"] > 0)
    score["max_points"] = score["max_points"].astype(int)
    share = (score["rate"] / score["target_rate"].astype(float)).clip(upper=1)
    score["score"] = share * score["max_points"]
    columns = ["unit_code", "unit_type", "province_code", "criterion_code", "group_code"]
    return score[[*columns, "numerator", "denominator", "rate", "max_points", "score"]]


def monthly_scores(score: pd.DataFrame, catalogue: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Totals by group and in all, bands, and ranks within province and unit type."""
    key = ["province_code", "unit_code", "unit_type"]
    scored = score.assign(scored_max=score["max_points"].where(score["score"].notna(), 0))
    points = scored.pivot_table("score", key, "group_code", aggfunc="sum")
    maxima = scored.pivot_table("scored_max", key, "group_code", aggfunc="sum")
    total = points.fillna(0).join(maxima.add_suffix("_max"))
    total["raw_points"] = points.sum(axis="columns")
    total["applicable_max_points"] = maxima.sum(axis="columns")
    total["total_score"] = 100 * total["raw_points"] / total["applicable_max_points"]
    is_ranking = scored["score"].notna() & scored["criterion_code"].isin(
        catalogue["ranking_criteria"]["criterion_code"]
    )
    total["is_ranked"] = is_ranking.groupby([scored[column] for column in key]).any()
    total = total.reset_index()
    policy = catalogue["ranking_policy"].iloc[0]
    total["is_ranked"] &= total["unit_type"].isin(policy["ranked_unit_types"].split(";"))
    ranked = total[total["is_ranked"]]
    compared = ranked["total_score"].round(int(policy["compared_decimals"]))
    peers = compared.groupby([ranked["province_code"], ranked["unit_type"]])
    total["rank"] = peers.rank(method="min", ascending=False)
    total["rank_out_of"] = peers.transform("size")
    bands = catalogue["bands"].assign(least=catalogue["bands"]["minimum_score"].astype(float))
    bands = bands.sort_values("least", ascending=False)
    total["band"] = [
        next(
            (
                name
                for name, least in zip(bands["name_vi"], bands["least"], strict=True)
                if round(reached, 10) >= least
            ),
            None,
        )
        for reached in total["total_score"]
    ]
    return total.drop(columns="is_ranked")


def balance(dossiers: pd.DataFrame, places: Places, month: Month) -> pd.DataFrame:
    """Carried over and received; resolved, withdrawn, stopped and open at the month's end."""
    part = dossiers[(dossiers["received_at"] < month.end) & ~(dossiers["closed_at"] < month.start)]
    is_new, channel = part["received_at"] >= month.start, part["channel"]
    is_closed = part["closed_at"] < month.end
    closed_on, due_on = part["closed_at"].dt.normalize(), part["due_at"].dt.normalize()
    is_resolved, is_overdue = is_closed & part["is_resolved"], part["due_at"] < month.end
    flags = pd.DataFrame(
        {
            "unit_code": part["unit_code"],
            "carried_over": ~is_new,
            "received_online": is_new & (channel == "2"),
            "received_in_person": is_new & (channel == "1"),
            "received_by_post": is_new & (channel == "3"),
            "resolved_early": is_resolved & (due_on.isna() | (closed_on < due_on)),
            "resolved_on_the_day": is_resolved & (closed_on == due_on),
            "resolved_late": is_resolved & (closed_on > due_on),
            "withdrawn": is_closed & (part["state"] == "7"),
            "stopped": is_closed & (part["state"] == "8"),
            "open_on_time": ~is_closed & ~is_overdue,
            "open_overdue": ~is_closed & is_overdue,
        }
    )
    found = summed(flags, places).reindex(places.units["unit_code"]).fillna(0)
    return found.astype(int).rename_axis("unit_code").reset_index()
