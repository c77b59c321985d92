"""What the user writes about the model: where it comes from and when, how it is trained, how it is served."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator

from planner.scenario.base import Section, assumed
from planner.scenario.quantities import AboveZero, Positive, Quantity

Source = Literal["api", "open_weights", "fine_tuned", "pretrained"]
Term = Literal["on_demand", "spot", "reserved_1_year", "reserved_3_years"]


class Model(Section):
    """The model that the company serves, where it comes from, and when."""

    base: str = "llama-3.1-8b"
    """Open model whose shape is used, by its name in the catalogue; single numbers below replace its own."""
    source: Source = "open_weights"
    """Where the model comes from: a vendor's API, open weights as they are, fine-tuned open weights, or pretrained."""
    switch_source: Source | None = None
    """Where the model comes from after the switch; leave out for no switch."""
    switch_month: Annotated[int, Field(ge=2)] | None = None
    """Month from which the model of `switch_source` serves."""
    launch_month: Quantity = assumed(4, "three months to build before customers come")
    """Month in which customers are to be served first; the first model is trained in the months before."""
    launch_slip_months: Quantity = assumed(
        "pert(0, 0.5, 4)",
        "plans are seldom early: four in ten come a month or more late, one in eleven two or more",
    )
    """Months by which the launch comes late, as whole ones; nothing for what is live in the first month."""
    training_months: Quantity = assumed(3, "a fine-tuning project with its data, start to end")
    """Months over which a model's training is spread before it serves."""
    release_cadence_months: Annotated[Quantity, AboveZero("; a number beyond horizon_months means never")] = (
        assumed(6, "two refreshes a year")
    )
    """Months between two trainings of a model that the company trains itself; beyond the horizon means never."""
    release_slip_months: Quantity = assumed("pert(0, 0.5, 4)", "as late as launches are")
    """Months by which a later model goes live after it should, as whole ones; its training is paid as planned."""
    release_success_share: Quantity = assumed(
        "0.85 to 0.95", "now and then a refreshed model is no better than the one in service"
    )
    """Share of the refreshed models that are good enough to be released; the others are paid for all the same."""
    model_growth_ratio: Positive = assumed(1, "every refresh trains a model of the same size")
    """Size of a model that is refreshed by training over that of the one before; its replica must hold the largest."""
    sequence_length: Quantity = assumed(4096, "a common training context")
    """Length of a training sequence in tokens."""
    num_layers: Quantity | None = None
    """Layers of the model, if not those of `base`."""
    model_width: Quantity | None = None
    """Width of the model's hidden state, if not that of `base`."""
    num_attention_heads: Quantity | None = None
    """Query heads, if not those of `base`."""
    num_key_value_heads: Quantity | None = None
    """Key and value heads, if not those of `base`."""
    head_width: Quantity | None = None
    """Width of one attention head, if not that of `base`."""
    ffn_width: Quantity | None = None
    """Inner width of one gated feed-forward block, if not that of `base`."""
    vocabulary_size: Quantity | None = None
    """Entries of the vocabulary, if not those of `base`."""
    num_experts: Quantity | None = None
    """Experts of each layer (1 for a dense model), if not those of `base`."""
    num_active_experts: Quantity | None = None
    """Experts that one token uses, if not those of `base`."""
    tied_embeddings: Quantity | None = None
    """1 when input and output share one table, otherwise 0; if not as in `base`."""
    qkv_bias: Quantity | None = None
    """1 when query, key and value have biases, otherwise 0; if not as in `base`."""


class Training(Section):
    """How models are trained, and on what."""

    training_accelerator: str = "h100-sxm"
    """Accelerator that trains, by its name in the catalogue; `measured-machine` for the machine of the record."""
    training_term: Term = "on_demand"
    """Term on which it is rented."""
    training_usd_per_gpu_hour: Quantity | None = None
    """Price of an hour of one accelerator for training; left out, the catalogue's for accelerator and term."""
    training_peak_flops_per_gpu_second: Positive | None = None
    """Dense peak of one accelerator; left out, the catalogue's for bf16, or the one measured."""
    training_mfu_share: Positive | None = None
    """Share of the peak that training reaches (model FLOPs utilisation); left out, published or as measured."""
    training_goodput_share: Positive | None = None
    """Share of the paid time that counts (failures, restarts, waiting are the rest); left out, the published range."""
    training_memory_bytes_per_gpu: Positive | None = None
    """Memory of one accelerator for training; left out, the catalogue's, or that of the measured machine."""
    training_memory_bytes_per_param: Positive | None = None
    """Memory that training takes for one parameter; left out, the published states of Adam, or as measured."""
    training_watts_per_gpu: Positive | None = None
    """Power of one accelerator in training, its share of the server included; left out, published or as measured."""
    finetuning_tokens: Quantity = assumed("5e7 to 1e9", "supervised and preference data of a domain model")
    """Tokens of one fine-tuning run, all epochs."""
    pretraining_tokens: Quantity | None = None
    """Tokens of the pretraining run; needed when the model is pretrained."""
    research_compute_ratio: Quantity = assumed("1.5 to 6", "experiments at a company that trains seldom")
    """All training compute over that of the final runs, those apart that are done again."""
    repeated_run_share: Quantity = assumed(
        "0.02 to 0.15", "a wrong data set or a run that diverges; restarts are in training_goodput_share"
    )
    """Share of the final runs that fail and are done again, once each."""


class Serving(Section):
    """How the model is served: on rented accelerators, or by a vendor's API."""

    serving_accelerator: str = "h100-sxm"
    """Accelerator that serves, by its name in the catalogue; `measured-machine` for the machine of the record."""
    serving_term: Term = "on_demand"
    """Term on which it is rented."""
    serving_usd_per_gpu_hour: Quantity | None = None
    """Price of an hour of one accelerator for serving; left out, the catalogue's for the accelerator and the term."""
    committed_need_share: Quantity = assumed(0, "all is rented on demand")
    """Share of the accelerators needed that the company rents ahead, for a term and at a discount."""
    minimum_committed_gpus: Quantity = assumed(0, "no contract from the start")
    """Accelerators that are under contract throughout, whether they are needed or not."""
    capacity_margin_share: Quantity = assumed("0.05 to 0.3", "room for the growth until the capacity comes")
    """Part of the need that is ordered on top of it."""
    capacity_lead_months: Quantity = assumed(
        "1 to 4", "from the order to the first hour of a reserved cluster"
    )
    """Months until accelerators that are ordered under contract arrive, on average."""
    commitment_months: Quantity = assumed(12, "contracts of a year")
    """Term of a contract; above 24 months the published discount is that of three years."""
    commitment_discount_share: Quantity | None = None
    """Discount off the on-demand price under contract; left out, the published one of a term of one or three years."""
    overflow_price_ratio: Quantity = assumed(1, "the on-demand price")
    """Price of the accelerators beyond those under contract over the on-demand price: above 1 where they are scarce."""
    weight_precision: Literal["fp32", "fp16", "bf16", "fp8", "int8", "int4", "fp4"] = "fp8"
    """Precision in which the weights are served."""
    serving_tokens_per_gpu_second: Positive | None = None
    """Tokens, read and written, per second and accelerator at full load; left out, published or as measured."""
    gpus_per_replica: Positive | None = None
    """Accelerators of one replica of the model; left out, those of the published measurement."""
    serving_memory_bytes_per_gpu: Positive | None = None
    """Memory of one accelerator that serves; left out, the catalogue's, or that of the measured machine."""
    serving_bandwidth_bytes_per_gpu_second: Positive | None = None
    """Bandwidth of the memory of one accelerator that serves; left out, the catalogue's, or the one measured."""
    serving_watts_per_gpu: Positive | None = None
    """Power of one accelerator that serves, its share of the server included; left out, published or as measured."""
    compression: str | None = None
    """Recipe by which the model is made cheaper to serve, over `weight_precision`; left out for none."""
    compression_batch_requests: Positive = assumed(
        64, "a replica at full load, as throughput is published, works on scores of requests at once"
    )
    """Requests that a replica works on at once: what a recipe gains depends on it."""
    compression_speedup_ratio: Positive | None = None
    """Tokens per second with the recipe over without; left out, as measured, published or estimated for the batch."""
    compression_weights_ratio: Positive | None = None
    """Bytes of the weights with the recipe over without; left out, as measured, published or by its bits."""
    compression_quality_ratio: Positive | None = None
    """Quality of the model with the recipe over without, 1 for no loss; left out, as measured or published."""
    compression_usd: Quantity | None = None
    """Cost of making the recipe for one model; left out, from the hours measured or published, where there are any."""
    peak_load_ratio: Quantity = assumed("1.5 to 4", "peak over mean load of public traces lies in this range")
    """Load at the busiest time over the mean load."""
    target_utilisation_share: Positive = assumed(
        "0.35 to 0.7", "what an acceptable latency leaves of full load"
    )
    """Share of full load that may be used at the peak."""
    minimum_replicas: Quantity = assumed(1, "one replica serves as long as anybody is served")
    """Replicas that run however little is asked."""
    input_tokens_per_request: Quantity = assumed(1000, "chat with its history")
    """Tokens that the model reads for one request."""
    output_tokens_per_request: Quantity = assumed(1000, "an answer of a page or two")
    """Tokens that the model writes for one request."""
    gpu_price_decline_share_per_month: Quantity = assumed(
        "0.005 to 0.03", "rental prices keep falling as chips improve"
    )
    """Share by which the price of an accelerator-hour falls each month."""
    vendor_model: str | None = None
    """Model that is bought by API, by its name in the catalogue; left out, the open model that is `base`."""
    vendor_input_usd_per_million_tokens: Quantity | None = None
    """Vendor's price of a million tokens read; left out, the list price of `vendor_model`."""
    vendor_output_usd_per_million_tokens: Quantity | None = None
    """Vendor's price of a million tokens written; left out, the list price of `vendor_model`."""
    vendor_price_decline_share_per_month: Quantity = assumed(
        "0.005 to 0.05", "a given model's list price falls slowly, its successor's faster"
    )
    """Share by which the vendor's price falls each month."""

    @field_validator("committed_need_share", "minimum_committed_gpus")
    @classmethod
    def _discount_is_off_the_on_demand_price(cls, value: Quantity, info: ValidationInfo) -> Quantity:
        term = info.data.get("serving_term", "on_demand")
        if value.value > 0 and term != "on_demand" and info.data.get("serving_usd_per_gpu_hour") is None:
            raise ValueError(
                f"{info.field_name} is {value.text}, at a discount off the on-demand price, but serving_term is "
                f"{term}, whose price is reduced already; write serving_term: on_demand, or leave {info.field_name} out"
            )
        return value
