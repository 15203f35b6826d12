"""What counts as drift of a feed's keys: batches in a row, judged without a database."""

from __future__ import annotations

from collections.abc import Iterable

from service_index.landing.store import LandedRecord
from service_index.loading.sampling import MOST_KEYS, OTHER, KeySampler
from service_index.quality.drift import Batch, Drift, find

DOSSIER = {"MaHoSo": {"string": 100}, "SoTien": {"string": 60, "missing": 40}}


def batch(number: int, keys: dict[str, dict[str, int]], records: int = 100, **other: str) -> Batch:
    return Batch(number, other.get("origin", "dossiers service"), records, keys)


def drifts(*batches: Batch, passed: Iterable[int] = ()) -> dict[int, Drift]:
    return find(batches, frozenset(b.batch_id for b in batches) - frozenset(passed))


def test_the_first_batch_sets_the_keys() -> None:
    assert drifts(batch(1, DOSSIER), batch(2, DOSSIER)) == {1: Drift(), 2: Drift()}


def test_an_added_key_is_new_once() -> None:
    more = {**DOSSIER, "GhiChu": {"string": 1}}
    assert drifts(batch(1, DOSSIER), batch(2, more), batch(3, more)) == {
        1: Drift(),
        2: Drift(added=["GhiChu"]),
        3: Drift(),
    }


def test_a_key_is_gone_until_a_batch_without_it_has_passed() -> None:
    without = {"MaHoSo": {"string": 100}}
    batches = [batch(1, DOSSIER), batch(2, without), batch(3, without)]
    gone = Drift(removed=["SoTien"])
    assert drifts(*batches) == {1: Drift(), 2: gone, 3: gone}
    # A person let the second one pass.
    assert drifts(*batches, passed=[1, 2]) == {3: Drift()}


def test_a_small_batch_says_nothing_of_a_key_that_it_lacks() -> None:
    without = {"MaHoSo": {"string": 99}}
    assert drifts(batch(1, DOSSIER), batch(2, without, 99))[2] == Drift()


def test_a_rare_key_may_be_missing() -> None:
    rare = {"MaHoSo": {"string": 100}, "DaXoa": {"string": 9}}
    without = {"MaHoSo": {"string": 100}}
    assert drifts(batch(1, rare), batch(2, without))[2] == Drift()
    rare["DaXoa"] = {"string": 10}
    assert drifts(batch(1, rare), batch(2, without))[2] == Drift(removed=["DaXoa"])


def test_a_renamed_key_is_named_with_what_is_new_beside_it() -> None:
    renamed = {"MaHoSo": {"string": 100}, "TongTien": {"string": 60}}
    assert drifts(batch(1, DOSSIER), batch(2, renamed))[2] == Drift(
        added=["TongTien"], removed=["SoTien (new: TongTien)"]
    )


def test_a_key_that_is_renamed_and_still_there_without_values() -> None:
    emptied = {"MaHoSo": {"string": 100}, "SoTien": {"missing": 100}}
    renamed = {**emptied, "TongTien": {"string": 60}}
    gone = ["SoTien (new: TongTien)"]
    found = drifts(batch(1, DOSSIER), batch(2, renamed), batch(3, renamed))
    assert [found[2].removed, found[3].removed] == [gone, gone]
    # A day on which nobody paid.
    assert drifts(batch(1, DOSSIER), batch(2, emptied))[2] == Drift()
    # A key that came in while the other still had values is not its new name.
    more = {**DOSSIER, "GhiChu": {"string": 60}}
    without = {**emptied, "GhiChu": {"missing": 100}}
    assert drifts(batch(1, DOSSIER), batch(2, more), batch(3, without))[3] == Drift()
    # Once it has passed, by a person's word, the new key is one as any other.
    assert drifts(batch(1, DOSSIER), batch(2, renamed), batch(3, renamed), passed=[1, 2]) == {
        3: Drift()
    }


def test_keys_inside_a_list_are_judged_by_its_items() -> None:
    fees = {**DOSSIER, "Phi": {"array": 50}, "Phi[]": {"object": 120}, "Phi[].Gia": {"string": 120}}
    other = {k: v for k, v in fees.items() if k != "Phi[].Gia"} | {"Phi[].Muc": {"string": 120}}
    assert drifts(batch(1, fees), batch(2, other))[2] == Drift(
        added=["Phi[].Muc"], removed=["Phi[].Gia (new: Phi[].Muc)"]
    )
    # Lists that happen to be empty lack no key.
    empty = {**DOSSIER, "Phi": {"array": 100}}
    assert drifts(batch(1, fees), batch(2, empty))[2] == Drift()


def test_a_type_holds_until_another_has_passed() -> None:
    numbers = {"MaHoSo": {"string": 100}, "SoTien": {"number": 60, "missing": 40}}
    batches = [batch(1, DOSSIER), batch(2, numbers), batch(3, numbers)]
    retyped = Drift(retyped=["SoTien (string → number)"])
    assert drifts(*batches) == {1: Drift(), 2: retyped, 3: retyped}
    assert drifts(*batches, passed=[1, 2]) == {3: Drift()}


def test_single_values_of_another_type_are_bad_records() -> None:
    def judged(counts: dict[str, int]) -> list[str]:
        keys = {**DOSSIER, "SoTien": counts}
        return drifts(batch(1, DOSSIER), batch(2, keys))[2].retyped

    assert judged({"string": 81, "number": 19}) == []
    assert judged({"string": 380, "number": 20}) == []  # 5 %
    assert judged({"string": 379, "number": 20}) != []
    assert judged({"number": 4}) == []
    assert judged({"number": 5}) != []
    assert judged({"missing": 100}) == []


def test_sources_are_judged_apart() -> None:
    file = batch(2, {"Ten": {"string": 100}}, origin="dossiers csv")
    assert drifts(batch(1, DOSSIER), file, batch(3, DOSSIER)) == {
        1: Drift(),
        2: Drift(),
        3: Drift(),
    }


def sampled(*bodies: bytes) -> KeySampler:
    sampler = KeySampler()
    for _ in sampler.watch(LandedRecord("f", n, body) for n, body in enumerate(bodies, 1)):
        pass
    return sampler


def test_types_are_counted_and_missing_values_have_none() -> None:
    bodies = (
        b'{"a": "x", "b": 1, "c": [{"d": true}, {"d": null}], "e": {}}',
        b'{"a": "", "b": -2.5, "c": [], "e": null}',
        b"[1]",
        b"no json",
    )
    assert sampled(*bodies).profile() == {
        "records": 2,
        "keys": {
            "a": {"string": 1, "missing": 1},
            "b": {"number": 2},
            "c": {"array": 2},
            "c[]": {"object": 2},
            "c[].d": {"boolean": 1, "missing": 1},
            "e": {"object": 1, "missing": 1},
        },
    }


def test_no_value_is_kept_and_the_keys_are_bounded() -> None:
    many = "{" + ", ".join(f'"k{n}": "1"' for n in range(2 * MOST_KEYS)) + "}"
    sampler = sampled('{"0912 345 678": "1", "Nguyễn Thị Sen": [{"a@b.vn": "1"}]}'.encode())
    assert set(sampler.types) == {OTHER, f"{OTHER}[]", f"{OTHER}[].{OTHER}"}
    assert len(sampled(many.encode()).types) == MOST_KEYS
