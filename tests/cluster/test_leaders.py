#!/usr/bin/env python3
"""Two coordinators under etcd, and workers that follow whoever leads: the leader is killed, or stopped,
in the middle of a job; the other finishes it, from the journal, with the digest of one machine.

  test_leaders.py GUIYI [RECORDS]
"""
import json, os, signal, socket, subprocess, sys, tempfile, time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "harness"))
from etcd_servers import EtcdServers

GUIYI, RECORDS = os.path.abspath(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else "100000"
TAKEOVER_S = 15


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Processes:
    """Two coordinators and three workers; what they print is in the folder."""

    def __init__(self, folder, path, address):
        self.folder, self.all = folder, []
        keys = os.path.join(folder, "keys")
        for arguments in (["init"], ["add-worker", "w"]):
            subprocess.run([GUIYI, "cluster", *arguments, "--keys", keys], check=True, stdout=subprocess.DEVNULL)
        self.coordinators = {}
        for name in ("a", "b"):
            self.coordinators[name] = self.spawn(name, [
                "coordinator", path, "-o", f"{folder}/out-{name}", "--keys", keys, "--election", address, "--workers",
                "3", "--listen", f"tcp://127.0.0.1:{free_port()}", "--json"])
        for i in range(3):
            self.spawn(f"worker-{i}", ["worker", "--key", f"{keys}/workers/w.key", "--election", address, "--threads",
                                       "1"])

    def spawn(self, name, arguments):
        with open(f"{self.folder}/{name}.out", "wb") as out, open(f"{self.folder}/{name}.err", "wb") as err:
            self.all.append(subprocess.Popen([GUIYI, *arguments], stdout=out, stderr=err))
        return self.all[-1]

    def result(self, name):
        with open(f"{self.folder}/{name}.out") as out:
            return json.load(out)

    def said(self, name):
        with open(f"{self.folder}/{name}.err") as err:
            return err.read()

    def close(self):
        for process in self.all:
            if process.poll() is None:
                process.send_signal(signal.SIGCONT)
                process.kill()
            process.wait()


def wait_for(what, seconds, condition):
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"{what}: not within {seconds} s")
        time.sleep(0.05)


def leader_of(etcd, processes, prefix):
    """The coordinator whose endpoint stands under the leader's key."""
    wait_for("a leader", 30, lambda: etcd.count(f"{prefix}/leader"))
    endpoint = etcd.get(f"{prefix}/leader")
    for name, process in processes.coordinators.items():
        if endpoint in process.args:
            return name
    raise AssertionError(f"nobody listens at {endpoint}")


def interrupted(etcd, work, path, expected, number, signal_number):
    prefix = f"job-{signal_number}-{number}"
    folder = f"{work}/{prefix}"
    os.mkdir(folder)
    processes = Processes(folder, path, f"{etcd.address}/{prefix}")
    try:
        leader = leader_of(etcd, processes, prefix)
        other = "b" if leader == "a" else "a"
        wait_for("results in the journal", 120, lambda: etcd.count(f"{prefix}/data/entry/") >= 60)
        processes.coordinators[leader].send_signal(signal_number)
        stopped, entries = time.monotonic(), etcd.count(f"{prefix}/data/entry/")
        wait_for("the other works on", TAKEOVER_S, lambda: etcd.count(f"{prefix}/data/entry/") > entries + 20)
        seconds = time.monotonic() - stopped
        processes.coordinators[leader].send_signal(signal.SIGCONT)
        wait_for("the end", 180, lambda: processes.coordinators[other].poll() is not None)
        assert processes.coordinators[other].returncode == 0, processes.said(other)
        digest = processes.result(other)["digest"]
        assert digest == expected, f"digest {digest}, not {expected}"
        if signal_number == signal.SIGSTOP:
            wait_for("the stale one gives up", 60, lambda: processes.coordinators[leader].poll() is not None)
            assert processes.result(leader) == {"by_another": True}, processes.said(leader)
            assert not os.path.exists(f"{folder}/out-{leader}/golden.csv"), "a stale coordinator wrote results"
        print(f"leader {signal.Signals(signal_number).name}: the other works on after {seconds:.1f} s, same digest")
    finally:
        processes.close()


def main():
    etcd = EtcdServers()
    try:
        etcd.wait_healthy()
        with tempfile.TemporaryDirectory(prefix="guiyi-leaders-") as work:
            subprocess.run([GUIYI, "make-customers", "--records", RECORDS, "--seed", "5", "--out", work], check=True,
                           stdout=subprocess.DEVNULL)
            path = f"{work}/records.csv"
            one = subprocess.run([GUIYI, "run", path, "-o", f"{work}/one", "--data-dir", f"{work}/one.data", "--json"],
                                 check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
            expected = json.loads(one.stdout)["digest"]
            interrupted(etcd, work, path, expected, 1, signal.SIGKILL)
            interrupted(etcd, work, path, expected, 2, signal.SIGSTOP)
        print("2 passed, 0 failed")
    finally:
        etcd.close()


if __name__ == "__main__":
    main()
