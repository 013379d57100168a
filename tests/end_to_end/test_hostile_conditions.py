#!/usr/bin/env python3
"""What no file of tests/hostile can be: inputs of many megabytes, devices, pipes, links that lead
nowhere, folders that may not be written, full disks, interruptions, damaged stores, job files that
grow when they are read. Each has its exit code and its words, memory stays bounded, and what was
published before is still whole.

  test_hostile_conditions.py GUIYI
"""
import gzip, os, re, resource, shutil, signal, socket, subprocess, sys, tempfile

GUIYI = os.path.abspath(sys.argv[1])
MEMORY_MIB_MAX = 256  # of any run here; not under sanitizers, which take several times as much
SANITIZED = len(sys.argv) > 2 and sys.argv[2] == "sanitized"
NOBODY = 65534
HEADER = b"id,name,phone\n"
ROWS = b"".join(b"%d,\xe5\xbc\xa0%d,1380013%04d\n" % (i, i, i) for i in range(1000))
problems = []
asked = 0


def limits(nobody, file_bytes):
    def apply():
        if file_bytes:
            resource.setrlimit(resource.RLIMIT_FSIZE, (file_bytes, file_bytes))
        if nobody and os.getuid() == 0:
            os.setgid(NOBODY)
            os.setuid(NOBODY)
    return apply


def expect(code, words, *arguments, nobody=False, file_bytes=0, stdout=subprocess.DEVNULL):
    """One run of the program: its exit code, and words of what it says."""
    global asked
    asked += 1
    done = subprocess.run([GUIYI, *arguments], stdin=subprocess.DEVNULL, timeout=100,
                          stdout=stdout, stderr=subprocess.PIPE, preexec_fn=limits(nobody, file_bytes))
    said = done.stderr.decode("utf-8", "replace")
    if done.returncode != code or words not in said:
        problems.append(f"guiyi {' '.join(a[:60] for a in arguments)}: exit code {done.returncode}, "
                        f"expected {code}; expected the words {words!r} in {said[-600:]!r}")
    return said


def run(code, words, source, *more, **options):
    return expect(code, words, "run", source, "--out", "out", "--data-dir", "data", *more, **options)


def write(path, *parts):
    with open(path, "wb") as file:
        for part in parts:
            file.write(part)
    return path


def current():
    with open("data/CURRENT", encoding="ascii") as file:
        return file.read().split()[1]


def large_inputs():
    run(0, "", write("cell.csv", HEADER, b"1,", b"A" * 10_000_000, b",1\n", ROWS))
    if "field_too_long" not in open("out/rejects.csv", encoding="utf-8").read():
        problems.append("cell.csv: a cell of 10 MB is not rejected as field_too_long")
    run(0, "", write("quoted.csv", HEADER, b'1,"', b"A\n" * 20_000_000, b'",1\n', ROWS))
    if "row_too_long" not in open("out/rejects.csv", encoding="utf-8").read():
        problems.append("quoted.csv: a row of 40 MB is not rejected as row_too_long")
    run(3, "at most 4096 can be read", write("wide.csv", b",".join(b"c%d" % i for i in range(100_000)), b"\n1\n"))
    run(3, "does not end within", write("one_line.csv", b"a" * 100_000_000))
    os.remove("one_line.csv")
    run(3, "no line with a JSON object", write("deep.jsonl", b'{"a":' * 100_000, b"1", b"}" * 100_000, b"\n"))
    with gzip.open("bomb.csv.gz", "wb", 9) as bomb:
        bomb.write(HEADER)
        for _ in range(300):
            bomb.write(b"a" * 1_000_000)
    run(3, "row_too_long", "bomb.csv.gz")
    # A frame that asks for a window of 2 GiB, with one raw block (RFC 8878, 3.1.1).
    block = (1 | len(ROWS) << 3).to_bytes(3, "little") + ROWS
    run(3, "pack it again without --long", write("window.csv.zst", b"\x28\xb5\x2f\xfd\x00\xa8", block))


def special_files():
    refused = "is not a regular file"
    run(3, refused, "/dev/zero")
    run(3, refused, "/dev/stdin")
    os.mkfifo("pipe.csv")
    run(3, refused, "pipe.csv")
    server = socket.socket(socket.AF_UNIX)
    server.bind("socket.csv")
    run(3, refused, "socket.csv")
    server.close()
    os.symlink("loop_b.csv", "loop_a.csv")
    os.symlink("loop_a.csv", "loop_b.csv")
    run(3, "symbolic links", "loop_a.csv")
    os.symlink("nowhere", "dangling.csv")
    run(3, "does not exist", "dangling.csv")
    run(3, "matches no file", "*.nothing")
    run(3, "the path of a file is empty", "")
    write("secret.csv", HEADER, ROWS)
    os.chmod("secret.csv", 0)
    run(3, "Permission denied", "secret.csv", nobody=True)


def odd_names():
    """What a file or a column is called must stand in job files and manifests, and in a terminal."""
    for name in ("red\x1b[31m.csv", "two\nlines.csv", b"latin\xe9.csv".decode("utf-8", "surrogateescape"),
                 "mark\ufeff.csv"):
        write(name, HEADER, ROWS)
        said = run(3, "characters that cannot be shown", name)
        if "\x1b" in said:
            problems.append("the name of a file steers the terminal")
    keys = '{"id": %d, " na\\u0001me\\ufeff": "张伟", "": "x", "phone": "13800138000"}\n'
    for source in (write("names.csv", "id,na\ufeff\u2028\x7fme,phone\n1,张伟,13800138000\n".encode()),
                   write("names.jsonl", (keys % 1 + keys % 2).encode())):
        run(0, "", source)
        expect(0, "", "check", "out/job.yaml")
        expect(0, "", "search", "张伟", "--data-dir", "data")


def folders():
    os.mkdir("closed", 0o555)
    os.mkdir("open", 0o777)
    os.chmod("open", 0o777)
    def run_in(out, data, words):
        expect(1, words, "run", "good.csv", "--out", out, "--data-dir", data, nobody=True)
    run_in("closed/out", "open/data", "choose a folder that you may write in")
    run_in("closed", "open/data", "choose a folder that you may write in")
    run_in("open/out", "closed/data", "choose a folder that you may write in")
    run_in("good.csv", "open/data", "a file of that name is in the way")
    run_in("open/out", "good.csv", "a file of that name is in the way")
    os.makedirs("taken/golden.csv")
    expect(1, "a folder of that name is in the way", "run", "good.csv", "--out", "taken", "--data-dir", "data")
    if [name for name in os.listdir("taken") if name.endswith(".part")]:
        problems.append("a run that failed left a .part file")


def full_disks():
    # A limit of the size of files stops a write as a full disk does, on every machine.
    run(1, "guiyi run: cannot ", "many.csv", file_bytes=4_000)
    run(0, "", "good.csv")
    before = current()
    if os.getuid() == 0:
        os.mkdir("small")
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", "small"], check=True)
        try:
            expect(0, "", "run", "few.csv", "--out", "out2", "--data-dir", "small/data")
            expect(1, "make room", "run", "many.csv", "--out", "out2", "--data-dir", "small/data")
            expect(0, "", "verify", "--data-dir", "small/data")
            expect(1, "make room", "run", "many.csv", "--out", "small/out", "--data-dir", "data2")
        finally:
            subprocess.run(["umount", "small"], check=True)
    with open("/dev/full", "wb") as full:
        expect(1, "No space left", "search", "张1", "--data-dir", "data", stdout=full)
    expect(0, "", "verify", "--data-dir", "data")
    if current() != before:
        problems.append("a run that had no room was published")


def start(*arguments):
    return subprocess.Popen([GUIYI, "run", *arguments], stdin=subprocess.DEVNULL, text=True,
                            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def wait_for(child, stage):
    """Until the stage is on; False when the run ended before."""
    return any(re.match(rf"\[ ?{stage}/", line) for line in child.stderr)


def interruptions():
    last = int(re.search(r"\[ *\d+/(\d+)\]", run(0, "", "good.csv")).group(1))
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        for stage in (2, 3, last - 2, last - 1, last):
            before = current()
            child = start("many.csv", "--out", "out", "--data-dir", "data")
            if not wait_for(child, stage):
                problems.append(f"stage {stage} was not seen")
            child.send_signal(number)
            said, code = child.stderr.read(), child.wait(timeout=60)
            published = current() != before
            # The signal may come too late; what was published is then reported as done.
            if code != (0 if published else 1) or (not published and "nothing was published" not in said):
                problems.append(f"{number.name} in stage {stage}: exit code {code}, "
                                f"published {published}, {said[-300:]!r}")
            if [name for name in os.listdir("out") if name.endswith(".part")]:
                problems.append(f"{number.name} in stage {stage} left a .part file")
    expect(0, "", "verify", "--data-dir", "data")


def two_at_once():
    child = start("many.csv", "--out", "out", "--data-dir", "data")
    if not wait_for(child, 2):
        problems.append("the run ended before the other could begin")
    expect(1, "give this run its own --data-dir", "run", "good.csv", "--out", "out3", "--data-dir", "data")
    expect(1, "give this run its own --out", "run", "good.csv", "--out", "out", "--data-dir", "data3")
    child.stderr.read()
    if child.wait(timeout=60) != 0:
        problems.append("the first of two runs failed")
    expect(0, "", "verify", "--data-dir", "data")


def shrinking_file():
    """Cut while it is read: the run ends with a sentence, or had read it all."""
    for cut in (10, 500_000, 2_000_000):
        shutil.copyfile("many.csv", "shrinking.csv")
        before = current()
        child = start("shrinking.csv", "--out", "out", "--data-dir", "data")
        wait_for(child, 1)
        os.truncate("shrinking.csv", cut)
        said, code = child.stderr.read(), child.wait(timeout=60)
        if code == 0 and current() != before:
            continue
        if code != 3 or "shrinking.csv" not in said or "while it was read" not in said:
            problems.append(f"a file cut to {cut} bytes: exit code {code}, {said[-300:]!r}")


def damaged_store():
    run(0, "", "good.csv")
    generation = f"{int(current()):06d}"
    shutil.copytree("data", "whole")
    with open("out/golden.csv", encoding="utf-8") as golden:
        customer, other = [line.split(",")[0] for line in golden.read().splitlines()[1:3]]
    for name in ("CURRENT", "generations/" + generation + "/manifest.json",
                 "generations/" + generation + "/events.jsonl",
                 "generations/" + generation + "/shard_000.lmdb"):
        with open("whole/" + name, "rb") as file:
            content = file.read()
        flipped = bytearray(content)
        flipped[len(content) // 2] ^= 4
        for changed in (b"", content[: len(content) // 2], bytes(flipped), None):
            shutil.rmtree("data")
            shutil.copytree("whole", "data")
            os.remove("data/" + name)
            if changed is not None:
                write("data/" + name, changed)
            expect(1, "", "verify", "--data-dir", "data")
            for arguments in (("get", customer), ("search", "张1"), ("explain", customer, other)):
                answer = subprocess.run([GUIYI, *arguments, "--data-dir", "data"], capture_output=True,
                                        text=True, timeout=60)
                if answer.returncode not in (0, 1) or (answer.returncode == 1 and not answer.stderr):
                    problems.append(f"{name} damaged: {arguments[0]} ends with {answer.returncode} "
                                    f"and says {answer.stderr[-300:]!r}")
    shutil.rmtree("data")
    shutil.move("whole", "data")


def job_files():
    good = "version: 1\nsources: [{id: a, files: good.csv, key: [id], map: {name: 客户姓名}}]\n"
    bombs = {
        "laughs": ("more than 200000 values", "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
            f"{chr(98 + i)}: &{chr(98 + i)} [{', '.join(['*' + chr(97 + i)] * 9)}]\n" for i in range(9))),
        "doubling": ("more than 200000 values", "x0: &x0 {k: v}\n" + "".join(
            f"x{i + 1}: &x{i + 1} {{a: *x{i}, b: *x{i}}}\n" for i in range(40))),
        "deep": ("nested deeper than 32", "[" * 100_000 + "]" * 100_000),
        "deep_block": ("nested deeper than 32", "- " * 20_000 + "x\n"),
        "large": ("is larger than 4 MiB", "# " + "x" * 5_000_000 + "\n" + good),
        "huge_number": ("a whole number from", good.replace("id: a,", "id: a, batch: 18446744073709551616,")),
        "twice": ("stands here twice", good + "sources: []\n"),
        "unknown": ("did you mean 'version'", "versoin: 1\n" + good),
        "long_name": ("at most 128", good.replace("id: a,", f"id: {'a' * 100_000},")),
        "many_fields": ("more than 64 fields", good + "fields: {" + ", ".join(f"f{i}: text" for i in range(99)) + "}\n"),
    }
    for name, (words, text) in bombs.items():
        write(name + ".yaml", text.encode())
        expect(2, words, "check", name + ".yaml")


def main():
    with tempfile.TemporaryDirectory(prefix="guiyi-hostile-") as place:
        os.chmod(place, 0o755)
        os.chdir(place)
        write("good.csv", HEADER, ROWS)
        write("few.csv", HEADER, b"1,\xe5\xbc\xa0\xe4\xbc\x9f,13800138000\n")
        write("many.csv", HEADER, *(b"%d,\xe5\xbc\xa0%d,138%08d\n" % (i, i % 977, i) for i in range(100_000)))
        for part in (large_inputs, special_files, odd_names, folders, full_disks, interruptions, two_at_once,
                     shrinking_file, damaged_store, job_files):
            part()
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss >> 10
    if memory > MEMORY_MIB_MAX and not SANITIZED:
        problems.append(f"a run took {memory} MiB of memory, at most {MEMORY_MIB_MAX} were expected")
    if problems:
        sys.exit("\n".join(problems) + f"\n{len(problems)} problems in {asked} conditions")
    print(f"{asked} conditions answered as expected, {memory} MiB at most")


main()
