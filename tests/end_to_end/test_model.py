#!/usr/bin/env python3
"""guiyi run --model: the model of a generation decides instead of a new one, and only where it fits."""
import csv, json, os, subprocess, sys, tempfile

PROGRAM = sys.argv[1]


def call(*arguments, code=0):
    done = subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, text=True)
    assert done.returncode == code, (arguments, done.returncode, done.stderr)
    return done


def digest(*arguments):
    return json.loads(call("run", *arguments, "--json").stdout)["digest"]


def report(out):
    with open(os.path.join(out, "report.json"), encoding="utf-8") as file:
        return json.load(file)


def main():
    with tempfile.TemporaryDirectory(prefix="guiyi-model-") as folder:
        path = lambda name: os.path.join(folder, name)
        call("make-customers", "--records", 3000, "--seed", 4, "--out", path("made"))
        records = path("made/records.csv")
        trained = digest(records, "-o", path("a"), "--data-dir", path("data"))
        assert "of_generation" not in report(path("a"))["model"]
        # The leaders of tied fields come along, or the scores would be others.
        assert digest(records, "-o", path("b"), "--data-dir", path("other"), "--model", path("data")) == trained
        model, own = report(path("b"))["model"], report(path("a"))["model"]
        assert model.pop("of_generation") == 1
        for key in ("prior_bits", "accept_bits", "review_bits"):
            assert model[key] == own[key], key
        # Half of the records would teach another model.
        with open(records, encoding="utf-8") as file:
            lines = file.readlines()
        with open(path("half.csv"), "w", encoding="utf-8") as file:
            file.writelines(lines[: len(lines) // 2])
        job = open(path("a/job.yaml"), encoding="utf-8").read().replace(records, path("half.csv"))
        with open(path("half.yaml"), "w", encoding="utf-8") as file:
            file.write(job)
        digest(path("half.yaml"), "-o", path("c"), "--data-dir", path("c-data"), "--model", path("data"))
        assert report(path("c"))["model"]["prior_bits"] == own["prior_bits"]
        digest(path("half.yaml"), "-o", path("d"), "--data-dir", path("d-data"))
        assert report(path("d"))["model"]["prior_bits"] != own["prior_bits"]
        # A model of other fields, and none.
        with open(path("few.csv"), "w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerows([["姓名", "手机号"], ["张伟", "13812345678"], ["李娜", "13912345670"]])
        refused = call("run", path("few.csv"), "-o", path("e"), "--data-dir", path("e-data"), "--model",
                       path("data"), code=2)
        assert "trained for other fields" in refused.stderr, refused.stderr
        assert not os.path.exists(path("e/members.csv"))
        assert call("run", records, "-o", path("f"), "--model", path("nowhere"), code=1).stderr


main()
