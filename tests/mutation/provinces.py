"""Provinces as they stand before and after their last transform, to judge mutants by."""

from __future__ import annotations

import pickle
import shutil
from dataclasses import dataclass
from pathlib import Path

from tests.mutation.bench import Verdict
from tests.mutation.judge_dbt import JUDGED, Dbt, copy_database, judged_dsn
from tests.warehouses import TEMPLATE


@dataclass(frozen=True)
class MakeProvince:
    """Takes a province through the pipeline and keeps two databases, `province_<seed>_pending`
    and `province_<seed>_built`, and what the oracle expects. "Survived": they agree."""

    server_dsn: str
    seed: int

    def run(self, root: Path) -> Verdict:
        import pytest

        from service_index.orchestration import dbt_build, stages
        from service_index.orchestration.dbt_build import TransformError
        from tests.phase_source import PhaseSource
        from tests.pipeline import open_pipeline
        from tests.province_pipeline import (
            SCORED_AFTER,
            expectation,
            hold_against,
            ingest_phases,
            province_of,
        )

        def breaks_off(*_: object, **__: object) -> None:
            raise TransformError("broken off before the first node")

        copy_database(self.server_dsn, TEMPLATE, JUDGED)
        home = root / f".province-{self.seed}"
        province = province_of(self.seed)
        month = f"{province.months[-1]:%Y-%m}"
        with (
            pytest.MonkeyPatch.context() as patch,
            PhaseSource.from_records({}) as source,
        ):
            pipeline = open_pipeline(
                patch, home, judged_dsn(self.server_dsn), source.connection_uri
            )
            for number in ingest_phases(pipeline, source, province):
                if number == SCORED_AFTER[-1]:
                    with pytest.MonkeyPatch.context() as broken:
                        broken.setattr(dbt_build, "build", breaks_off)
                        with pytest.raises(TransformError, match="broken off"):
                            stages.transform(month)
                    copy_database(self.server_dsn, JUDGED, f"province_{self.seed}_pending")
                stages.transform(month)
            expected = expectation(province)
            with pipeline.connect() as connection:
                hold_against(expected, connection)
        copy_database(self.server_dsn, JUDGED, f"province_{self.seed}_built")
        with (root / f".province-{self.seed}.pickle").open("wb") as stream:
            pickle.dump(expected, stream)
        shutil.rmtree(home)
        dbt = Dbt(root, self.server_dsn)
        assert dbt.parse() is not None
        dbt.keep_what_was_read()
        return Verdict("survived")
