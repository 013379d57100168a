#!/usr/bin/env python3
"""bench/speed measures a run, and its comparison tells a slower one, a larger one and another result.

  test_bench.py GUIYI
"""
import copy, json, os, subprocess, sys, tempfile

guiyi = os.path.abspath(sys.argv[1])
SPEED = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "bench", "speed")


def speed(*arguments):
    return subprocess.run([sys.executable, SPEED, *arguments], capture_output=True, text=True)


def write(path, result):
    with open(path, "w") as file:
        json.dump(result, file)


def measured(folder):
    out, page = os.path.join(folder, "before.json"), os.path.join(folder, "page.html")
    done = speed("--records", "1000,4000", "--workers", "2", "--runs", "1", "--guiyi", guiyi, "--work", folder, "--out", out,
                 "--page", page)
    assert done.returncode == 0, done.stderr
    assert "cpu µs/record" in done.stdout, done.stdout
    assert "Growth" in open(page).read()
    return json.load(open(out))


def check_figures(result):
    assert [e["records"] for e in result["entries"]] == [1000, 4000]
    for e in result["entries"]:
        assert len(e["digest"]) == 32 and e["cpu_s"] > 0 and e["peak_memory_bytes"] > 1 << 20
        assert e["quality"]["f1"] > 0.8, e["quality"]
        assert e["stages"]["ingest"]["units"] == e["records"]
        assert e["stages"]["ingest"]["cpu_s"] > 0 and e["stages"]["merge"]["cpu_s"] > 0
        assert e["store_bytes"] > 100 * e["records"] and e["written_bytes"] > e["store_bytes"] / 2
    assert 0 < result["growth"]["pairs, 2 workers"] < 3


def check_comparison(folder, result):
    before, after = (os.path.join(folder, name) for name in ("before.json", "after.json"))
    write(after, result)
    same = speed("--compare", before, after)
    assert same.returncode == 0 and "worse" not in same.stdout, same.stdout
    for change in ("cpu_s", "peak_memory_bytes", "digest", "stage"):
        worse = copy.deepcopy(result)
        entry = worse["entries"][1]
        if change == "digest":
            entry["digest"] = "0" * 32
        elif change == "stage":
            entry["stages"]["merge"]["cpu_s"] = entry["stages"]["merge"]["cpu_s"] * 1.2 + entry["cpu_s"]
        else:
            entry[change] *= 1.06
        write(after, worse)
        found = speed("--compare", before, after)
        assert found.returncode == 1, f"{change} got worse and was not flagged: {found.stdout}"
        assert ("differs" if change == "digest" else "worse") in found.stdout, found.stdout
        if change in ("cpu_s", "peak_memory_bytes"):
            assert speed("--compare", before, after, "--limit", "10").returncode == 0


def check_errors(folder):
    absent = speed("--compare", os.path.join(folder, "nowhere.json"), os.path.join(folder, "before.json"))
    assert absent.returncode == 1 and "nowhere.json" in absent.stderr, absent.stderr
    no_program = speed("--guiyi", os.path.join(folder, "guiyi"))
    assert no_program.returncode == 1 and "cmake" in no_program.stderr, no_program.stderr


with tempfile.TemporaryDirectory(prefix="guiyi-bench-") as work:
    figures = measured(work)
    check_figures(figures)
    check_comparison(work, figures)
    check_errors(work)
print("bench/speed: figures, comparison and errors as promised")
