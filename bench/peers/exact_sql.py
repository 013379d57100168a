"""Exact keys in SQL on DuckDB: records that share a key are one customer; labels spread until nothing changes."""
import sys

import duckdb

import customers

KEYS = ["phone || name", "id_card", "email || name", "openid", "name || birth_date"]


def main(records, members):
    connection = duckdb.connect()
    customers.load(connection, records)
    connection.execute("CREATE TABLE nodes AS SELECT row_number() OVER () AS node, unique_id FROM customers")
    keys = " UNION ALL ".join(
        f"SELECT node, '{number}:' || {key} AS key FROM customers JOIN nodes USING (unique_id) WHERE {key} IS NOT NULL"
        for number, key in enumerate(KEYS))
    connection.execute(f"""CREATE TABLE edges AS
        SELECT DISTINCT node AS a, first AS b FROM (
          SELECT node, min(node) OVER (PARTITION BY key) AS first FROM ({keys})) WHERE node <> first""")
    connection.execute("CREATE TABLE labels AS SELECT node, node AS label FROM nodes")
    while True:
        connection.execute("""CREATE OR REPLACE TABLE spread AS
            SELECT node, min(label) AS label FROM (
              SELECT node, label FROM labels
              UNION ALL SELECT e.a, l.label FROM edges e JOIN labels l ON l.node = e.b
              UNION ALL SELECT e.b, l.label FROM edges e JOIN labels l ON l.node = e.a) GROUP BY node""")
        changed = connection.execute(
            "SELECT count(*) FROM labels JOIN spread USING (node) WHERE labels.label <> spread.label").fetchone()[0]
        connection.execute("CREATE OR REPLACE TABLE labels AS SELECT * FROM spread")
        if not changed:
            break
    customers.write_members(
        connection, "SELECT unique_id AS record_id, label AS entity_id FROM labels JOIN nodes USING (node)", members)


if __name__ == "__main__":
    main(*sys.argv[1:3])
