#!/usr/bin/env python3
"""What people decide with `guiyi review` is honoured by every later run.

  test_review.py GUIYI
"""
import csv, json, os, subprocess, sys, tempfile

guiyi = os.path.abspath(sys.argv[1])

ROWS = """source,record_id,name,phone,email,city
crm,U1,张伟明,13800138001,zwm@example.com,北京市
app,7,张伟明,13800138001,,北京市
shop,P3,张伟明,13800138001,,上海市
crm,U2,李娜,13900139002,li@example.com,杭州市
app,8,王芳,13700137003,wf@example.com,成都市
crm,U4,陈杰,13600136004,,武汉市
app,9,陈杰,13600136004,cj@example.com,武汉市
"""
FILLER = "".join(f"crm,F{i},{'赵钱孙周吴郑'[i % 6]}{'一二三四五六七八九十'[i // 6 % 10]}{'东西南北中'[i % 5]},1350000{i:04d},,"
                 f"{'北京市 上海市 广州市 深圳市'.split()[i % 4]}\n" for i in range(200))


class Base:
    def __init__(self, folder):
        self.folder, self.data = folder, os.path.join(folder, "data")
        self.input = os.path.join(folder, "people.csv")
        with open(self.input, "w", encoding="utf-8") as file:
            file.write(ROWS + FILLER)

    def call(self, *arguments, code=0, reviewer="li.na"):
        environment = {k: v for k, v in os.environ.items() if k != "GUIYI_REVIEWER"}
        if reviewer:
            environment["GUIYI_REVIEWER"] = reviewer
        done = subprocess.run([guiyi, *arguments, "--data-dir", self.data], capture_output=True, text=True,
                              env=environment)
        assert done.returncode == code, f"{' '.join(arguments)}: exit code {done.returncode}: {done.stdout}{done.stderr}"
        return done.stdout if code == 0 else done.stderr

    def run(self, workers=2):
        out = os.path.join(self.folder, "out")
        self.summary = json.loads(self.call("run", self.input, "--out", out, "--workers", str(workers), "--json"))
        with open(os.path.join(out, "members.csv"), encoding="utf-8", newline="") as file:
            self.customer = {f"{m['source']}/{m['source_record_id']}": m["customer_id"] for m in csv.DictReader(file)}
        with open(os.path.join(out, "review.csv"), encoding="utf-8", newline="") as file:
            self.reviews = list(csv.DictReader(file))
        return self.summary["digest"]

    def one(self, a, b):
        return self.customer[a] == self.customer[b]


def equal(found, expected, what):
    assert found == expected, f"{what}: found {found!r}, expected {expected!r}"


def decisions_are_honoured(b):
    first = b.run()
    assert b.one("crm/U1", "app/7") and not b.one("crm/U2", "app/8")
    equal(b.summary["decisions_applied"], 0, "decisions before any")
    b.call("review", "apart", "crm/U1", "app/7")
    b.call("review", "合并", "crm/U2", "app/8", "--why", "changed her name")
    b.call("review", "merge", "crm/U2", "app/8")  # once more: known
    second = b.run()
    assert second != first, "the digest depends on decisions"
    assert not b.one("crm/U1", "app/7") and b.one("crm/U2", "app/8")
    equal([b.summary["decisions_applied"], b.summary["decisions_gone"]], [2, 0], "decisions")
    pairs = [{f"{r['source_a']}/{r['id_a']}", f"{r['source_b']}/{r['id_b']}"} for r in b.reviews]
    assert {"crm/U1", "app/7"} not in pairs, "asked again"
    for workers in (1, 4):
        equal(b.run(workers), second, f"digest with {workers} workers")
    listed = json.loads(b.call("review", "--list", "--json"))["decisions"]
    equal([(d["number"], d["decision"], d["a"], d["b"], d["by"], d["why"]) for d in listed],
          [(1, "apart", "crm/U1", "app/7", "li.na", ""), (2, "merge", "crm/U2", "app/8", "li.na", "changed her name")],
          "the list")
    b.call("review", "--undo", "1")
    b.call("review", "--undo", "2")
    equal(b.run(), first, "digest once all is undone")
    equal(json.loads(b.call("review", "--list", "--json"))["decisions"], [], "the list after undo")
    equal([d["decision"] for d in json.loads(b.call("review", "--list", "--all", "--json"))["decisions"]],
          ["apart", "merge", "undo", "undo"], "the whole log")


def what_is_wrong_is_refused(b):
    b.run()
    said = b.call("review", "merge", "crm/U1", "app/7", code=2, reviewer=None)
    assert "--reviewer" in said, said
    b.call("review", "apart", "crm/U1", "app/7")
    said = b.call("review", "household", "app/7", "crm/U1", code=3)
    assert "decision 1 (crm/U1 ≠ app/7)" in said, said
    b.call("review", "merge", "crm/U1", "shop/P3")
    said = b.call("review", "merge", "shop/P3", "app/7", code=3)
    assert "decision 2 (crm/U1 = shop/P3) and decision 1" in said, said
    b.call("review", "merge", "crm/U1", "crm/U99", code=1)
    b.call("review", "merge", "crm/U1", "crm/U1", code=2)
    b.call("review", "split", "crm/U1", "app/7", code=2)
    b.call("review", "--undo", "9", code=1)
    equal(len(json.loads(b.call("review", "--list", "--json"))["decisions"]), 2, "decisions kept")


def a_table_is_kept_whole_or_not_at_all(b):
    b.run()
    path = os.path.join(b.folder, "decided.csv")
    rows = [["decision", "source_a", "id_a", "source_b", "id_b", "note"],
            ["merge", "crm", "U2", "app", "8", "same person, married"], ["", "crm", "U1", "app", "7", ""],
            ["不合并", "crm", "U4", "app", "9", ""]]

    def write(extra):
        with open(path, "w", encoding="utf-8-sig", newline="") as file:
            csv.writer(file).writerows(rows + extra)

    write([["perhaps", "crm", "U1", "app", "7", ""]])
    said = b.call("review", "--decide", path, code=3)
    assert "line 5" in said and "household" in said, said
    write([["merge", "crm", "U1", "app", "70", ""]])
    said = b.call("review", "--decide", path, code=1)
    assert "line 5" in said, said
    equal(json.loads(b.call("review", "--list", "--json"))["decisions"], [], "nothing was kept")
    write([])
    equal(json.loads(b.call("review", "--decide", path, "--json")), {"kept": 2, "known": 0, "numbers": [1, 2]}, "kept")
    equal(json.loads(b.call("review", "--decide", path, "--json")), {"kept": 0, "known": 2, "numbers": [1, 2]}, "again")
    b.run()
    assert b.one("crm/U2", "app/8") and not b.one("crm/U4", "app/9") and b.one("crm/U1", "app/7")


def a_record_that_is_gone_is_counted(b):
    b.run()
    b.call("review", "merge", "crm/U2", "app/8")
    with open(b.input, "w", encoding="utf-8") as file:
        file.write("".join(line for line in (ROWS + FILLER).splitlines(True) if not line.startswith("app,8,")))
    b.run()
    equal([b.summary["decisions_applied"], b.summary["decisions_gone"]], [0, 1], "decisions")
    with open(b.input, "w", encoding="utf-8") as file:
        file.write(ROWS + FILLER)
    b.run()
    assert b.one("crm/U2", "app/8"), "it holds again when the record is back"


for test in (decisions_are_honoured, what_is_wrong_is_refused, a_table_is_kept_whole_or_not_at_all,
             a_record_that_is_gone_is_counted):
    with tempfile.TemporaryDirectory() as folder:
        test(Base(folder))
    print("ok", test.__name__)
