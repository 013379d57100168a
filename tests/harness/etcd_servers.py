"""Three real etcd servers on loopback, for tests that stop and kill them."""
import base64, json, os, shutil, socket, subprocess, tempfile, time, urllib.request


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for s in sockets:
        s.bind(("127.0.0.1", 0))
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


def encode(text):
    return base64.b64encode(text.encode()).decode()


class EtcdServers:
    def __init__(self, count=3):
        self.folder = tempfile.mkdtemp(prefix="etcd-")
        ports = free_ports(2 * count)
        self.clients, peers = ports[:count], ports[count:]
        cluster = ",".join(f"s{i}=http://127.0.0.1:{p}" for i, p in enumerate(peers))
        self.commands = [
            ["etcd", "--name", f"s{i}", "--data-dir", f"{self.folder}/{i}", "--log-level", "error",
             "--listen-client-urls", f"http://127.0.0.1:{self.clients[i]}",
             "--advertise-client-urls", f"http://127.0.0.1:{self.clients[i]}",
             "--listen-peer-urls", f"http://127.0.0.1:{peers[i]}",
             "--initial-advertise-peer-urls", f"http://127.0.0.1:{peers[i]}",
             "--initial-cluster", cluster, "--initial-cluster-state", "new"] for i in range(count)]
        self.processes = [None] * count
        for i in range(count):
            self.start(i)

    @property
    def address(self):
        return "etcd://" + ",".join(f"127.0.0.1:{p}" for p in self.clients)

    def start(self, i):
        log = open(f"{self.folder}/{i}.log", "ab")
        environment = {**os.environ, "ETCD_UNSUPPORTED_ARCH": ""}
        self.processes[i] = subprocess.Popen(self.commands[i], stdout=log, stderr=log, env=environment)

    def kill(self, i):
        self.processes[i].kill()
        self.processes[i].wait()

    def wait_healthy(self, seconds=60):
        """Until every running server says that the cluster has a leader and can write."""
        deadline = time.monotonic() + seconds
        for port in self.clients:
            while True:
                try:
                    with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=2) as reply:
                        if json.load(reply).get("health") == "true":
                            break
                except OSError:
                    pass
                if time.monotonic() > deadline:
                    raise AssertionError(f"etcd at port {port} is not healthy after {seconds} s")
                time.sleep(0.05)

    def range(self, request):
        for port in self.clients:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/v3/kv/range", json.dumps(request).encode(),
                                            timeout=2) as reply:
                    return json.load(reply)
            except OSError:
                continue
        return {}

    def count(self, prefix):
        """How many keys begin with the prefix, as any server that answers says."""
        end = prefix[:-1] + chr(ord(prefix[-1]) + 1)
        return int(self.range({"key": encode(prefix), "range_end": encode(end), "count_only": True}).get("count", 0))

    def get(self, key):
        """The value, or None."""
        pairs = self.range({"key": encode(key)}).get("kvs")
        return base64.b64decode(pairs[0].get("value", "")).decode() if pairs else None

    def close(self):
        for process in self.processes:
            if process and process.poll() is None:
                process.kill()
                process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)
