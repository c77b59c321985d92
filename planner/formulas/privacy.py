"""Privacy and security: redaction, private training, compliance, erasure, and breaches with their tail and insurance.

Whether a breach happens in a month is drawn (`shock_breach_share`); the central path has none. The expected loss stands
beside the drawn one, since a plan that shows only one of them misleads.
"""

from __future__ import annotations

import numpy as np

from planner import units
from planner.formulas.market import saturation_share
from planner.formulas.totals import total
from planner.units import Array, Rows


def redacted_bytes(cleaned_bytes: Array, redacted_share: Array) -> Array:
    """Text for training own models that is searched for personal data in the month; clients hand theirs over searched.

    Source: definition; the share is an input.
    """
    return cleaned_bytes * redacted_share


def redaction_usd(redacted_bytes: Array, redaction_usd_per_byte: Array) -> Array:
    """Cost of finding and removing personal data in the month.

    Source: definition; the price is an input.
    """
    return redacted_bytes * redaction_usd_per_byte


def privacy_overhead_ratio(private_training_share: Array, private_training_cost_ratio: Array) -> Array:
    """Cost of training over that of training without differential privacy.

    Source: definition; the share of runs that are private and their cost are inputs.
    """
    return 1.0 + private_training_share * (private_training_cost_ratio - 1.0)


def compliance_usd(
    month: Array, compliance_month: Array, compliance_first_usd: Array, compliance_usd_per_year: Array
) -> Array:
    """Audits and certificates of the month: the first in the month that is planned, then one each year.

    A month between two whole ones, as an uncertain date gives, counts as the later of them.

    Source: definition; the calendar is an input, its regimes lie along the first axis.
    """
    age_months = month - np.maximum(np.ceil(compliance_month), 1.0)
    is_yearly = (age_months > 0) & (np.mod(age_months, units.MONTHS_PER_YEAR) == 0)
    first = np.where(age_months == 0, compliance_first_usd, 0.0)
    return total(first + np.where(is_yearly, compliance_usd_per_year, 0.0))


def held_records(each_personal_records: tuple[Array, ...]) -> Array:
    """People of whom the company holds personal data at the end of the month.

    Source: definition.
    """
    return sum(each_personal_records, 0.0)


def erasure_requests(held_records: Array, erasure_requests_per_record_year: Array) -> Array:
    """Requests of people in the month to have their data erased or shown.

    Source: definition; the rate is an input (the right: GDPR, articles 15 and 17).
    """
    return held_records * erasure_requests_per_record_year / units.MONTHS_PER_YEAR


def erasure_usd(erasure_requests: Array, erasure_usd_per_request: Array) -> Array:
    """Cost of answering the month's requests for erasure and access.

    Source: definition.
    """
    return erasure_requests * erasure_usd_per_request


def breach_rate_share_per_month(
    breach_rate_share_per_year: Array,
    held_records: Array,
    breach_reference_records: Array,
    security_maturity_ratio: Array,
) -> Array:
    """Chance that personal data are breached in the month; none while none are held.

    Source: assumed form: a Poisson rate that is half at the reference records, full at very many, lower with controls.
    """
    yearly = breach_rate_share_per_year * saturation_share(held_records, breach_reference_records)
    expected: Array = yearly / security_maturity_ratio / units.MONTHS_PER_YEAR
    return 1.0 - np.exp(-expected)


def breach_severity_usd(
    breach_reference_usd: Array,
    breach_luck_ratio: Array,
    held_records: Array,
    breach_reference_records: Array,
    breach_scale_ratio: Array,
) -> Array:
    """Cost of a breach in the month, if one happens: answering it, telling those concerned, lost business.

    Source: IBM, Cost of a Data Breach 2025 (mean at its companies' size); the power law in the records is assumed.
    """
    size_ratio: Array = (held_records / breach_reference_records) ** breach_scale_ratio
    return breach_reference_usd * breach_luck_ratio * size_ratio


def breach_fine_usd(
    revenue_usd: Array, each_netted_usd: tuple[Array, ...], breach_fine_months: Array
) -> Array:
    """Fine after a breach in the month, if one happens: so many months of revenue, without what partners keep of it.

    Revenue without that part is the same for principal and agent, so that how sales are booked moves no cash.

    Source: GDPR, article 83(5): up to 4 % of a year's turnover, or 0.48 months; fixed ceilings stay out.
    """
    return (revenue_usd - sum(each_netted_usd, 0.0)) * breach_fine_months


def breach_payout_usd(
    breach_severity_usd: Array, insurance_deductible_usd: Array, insurance_limit_usd: Array
) -> Array:
    """What the insurer pays for a breach in the month, if one happens; fines are not insured.

    Source: definition of a deductible and a limit.
    """
    above_usd = np.maximum(breach_severity_usd - insurance_deductible_usd, 0.0)
    return np.minimum(above_usd, insurance_limit_usd)


def breach_net_usd(breach_severity_usd: Array, breach_fine_usd: Array, breach_payout_usd: Array) -> Array:
    """What a breach in the month costs the company after insurance, if one happens.

    Source: definition.
    """
    return breach_severity_usd + breach_fine_usd - breach_payout_usd


def breach_happened_share(shock_breach_share: Array, breach_rate_share_per_month: Array) -> Array:
    """One in the months in which personal data are breached, otherwise zero.

    Source: definition of drawing an event by the inverse of its distribution.
    """
    return np.where(shock_breach_share > 1.0 - breach_rate_share_per_month, 1.0, 0.0)


def breach_usd(breach_happened_share: Array, breach_net_usd: Array) -> Array:
    """Loss from breaches in the month after insurance, as it happened in the draw.

    Source: definition.
    """
    return breach_happened_share * breach_net_usd


def expected_breach_usd(breach_rate_share_per_month: Array, breach_net_usd: Array) -> Array:
    """Loss from breaches that is to be expected in the month after insurance: chance times cost.

    Source: definition of an expected value.
    """
    return breach_rate_share_per_month * breach_net_usd


def insurance_usd(
    held_records: Array, insurance_limit_usd: Array, insurance_premium_share_per_year: Array
) -> Array:
    """Premium of the month for insurance against breaches; none while no personal data are held.

    Source: definition; the rate on the limit is an input.
    """
    premium = insurance_limit_usd * insurance_premium_share_per_year / units.MONTHS_PER_YEAR
    return np.where(held_records > 0, premium, 0.0)


def privacy_usd(compliance_usd: Array, erasure_usd: Array, insurance_usd: Array, breach_usd: Array) -> Array:
    """Privacy and security in the month: audits, requests, insurance, breaches as they happened.

    Source: definition.
    """
    return compliance_usd + erasure_usd + insurance_usd + breach_usd


def total_privacy_usd(series_privacy_usd: Rows) -> Array:
    """Privacy and security over the whole horizon, breaches as they happened.

    Source: definition.
    """
    return total(series_privacy_usd)


def total_breach_usd(series_breach_usd: Rows) -> Array:
    """Loss from breaches over the whole horizon after insurance, as it happened in the draw.

    Source: definition.
    """
    return total(series_breach_usd)


def total_expected_breach_usd(series_expected_breach_usd: Rows) -> Array:
    """Loss from breaches over the whole horizon that is to be expected after insurance.

    Source: definition.
    """
    return total(series_expected_breach_usd)
