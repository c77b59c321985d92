"""What the company owns and writes off: bought accelerators, and training where the books capitalise it.

What is bought, sold or lent in a list lies along the first axis and is summed here; a month between two whole ones, as
an uncertain date gives, counts as the later of them.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from planner import units
from planner.formulas.calendar import whole_month
from planner.formulas.totals import total
from planner.units import Array


def gpu_purchases_usd(
    month: Array, purchase_month: Array, purchase_gpus: Array, purchase_usd_per_gpu: Array
) -> Array:
    """What is paid in the month for accelerators that are bought.

    Source: definition; purchases lie along the first axis.
    """
    price = purchase_gpus * purchase_usd_per_gpu
    return total(np.where(month == whole_month(purchase_month), price, 0.0))


def owned_gpus(month: Array, purchase_month: Array, purchase_gpus: Array, resale_month: Array) -> Array:
    """Accelerators that the company owns and serves with in the month, from the month of purchase until they are sold.

    Source: definition; purchases lie along the first axis.
    """
    return total(np.where(_is_owned(month, purchase_month, resale_month), purchase_gpus, 0.0))


def rented_gpus(serving_gpus: Array, owned_gpus: Array) -> Array:
    """Accelerators that are rented for serving in the month, beyond those that the company owns.

    Source: definition.
    """
    return np.maximum(serving_gpus - owned_gpus, 0.0)


def owned_running_usd(
    month: Array,
    purchase_month: Array,
    purchase_gpus: Array,
    resale_month: Array,
    purchase_running_usd_per_gpu_hour: Array,
) -> Array:
    """Power, hosting and repair of the company's own accelerators, which run all month.

    Source: definition; purchases lie along the first axis.
    """
    hourly = purchase_gpus * purchase_running_usd_per_gpu_hour
    running = np.where(_is_owned(month, purchase_month, resale_month), hourly, 0.0)
    return total(running) * units.HOURS_PER_MONTH


def depreciation_usd(
    month: Array,
    purchase_month: Array,
    purchase_gpus: Array,
    purchase_usd_per_gpu: Array,
    purchase_life_months: Array,
    resale_month: Array,
) -> Array:
    """What the company's own accelerators lose in the books in the month: the price over the life, in equal parts.

    Source: IAS 16, straight-line method, full month of purchase; purchases lie along the first axis.
    """
    age_months = month - whole_month(purchase_month)
    written_off = _used_share(age_months + 1.0, purchase_life_months)
    before = _used_share(age_months, purchase_life_months)
    price = purchase_gpus * purchase_usd_per_gpu
    owned = _is_owned(month, purchase_month, resale_month)
    return total(np.where(owned, price * (written_off - before), 0.0))


def resale_usd(
    month: Array,
    purchase_month: Array,
    purchase_gpus: Array,
    purchase_usd_per_gpu: Array,
    resale_month: Array,
    resale_decline_share_per_month: Array,
) -> Array:
    """What accelerators that are sold in the month fetch: their price, less a share for each month of age.

    Source: assumed form: the price of used accelerators falls by the same share each month.
    """
    bought, sold = whole_month(purchase_month), _sale_month(purchase_month, resale_month)
    value = purchase_gpus * purchase_usd_per_gpu * (1.0 - resale_decline_share_per_month) ** (sold - bought)
    return total(np.where(month == sold, value, 0.0))


def disposed_usd(
    month: Array,
    purchase_month: Array,
    purchase_gpus: Array,
    purchase_usd_per_gpu: Array,
    purchase_life_months: Array,
    resale_month: Array,
) -> Array:
    """Value in the books of the accelerators that are sold in the month, which then leaves the books.

    Source: IAS 16, derecognition; purchases lie along the first axis.
    """
    bought, sold = whole_month(purchase_month), _sale_month(purchase_month, resale_month)
    left = 1.0 - _used_share(sold - bought, purchase_life_months)
    return total(np.where(month == sold, purchase_gpus * purchase_usd_per_gpu * left, 0.0))


def disposal_gain_usd(resale_usd: Array, disposed_usd: Array) -> Array:
    """What sold accelerators fetch beyond their value in the books; below zero for a loss.

    Source: IAS 16, derecognition.
    """
    return resale_usd - disposed_usd


def opening_fixed_assets_usd() -> Array:
    """Accelerators that a new company owns before its start.

    Source: definition: none.
    """
    return 0.0


def fixed_assets_usd(
    previous_fixed_assets_usd: Array, gpu_purchases_usd: Array, depreciation_usd: Array, disposed_usd: Array
) -> Array:
    """Value in the books of the company's own accelerators at the end of the month.

    Source: definition (cost less depreciation less what was sold).
    """
    return previous_fixed_assets_usd + gpu_purchases_usd - depreciation_usd - disposed_usd


def capitalised_training_usd(
    training_compute_usd: Array, cleaning_usd: Array, training_capitalised_share: Array
) -> Array:
    """Training of the month, with its data, that becomes an asset instead of a cost.

    Source: IAS 38, development phase; whether it is done is a choice of the scenario.
    """
    return training_capitalised_share * (training_compute_usd + cleaning_usd)


def opening_trained_models_usd() -> Array:
    """Capitalised training that a new company has in its books at its start.

    Source: definition: none.
    """
    return 0.0


def amortisation_usd(previous_trained_models_usd: Array, training_life_months: Array) -> Array:
    """What capitalised training loses in the books in the month: one part in its life of what is left.

    Source: IAS 38, diminishing balance method, from the month after the training; never quite written off.
    """
    return previous_trained_models_usd / np.maximum(training_life_months, 1.0)


def trained_models_usd(
    previous_trained_models_usd: Array, capitalised_training_usd: Array, amortisation_usd: Array
) -> Array:
    """Value in the books of capitalised training at the end of the month.

    Source: definition.
    """
    return previous_trained_models_usd + capitalised_training_usd - amortisation_usd


def _sale_month(purchase_month: Array, resale_month: Array) -> Array:
    """Nothing is sold before it is bought; what is sold in the month of purchase never serves."""
    return np.maximum(whole_month(resale_month), whole_month(purchase_month))


def _is_owned(month: Array, purchase_month: Array, resale_month: Array) -> NDArray[np.bool_]:
    is_there = month >= whole_month(purchase_month)
    return np.logical_and(is_there, month < _sale_month(purchase_month, resale_month))


def _used_share(age_months: Array, life_months: Array) -> Array:
    return np.minimum(np.maximum(age_months, 0.0) / life_months, 1.0)
