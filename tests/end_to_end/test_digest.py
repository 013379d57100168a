#!/usr/bin/env python3
"""The result is a function of the input alone: one digest for any number of workers and any order of
the rows, with and without ids in the file; and a program that counts what it reads.

  test_digest.py GUIYI [RECORDS]
"""
import csv, json, os, random, subprocess, sys, tempfile

guiyi, records = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 20000


def run(folder, name, path, workers):
    out = os.path.join(folder, name)
    done = subprocess.run([guiyi, "run", path, "--out", out, "--data-dir", out + "-data", "--workers",
                           str(workers), "--json"], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{name}: exit code {done.returncode}: {done.stderr}")
    result = json.loads(done.stdout)
    members = sum(1 for _ in open(os.path.join(out, "members.csv"), encoding="utf-8")) - 1
    rejects = sum(1 for _ in csv.reader(open(os.path.join(out, "rejects.csv"), encoding="utf-8"))) - 1
    assert result["read"] == result["linked"] + result["quarantined"] + result["rejected"], result
    assert members == result["linked"], (members, result)
    assert rejects == result["quarantined"] + result["rejected"], (rejects, result)
    return result


def write(path, header, rows):
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)


def main():
    with tempfile.TemporaryDirectory(prefix="guiyi-digest-") as folder:
        subprocess.run([guiyi, "make-customers", "--records", str(records), "--seed", "7", "--out",
                        folder], check=True, stdout=subprocess.DEVNULL)
        path = os.path.join(folder, "records.csv")
        with open(path, encoding="utf-8", newline="") as file:
            header, *rows = list(csv.reader(file))
        assert len(rows) == records, len(rows)
        first = run(folder, "workers-1", path, 1)
        assert first["read"] == records and first["customers"] < records
        for workers in (2, 4, 7):
            result = run(folder, f"workers-{workers}", path, workers)
            assert result["digest"] == first["digest"], f"{workers} workers: {result} {first}"
        shuffled = rows[:]
        random.Random(3).shuffle(shuffled)
        write(os.path.join(folder, "shuffled.csv"), header, shuffled)
        # The file's name is no part of the result: this one carries the records of the first.
        os.rename(path, os.path.join(folder, "original.csv"))
        os.rename(os.path.join(folder, "shuffled.csv"), path)
        result = run(folder, "shuffled", path, 2)
        assert result["digest"] == first["digest"], f"shuffled rows: {result} {first}"

        keep = [i for i, name in enumerate(header) if name not in ("record_id", "source", "source_record_id")]
        digests = []
        for order in (rows, shuffled):
            write(path, [header[i] for i in keep], [[row[i] for i in keep] for row in order])
            digests.append(run(folder, f"no-id-{len(digests)}", path, 1 + len(digests))["digest"])
        assert digests[0] == digests[1], f"shuffled rows without ids: {digests}"
        assert digests[0] != first["digest"]
        changed = [row[:] for row in rows]
        changed[0][header.index("name")] = "欧阳修远"
        write(path, header, changed)
        assert run(folder, "changed", path, 2)["digest"] != first["digest"], "a changed cell changes nothing"
    print(f"one digest for 1, 2, 4 and 7 workers and for shuffled rows, {records} records")


main()
