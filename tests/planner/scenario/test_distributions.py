"""The spelled distributions have the quantiles, medians and means that their definitions say."""

from __future__ import annotations

import math
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats
from scipy.special import betaincinv, ndtri

from planner.scenario.bounded import Beta, Pert
from planner.scenario.discrete import Chance, Choice, Empirical, Poisson
from planner.scenario.distributions import Distribution, LogitNormal, Lognormal, Normal, number_text
from planner.scenario.incomplete_beta import incomplete_beta, inverse_incomplete_beta
from planner.scenario.normal import normal_quantile
from planner.scenario.spelling import parse
from planner.scenario.truncation import Truncated

EVERY_KIND = (
    "5 to 10", "normal(-1, 2)", "uniform(0, 1)", "triangular(0, 1, 2)", "pert(0, 1, 2)", "beta(3, 8)", "chance(0.3)",
    "choice(3:0.2, 6:0.5, 9:0.3)", "poisson(4)", "empirical(1, 2, 4)", "5 to 10 within 4..9",
    "normal(-1, 2) within 0..",
)  # fmt: skip
MIDDLES = (np.arange(200_000) + 0.5) / 200_000

positive = st.floats(1e-3, 1e5)
shares = st.floats(1e-4, 1 - 1e-4)
anything = st.floats(-1e6, 1e6)
CONTINUOUS = ("amount", "share", "normal", "uniform", "triangular", "pert")


def cut(base: Distribution, start: float, width: float) -> str:
    """Spell a truncation that keeps the part from one quantile on, as wide as another says."""
    low, high = base.quantile(np.array([start, start + width]))
    return f"{base.text} within {float(low)!r}..{float(high)!r}"


@st.composite
def distributions(draw: st.DrawFn) -> tuple[Distribution, str]:
    """Draw a distribution with the name of a quantity that it suits."""
    kind = draw(st.sampled_from([*CONTINUOUS, "beta", "poisson", "chance", "choice", "empirical"]))
    name = "churn_share" if kind == "share" else "price_usd"
    pool = {"amount": positive, "share": shares}.get(kind, anything)
    low, mode, high = sorted(draw(st.lists(pool, min_size=3, max_size=3, unique=True)))
    assume(min(mode - low, high - mode) > 1e-6 * max(abs(low), abs(high), 1.0))
    shapes = draw(st.tuples(st.floats(0.5, 100), st.floats(0.5, 100)))
    spelt = {
        "amount": f"{low!r} to {high!r}",
        "share": f"{low!r} to {high!r}",
        "normal": f"normal({low!r}, {high!r})",
        "uniform": f"uniform({low!r},{high!r})",
        "triangular": f"triangular({low!r}, {mode!r}, {high!r})",
        "pert": f"pert( {low!r} , {mode!r}, {high!r} )",
        "beta": f"beta({shapes[0]!r}, {shapes[1]!r})",
        "poisson": f"poisson({shapes[0]!r})",
        "chance": f"chance({0.01 * shapes[0] / 1.01!r})",
        "choice": f"choice({high!r}:0.25, {low!r}: 0.5,{mode!r} :0.25)",
        "empirical": f"empirical({mode!r}, {low!r}, {high!r}, {low!r})",
    }[kind]
    distribution = parse(spelt, name)
    if kind in CONTINUOUS and draw(st.booleans()):
        start = draw(st.floats(0.001, 0.6))
        distribution = parse(cut(distribution, start, draw(st.floats(0.05, 0.399))), name)
    return distribution, name


def test_five_to_ten_is_the_lognormal_of_squiggle() -> None:
    five_to_ten = parse("5 to 10", "price_usd")
    assert isinstance(five_to_ten, Lognormal)
    assert five_to_ten.mu == pytest.approx(1.9560115027, abs=1e-10)
    assert five_to_ten.sigma == pytest.approx(0.2107017820, abs=1e-10)
    assert five_to_ten.mean == pytest.approx(7.2297837323, abs=1e-10)
    assert five_to_ten.median == pytest.approx(7.0710678119, abs=1e-10)
    assert float(np.mean(five_to_ten.quantile(MIDDLES) > 8)) == pytest.approx(0.2790034705, abs=1e-5)
    assert np.std(five_to_ten.quantile(MIDDLES)) == pytest.approx(1.5403928682, rel=1e-4)
    assert str(five_to_ten) == "5 to 10 (lognormal)"


def test_the_product_of_two_lognormals_has_its_closed_form() -> None:
    left, right = Lognormal(5, 10), Lognormal(2, 20)
    mu, sigma = left.mu + right.mu, math.hypot(left.sigma, right.sigma)
    assert math.exp(mu - 1.6448536269514722 * sigma) == pytest.approx(13.43852043, rel=1e-9)
    assert left.median * right.median == pytest.approx(44.72135955, rel=1e-9)
    assert left.mean * right.mean == pytest.approx(58.41683803, rel=1e-9)


def test_triangular_by_its_published_values() -> None:
    triangular = parse("triangular(1, 3, 10)")
    assert triangular.summary()["p5"] == pytest.approx(1.948683, abs=1e-6)
    assert triangular.summary()["p95"] == pytest.approx(8.225176, abs=1e-6)
    assert triangular.mean == pytest.approx(4.666666666666667, abs=1e-12)
    assert np.std(triangular.quantile(MIDDLES)) == pytest.approx(1.929306, abs=1e-5)


def test_a_share_is_logit_normal_and_anything_else_lognormal() -> None:
    assert isinstance(parse("0.05 to 0.2", "churn_share_per_month"), LogitNormal)
    assert isinstance(parse("0.05 to 0.2", "load_ratio"), Lognormal)
    assert str(parse("0.05 to 0.2", "churn_share")) == "0.05 to 0.2 (logit-normal)"


def test_pert_and_triangular_agree_with_scipy() -> None:
    for low, mode, high in [(1, 2, 8), (0, 0, 1), (-3, 5, 5), (2, 3, 4)]:
        pert, triangular = (parse(f"{kind}({low}, {mode}, {high})") for kind in ("pert", "triangular"))
        assert isinstance(pert, Pert)
        beta = stats.beta(*pert.shapes, loc=low, scale=high - low)
        same = stats.triang((mode - low) / (high - low), loc=low, scale=high - low)
        for ours, theirs in ((pert, beta), (triangular, same)):
            assert ours.mean == pytest.approx(theirs.mean())
            assert list(ours.summary().values())[:3] == pytest.approx(theirs.ppf([0.05, 0.5, 0.95]))
            assert ours.quantile(np.array([0.01, 0.3, 0.99])) == pytest.approx(theirs.ppf([0.01, 0.3, 0.99]))


@given(st.floats(0.5, 500), st.floats(0.5, 500), st.floats(0.001, 0.999))
def test_incomplete_beta_agrees_with_scipy(alpha: float, beta: float, share: float) -> None:
    assert incomplete_beta(alpha, beta, share) == pytest.approx(stats.beta.cdf(share, alpha, beta), abs=1e-12)
    quantile = inverse_incomplete_beta(alpha, beta, share)
    assert quantile == pytest.approx(stats.beta.ppf(share, alpha, beta), abs=1e-12)


def test_quantiles_of_pert_and_normal_are_those_of_scipy_to_the_ends() -> None:
    tails = 2.0 ** -np.arange(1.0, 53.0)
    places = np.concatenate([np.linspace(1e-4, 1 - 1e-4, 2_001), tails, 1 - tails])
    for mode in np.linspace(0, 1, 21):
        pert = Pert(0, float(mode), 1)
        found, expected = pert.quantile(places), betaincinv(*pert.shapes, places)
        np.testing.assert_allclose(found, expected, rtol=1e-13)
        assert [pert.point(share) for share in places[::50]] == found[::50].tolist()
    below = np.concatenate([places, 2.0 ** -np.arange(53.0, 1_000.0)])
    np.testing.assert_allclose(normal_quantile(below), ndtri(below), rtol=5e-15, atol=1e-15)
    assert normal_quantile(places.reshape(5, -1)).ravel().tolist() == normal_quantile(places).tolist()


@pytest.mark.parametrize(("alpha", "beta"), [(3, 8), (0.5, 0.5), (1, 1), (120, 9_000), (10_000, 10_000)])
def test_beta_agrees_with_scipy(alpha: float, beta: float) -> None:
    ours, theirs = Beta(alpha, beta), stats.beta(alpha, beta)
    assert list(ours.summary().values()) == pytest.approx(
        [*theirs.ppf([0.05, 0.5, 0.95]), theirs.mean()], rel=1e-9
    )
    assert ours.quantile(np.array([0.001, 0.3, 0.99])) == pytest.approx(theirs.ppf([0.001, 0.3, 0.99]))


@pytest.mark.parametrize("expected", [0.02, 1, 3.5, 700, 1e6])
def test_poisson_agrees_with_scipy(expected: float) -> None:
    shares = np.array([1e-9, 0.05, 0.3, 0.5, 0.95, 1 - 1e-9])
    assert Poisson(expected).quantile(shares).tolist() == stats.poisson(expected).ppf(shares).tolist()
    assert Poisson(expected).mean == expected


def test_a_choice_draws_its_values_with_their_probabilities() -> None:
    choice = parse("choice(9:0.3, 3: 0.2, 6:0.5)")
    assert choice == Choice(((3, 0.2), (6, 0.5), (9, 0.3)))
    assert choice.text == "choice(3:0.2, 6:0.5, 9:0.3)"
    assert choice.summary() == pytest.approx({"p5": 3, "p50": 6, "p95": 9, "mean": 6.3})
    values, counts = np.unique(choice.quantile(MIDDLES), return_counts=True)
    assert values.tolist() == [3, 6, 9]
    assert counts.tolist() == [40_000, 100_000, 60_000]


def test_a_chance_happens_as_often_as_it_says() -> None:
    assert Chance(0.3).quantile(MIDDLES).mean() == 0.3
    assert Chance(0.3).summary() == {"p5": 0, "p50": 0, "p95": 1, "mean": 0.3}
    assert (Chance(0.04).summary()["p95"], Chance(0.7).median) == (0, 1)


def test_the_quantile_of_a_step_is_the_smallest_value_that_reaches_the_share() -> None:
    even = parse("choice(1e6:0.5, 4e6:0.5)")
    assert even.median == 1e6
    assert even.quantile(np.array([0.5, np.nextafter(0.5, 1)])).tolist() == [1e6, 4e6]
    assert Chance(0.5).median == 0


def test_shares_add_up_as_they_are_written() -> None:
    # As floats, eight times 0.1 falls short of 0.8 and three times 0.1 goes beyond 0.3, as 1 - 0.9 falls short of 0.1.
    tenths = np.array([1, 2, 3, 4, 5, 6, 7, 8, 9]) / 10
    ten = parse(f"choice({', '.join(f'{value}:0.1' for value in range(1, 11))})")
    assert ten.quantile(tenths).tolist() == [1, 2, 3, 4, 5, 6, 7, 8, 9]
    assert ten.quantile(np.nextafter(tenths, 1)).tolist() == [2, 3, 4, 5, 6, 7, 8, 9, 10]
    for tenth in tenths.tolist():
        edge = round(1 - tenth, 1)
        assert Chance(tenth).quantile(np.array([edge, np.nextafter(edge, 1)])).tolist() == [0, 1]


def test_an_empirical_distribution_has_the_quantiles_of_its_samples() -> None:
    samples = [0.31, 0.28, 0.35, 0.29, 0.3, 0.33, 0.29, 0.5]
    empirical = Empirical.of(samples)
    shares = np.array([0.0, 0.05, 0.33, 0.5, 0.95, 1.0])
    assert empirical.quantile(shares) == pytest.approx(np.quantile(samples, shares))
    assert empirical.mean == pytest.approx(empirical.quantile(MIDDLES).mean(), rel=1e-9)
    assert str(empirical) == "empirical (8 samples from 0.28 to 0.5)"
    assert parse(empirical.text) == empirical


def test_truncation_by_closed_forms() -> None:
    half = parse("normal(-1.6448536269514722, 1.6448536269514722) within 0..")
    assert half.mean == pytest.approx(math.sqrt(2 / math.pi), abs=1e-12)  # the half-normal distribution
    assert half.median == pytest.approx(stats.norm.ppf(0.75), abs=1e-12)
    assert parse("uniform(0, 10) within 2..4").summary() == pytest.approx(
        {"p5": 2.1, "p50": 3, "p95": 3.9, "mean": 3}
    )
    share = parse("0.02 to 0.08 within ..0.1", "churn_share")
    assert (share.lower, share.upper) == (0, 0.1)
    assert str(share) == "0.02 to 0.08 within ..0.1 (truncated logit-normal)"
    assert isinstance(parse("5 to 10 within 4..20"), Truncated)


@pytest.mark.parametrize(
    "text",
    ["5 to 10 within 4..9", "0.1 to 0.6 within 0.3..", "normal(-5, 10) within -1..2",
     "triangular(1, 3, 10) within 2..9",
     "triangular(1, 3, 10) within 4..", "pert(1, 3, 10) within ..4", "beta(2, 5) within 0.2..0.9"],
)  # fmt: skip
def test_truncation_agrees_with_draws_that_are_thrown_away(text: str) -> None:
    name = "churn_share" if text.startswith("0.1") else "price_usd"
    truncated = parse(text, name)
    assert isinstance(truncated, Truncated)
    whole = truncated.base.quantile(MIDDLES)
    rest = whole[(whole >= truncated.low) & (whole <= truncated.high)]
    expected = [*np.quantile(rest, [0.05, 0.5, 0.95]), rest.mean()]
    assert list(truncated.summary().values()) == pytest.approx(expected, rel=1e-3, abs=1e-4)
    assert truncated.mean == pytest.approx(truncated.quantile(MIDDLES).mean(), rel=1e-6)


def test_mean_of_a_logit_normal_by_brute_force() -> None:
    for low, high in [(0.05, 0.2), (0.001, 0.999), (0.9, 0.99)]:
        share = LogitNormal(low, high)
        assert share.mean == pytest.approx(float(share.quantile(MIDDLES).mean()), abs=2e-6)


@given(distributions())
def test_quantiles_rise_meet_the_summary_and_stay_in_the_support(drawn: tuple[Distribution, str]) -> None:
    distribution, _ = drawn
    values = distribution.quantile(np.array([1e-9, 0.05, 0.2, 0.5, 0.7, 0.95, 1 - 1e-9]))
    assert np.all(np.diff(values) >= 0)
    summary = distribution.summary()
    size = max(abs(summary["p5"]), abs(summary["p95"]))
    assert values[[1, 3, 5]] == pytest.approx([summary[key] for key in ("p5", "p50", "p95")], abs=1e-7 * size)
    assert np.all((values >= distribution.lower) & (values <= distribution.upper))
    assert distribution.lower <= summary["p5"] <= summary["p50"] <= summary["p95"] <= distribution.upper


@given(distributions())
def test_the_mean_is_that_of_the_quantiles(drawn: tuple[Distribution, str]) -> None:
    distribution, _ = drawn
    assume(not isinstance(distribution, Lognormal) or distribution.sigma < 1)
    assume(not isinstance(distribution, Poisson) or distribution.expected > 0.6)
    values = distribution.quantile(MIDDLES)
    assert distribution.mean == pytest.approx(values.mean(), abs=1e-3 * values.std())


@given(shares, shares)
def test_a_share_never_leaves_zero_to_one(low: float, high: float) -> None:
    assume(low < high)
    values = LogitNormal(low, high).quantile(np.array([2.0**-31, 1 - 2.0**-31]))
    assert 0 <= values[0] < values[1] <= 1


@given(distributions())
def test_the_spelling_reads_back_to_an_equal_distribution(drawn: tuple[Distribution, str]) -> None:
    distribution, name = drawn
    assert parse(distribution.text, name) == distribution
    assert hash(parse(distribution.text, name)) == hash(distribution)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_are_spelt_so_that_they_read_back(value: float) -> None:
    assert float(number_text(value)) == value


@pytest.mark.parametrize("text", EVERY_KIND)
def test_quantile_keeps_the_shape_of_its_argument(text: str) -> None:
    for shape in ((), (1,), (3, 2)):
        given_shares = np.full(shape, 0.5)
        assert np.shape(parse(text).quantile(given_shares)) == shape
        assert np.shape(parse(text).at_scores(given_shares)) == shape
        assert np.all(given_shares == 0.5)


@pytest.mark.parametrize("text", EVERY_KIND)
def test_values_at_scores_are_the_quantiles_of_the_shares_below_them(text: str) -> None:
    z = np.linspace(-5, 5, 101)
    assert parse(text).at_scores(z) == pytest.approx(
        parse(text).quantile(stats.norm.cdf(z)), rel=1e-9, abs=1e-9
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("-5 to 10", "write normal(-5, 10) for a quantity that may be negative"),
        ("0 to 10", "touches zero"),
        ("10 to 5", "write `5 to 10`"),
        ("5 to 5", "write the number alone: 5"),
        ("normal(3, 1)", "write `normal(1, 3)`"),
        ("triangular(1, 9, 3)", "write `triangular(1, 3, 9)`"),
        ("uniform(2, 2)", "write the number alone: 2"),
        ("pert(1, 2)", "write pert(low, mode, high)"),
        ("pert()", "write pert(low, mode, high)"),
        ("norml(1, 2)", "did you mean 'normal'?"),
        ("5%", "write 0.05"),
        ("5 % to 10 %", "'5 %' is a percentage; write 0.05"),
        ("1,000 to 2,000", "'1,000' has thousands separators; write 1000"),
        ("normal(1,000, 2,000)", "without thousands separators"),
        ("1_000", "write 1000"),
        ("5-10", "write `5 to 10`"),
        ("5..10", "write `5 to 10`"),
        ("5 \u2013 10", "write `5 to 10`"),
        ("normal(5", "quote it"),
        ("1e-9 to 1e9", "too wide"),
        ("1e200 to 1e201", "too large"),
        ("5k", "is not a number"),
        ("five to ten", "'five' in 'five to ten' is not a number"),
        ("7", "without quotes: 7"),
        ("beta(0, 3)", "shapes of a beta distribution lie within 0.5 and 10000"),
        ("chance(1)", "what is certain is written as 0 or 1"),
        ("chance(30%)", "write 0.3"),
        ("poisson(-1)", "lies above 0"),
        ("choice(3, 6)", "write choice(3:0.2, 6:0.8)"),
        ("choice(3:0.2, 6:0.5)", "add up to 0.7"),
        ("choice(3:0.5, 3:0.5)", "names a value twice"),
        ("choice(3:1)", "write the number alone: 3"),
        ("choice(3:1.5, 4:-0.5)", "not above zero"),
        ("empirical(2, 2)", "write the number alone: 2"),
        ("5 to 10 within", "write `5 to 10 within low..high`"),
        ("5 to 10 within 4 to 20", "write `5 to 10 within low..high`"),
        ("5 to 10 within 20..4", "write `within 4..20`"),
        ("5 to 10 within 0..", "takes nothing away"),
        ("5 to 10 within 90..100", "it must leave at least 1 %"),
        ("chance(0.5) within 0..1", "cannot be cut off"),
        ("5 to 10 within 4..9 within 5..6", "write `5 to 10 within low..high`"),
        ("", "is not a number"),
    ],
)
def test_what_is_not_a_distribution_is_refused_with_the_spelling_meant(text: str, words: str) -> None:
    with pytest.raises(ValueError) as raised:
        parse(text, "price_usd")
    assert words in str(raised.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("5 to 10", "for 5 % to 10 % write `0.05 to 0.1`"),
        ("0.5 to 1", "write uniform(0.5, 1)"),
        ("0 to 0.2", "write uniform(0, 0.2)"),
        ("-3 to -1", "does not lie inside 0 and 1"),
    ],
)
def test_an_interval_of_a_share_lies_inside_zero_and_one(text: str, words: str) -> None:
    with pytest.raises(ValueError) as raised:
        parse(text, "churn_share")
    assert words in str(raised.value)


@given(st.text(max_size=30))
def test_any_text_is_read_or_refused_in_words(text: str) -> None:
    with pytest.raises(ValueError) as raised:
        raise ValueError(parse(text).summary())
    assert str(raised.value)


def test_impossible_parameters_are_refused_where_they_are_built() -> None:
    for build in (
        lambda: Lognormal(0, 1),
        lambda: LogitNormal(0.5, 1),
        lambda: Normal(2, 1),
        lambda: Pert(0, 3, 2),
    ):
        with pytest.raises(ValueError):
            build()


def test_medians_and_most_draws_need_no_scipy() -> None:
    code = (
        "import sys\n"
        "from planner.scenario.sampling import Sampler\n"
        "from planner.scenario.spelling import parse\n"
        f"for text in {EVERY_KIND}:\n"
        "    parse(text).summary()\n"
        "    if not text.startswith('beta'): Sampler({'some_usd': parse(text)}, 64, 0).all()\n"
        "parse('0.1 to 0.2', 'churn_share').summary()\n"
        "sys.exit('scipy' in sys.modules)\n"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
