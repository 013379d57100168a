#!/usr/bin/env python3
"""guiyi status and the coordinator's metrics, while it waits, works and stands still for want of workers.

  test_status.py GUIYI
"""
import json, os, signal, socket, subprocess, sys, tempfile, time, urllib.error, urllib.request

guiyi = sys.argv[1]


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_for(what, condition, seconds=60):
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < deadline, f"{what}: not within {seconds} s"
        time.sleep(0.05)


def check(metrics):
    checked = subprocess.run(["promtool", "check", "metrics"], input=metrics, capture_output=True)
    assert checked.returncode == 0 and not checked.stderr, checked.stderr.decode()


def main():
    with tempfile.TemporaryDirectory(prefix="guiyi-status-") as folder:
        subprocess.run([guiyi, "make-customers", "--records", "30000", "--seed", "4", "--out", folder], check=True,
                       stdout=subprocess.DEVNULL)
        keys, http, address = f"{folder}/keys", f"127.0.0.1:{free_port()}", f"tcp://127.0.0.1:{free_port()}"
        for arguments in (["init"], ["add-worker", "w"]):
            subprocess.run([guiyi, "cluster", *arguments, "--keys", keys], check=True, stdout=subprocess.DEVNULL)
        other = f"127.0.0.1:{free_port()}"
        nobody = subprocess.run([guiyi, "status", "--http", http], capture_output=True, text=True)
        assert nobody.returncode == 1 and "Is it running, with --http" in nobody.stderr, nobody.stderr
        coordinator = subprocess.Popen(
            [guiyi, "coordinator", f"{folder}/records.csv", "-o", f"{folder}/out", "--keys", keys, "--listen", address,
             "--http", http, "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        worker = None
        try:
            def status():
                done = subprocess.run([guiyi, "status", "--http", http, "--json"], capture_output=True, text=True)
                return json.loads(done.stdout) if done.returncode == 0 and done.stdout else None

            waiting = wait_for("the coordinator waits", status)
            assert waiting["phase"] == "waiting" and waiting["workers"] == [], waiting
            worker = subprocess.Popen([guiyi, "worker", "--key", f"{keys}/workers/w.key", "--coordinator", address,
                                       "--threads", "1", "--once", "--http", other], stderr=subprocess.PIPE)
            wait_for("work", lambda: (status() or waiting)["phase"] == "running")
            worker.send_signal(signal.SIGSTOP)
            silent = wait_for("silence is seen", lambda: next(
                (w for w in (status() or waiting)["workers"] if w["state"] == "silent"), None))
            assert silent["silent_ms"] > 3000 and silent["endpoint"].startswith("tcp://127.0.0.1:"), silent
            people = subprocess.run([guiyi, "status", "--http", http], capture_output=True, text=True, check=True).stdout
            assert people.startswith("running: ") and " silent " in people, people
            metrics = urllib.request.urlopen(f"http://{http}/metrics", timeout=5).read()
            check(metrics)
            assert b'guiyi_workers{state="silent"} 1' in metrics, metrics.decode()
            try:
                urllib.request.urlopen(f"http://{http}/../etc/passwd", timeout=5)
                raise AssertionError("a page that is none was given")
            except urllib.error.HTTPError as error:
                assert error.code == 404, error
            worker.send_signal(signal.SIGCONT)
            worked = urllib.request.urlopen(f"http://{other}/metrics", timeout=5).read()
            check(worked)
            assert b"guiyi_worker_runs_total 1" in worked, worked.decode()
            coordinator.communicate(timeout=120)
            assert coordinator.returncode == 0
            print("status: 8 passed, 0 failed")
        finally:
            for process in (coordinator, worker):
                if process and process.poll() is None:
                    process.send_signal(signal.SIGCONT)
                    process.kill()
                    process.wait()


if __name__ == "__main__":
    main()
