#!/usr/bin/env python3
"""Workers that are processes of their own give the same answer as one machine, to the byte: digest,
golden.csv, members.csv, rejects.csv and lineage.jsonl, for any number of workers and threads.

  test_cluster.py GUIYI [RECORDS]
"""
import csv, filecmp, json, os, socket, subprocess, sys, tempfile

guiyi, records = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 20000
FILES = ("golden.csv", "members.csv", "rejects.csv", "lineage.jsonl")


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def embedded(folder, path):
    out = os.path.join(folder, "embedded-" + os.path.basename(path)) # no former generation: equal ids
    done = subprocess.run([guiyi, "run", path, "-o", out, "--data-dir", out + ".data", "--workers", "2",
                           "--lineage", "--json"], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"guiyi run: exit code {done.returncode}: {done.stderr}")
    return out, json.loads(done.stdout)


def make_keys(folder, workers):
    keys = os.path.join(folder, "keys")
    subprocess.run([guiyi, "cluster", "init", "--keys", keys], check=True, stdout=subprocess.DEVNULL)
    for w in range(workers):
        subprocess.run([guiyi, "cluster", "add-worker", f"w{w}", "--keys", keys], check=True,
                       stdout=subprocess.DEVNULL)


def key_of(folder, name):
    return os.path.join(folder, "keys", "workers", f"{name}.key")


def cluster(folder, path, workers, threads, expected_code=0):
    out = os.path.join(folder, f"cluster-{workers}-{threads}")
    address = f"tcp://127.0.0.1:{free_port()}"
    coordinator = subprocess.Popen(
        [guiyi, "coordinator", path, "-o", out, "--listen", address, "--keys", os.path.join(folder, "keys"),
         "--workers", str(workers), "--lineage", "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    hands = [subprocess.Popen([guiyi, "worker", "--key", key_of(folder, f"w{w}"), "--coordinator", address,
                               "--threads", str(threads), "--once"], stderr=subprocess.PIPE, text=True)
             for w in range(workers)]
    stdout, stderr = coordinator.communicate(timeout=240)
    for hand in hands:
        said = hand.communicate(timeout=60)[1]
        assert hand.returncode == 0, f"a worker ended with {hand.returncode}: {said}"
    assert coordinator.returncode == expected_code, f"exit code {coordinator.returncode}: {stderr}"
    return out, json.loads(stdout) if expected_code == 0 else stderr


def same(folder, path, sizes):
    one, expected = embedded(folder, path)
    for workers, threads in sizes:
        many, found = cluster(folder, path, workers, threads)
        for key in ("digest", "read", "linked", "quarantined", "rejected", "customers"):
            assert found[key] == expected[key], f"{workers} workers: {key} is {found[key]}, not {expected[key]}"
        for name in FILES:
            assert filecmp.cmp(os.path.join(one, name), os.path.join(many, name), shallow=False), \
                f"{workers} workers of {threads} threads: {name} differs"
    return expected


def main():
    with tempfile.TemporaryDirectory(prefix="guiyi-cluster-") as folder:
        subprocess.run([guiyi, "make-customers", "--records", str(records), "--seed", "7", "--out", folder],
                       check=True, stdout=subprocess.DEVNULL)
        path = os.path.join(folder, "records.csv")
        make_keys(folder, 8)
        assert same(folder, path, [(1, 1), (2, 1), (4, 1), (8, 1), (2, 3)])["linked"] == records
        # Rows without ids, some twice with the same content, and rows that cannot be read.
        with open(path, encoding="utf-8", newline="") as file:
            header, *rows = list(csv.reader(file))
        keep = [i for i, name in enumerate(header) if name not in ("record_id", "source", "source_record_id")]
        path = os.path.join(folder, "no_ids.csv")
        with open(path, "w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            for row in [header] + rows + rows[:50] + [["one cell"]]:
                writer.writerow([row[i] for i in keep] if len(row) > 1 else row)
        assert same(folder, path, [(3, 1)])["rejected"] == 1
        # What cannot be matched is refused as on one machine, and the workers end.
        path = os.path.join(folder, "empty.csv")
        with open(path, "w", encoding="utf-8") as file:
            file.write("name,phone\n")
        said = cluster(folder, path, 2, 1, expected_code=3)[1]
        assert "no rows" in said, said
    print(f"one answer for 1, 2, 3, 4 and 8 workers, {records} records")


main()
