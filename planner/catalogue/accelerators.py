"""Accelerators and what they cost to rent or to buy."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache
from statistics import median
from typing import Literal, get_args

from planner import units
from planner.catalogue.facts import Fact, Row, aliases, fact, first_day, named, resolve, table, unknown
from planner.catalogue.reference import reference
from planner.errors import CatalogueError

Term = Literal["on_demand", "spot", "reserved_1_year", "reserved_3_years", "purchase"]
TERMS: tuple[Term, ...] = get_args(Term)

PRICE_WINDOW_MONTHS = 24.0
"""Offers older than this, counted back from the newest, say little about what is asked today."""

_DISCOUNTS = {
    "reserved_1_year": "commitment_discount_1_year_share",
    "reserved_3_years": "commitment_discount_3_years_share",
}
"""The published discount on the on-demand price that belongs to a commitment."""

_USD_DECIMALS = 6
"""The median of an even number of offers is a mean, whose last digits are noise of binary fractions."""


@dataclass(frozen=True, slots=True)
class Accelerator:
    """A processor that models run on, with its published and assumed figures."""

    id: str
    display_name: str
    vendor: str
    release_year: int
    facts: tuple[Fact, ...]

    def fact(self, quantity: str) -> Fact:
        """Return one figure, for example `peak_bf16_flops_per_second`.

        Raises CatalogueError where the catalogue has none, with the figures that it has.
        """
        return named(self.facts, quantity, self.id)


def accelerator_ids() -> tuple[str, ...]:
    """Return the ids of all accelerators, in the order of the file."""
    return tuple(row["accelerator"] for row in table("accelerator_names"))


@cache
def accelerator(name: str) -> Accelerator:
    """Return an accelerator by its id, its display name or an alias.

    Raises CatalogueError with the nearest spelling.
    """
    found = resolve("accelerator", name, aliases("accelerator_names", "accelerator"))
    row = next(row for row in table("accelerator_names") if row["accelerator"] == found)
    rows = [each for each in table("accelerators") if each["accelerator"] == found]
    return Accelerator(
        id=found,
        display_name=row["display_name"],
        vendor=row["vendor"],
        release_year=int(row["release_year"]),
        facts=tuple(fact(each, each["quantity"], each["value"]) for each in rows),
    )


def prices(name: str, term: Term = "on_demand") -> list[Fact]:
    """Return every offer for an accelerator, newest first: what stands behind `price` and beside it.

    The list is empty where the catalogue has no offer.
    """
    rows = sorted(_offers(name, term), key=lambda row: first_day(row["as_of"]), reverse=True)
    return [_offer_fact(row) for row in rows]


def price(
    name: str, term: Term = "on_demand", on: date | None = None, key: str = "serving.serving_usd_per_gpu_hour"
) -> Fact:
    """Return what an accelerator costs: the median over sellers of each seller's newest offer.

    Only offers made within 24 months before the newest one count, and only those known by the day `on` (all
    of them where it is None): the answer depends on the files alone, never on the clock. Rows whose sources
    disagree and prices that somebody assumed count only where there is nothing else; the fact is then
    `assumed`. An offer without a named seller counts by itself. `key` is the key of the scenario that an
    error tells the user to write.

    Committed hours are quoted by fewer, other and older sellers than hours on demand. Where their median is
    not below the on-demand price, the answer is the on-demand price less the published discount, `assumed`.

    Raises CatalogueError where there is no offer.
    """
    quoted = _median_offer(name, term, on, key)
    if term not in _DISCOUNTS or not _known_by(_offers(name, "on_demand"), on):
        return quoted
    on_demand = _median_offer(name, "on_demand", on, key)
    return quoted if quoted.value < on_demand.value else _discounted(on_demand, term, quoted)


def _discounted(on_demand: Fact, term: Term, quoted: Fact) -> Fact:
    """Derive the price of a committed hour; low and high are those of the offers and of the discount."""
    discount = reference(_DISCOUNTS[term])
    cheapest, dearest = discount.high or discount.value, discount.low or discount.value
    note = (
        f"on-demand price {on_demand.value:g} x (1 - {discount.value:g}), because the {term} price quoted, "
        f"{quoted.value:g}, is not below it ({quoted.source}); discounts from {dearest:g} to {cheapest:g}; "
        f"on demand: {on_demand.note}"
    )
    return replace(
        on_demand,
        value=round(on_demand.value * (1 - discount.value), _USD_DECIMALS),
        source=f"{on_demand.source}; less the discount of {discount.source}",
        evidence="assumed",
        note=note,
        low=round((on_demand.low or on_demand.value) * (1 - cheapest), _USD_DECIMALS),
        high=round((on_demand.high or on_demand.value) * (1 - dearest), _USD_DECIMALS),
    )


def _median_offer(name: str, term: str, on: date | None, key: str) -> Fact:
    found = accelerator(name).id
    rows = _known_by(_offers(found, term), on)
    if not rows:
        raise _no_price(found, term, on, key)
    solid = [row for row in rows if row["evidence"] == "published" and not row["note"].startswith("conflict")]
    used = _newest_by_seller(solid or rows)
    values = {seller: median(float(row["value"]) for row in offers) for seller, offers in used.items()}
    left_out = len(rows) - len(solid) if solid else 0
    days = sorted({row["as_of"] for offers in used.values() for row in offers}, key=first_day)
    span = f"of {days[0]} to {days[-1]}" if len(days) > 1 else f"of {days[0]}"
    note = f"offers {span} from {min(values.values()):g} to {max(values.values()):g}, sellers: {len(values)}"
    if left_out:
        note += f"; conflicting or assumed rows left out: {left_out}"
    return Fact(
        name=rows[0]["quantity"],
        value=round(median(values.values()), _USD_DECIMALS),
        as_of=days[-1],
        source="planner/catalogue/prices.csv, median of: " + _listing(used, values),
        evidence="published" if solid else "assumed",
        note=note,
        low=min(values.values()),
        high=max(values.values()),
    )


def _offers(name: str, term: str) -> list[Row]:
    if term not in TERMS:
        raise unknown("term of a price", term, TERMS)
    found = accelerator(name).id
    return [row for row in table("prices") if row["accelerator"] == found and row["term"] == term]


def _known_by(rows: list[Row], on: date | None) -> list[Row]:
    return [row for row in rows if on is None or first_day(row["as_of"]) <= on]


def _newest_by_seller(rows: list[Row]) -> dict[str, list[Row]]:
    """Keep the offers in the window and of each seller those of its newest day, in the order of the file."""
    newest = max(first_day(row["as_of"]) for row in rows)
    start = newest - timedelta(days=PRICE_WINDOW_MONTHS * units.DAYS_PER_MONTH)
    by_seller: dict[str, list[Row]] = {}
    for number, row in enumerate(rows):
        if first_day(row["as_of"]) < start:
            continue
        seller = row["seller"] if row["seller"] != "not stated" else f"offer {number + 1}"
        known = by_seller.get(seller, [])
        if known and first_day(row["as_of"]) < first_day(known[0]["as_of"]):
            continue
        same_day = known and first_day(row["as_of"]) == first_day(known[0]["as_of"])
        by_seller[seller] = [*known, row] if same_day else [row]
    return by_seller


def _listing(used: dict[str, list[Row]], values: dict[str, float]) -> str:
    return ", ".join(f"{seller} {values[seller]:g} ({offers[0]['as_of']})" for seller, offers in used.items())


def _offer_fact(row: Row) -> Fact:
    offer = fact(row, row["quantity"], row["value"])
    parts = [
        f"seller {row['seller']}",
        row["region"],
        f"{row['gpus_quoted']} GPUs" if row["gpus_quoted"] else "",
    ]
    about = ", ".join(part for part in parts if part)
    note = f"{about}; {offer.note}" if offer.note else about
    return Fact(offer.name, offer.value, offer.as_of, offer.source, offer.evidence, note)


def _no_price(found: str, term: str, on: date | None, key: str) -> CatalogueError:
    terms = {row["term"] for row in table("prices") if row["accelerator"] == found}
    having = [each for each in TERMS if each in terms]
    day = f" by {on.isoformat()}" if on else ""
    other = f"; other terms that have one: {', '.join(having)}" if having else ""
    return CatalogueError(
        f"no {term} price for '{found}'{day} in the catalogue{other}. To go on, write the price that you "
        f"were offered into the scenario: `{key}: {{value: ..., source: ...}}`"
    )
