"""GoldenMatch: exact matches of identifiers and fuzzy names and addresses within blocks, its rust kernels on."""
import os
import sys

import duckdb
import goldenmatch
import polars

import customers


def main(records, members):
    connection = duckdb.connect()
    customers.load(connection, records)
    cleaned = members + ".cleaned"
    customers.write_members(connection, "SELECT * FROM customers", cleaned)
    frame = polars.read_csv(cleaned, infer_schema=False)
    os.unlink(cleaned)
    result = goldenmatch.dedupe_df(
        frame.drop("unique_id"), exact=["phone", "id_card", "email", "openid"],
        fuzzy={"name": 0.85, "address": 0.85}, blocking=["birth_date"], confidence_required=False)
    entity = list(range(frame.height))  # a record in no cluster is a customer of its own
    for number, cluster in result.clusters.items():
        for row in cluster["members"]:
            entity[row] = frame.height + number
    ids = frame["unique_id"].to_list()
    with open(members, "w") as out:
        out.write("record_id,entity_id\n")
        out.writelines(f"{record},{label}\n" for record, label in zip(ids, entity))


if __name__ == "__main__":
    main(*sys.argv[1:3])
