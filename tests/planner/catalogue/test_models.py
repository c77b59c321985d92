"""What the catalogue promises about models, their throughput and their list prices."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.catalogue import (
    accelerator,
    api_price,
    model,
    model_ids,
    serving_gpus_per_replica,
    serving_set_ups,
    serving_throughput,
)
from planner.catalogue.facts import table
from planner.errors import CatalogueError
from planner.evidence import BITS_PER_PARAM

positive_tokens = st.floats(min_value=1, max_value=1e6)


def shape(name: str) -> dict[str, float]:
    return {known.name: known.value for known in model(name).facts}


@pytest.mark.parametrize(
    ("name", "params"),
    [
        ("llama-2-7b", 6_738_415_616),
        ("llama-3.1-8b", 8_030_261_248),
        ("llama-3.1-70b", 70_553_706_496),
        ("llama-3.1-405b", 405_853_388_800),
        ("llama-3.2-1b", 1_235_814_400),
        ("mistral-7b", 7_241_732_096),
        ("mixtral-8x7b", 46_702_792_704),
        ("qwen2.5-7b", 7_615_616_512),
        ("tinyllama-1.1b", 1_100_048_384),
    ],
)
def test_published_counts(name: str, params: int) -> None:
    assert model(name).fact("published_params").value == params


@pytest.mark.parametrize("name", model_ids())
def test_every_shape_gives_the_published_count(name: str) -> None:
    s = shape(name)
    width, heads, kv = s["model_width"], s["num_attention_heads"], s["num_key_value_heads"]
    head, experts = s["head_width"], s["num_experts"]
    attention = 2 * width * head * (heads + kv) + s["qkv_bias"] * head * (heads + 2 * kv)
    ffn = experts * 3 * width * s["ffn_width"] + (width * experts if experts > 1 else 0)
    tables = (2 - s["tied_embeddings"]) * s["vocabulary_size"] * width
    count = tables + s["num_layers"] * (attention + ffn + 2 * width) + width
    # Qwen3 scales queries and keys: two vectors of one head's width in each layer, outside the shape
    norms = 2 * head * s["num_layers"] if name.startswith("qwen3") else 0
    assert count + norms == s["published_params"]


def test_shape_of_a_known_model() -> None:
    assert shape("llama-3.1-8b") == {
        "num_layers": 32,
        "model_width": 4096,
        "num_attention_heads": 32,
        "num_key_value_heads": 8,
        "head_width": 128,
        "ffn_width": 14336,
        "vocabulary_size": 128256,
        "num_experts": 1,
        "num_active_experts": 1,
        "tied_embeddings": 0,
        "qkv_bias": 0,
        "published_params": 8_030_261_248,
    }


@pytest.mark.parametrize("spelling", ["Llama 3.1 8B", "meta-llama/Llama-3.1-8B", "LLAMA-3.1-8B"])
def test_the_spellings_that_people_type_are_understood(spelling: str) -> None:
    assert model(spelling).id == "llama-3.1-8b"


def test_a_misspelt_model_is_answered_with_the_nearest() -> None:
    with pytest.raises(CatalogueError, match=r"unknown model 'lama-3.1-8b'; did you mean 'llama-3.1-8b'"):
        model("lama-3.1-8b")
    with pytest.raises(CatalogueError, match="did you mean 'num_layers'"):
        model("mistral-7b").fact("num_layer")


def test_throughput_counts_tokens_read_and_written() -> None:
    # TensorRT-LLM 1.0: 15,220 output tokens per second on one H100; as many are read
    known = serving_throughput("llama-3.1-8b", "h100-sxm", "fp8", 1000, 1000)
    assert known.value == pytest.approx(30_440)
    assert known.name == "serving_tokens_per_gpu_second"
    assert known.evidence == "published"
    assert "TensorRT-LLM 1.0" in known.note
    assert "total = 15220 x (1000 + 1000) / 1000" in known.note


def test_throughput_of_unequal_lengths() -> None:
    # TensorRT-LLM 0.17: 1066.52 output tokens per second on one L40S for 2048 read and 128 written
    known = serving_throughput("llama-3.1-8b", "l40s", "fp8", 2048, 128)
    assert known.value == pytest.approx(1066.52 * (2048 + 128) / 128)


def test_throughput_is_per_gpu_where_a_replica_needs_several() -> None:
    # TensorRT-LLM 0.17: 1921.77 output tokens per second on four A100 SXM
    known = serving_throughput("llama-3.1-70b", "a100-sxm-80gb", "bf16", 1000, 1000)
    assert known.value == pytest.approx(2 * 1921.77 / 4, rel=1e-5)
    assert serving_gpus_per_replica("llama-3.1-70b", "a100-sxm-80gb", "bf16", 1000, 1000).value == 4


def test_sixteen_bits_are_sixteen_bits() -> None:
    bf16 = serving_throughput("llama-3.1-8b", "h100", "bf16", 500, 500)
    assert bf16.value == serving_throughput("llama-3.1-8b", "h100", "fp16", 500, 500).value
    assert "fp16 weights" in bf16.note


def test_a_starved_set_up_does_not_stand_for_the_hardware() -> None:
    # on one H100 the weights of 70B in fp8 leave little room for the cache: 840 tokens per second, not 2,195
    known = serving_throughput("llama-3.1-70b", "h100-sxm", "fp8", 1000, 1000)
    assert known.value == pytest.approx(2 * 4390.53 / 2, rel=1e-5)


def test_the_nearest_published_request_is_taken_and_named() -> None:
    near = serving_throughput("mistral-7b", "h100", "fp8", 900, 1200)
    assert near.value == serving_throughput("mistral-7b", "h100", "fp8", 1000, 1000).value
    assert "requests of 1000 input and 1000 output tokens (asked: 900 and 1200)" in near.note


@given(set_up=st.sampled_from(serving_set_ups()), into=positive_tokens, out=positive_tokens)
def test_any_request_has_a_throughput_within_what_the_hardware_can_do_or_is_too_far(
    set_up: tuple[str, str, str], into: float, out: float
) -> None:
    refusal = ""
    try:
        known = serving_throughput(*set_up, into, out)
    except CatalogueError as error:
        refusal = str(error)
    if refusal:
        assert "measure your own requests" in refusal
        return
    assert 0 < known.value < 2e5
    assert known == serving_throughput(*set_up, into, out)


@pytest.mark.parametrize(
    ("into", "out", "evidence"),
    [(1000, 1000, "published"), (1900, 1100, "published"), (40_000, 2000, "published"), (45_000, 4000, "assumed"),
     (150, 350, "assumed"), (3_000, 150_000, ""), (100, 8, ""), (1, 1, "")],
)  # fmt: skip
def test_what_is_far_from_the_published_requests_is_assumed_and_farther_is_refused(
    into: float, out: float, evidence: str
) -> None:
    set_up = ("llama-3.1-8b", "h100-sxm", "fp8", into, out)
    for known in (serving_throughput, serving_gpus_per_replica):
        if not evidence:
            with pytest.raises(CatalogueError, match=r"write `serving\.serving_tokens_per_gpu_second"):
                known(*set_up)
            continue
        assert known(*set_up).evidence == evidence
        assert (f"times off those asked ({into:g} and {out:g})" in known(*set_up).note) is (
            evidence == "assumed"
        )


def test_the_mix_of_reading_and_writing_counts_as_well_as_the_length() -> None:
    # 2048 to 2048 is nearer in each length alone, but 5000 to 500 is nearly this mix
    assert (
        "requests of 5000 input and 500 output"
        in serving_throughput("llama-3.1-8b", "h100-sxm", "fp8", 3800, 600).note
    )


@pytest.mark.parametrize("set_up", serving_set_ups())
def test_the_weights_of_every_published_row_fit_its_replica(set_up: tuple[str, str, str]) -> None:
    name, gpu, precision = set_up
    weights = model(name).fact("published_params").value * BITS_PER_PARAM[precision] / 8
    for row in table("serving_throughput"):
        if (row["model"], row["accelerator"], row["weight_precision"]) == set_up:
            assert weights <= float(row["gpus_per_replica"]) * accelerator(gpu).fact("memory_bytes").value


def test_what_is_not_published_is_an_error_that_names_what_is() -> None:
    with pytest.raises(CatalogueError) as error:
        serving_throughput("llama-3.1-8b", "b200-sxm", "fp8", 1000, 1000)
    assert "h100-sxm fp8" in str(error.value)
    assert "serving.serving_tokens_per_gpu_second: {value: ..., source: ...}" in str(error.value)
    with pytest.raises(CatalogueError, match="none is published for this model"):
        serving_throughput("phi-4", "h100", "bf16", 1000, 1000)


@pytest.mark.parametrize(("into", "out"), [(0, 9), (9, 0), (-5, 9), (float("nan"), 1), (1, float("inf"))])
def test_impossible_lengths_are_refused(into: float, out: float) -> None:
    with pytest.raises(CatalogueError, match="both must be above zero"):
        serving_throughput("llama-3.1-8b", "h100", "fp8", into, out)


def test_list_price_of_a_vendor() -> None:
    known = api_price("gpt-5.4-mini")
    assert known.input_price.value == 0.75
    assert known.output_price.value == 4.5
    assert known.cached_input_price is not None
    assert known.cached_input_price.value == 0.075
    assert known.output_price.as_of == "2026-03-05"
    assert api_price("openai/GPT-5.4-mini") == known


def test_list_price_of_an_open_model_is_the_median_over_vendors() -> None:
    # written tokens: 0.20, 0.06, 0.05, 0.04, 0.08, 0.10
    known = api_price("Llama 3.1 8B")
    assert known.output_price.value == pytest.approx(0.07)
    assert known.cached_input_price is None
    assert "6 vendors" in known.output_price.note
    assert "deepinfra 0.04" in known.output_price.source
    assert api_price("deepinfra/llama-3.1-8b").output_price.value == 0.04


def test_a_misspelt_vendor_model_is_answered_with_the_nearest() -> None:
    with pytest.raises(CatalogueError, match=r"did you mean 'gpt-5.4-mini'"):
        api_price("gpt-5.4-mni")
