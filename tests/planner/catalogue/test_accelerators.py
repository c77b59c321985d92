"""What the catalogue promises about accelerators and their prices."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.catalogue import TERMS, Term, accelerator, accelerator_ids, price, prices
from planner.catalogue.facts import first_day
from planner.errors import CatalogueError


@pytest.mark.parametrize(
    ("name", "quantity", "value"),
    [
        ("h100-sxm", "peak_bf16_flops_per_second", 989.4e12),
        ("h100-sxm", "peak_fp8_flops_per_second", 1979e12),
        ("h100-sxm", "achievable_bf16_flops_per_second", 794.5e12),
        ("h100-sxm", "memory_bytes", 80e9),
        ("h100-sxm", "memory_bandwidth_bytes_per_second", 3.35e12),
        ("h100-sxm", "link_bytes_per_second", 450e9),
        ("h100-sxm", "network_bytes_per_second", 50e9),
        ("h100-sxm", "thermal_design_watts", 700),
        ("h200-sxm", "memory_bytes", 141e9),
        ("a100-sxm-80gb", "peak_bf16_flops_per_second", 312e12),
        ("l40s", "peak_fp8_flops_per_second", 733e12),
        ("b200-sxm", "peak_fp4_flops_per_second", 9000e12),
        ("mi300x", "peak_bf16_flops_per_second", 1307.4e12),
        ("tpu-v5p", "peak_bf16_flops_per_second", 459e12),
    ],
)
def test_known_figures_are_dense_and_in_si_units(name: str, quantity: str, value: float) -> None:
    known = accelerator(name).fact(quantity)
    assert known.value == pytest.approx(value, rel=1e-12)
    assert known.evidence == "published"
    assert known.source


def test_the_unit_of_a_fact_is_read_from_its_name() -> None:
    assert accelerator("h100-sxm").fact("peak_bf16_flops_per_second").unit == "flops per second"


@pytest.mark.parametrize("name", ["v100-sxm-32gb", "t4", "p100-sxm"])
def test_chips_without_bf16_do_not_claim_a_bf16_peak(name: str) -> None:
    with pytest.raises(CatalogueError, match="peak_fp16_flops_per_second"):
        accelerator(name).fact("peak_bf16_flops_per_second")


@pytest.mark.parametrize("name", accelerator_ids())
def test_no_measured_matmul_beats_its_peak_and_lower_precision_is_not_slower(name: str) -> None:
    peaks = {known.name: known.value for known in accelerator(name).facts}
    assert peaks.get("achievable_bf16_flops_per_second", 0) <= peaks.get(
        "peak_bf16_flops_per_second", float("inf")
    )
    bf16 = peaks.get("peak_bf16_flops_per_second", 0)
    assert peaks.get("peak_fp32_flops_per_second", 0) <= max(bf16, peaks.get("peak_fp16_flops_per_second", 0))
    assert bf16 <= peaks.get("peak_fp8_flops_per_second", float("inf"))


def test_figures_from_memory_are_assumed() -> None:
    assert {known.evidence for known in accelerator("rtx-5090").facts} == {"assumed"}


@pytest.mark.parametrize("spelling", ["h100-sxm", "H100-SXM", " h100 ", "h100-sxm5", "H100 SXM5 80GB"])
def test_the_spellings_that_people_type_are_understood(spelling: str) -> None:
    assert accelerator(spelling).id == "h100-sxm"


@pytest.mark.parametrize(("typo", "meant"), [("h10-sxm", "h100-sxm"), ("l4s", "l40s"), ("mi30x", "mi300x")])
def test_a_misspelt_accelerator_is_answered_with_the_nearest(typo: str, meant: str) -> None:
    with pytest.raises(CatalogueError, match=f"unknown accelerator '{typo}'; did you mean '{meant}'"):
        accelerator(typo)


@given(st.text())
def test_any_text_is_an_accelerator_or_a_clear_error(text: str) -> None:
    try:
        found = accelerator(text).id
    except CatalogueError:
        found = None
    assert found is None or found in accelerator_ids()


def test_a_misspelt_quantity_and_a_misspelt_term_are_answered_with_the_nearest() -> None:
    with pytest.raises(CatalogueError, match="did you mean 'memory_bytes'"):
        accelerator("h100").fact("memory_byte")
    with pytest.raises(CatalogueError, match="did you mean 'on_demand'"):
        price("h100", "on_demnd")  # type: ignore[arg-type]


def test_the_price_is_the_median_of_the_newest_offer_of_each_seller() -> None:
    # Nebius 3.50 (2026), Excess Supply 4.00 (2026), AWS blocks 5.408 (2025-01), AWS 10.60 (2025-03-17):
    # (4.00 + 5.408) / 2
    chosen = price("h200-sxm", "on_demand")
    assert chosen.value == pytest.approx(4.704)
    assert (chosen.low, chosen.high) == (3.5, 10.6)
    assert (chosen.name, chosen.evidence, chosen.as_of) == ("usd_per_gpu_hour", "published", "2026")
    for seller in ("Nebius 3.5 (2026)", "Excess Supply 4 (2026)", "Amazon Web Services 10.6 (2025-03-17)"):
        assert seller in chosen.source
    assert "sellers: 4" in chosen.note


def test_offers_of_one_seller_on_one_day_count_once() -> None:
    # Lambda lists 6.69, 6.89 and 6.99 for 8, 2 and 1 GPUs; Nebius 5.50: (6.89 + 5.50) / 2
    assert price("b200-sxm").value == pytest.approx(6.195)


def test_a_conflict_between_sources_is_shown_but_not_chosen() -> None:
    conflicting = [offer for offer in prices("h100-sxm") if "conflict" in offer.note]
    assert {offer.value for offer in conflicting} == {3.9, 10.08}
    assert "10.08" not in price("h100-sxm").source
    assert "left out" in price("h100-sxm").note


def test_a_price_that_somebody_assumed_is_shown_but_gives_way_to_an_offer() -> None:
    deepseek = [offer for offer in prices("h800-sxm") if "DeepSeek" in offer.source]
    assert [(offer.value, offer.evidence, offer.as_of) for offer in deepseek] == [(2.0, "assumed", "2024-12")]
    assert price("h800-sxm").value == 3.42


def test_where_only_estimates_exist_the_price_is_assumed() -> None:
    estimate = price("tpu-v5e", "purchase")
    assert (estimate.value, estimate.evidence) == (1781.0, "assumed")


def test_a_commitment_that_is_quoted_above_the_hour_on_demand_is_derived_from_it() -> None:
    on_demand = price("h100-sxm", "on_demand")
    for term, discount in (("reserved_1_year", 0.37), ("reserved_3_years", 0.56)):
        derived = price("h100-sxm", term)  # type: ignore[arg-type]
        assert derived.value == pytest.approx(on_demand.value * (1 - discount))
        assert derived.evidence == "assumed"
        assert "prices.csv" in derived.source
        assert "cost_analysis_standalone.py" in derived.source
        assert "Google Cloud 7.67" in derived.note or "Google Cloud 4.86" in derived.note
        assert derived.low is not None
        assert derived.high is not None
        assert derived.low < derived.value < derived.high


def test_a_commitment_that_is_quoted_below_the_hour_on_demand_is_as_quoted() -> None:
    # Amazon Web Services 3.00, Microsoft Azure 3.06, both of 2025, and Oblivus 1.69 of 2024
    quoted = price("a100-sxm-80gb", "reserved_3_years")
    assert quoted.evidence == "published"
    assert "discount" not in quoted.source


@pytest.mark.parametrize("name", accelerator_ids())
def test_who_commits_never_pays_more(name: str) -> None:
    terms: tuple[Term, ...] = ("reserved_1_year", "reserved_3_years")
    for term in terms:
        if prices(name, term) and prices(name, "on_demand"):
            assert price(name, term).value < price(name, "on_demand").value


def test_the_days_of_the_offers_are_said() -> None:
    assert "offers of 2025-01 to 2026 from 3.5 to 10.6" in price("h200-sxm").note


def test_old_offers_do_not_count() -> None:
    chosen = price("a100-sxm-80gb")
    named = [part.rpartition("(")[2].rstrip(")") for part in chosen.source.split(", ")[1:]]
    newest = max(map(first_day, named))
    assert all((newest - first_day(day)).days <= 731 for day in named)
    assert any((newest - first_day(offer.as_of)).days > 731 for offer in prices("a100-sxm-80gb"))


def test_the_price_of_a_day_uses_what_was_known_then() -> None:
    assert price("h800-sxm", on=date(2024, 9, 1)).as_of == "2024-08-24"
    with pytest.raises(CatalogueError, match="by 2020-01-01"):
        price("h100-sxm", on=date(2020, 1, 1))


def test_a_missing_price_says_what_to_write_and_what_else_there_is() -> None:
    with pytest.raises(CatalogueError) as error:
        price("mi300x", "on_demand", key="training.training_usd_per_gpu_hour")
    text = str(error.value)
    assert "no on_demand price for 'mi300x'" in text
    assert "`training.training_usd_per_gpu_hour: {value: ..., source: ...}`" in text
    assert "purchase" in text


@pytest.mark.parametrize("name", accelerator_ids())
@pytest.mark.parametrize("term", TERMS)
def test_a_price_lies_among_its_offers_or_is_an_error_and_never_zero(name: str, term: Term) -> None:
    offers = prices(name, term)
    if not offers:
        with pytest.raises(CatalogueError, match="To go on"):
            price(name, term)
        return
    chosen = price(name, term)
    if "commitment" in chosen.note or "discount" in chosen.source:
        offers = prices(name, "on_demand")
        assert chosen.value < price(name, "on_demand").value
        assert chosen.evidence == "assumed"
    else:
        assert chosen.value >= min(offer.value for offer in offers)
    assert chosen.value <= max(offer.value for offer in offers)
    assert chosen.value > 0
    assert chosen == price(name, term), "the choice must not depend on anything but the files"


def test_offers_come_newest_first() -> None:
    days = [first_day(offer.as_of) for offer in prices("h100-sxm")]
    assert days == sorted(days, reverse=True)
