"""What the user writes about data: where text and labels come from, what keeping them costs, how privacy is kept."""

from __future__ import annotations

from datetime import date
from typing import Literal

from planner.scenario.base import Section, assumed
from planner.scenario.quantities import Positive, Quantity


class Data(Section):
    """Text that is filtered on the machine that the bench measured, and licences."""

    text_bytes_per_token: Quantity = assumed("3.5 to 4.5", "English text in current vocabularies")
    """Bytes of text that make one token."""
    corpus_kept_share: Positive = assumed("0.1 to 0.5", "filters for quality keep a minor part of raw text")
    """Share of the raw training text that the filter keeps."""
    screened_share: Quantity = assumed(1, "every prompt and answer is screened for abuse")
    """Share of the service's text that the filter screens."""
    filter_precision: Literal["fp32", "int8"] = "int8"
    """Precision of the filter model whose measured speed is used."""
    filter_machine: str = "measured-machine"
    """Machine that filters: `measured-machine` for that of the record; the speed of another one is to be written."""
    filter_bytes_per_machine_second: Positive | None = None
    """Bytes of text that the filter reads per second on one machine; left out, as the bench measured it."""
    filter_usd_per_machine_hour: Quantity | None = None
    """What an hour of such a machine costs; only the user can know."""
    data_licence_usd_per_month: Quantity = assumed(0, "no licensed data")
    """Licence fees for training data, from the month in which training begins."""

    bought_data_share: Quantity = assumed(0, "text that is free to use")
    """Share of the training tokens that is bought by the token."""
    bought_data_usd_per_million_tokens: Quantity = assumed(
        "1 to 100", "from bulk web text to specialist archives; no list price was found"
    )
    """Price of a million bought training tokens."""
    scraping_usd_per_byte: Quantity = assumed(
        "1e-11 to 2e-10", "machines, proxies and legal care: 0.01 to 0.20 USD for a gigabyte"
    )
    """Cost of collecting one byte of raw text (1e-9 is one USD for a gigabyte)."""
    labelled_items_per_run: Quantity = assumed("2e3 to 2e4", "preference and test items of a domain model")
    """Items that people label for one fine-tuning run."""
    label_usd_per_item: Quantity = assumed(
        "0.4 to 2",
        "a preference pair",
        source="https://www.pccvdi.com/insights/ai-training-data-cost-benchmarks-2026 (2026)",
    )
    """Price of one label."""
    label_overlap_ratio: Quantity = assumed("1.5 to 3", "several people judge the same item")
    """People who label the same item."""
    label_rework_share: Quantity = assumed("0.1 to 0.4", "rejected and done again")
    """Share of the labels that is done again."""
    label_management_share: Quantity = assumed("0.1 to 0.35", "guidelines, training, quality control")
    """Management of the labelling over its price."""
    storage_copies_ratio: Quantity = assumed("1.5 to 3", "versions and a backup")
    """Bytes kept for one byte of data."""
    storage_usd_per_byte_month: Quantity = assumed(
        "1.5e-11 to 2.3e-11",
        "object storage of two large clouds: 0.015 and 0.023 USD for a gigabyte and month",
        source="https://apiscout.dev/blog/aws-s3-vs-cloudflare-r2-api-2026 (2026)",
    )
    """Price of keeping one byte for a month (1e-11 is 0.01 USD for a gigabyte)."""
    egress_share_per_month: Quantity = assumed("0.05 to 0.3", "training sets that are moved now and then")
    """Share of what is kept that is moved out of the cloud each month."""
    egress_usd_per_byte: Quantity = assumed(
        "5e-11 to 9e-11", "0.05 to 0.09 USD for a gigabyte; sources conflict on the tiers"
    )
    """Price of moving one byte out of the cloud."""


class Regime(Section):
    """An audit, a certificate or a law that the company prepares for."""

    regime: str
    """What it is called."""
    compliance_month: Quantity
    """Month in which it is first paid for."""
    compliance_first_usd: Quantity
    """What the first time costs, all in."""
    compliance_usd_per_year: Quantity
    """What each further year costs."""


REGIMES = (
    Regime(
        regime="SOC 2 Type 1",
        compliance_month=assumed(6, "before the first large customer asks"),
        compliance_first_usd=assumed(
            "5e3 to 2.5e4",
            "fee of the auditor",
            source="https://legalclarity.org/soc-2-compliance-for-startups-criteria-audit-and-cost/ (2025)",
        ),
        compliance_usd_per_year=assumed(0, "Type 2 takes its place"),
    ),
    Regime(
        regime="SOC 2 Type 2",
        compliance_month=assumed(15, "nine months of evidence after Type 1"),
        compliance_first_usd=assumed("3e4 to 1.5e5", "audit, tools and the time of a consultant"),
        compliance_usd_per_year=assumed("2.5e4 to 1e5", "less than the first time"),
    ),
    Regime(
        regime="ISO 27001",
        compliance_month=assumed(24, "when customers abroad ask"),
        compliance_first_usd=assumed("2e4 to 1e5", "as SOC 2"),
        compliance_usd_per_year=assumed("1e4 to 4e4", "surveillance audits"),
    ),
    Regime(
        regime="GDPR, PIPL and AI Act",
        compliance_month=assumed(4, "at the launch"),
        compliance_first_usd=assumed("1e4 to 6e4", "records of processing, assessments, contracts"),
        compliance_usd_per_year=assumed("1e4 to 5e4", "an outside data protection officer"),
    ),
)
"""The calendar of compliance of a company that sells to companies."""


class Privacy(Section):
    """Personal data: redaction, private training, compliance, requests, breaches and insurance."""

    redacted_share: Quantity = assumed(1, "all text for training is searched")
    """Share of the text for training that is searched for personal data."""
    redaction_usd_per_byte: Quantity = assumed(
        "3e-10 to 3e-9",
        "list prices of inspection services: 0.6 to 3 USD for a gigabyte; an own model costs less",
    )
    """Cost of searching one byte for personal data (1e-9 is one USD for a gigabyte)."""
    private_training_share: Quantity = assumed(0, "no differential privacy")
    """Share of the training that is done with differential privacy."""
    private_training_cost_ratio: Quantity = assumed("1.2 to 4", "range from memory; not measured here yet")
    """Cost of training with differential privacy over that without."""
    compliance: tuple[Regime, ...] = REGIMES
    """Audits, certificates and laws, with their month and cost."""
    erasure_requests_per_record_year: Quantity = assumed("1e-4 to 3e-3", "few people ask")
    """Requests for erasure or access that a person sends in a year."""
    erasure_usd_per_request: Quantity = assumed("2 to 100", "from a button to a search by hand")
    """Cost of answering one request."""
    breach_rate_share_per_year: Quantity = assumed("0.05 to 0.2", "surveys of larger companies, from memory")
    """Chance of a breach in a year when very many records are held; half of it at `breach_reference_records`."""
    breach_reference_records: Positive = assumed(
        1.8e4, "geometric middle of 2,960 to 113,620 records, the breaches that IBM's study looks at"
    )
    """Records at which rate and cost of a breach are meant."""
    security_maturity_ratio: Positive = assumed("0.7 to 2", "from a young team to audited controls")
    """How much rarer breaches are than at a company with usual controls."""
    breach_reference_usd: Quantity = assumed(
        4.44e6,
        "mean of IBM's study, whose companies are larger than most readers' will be",
        source="IBM, Cost of a Data Breach 2025, by way of https://www.asisonline.org/security-management-magazine/"
        "latest-news/today-in-security/2025/july/Global-Data-Breach-Costs-Drop/",
        as_of=date(2025, 7, 31),
    )
    """Cost of a breach at `breach_reference_records`."""
    breach_luck_ratio: Quantity = assumed(
        "0.005 to 0.2",
        "the study looks at large, regulated companies that lose much business; small firms from memory",
    )
    """Cost of a breach over the study's mean for as many records."""
    breach_scale_ratio: Quantity = assumed(0.76, "exponent from memory of a study of breach costs")
    """Per cent by which a breach costs more when one per cent more records are held."""
    breach_fine_months: Quantity = assumed(
        "0.01 to 0.36", "fines stay below the legal 4 %, which is 0.48 months"
    )
    """Fine after a breach in months of revenue."""
    insurance_limit_usd: Quantity = assumed(1e6, "a common first policy")
    """The most that the insurer pays for one breach; 0 for no insurance."""
    insurance_deductible_usd: Quantity = assumed(2.5e4, "a common first policy")
    """What the company bears of each breach itself."""
    insurance_premium_share_per_year: Quantity = assumed("0.01 to 0.03", "premiums of small technology firms")
    """Yearly premium over the limit."""
