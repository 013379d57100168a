#!/usr/bin/env python3
"""How a run grows with workers: CPU seconds per record, bytes sent per record, the busiest worker against
the mean, the coordinator's share. Workers are processes of one compute thread over TCP on loopback.

  scaling.py --guiyi build/release/guiyi --records 1000000 [--workers 1,2,4,8] [--seed 11] [--out FILE.csv]
             [--file RECORDS.csv] [--label WORDS]
"""
import argparse, csv, json, os, re, shutil, socket, subprocess, tempfile

FIELDS = ["commit", "machine", "input", "records", "workers", "cpu_us_per_record", "cpu_against_one",
          "busiest_against_mean", "coordinator_share", "bytes_sent_per_record", "worker_peak_memory_mib", "digest"]


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def cpu_seconds(usage):
    return usage.ru_utime + usage.ru_stime


def run(guiyi, path, workers, folder):
    address = f"tcp://127.0.0.1:{free_port()}"
    out = open(os.path.join(folder, "summary.json"), "w+")
    coordinator = subprocess.Popen([guiyi, "coordinator", path, "-o", os.path.join(folder, "out"), "--listen",
                                    address, "--workers", str(workers), "--keys", os.path.join(folder, "keys"), "--json"], stdout=out)
    hands, logs = [], []
    for w in range(workers):
        logs.append(open(os.path.join(folder, f"worker-{w}.log"), "w+"))
        key = os.path.join(folder, "keys", "workers", f"w{w}.key")
        hands.append(subprocess.Popen([guiyi, "worker", "--key", key, "--coordinator", address, "--threads", "1", "--once"],
                                      stderr=logs[-1]))
    usages = {}
    for child in hands + [coordinator]:
        _, status, usages[child.pid] = os.wait4(child.pid, 0)
        assert status == 0, f"process {child.pid} ended with {status}"
    out.seek(0)
    summary = json.load(out)
    said = []
    for log in logs:
        log.seek(0)
        said.append(json.loads(log.read().strip().splitlines()[-1]))
    cpu = [cpu_seconds(usages[h.pid]) for h in hands]
    own = cpu_seconds(usages[coordinator.pid])
    records = summary["read"]
    return {"records": records, "workers": workers, "cpu": sum(cpu) + own,
            "cpu_us_per_record": f"{(sum(cpu) + own) / records * 1e6:.2f}",
            "busiest_against_mean": f"{max(cpu) * len(cpu) / sum(cpu):.3f}",
            "coordinator_share": f"{own / (sum(cpu) + own):.4f}",
            "bytes_sent_per_record": f"{sum(s['bytes_sent'] for s in said) / records:.0f}",
            "worker_peak_memory_mib": max(s["peak_memory_bytes"] for s in said) >> 20,
            "digest": summary["digest"], "stages": summary["stages"]}


def machine():
    text = subprocess.run(["lscpu"], capture_output=True, text=True).stdout
    field = lambda name: re.search(rf"^{name}: *(.*)$", text, re.M).group(1)
    zen = {("25", "1"): " (Zen 3)", ("25", "17"): " (Zen 4)"}.get((field("CPU family"), field("Model")), "")
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") >> 30
    return f"{field('Model name')}{zen}, {os.cpu_count()} cores, {memory} GiB"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--guiyi", default="build/release/guiyi")
    parser.add_argument("--records", type=int, default=1000000)
    parser.add_argument("--workers", default="1,2,4,8")
    parser.add_argument("--seed", default="11")
    parser.add_argument("--file")
    parser.add_argument("--label")
    parser.add_argument("--out")
    parser.add_argument("--stages", action="store_true", help="print the time of each stage")
    a = parser.parse_args()
    folder = tempfile.mkdtemp(prefix="guiyi-scaling-")
    try:
        keys = ["--keys", os.path.join(folder, "keys")]
        subprocess.run([a.guiyi, "cluster", "init"] + keys, check=True, stdout=subprocess.DEVNULL)
        for w in range(max(map(int, a.workers.split(",")))):
            subprocess.run([a.guiyi, "cluster", "add-worker", f"w{w}"] + keys, check=True,
                           stdout=subprocess.DEVNULL)
        path = a.file or os.path.join(folder, "records.csv")
        if not a.file:
            subprocess.run([a.guiyi, "make-customers", "--records", str(a.records), "--seed", a.seed, "--out",
                            folder], check=True, stdout=subprocess.DEVNULL)
        # The columns are recognised once: that is the client's work, not the cluster's.
        recognised = os.path.join(folder, "recognised")
        subprocess.run([a.guiyi, "run", path, "-o", recognised, "--data-dir", os.path.join(folder, "data")],
                       check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        shutil.rmtree(os.path.join(folder, "data"))
        path = os.path.join(recognised, "job.yaml")
        commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True).stdout.strip()
        rows, one = [], None
        for workers in map(int, a.workers.split(",")):
            row = run(a.guiyi, path, workers, folder)
            one = one or row["cpu"]
            row |= {"commit": commit, "machine": machine(), "cpu_against_one": f"{row['cpu'] / one:.3f}",
                    "input": a.label or f"make-customers --seed {a.seed}"}
            rows.append(row)
            print(" ".join(f"{k}={row[k]}" for k in FIELDS[3:]), flush=True)
            if a.stages:
                print(" ".join(f"{s['stage']}={s['ms']}" for s in row["stages"]), flush=True)
        assert len({row["digest"] for row in rows}) == 1, "the digests differ"
        if a.out:
            fresh = not os.path.exists(a.out)
            with open(a.out, "a", newline="") as file:
                writer = csv.DictWriter(file, FIELDS, extrasaction="ignore")
                if fresh:
                    writer.writeheader()
                writer.writerows(rows)
    finally:
        shutil.rmtree(folder)


main()
