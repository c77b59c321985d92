"""When models go live: the launch, the switch and the refreshes, as planned, as late and as often as they succeed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from planner.formulas.calendar import whole_month
from planner.units import Array


def launch_delay_months(launch_month: Array, launch_slip_months: Array) -> Array:
    """Whole months by which the launch comes late; less than a month is caught up, and what is live cannot slip.

    Source: definition; the slip is an input.
    """
    return np.where(launch_month > 1, np.floor(launch_slip_months), 0.0)


def service_month(launch_month: Array, launch_delay_months: Array) -> Array:
    """First month in which customers are really served.

    Source: definition.
    """
    return launch_month + launch_delay_months


def release_delay_months(release_slip_months: Array) -> Array:
    """Whole months by which a later model comes late; less than a month is caught up.

    Source: definition; the slip is an input.
    """
    return np.floor(release_slip_months)


def successor_month(switch_month: Array, release_delay_months: Array) -> Array:
    """First month in which the model after the switch really serves; never without a switch.

    Source: definition.
    """
    return switch_month + release_delay_months


def trained_share(
    month: Array,
    successor_month: Array,
    first_fine_tuned_share: Array,
    first_pretrained_share: Array,
    second_fine_tuned_share: Array,
    second_pretrained_share: Array,
) -> Array:
    """One where the model in service was trained by the company (fine-tuned or pretrained), otherwise zero.

    Source: definition.
    """
    first = first_fine_tuned_share + first_pretrained_share
    return np.where(month < successor_month, first, second_fine_tuned_share + second_pretrained_share)


def refresh_share(
    month: Array, service_month: Array, successor_month: Array, release_cadence_months: Array
) -> Array:
    """One in the months in which the model in service is trained anew, counted from its first month of service.

    Source: definition.
    """
    age_months = _age_months(month, service_month, successor_month)
    return _is_completed(age_months, release_cadence_months)


def release_due_share(
    month: Array,
    service_month: Array,
    successor_month: Array,
    release_cadence_months: Array,
    release_delay_months: Array,
) -> Array:
    """One in the months in which a new model is ready: launch, switch, refreshes, each as late as it comes.

    Source: definition.
    """
    age_months = _age_months(month, service_month, successor_month) - release_delay_months
    refreshed = _is_completed(age_months, release_cadence_months)
    return np.where(_is_first(month, service_month, successor_month), 1.0, refreshed)


def release_succeeded_share(shock_release_share: Array, release_success_share: Array) -> Array:
    """One in the months in which a refreshed model would be good enough to be released, otherwise zero.

    Source: definition of drawing an event by the inverse of its distribution.
    """
    return np.where(shock_release_share < release_success_share, 1.0, 0.0)


def released_share(
    month: Array,
    service_month: Array,
    successor_month: Array,
    release_due_share: Array,
    release_succeeded_share: Array,
) -> Array:
    """One in the months in which customers really get a new model: launch, switch, refreshes that succeed.

    Source: definition; the launch and the switch may be late but do not fail.
    """
    is_first = _is_first(month, service_month, successor_month)
    return np.where(is_first, 1.0, release_due_share * release_succeeded_share)


def model_scale_ratio(
    month: Array,
    service_month: Array,
    successor_month: Array,
    release_cadence_months: Array,
    trained_share: Array,
    model_growth_ratio: Array,
) -> Array:
    """Size of the model that is trained and served in the month over that of the one it began with.

    A refresh that fails is followed by one of the planned size.

    Source: definition; the growth with each refresh of an own model is an input.
    """
    age_months = np.maximum(_age_months(month, service_month, successor_month), 0.0)
    refreshes = np.floor(age_months / release_cadence_months)
    return model_growth_ratio ** (trained_share * refreshes)


def _age_months(month: Array, service_month: Array, successor_month: Array) -> Array:
    return month - np.where(month < successor_month, service_month, successor_month)


def _is_completed(age_months: Array, cadence_months: Array) -> Array:
    # Counted by what is completed, since an uncertain month or cadence need not be whole.
    completed = np.floor(np.maximum(age_months, 0) / cadence_months)
    before = np.floor(np.maximum(age_months - 1, 0) / cadence_months)
    return np.where(completed > before, 1.0, 0.0)


def _is_first(month: Array, service_month: Array, successor_month: Array) -> NDArray[np.bool_] | np.bool_:
    """Tell whether the month is the first of the model before or of that after the switch."""
    return np.equal(month, whole_month(service_month)) | np.equal(month, whole_month(successor_month))
