#!/usr/bin/env python3
"""Runs of a real cluster with faults: workers and the coordinator killed and started again, workers
stopped and continued. Every run must end, with the digest of one machine.

  faults.py GUIYI [--records N] [--runs N] [--seed S] [--workers N] [--gap SECONDS] [--keep]

Prints a line per run and, last, what they add up to. Exit code 1: a wrong digest, or a run that hung.
"""
import argparse, json, os, random, shutil, signal, socket, subprocess, sys, tempfile, time

RUN_SECONDS_MAX = 300
KINDS = ("kill", "coordinator", "stop")


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Cluster:
    """A coordinator and workers; logs in the folder."""

    def __init__(self, guiyi, folder, path, workers):
        self.guiyi, self.folder, self.path, self.count = guiyi, folder, path, workers
        self.address = f"tcp://127.0.0.1:{free_port()}"
        self.keys = os.path.join(folder, "keys")
        self.starts = 0
        subprocess.run([guiyi, "cluster", "init", "--keys", self.keys], check=True, stdout=subprocess.DEVNULL)
        subprocess.run([guiyi, "cluster", "add-worker", "w", "--keys", self.keys], check=True,
                       stdout=subprocess.DEVNULL)
        self.coordinator = self.start_coordinator()
        self.workers = [self.worker() for _ in range(workers)]

    def start_coordinator(self):
        return self.spawn("coordinator", [
            "coordinator", self.path, "-o", os.path.join(self.folder, "out"), "--listen", self.address,
            "--keys", self.keys, "--workers", str(self.count), "--json"])

    def spawn(self, name, arguments):
        self.starts += 1
        out = open(os.path.join(self.folder, f"{name}.out"), "wb")
        err = open(os.path.join(self.folder, f"{name}.err"), "wb")
        return subprocess.Popen([self.guiyi, *arguments], stdout=out, stderr=err)

    def worker(self):
        return self.spawn(f"worker-{self.starts}", [
            "worker", "--coordinator", self.address, "--key", os.path.join(self.keys, "workers", "w.key"),
            "--threads", "1"])

    def close(self):
        for process in [self.coordinator, *self.workers]:
            if process.poll() is None:
                process.send_signal(signal.SIGCONT)
                process.kill()
            process.wait()


def kill(cluster, chance):
    i = chance.randrange(len(cluster.workers))
    cluster.workers[i].kill()
    cluster.workers[i].wait()
    cluster.workers[i] = cluster.worker()


def kill_coordinator(cluster):
    cluster.coordinator.kill()
    cluster.coordinator.wait()
    cluster.coordinator = cluster.start_coordinator()


def stop(cluster, chance):
    """Returns when to let it go on."""
    victim = chance.choice(cluster.workers)
    victim.send_signal(signal.SIGSTOP)
    return time.monotonic() + chance.choice([0.2, 1, 4, 12]), victim


def run_once(guiyi, folder, path, workers, gap, chance):
    """(outcome dict, counts of faults, seconds)"""
    cluster, stopped, counts = Cluster(guiyi, folder, path, workers), [], dict.fromkeys(KINDS, 0)
    started = time.monotonic()
    next_fault = started + chance.expovariate(1 / gap)
    try:
        while cluster.coordinator.poll() is None:
            now = time.monotonic()
            if now - started > RUN_SECONDS_MAX:
                return {"hung": True}, counts, now - started
            for until, victim in [s for s in stopped if s[0] <= now]:
                victim.send_signal(signal.SIGCONT)
                stopped.remove((until, victim))
            if now >= next_fault:
                next_fault = now + chance.expovariate(1 / gap)
                kind = chance.random()
                if kind < 0.6:
                    kill(cluster, chance)
                    counts["kill"] += 1
                elif kind < 0.75:
                    kill_coordinator(cluster)
                    counts["coordinator"] += 1
                else:
                    stopped.append(stop(cluster, chance))
                    counts["stop"] += 1
            time.sleep(0.02)
        seconds = time.monotonic() - started
        if cluster.coordinator.returncode:
            said = open(os.path.join(folder, "coordinator.err")).read().strip()
            return {"failed": said.splitlines()[-1] if said else cluster.coordinator.returncode}, counts, seconds
        return json.load(open(os.path.join(folder, "coordinator.out"))), counts, seconds
    finally:
        cluster.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("guiyi")
    parser.add_argument("--records", type=int, default=100000)
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--gap", type=float, default=1.0, help="mean seconds between two faults")
    parser.add_argument("--keep", action="store_true", help="keep the folder of a run that went wrong")
    a = parser.parse_args()
    work = tempfile.mkdtemp(prefix="guiyi-faults-")
    guiyi = os.path.abspath(a.guiyi)
    wrong, totals = 0, dict.fromkeys(KINDS, 0)
    try:
        subprocess.run([guiyi, "make-customers", "--records", str(a.records), "--seed", "3", "--out", work],
                       check=True, stdout=subprocess.DEVNULL)
        path = os.path.join(work, "records.csv")
        one = subprocess.run([guiyi, "run", path, "-o", f"{work}/one", "--data-dir", f"{work}/one.data", "--json"],
                             check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        digest = json.loads(one.stdout)["digest"]
        for number in range(a.seed, a.seed + a.runs):
            folder = os.path.join(work, f"run-{number}")
            os.mkdir(folder)
            outcome, counts, seconds = run_once(guiyi, folder, path, a.workers, a.gap, random.Random(number))
            good = outcome.get("digest") == digest
            wrong += not good
            for name in totals:
                totals[name] += counts[name]
            said = "ok" if good else f"WRONG: {outcome}"
            print(f"run {number:4}  {counts['kill']:3} workers killed  "
                  f"{counts['coordinator']:3} coordinators killed  {counts['stop']:3} stopped  {seconds:6.1f} s  {said}",
                  flush=True)
            if good or not a.keep:
                shutil.rmtree(folder)
    finally:
        if not (wrong and a.keep):
            shutil.rmtree(work, ignore_errors=True)
    print(f"{a.runs} runs, {totals['kill']} workers killed, {totals['coordinator']} coordinators killed, "
          f"{totals['stop']} stopped")
    print(f"{a.runs - wrong} passed, {wrong} failed")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
