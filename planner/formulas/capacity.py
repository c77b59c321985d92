"""Accelerators for serving that are rented: ahead and for a term, or on demand at the moment of need."""

from __future__ import annotations

import numpy as np

from planner import units
from planner.formulas.totals import part_of
from planner.units import Array


def opening_rented_gpus() -> Array:
    """Accelerators that were rented for serving before the company starts.

    Source: definition: none.
    """
    return 0.0


def wanted_commitment_gpus(
    previous_rented_gpus: Array, committed_need_share: Array, capacity_margin_share: Array
) -> Array:
    """Accelerators that the company wants under contract: a share of what it needed last, with room to grow.

    Source: definition; share and margin are inputs.
    """
    return previous_rented_gpus * committed_need_share * (1.0 + capacity_margin_share)


def held_commitment_gpus(previous_committed_gpus: Array, commitment_months: Array) -> Array:
    """Accelerators whose contract runs on from the month before: of every term's months one has ended.

    Source: definition of a first-order decay with the contract's term as its mean.
    """
    return previous_committed_gpus * (1.0 - 1.0 / np.maximum(commitment_months, 1.0))


def opening_committed_gpus(minimum_committed_gpus: Array) -> Array:
    """Accelerators under contract when the company starts.

    Source: definition.
    """
    return minimum_committed_gpus


def committed_gpus(
    previous_committed_gpus: Array,
    wanted_commitment_gpus: Array,
    held_commitment_gpus: Array,
    capacity_lead_months: Array,
    minimum_committed_gpus: Array,
) -> Array:
    """Accelerators under contract in the month: what was wanted comes with the lead time, what is held must be kept.

    Source: definition of a first-order delay with the lead time as its mean.
    """
    asked = wanted_commitment_gpus - previous_committed_gpus
    arrived = previous_committed_gpus + asked / np.maximum(capacity_lead_months, 1.0)
    return np.maximum(np.maximum(arrived, held_commitment_gpus), minimum_committed_gpus)


def offered_commitment_usd_per_gpu_hour(
    serving_price_usd_per_gpu_hour: Array, commitment_discount_share: Array
) -> Array:
    """Price of an accelerator-hour under a contract that is signed in the month.

    Source: definition.
    """
    return serving_price_usd_per_gpu_hour * (1.0 - commitment_discount_share)


def opening_committed_usd_per_gpu_hour(
    serving_usd_per_gpu_hour: Array, commitment_discount_share: Array
) -> Array:
    """Price of an accelerator-hour under the contracts that run when the company starts.

    Source: definition.
    """
    return serving_usd_per_gpu_hour * (1.0 - commitment_discount_share)


def committed_usd_per_gpu_hour(
    previous_committed_usd_per_gpu_hour: Array,
    held_commitment_gpus: Array,
    committed_gpus: Array,
    offered_commitment_usd_per_gpu_hour: Array,
) -> Array:
    """Mean price of an accelerator-hour under contract: those that run on keep theirs, new ones pay that of the month.

    Source: definition.
    """
    held_share = part_of(held_commitment_gpus, committed_gpus)
    new_share = 1.0 - held_share
    return held_share * previous_committed_usd_per_gpu_hour + new_share * offered_commitment_usd_per_gpu_hour


def committed_usd(committed_gpus: Array, committed_usd_per_gpu_hour: Array) -> Array:
    """Rent of the accelerators under contract in the month, which is due whether they serve or not.

    Source: definition.
    """
    return _rent_usd(committed_gpus, committed_usd_per_gpu_hour)


def on_demand_gpus(rented_gpus: Array, committed_gpus: Array) -> Array:
    """Accelerators that are rented in the month beyond those under contract.

    Source: definition.
    """
    return np.maximum(rented_gpus - committed_gpus, 0.0)


def on_demand_usd(
    on_demand_gpus: Array, serving_price_usd_per_gpu_hour: Array, overflow_price_ratio: Array
) -> Array:
    """Rent of the accelerators beyond those under contract, which run all month.

    Source: definition; what short notice costs is an input.
    """
    return _rent_usd(on_demand_gpus, serving_price_usd_per_gpu_hour * overflow_price_ratio)


def unused_committed_usd(
    committed_gpus: Array, rented_gpus: Array, committed_usd_per_gpu_hour: Array
) -> Array:
    """Part of the rent of the accelerators under contract that is paid for those that do not serve in the month.

    Source: definition.
    """
    return _rent_usd(np.maximum(committed_gpus - rented_gpus, 0.0), committed_usd_per_gpu_hour)


def _rent_usd(gpus: Array, usd_per_gpu_hour: Array) -> Array:
    # A price that nobody knows, as where all is bought from a vendor, costs nothing where nothing is rented.
    return np.where(gpus > 0, gpus * units.HOURS_PER_MONTH * usd_per_gpu_hour, 0.0)
