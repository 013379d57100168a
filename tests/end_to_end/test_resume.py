#!/usr/bin/env python3
"""guiyi run --resume: a run that was killed begins again and ends as ever; one that was published does
nothing, until its files or its job change.

  test_resume.py GUIYI [RECORDS]
"""
import json, os, subprocess, sys, tempfile, time

guiyi, records = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else "20000"


def main():
    with tempfile.TemporaryDirectory(prefix="guiyi-resume-") as folder:
        subprocess.run([guiyi, "make-customers", "--records", records, "--seed", "9", "--out", folder], check=True,
                       stdout=subprocess.DEVNULL)
        path, data, out = f"{folder}/records.csv", f"{folder}/data", f"{folder}/out"
        command = [guiyi, "run", path, "-o", out, "--data-dir", data, "--workers", "2", "--resume", "--json"]

        def run(*more):
            done = subprocess.run([*command, *more], capture_output=True, text=True)
            assert done.returncode == 0, done.stderr
            return json.loads(done.stdout)

        for after_s in (0.05, 0.2, 0.4, 0.8):  # wherever that is, nothing of it may stay
            broken = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            try:
                broken.wait(timeout=after_s)
            except subprocess.TimeoutExpired:
                broken.kill()
                broken.wait()
        first = run()
        again = run()
        assert again == {"digest": first["digest"], "generation": again["generation"], "already_published": True}, again
        assert len(os.listdir(f"{data}/generations")) == again["generation"], "a generation was made for nothing"
        changed = run("--threshold", "12")
        assert "already_published" not in changed, "another threshold is another job"
        os.remove(f"{out}/report.json")  # as if the end came between the publication and the report
        assert "already_published" not in run("--threshold", "12"), "the out folder was not complete"
        with open(path, "a") as file:
            file.write(open(path).readlines()[1])
        assert "already_published" not in run("--threshold", "12"), "the file has changed"
        print("resume: 5 passed, 0 failed")


if __name__ == "__main__":
    main()
