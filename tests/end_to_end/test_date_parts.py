#!/usr/bin/env python3
"""Columns of a year, a month and a day: together they are one date, alone each is what it is.

  test_date_parts.py GUIYI
"""
import csv, os, subprocess, sys, tempfile

guiyi = sys.argv[1]
PEOPLE = [(f"{first} {last}", 1950 + i % 40, 1 + i % 12, 1 + i % 28)
          for i, (first, last) in enumerate((f, l) for f in "Anna Bert Carl Dora Emil Frida".split()
                                            for l in "Maier Vogel Krause Lang Busch Winter Sommer Horn".split())]


def golden(folder, name, header, rows):
    path, out = os.path.join(folder, f"{name}.csv"), os.path.join(folder, name)
    with open(path, "w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, *rows])
    subprocess.run([guiyi, "run", path, "--out", out, "--data-dir", out + "-data", "--unmask", "--json"], check=True,
                   stdout=subprocess.DEVNULL)
    with open(os.path.join(out, "golden.csv"), encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


with tempfile.TemporaryDirectory(prefix="guiyi-parts-") as folder:
    together = golden(folder, "together", ["name", "by", "bm", "bd"], PEOPLE)
    assert {g["birth_date"] for g in together} == {f"{y}-{m:02}-{d:02}" for _, y, m, d in PEOPLE}, together[0]
    alone = golden(folder, "alone", ["name", "bm", "bd"], [(n, m, d) for n, _, m, d in PEOPLE])
    assert {(g["bm"], g["bd"]) for g in alone} == {(f"{m:02}", f"{d:02}") for _, _, m, d in PEOPLE}, alone[0]
print("dates of parts hold")
