"""How technology services deliver: backlog, consultants, subcontractors, and the maintenance that follows."""

from __future__ import annotations

import numpy as np

from planner import units
from planner.formulas.totals import quotient
from planner.units import Array


def opening_backlog_usd() -> Array:
    """Work that is sold and not done when the company starts.

    Source: definition: none.
    """
    return 0.0


def backlog_usd(previous_backlog_usd: Array, won_usd: Array, work_usd: Array) -> Array:
    """Work that is sold and not done at the end of the month.

    Source: definition.
    """
    return previous_backlog_usd + won_usd - work_usd


def billing_usd_per_person_month(
    workable_hours_per_month: Array,
    billable_share: Array,
    billing_usd_per_person_hour: Array,
    rate_ratio: Array,
) -> Array:
    """Work that one consultant can bill in the month at full occupation.

    Source: definition.
    """
    return workable_hours_per_month * billable_share * billing_usd_per_person_hour * rate_ratio


def opening_recruiting_people() -> Array:
    """Consultants who are being hired when the company starts.

    Source: definition: none.
    """
    return 0.0


def arriving_people(previous_recruiting_people: Array, hiring_months: Array) -> Array:
    """Consultants who start work in the month.

    Source: definition of a first-order delay with the time to hire as its mean.
    """
    return previous_recruiting_people / np.maximum(hiring_months, 1.0)


def opening_usual_usd() -> Array:
    """Work of a month that is usually asked for when the company starts.

    Source: definition: none.
    """
    return 0.0


def usual_usd(previous_usual_usd: Array, asked_usd: Array, staffing_months: Array) -> Array:
    """Work of a month that is usually asked for: an average in which each month counts less than the next.

    Source: definition of exponential smoothing.
    """
    return previous_usual_usd + (asked_usd - previous_usual_usd) / np.maximum(staffing_months, 1.0)


def sought_people(
    usual_usd: Array,
    billing_usd_per_person_month: Array,
    previous_people: Array,
    previous_recruiting_people: Array,
) -> Array:
    """Consultants whom the company starts to look for in the month, so that what is usually asked for is done.

    Source: assumed policy: staff for the average of what is asked, if they can bill at all; nobody is let go.
    """
    needed = quotient(usual_usd, billing_usd_per_person_month)
    wanted = np.where(billing_usd_per_person_month > 0, needed, 0.0)
    return np.maximum(wanted - previous_people - previous_recruiting_people, 0.0)


def recruiting_people(
    previous_recruiting_people: Array, arriving_people: Array, sought_people: Array
) -> Array:
    """Consultants who are being hired at the end of the month.

    Source: definition.
    """
    return previous_recruiting_people - arriving_people + sought_people


def opening_people(opening_consultants_people: Array) -> Array:
    """Consultants whom the company has at its start.

    Source: definition.
    """
    return opening_consultants_people


def people(
    previous_people: Array, consultant_attrition_share_per_month: Array, arriving_people: Array
) -> Array:
    """Consultants who deliver projects in the month.

    Source: definition.
    """
    return previous_people * (1.0 - consultant_attrition_share_per_month) + arriving_people


def asked_usd(previous_backlog_usd: Array, delivery_months: Array) -> Array:
    """Work that has to be done in the month so that what is sold is delivered in time; no more than there is.

    Source: definition.
    """
    return previous_backlog_usd / np.maximum(delivery_months, 1.0)


def own_work_usd(asked_usd: Array, people: Array, billing_usd_per_person_month: Array) -> Array:
    """Work that the consultants do in the month: what is asked for, as far as they can.

    Source: definition.
    """
    return np.minimum(asked_usd, people * billing_usd_per_person_month)


def subcontracted_usd(asked_usd: Array, own_work_usd: Array, subcontracted_share: Array) -> Array:
    """Work that subcontractors do in the month because the consultants cannot do it all.

    Source: assumed policy: a share of what is beyond the own people.
    """
    return (asked_usd - own_work_usd) * subcontracted_share


def work_usd(own_work_usd: Array, subcontracted_usd: Array) -> Array:
    """Work done in the month, by consultants and by subcontractors.

    Source: definition.
    """
    return own_work_usd + subcontracted_usd


def utilisation_share(
    own_work_usd: Array,
    people: Array,
    billable_share: Array,
    billing_usd_per_person_month: Array,
) -> Array:
    """Share of the consultants' working hours that is billed in the month; undefined without consultants.

    Source: definition.
    """
    return quotient(own_work_usd, people * billing_usd_per_person_month) * billable_share


def opening_delivered_usd() -> Array:
    """Work done before the company starts.

    Source: definition: none.
    """
    return 0.0


def delivered_usd(
    previous_delivered_usd: Array, work_usd: Array, maintenance_churn_share_per_month: Array
) -> Array:
    """Work ever done whose maintenance the clients still pay.

    Source: definition.
    """
    return previous_delivered_usd * (1.0 - maintenance_churn_share_per_month) + work_usd


def maintenance_revenue_usd(previous_delivered_usd: Array, maintenance_share_per_year: Array) -> Array:
    """Maintenance fees of the month, a yearly share of the work delivered before.

    Source: definition.
    """
    return previous_delivered_usd * maintenance_share_per_year / units.MONTHS_PER_YEAR
