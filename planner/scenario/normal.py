"""The quantile of the standard normal distribution for whole arrays; scipy's takes a third of a second to import."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

_MIDDLE, _FAR = 0.425, 5.0
"""Where the three approximations meet: distance from a half, and square root of minus the logarithm of a tail."""
_MIDDLE_SHIFT, _TAIL_SHIFT = 0.180625, 1.6
_COEFFICIENTS = {
    "middle": (
        (
            3.3871328727963666080, 133.14166789178437745, 1971.5909503065514427, 13731.693765509461125,
            45921.953931549871457, 67265.770927008700853, 33430.575583588128105, 2509.0809287301226727,
        ),
        (
            1.0, 42.313330701600911252, 687.18700749205790830, 5394.1960214247511077,
            21213.794301586595867, 39307.895800092710610, 28729.085735721942674, 5226.4952788528545610,
        ),
    ),
    "tail": (
        (
            1.42343711074968357734, 4.63033784615654529590, 5.76949722146069140550, 3.64784832476320460504,
            1.27045825245236838258, 0.241780725177450611770, 0.0227238449892691845833, 7.74545014278341407640e-4,
        ),
        (
            1.0, 2.05319162663775882187, 1.67638483018380384940, 0.689767334985100004550,
            0.148103976427480074590, 0.0151986665636164571966, 5.47593808499534494600e-4, 1.05075007164441684324e-9,
        ),
    ),
    "far": (
        (
            6.65790464350110377720, 5.46378491116411436990, 1.78482653991729133580, 0.296560571828504891230,
            0.0265321895265761230930, 0.00124266094738807843860, 2.71155556874348757815e-5, 2.01033439929228813265e-7,
        ),
        (
            1.0, 0.599832206555887937690, 0.136929880922735805310, 0.0148753612908506148525,
            7.86869131145613259100e-4, 1.84631831751005468180e-5, 1.42151175831644588870e-7, 2.04426310338993978564e-15,
        ),
    ),
}  # fmt: skip


def normal_quantile(u: Array) -> Array:
    """Return the values below which the shares `u`, inside (0, 1) and of any shape, of a standard normal one lie.

    Source: Wichura (1988), The percentage points of the normal distribution, Applied Statistics 37, algorithm AS 241,
    which is exact to about one part in 10 to the 16.
    """
    u = np.asarray(u, dtype=np.float64)
    off = u - 0.5
    is_tail = np.abs(off) > _MIDDLE
    if is_tail.all():
        return np.copysign(_tail(np.minimum(u, 1.0 - u)), off)
    scores = np.asarray(off * _ratio("middle", _MIDDLE_SHIFT - off * off))
    if is_tail.any():
        tail = u[is_tail]
        scores[is_tail] = np.copysign(_tail(np.minimum(tail, 1.0 - tail)), tail - 0.5)
    return scores


def _tail(share: Array) -> Array:
    """Return how far out a small share in either tail lies."""
    depth = np.sqrt(-np.log(share))
    near = _ratio("tail", depth - _TAIL_SHIFT)
    is_far = depth > _FAR
    return np.where(is_far, _ratio("far", depth - _FAR), near) if is_far.any() else near


def _ratio(part: str, x: Array) -> Array:
    above, below = (_polynomial(coefficients, x) for coefficients in _COEFFICIENTS[part])
    return np.asarray(above / below)


def _polynomial(coefficients: tuple[float, ...], x: Array) -> Array:
    value = np.asarray(coefficients[-1] * x)
    for coefficient in coefficients[-2:0:-1]:
        value += coefficient
        value *= x
    value += coefficients[0]
    return value
