#!/usr/bin/env python3
"""Every file of tests/hostile through the program: the exit code, the words and the counts that
expected.tsv wants; read = linked + rejected, and nothing else happens.

  test_hostile_files.py GUIYI
"""
import csv, os, subprocess, sys, tempfile

guiyi = sys.argv[1]
folder = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "hostile")


def expectations():
    with open(os.path.join(folder, "expected.tsv"), encoding="utf-8") as table:
        lines = [line for line in table if not line.startswith("#")]
    return list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))


def read_text(path):
    if not os.path.exists(path):
        return ""
    with open(path, encoding="utf-8", newline="") as file:
        return file.read()


def ask(expected, out):
    arguments = [] if expected["arguments"] == "-" else expected["arguments"].split()
    done = subprocess.run([guiyi, "run", os.path.join(folder, expected["file"]), "--out", out,
                           "--data-dir", out + "-data", *arguments],
                          capture_output=True, text=True, timeout=60)
    said = done.stdout + done.stderr + read_text(os.path.join(out, "rejects.csv"))
    problems = []
    if done.returncode != int(expected["exit"]):
        problems.append(f"exit code {done.returncode}, expected {expected['exit']}")
    if expected["fragment"] != "-" and expected["fragment"] not in said:
        problems.append(f"does not say {expected['fragment']!r}")
    if done.returncode == 0:
        for name, key in (("members.csv", "accepted"), ("rejects.csv", "rejected")):
            rows = len(list(csv.reader(read_text(os.path.join(out, name)).splitlines()))) - 1
            if rows != int(expected[key]):
                problems.append(f"{rows} rows in {name}, expected {expected[key]}")
    return [f"{expected['file']}: {problem}\n  {done.stderr[-400:]}" for problem in problems]


def main():
    problems, table = [], expectations()
    with tempfile.TemporaryDirectory(prefix="guiyi-hostile-") as place:
        for number, expected in enumerate(table):
            problems += ask(expected, os.path.join(place, str(number)))
        # A run that ends before all its workers have greeted must end all the same.
        early = next(e for e in table if e["file"] == "all_rows_bad.csv")
        for attempt in range(20):
            problems += ask({**early, "arguments": "--workers 16"}, os.path.join(place, f"early-{attempt}"))
    if problems or len(table) < 60:
        sys.exit("\n".join(problems) + f"\n{len(problems)} problems with {len(table)} files")
    print(f"{len(table)} files answered as expected")


main()
