"""measure — runs one program and says what it took: wall and processor time, peak memory, bytes read and written.

Linux only. Peak memory is that of the process and of the children that it waited for, whichever is larger."""
import os
import subprocess
import threading
import time


def _watch_io(pid, figures, stop):
    """Bytes that the process asked to read and write; what the page cache did with them is not in it."""
    while not stop.is_set():
        try:
            with open(f"/proc/{pid}/io") as file:
                for line in file:
                    key, _, value = line.partition(":")
                    if key in ("rchar", "wchar"):
                        figures[key] = int(value)
        except OSError:
            return
        stop.wait(0.02)


def run(command, log, timeout_s=None, env=None):
    """Returns a dictionary of figures; raises RuntimeError with the log's last line when it fails."""
    io, stop = {"rchar": 0, "wchar": 0}, threading.Event()
    started = time.monotonic()
    with open(log, "w") as out:
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT, env=env)
        watcher = threading.Thread(target=_watch_io, args=(process.pid, io, stop))
        watcher.start()
        timer = threading.Timer(timeout_s, process.kill) if timeout_s else None
        if timer:
            timer.start()
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.monotonic() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        stop.set()
        watcher.join()
        if timer:
            timer.cancel()
    if process.returncode != 0:
        with open(log) as text:
            lines = text.read().strip().splitlines() or ["nothing was printed"]
        why = f"it took longer than {timeout_s} s" if timeout_s and wall >= timeout_s else lines[-1]
        raise RuntimeError(f"{' '.join(map(str, command))}: {why}")
    return {
        "wall_s": round(wall, 3),
        "cpu_s": round(usage.ru_utime + usage.ru_stime, 3),
        "system_s": round(usage.ru_stime, 3),
        "peak_memory_bytes": usage.ru_maxrss * 1024,
        "page_faults": usage.ru_minflt + usage.ru_majflt,
        "read_bytes": io["rchar"],
        "written_bytes": io["wchar"],
    }


def median(values):
    ordered = sorted(values)
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


def machine():
    with open("/proc/cpuinfo") as file:
        names = {line.split(":", 1)[1].strip() for line in file if line.startswith("model name")}
    with open("/proc/meminfo") as file:
        memory = int(file.readline().split()[1]) >> 20
    return f"{', '.join(sorted(names))}, {os.cpu_count()} cores, {memory} GiB"
