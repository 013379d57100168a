#!/usr/bin/env python3
"""Coordinators elected by three real etcd servers: killed, stopped, continued, and without a quorum.

  test_election.py ELECTION_PROBE
"""
import os, signal, subprocess, sys, threading, time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "harness"))
from etcd_servers import EtcdServers

TAKEOVER_S = 15


class Contender:
    """A process that campaigns, and what it said, with the time."""

    def __init__(self, probe, address, name):
        self.name, self.said, self.changed = name, [], threading.Condition()
        self.process = subprocess.Popen([probe, address, name], stdout=subprocess.PIPE, text=True)
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self):
        for line in self.process.stdout:
            with self.changed:
                self.said.append((time.monotonic(), line.strip()))
                self.changed.notify_all()

    def after(self, moment, *words):
        with self.changed:
            return [line for when, line in self.said if when > moment and line.startswith(words)]

    def last_reign(self):
        """(token, True while it lasts) or None."""
        with self.changed:
            lines = [line for _, line in self.said if line.startswith(("leads", "deposed"))]
        tokens = [int(line.split()[1]) for line in lines if line.startswith("leads")]
        return (tokens[-1], lines[-1].startswith("leads")) if tokens else None


def wait_for(what, seconds, condition):
    """What the condition gives once it is true, and how long it took."""
    started = time.monotonic()
    while True:
        value = condition()
        if value:
            return value, time.monotonic() - started
        if time.monotonic() - started > seconds:
            raise AssertionError(f"{what}: not within {seconds} s")
        time.sleep(0.02)


def ruler(contenders, above):
    """Who leads with a token above that one and has written since."""
    for c in contenders:
        reign = c.last_reign()
        if reign and reign[1] and reign[0] > above:
            with c.changed:
                leads = max(when for when, line in c.said if line.startswith("leads"))
            if c.after(leads, "journaled"):
                return c
    return None


def a_killed_leader_is_replaced(contenders, token):
    victim = ruler(contenders, token - 1)
    victim.process.kill()
    others = [c for c in contenders if c is not victim]
    successor, seconds = wait_for("another leads after a kill", TAKEOVER_S, lambda: ruler(others, token))
    print(f"leader killed: another works on after {seconds:.1f} s")
    victim.process.wait()
    return others, successor.last_reign()[0]


def a_stopped_leader_is_replaced_and_its_writes_refused(contenders, token):
    stale = ruler(contenders, token - 1)
    stale.process.send_signal(signal.SIGSTOP)
    others = [c for c in contenders if c is not stale]
    successor, seconds = wait_for("another leads after a stop", TAKEOVER_S, lambda: ruler(others, token))
    print(f"leader stopped: another works on after {seconds:.1f} s")
    continued = time.monotonic()
    stale.process.send_signal(signal.SIGCONT)
    wait_for("the stale one notices", 10, lambda: stale.after(continued, "deposed"))
    wrote = stale.after(continued, "journaled", "published")
    assert not wrote, f"a stale coordinator wrote: {wrote}"
    assert successor.last_reign()[1], "the new leader must stay"
    return contenders, successor.last_reign()[0]


def without_a_quorum_nothing_is_written(servers, contenders, token):
    servers.kill(0)
    servers.kill(1)
    # What had reached the last server's log before may still be acknowledged: give that a moment.
    killed = time.monotonic()
    leader = ruler(contenders, token - 1)
    wait_for("the leader without quorum steps down", TAKEOVER_S, lambda: leader.after(killed, "deposed"))
    for c in contenders:
        wrote = c.after(killed + 2, "journaled", "published", "leads")
        assert not wrote, f"{c.name} without a quorum: {wrote}"
    servers.start(0)
    servers.start(1)
    servers.wait_healthy()
    successor, seconds = wait_for("somebody leads again", 2 * TAKEOVER_S, lambda: ruler(contenders, token))
    print(f"quorum back: {successor.name} works on after {seconds:.1f} s")
    return successor.last_reign()[0]


def main():
    servers, contenders = EtcdServers(), []
    try:
        servers.wait_healthy()
        everybody = contenders = [Contender(sys.argv[1], servers.address + "/test", n) for n in ("a", "b", "c")]
        first, _ = wait_for("one leads", 20, lambda: ruler(contenders, 0))
        token = first.last_reign()[0]
        contenders, token = a_stopped_leader_is_replaced_and_its_writes_refused(contenders, token)
        token = without_a_quorum_nothing_is_written(servers, contenders, token)
        contenders, token = a_killed_leader_is_replaced(contenders, token)
        tokens = sorted(int(line.split()[1]) for c in everybody for line in c.after(0, "leads"))
        assert len(tokens) == len(set(tokens)) >= 4, f"a token twice: {tokens}"
        print("4 passed, 0 failed")
    finally:
        for c in contenders:
            c.process.kill()
        servers.close()


if __name__ == "__main__":
    main()
