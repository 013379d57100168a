#!/usr/bin/env python3
"""kill -9 of a worker in the middle of a stage: the run goes on without it, or with it once it is
started again, and ends with the digest of an undisturbed one.

  test_kill.py GUIYI [RECORDS] [KILLS] [SEED]

The first kills are one in each of a few stages; further ones are drawn from the seed. The moment is an
event, not a time: a worker is killed when the coordinator says that the stage began.
"""
import json, os, random, re, socket, subprocess, sys, tempfile, threading

guiyi = sys.argv[1]
records = int(sys.argv[2]) if len(sys.argv) > 2 else 20000
kills = int(sys.argv[3]) if len(sys.argv) > 3 else 4
seed = int(sys.argv[4]) if len(sys.argv) > 4 else 1
WORKERS, DEADLINE_S = 4, 120
STAGES = ["read and standardise", "compare candidate pairs", "settle components", "merge, tag and store",
          "add up value frequencies", "form blocks", "find components", "assign customer ids",
          "write the record lists"]


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Cluster:
    def __init__(self, folder, path):
        self.folder, self.path = folder, path
        self.keys = ["--keys", os.path.join(folder, "keys")]
        subprocess.run([guiyi, "cluster", "init"] + self.keys, check=True, stdout=subprocess.DEVNULL)
        for w in range(WORKERS):
            subprocess.run([guiyi, "cluster", "add-worker", f"w{w}"] + self.keys, check=True,
                           stdout=subprocess.DEVNULL)

    def worker(self, number):
        key = os.path.join(self.folder, "keys", "workers", f"w{number}.key")
        return subprocess.Popen([guiyi, "worker", "--key", key, "--coordinator", self.address, "--threads", "1",
                                 "--once"], stderr=subprocess.DEVNULL)

    def run(self, stage, victim, returns):
        """The digest; the victim is killed when the stage begins (None: nobody), and may come back."""
        self.address = f"tcp://127.0.0.1:{free_port()}"
        coordinator = subprocess.Popen(
            [guiyi, "coordinator", self.path, "-o", os.path.join(self.folder, "out"), "--listen", self.address,
             "--workers", str(WORKERS)] + self.keys, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        hands = [self.worker(w) for w in range(WORKERS)]
        watchdog = threading.Timer(DEADLINE_S, coordinator.kill)
        watchdog.start()
        killed, said = False, []
        for line in coordinator.stderr:
            said.append(line)
            if stage and stage in line and not killed:
                hands[victim].kill()
                hands[victim].wait()
                killed = True
                if returns:
                    hands.append(self.worker(victim))
        out = coordinator.stdout.read()
        coordinator.wait()
        watchdog.cancel()
        for hand in hands:
            try:
                hand.wait(20)
            except subprocess.TimeoutExpired:
                hand.kill()
                hand.wait()
        assert killed == bool(stage), f"no line told of '{stage}': {''.join(said)}"
        assert coordinator.returncode == 0, f"killed {victim} in '{stage}': {coordinator.returncode} {''.join(said[-5:])}"
        return re.search(r"^digest (\w+)$", out, re.M).group(1)


def main():
    with tempfile.TemporaryDirectory(prefix="guiyi-kill-") as folder:
        subprocess.run([guiyi, "make-customers", "--records", str(records), "--seed", "7", "--out", folder],
                       check=True, stdout=subprocess.DEVNULL)
        cluster = Cluster(folder, os.path.join(folder, "records.csv"))
        expected = cluster.run(None, None, False)
        draw = random.Random(seed)
        for kill in range(kills):
            stage = STAGES[kill] if kill < len(STAGES) else draw.choice(STAGES)
            victim, returns = draw.randrange(WORKERS), kill % 2 == 1
            digest = cluster.run(stage, victim, returns)
            assert digest == expected, f"killed {victim} in '{stage}': {digest}, not {expected}"
    print(f"{kills} kills, one digest")


main()
