#!/usr/bin/env python3
"""What people decide with `guiyi review` is honoured by every later run.

  test_review.py GUIYI
"""
import csv, json, os, pty, select, signal, subprocess, sys, tempfile, time

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
FILLER = "".join(f"crm,F{i},{'赵钱孙周吴郑'[i % 6]}{'一二三四五六七八九十'[i // 6 % 10]}{'东西南北'[i // 60]},135{(i * 7919993 + 12345678) % 10**8:08d},,"
                 f"{'北京市 上海市 广州市 深圳市'.split()[i % 4]}\n" for i in range(200))


class Base:
    def __init__(self, folder):
        self.folder, self.data = folder, os.path.join(folder, "data")
        self.input = os.path.join(folder, "people.csv")
        self.options = []
        with open(self.input, "w", encoding="utf-8") as file:
            file.write(ROWS + FILLER)

    def call(self, *arguments, code=0, reviewer="li.na"):
        environment = {k: v for k, v in os.environ.items() if k != "GUIYI_REVIEWER"}
        if reviewer:
            environment["GUIYI_REVIEWER"] = reviewer
        done = subprocess.run([guiyi, *arguments, "--data-dir", self.data], capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, env=environment)
        assert done.returncode == code, f"{' '.join(arguments)}: exit code {done.returncode}: {done.stdout}{done.stderr}"
        return done.stdout if code == 0 else done.stderr

    def run(self, workers=2):
        out = os.path.join(self.folder, "out")
        self.summary = json.loads(self.call("run", self.input, "--out", out, "--workers", str(workers), "--json",
                                            *self.options))
        with open(os.path.join(out, "members.csv"), encoding="utf-8", newline="") as file:
            self.customer = {f"{m['source']}/{m['source_record_id']}": m["customer_id"] for m in csv.DictReader(file)}
        with open(os.path.join(out, "review.csv"), encoding="utf-8", newline="") as file:
            self.reviews = list(csv.DictReader(file))
        return self.summary["digest"]

    def relations(self):
        with open(os.path.join(self.folder, "out", "relations.csv"), encoding="utf-8", newline="") as file:
            return {frozenset((f"{r['source_a']}/{r['id_a']}", f"{r['source_b']}/{r['id_b']}")): (r["kind"], r["basis"])
                    for r in csv.DictReader(file)}

    def one(self, a, b):
        return self.customer[a] == self.customer[b]


class Terminal:
    """A person at `guiyi review`: presses keys, reads the screen."""

    def __init__(self, base, *arguments, language="C"):
        environment = {**os.environ, "GUIYI_REVIEWER": "li.na", "LC_ALL": language, "TERM": "xterm"}
        command = [guiyi, "review", "--data-dir", base.data, *arguments]
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execve(guiyi, command, environment)

    def read(self, until=b"[q]"):
        """The screen up to the keys; what there is when the program ended."""
        screen, deadline = b"", time.monotonic() + 60
        while until not in screen:
            assert select.select([self.fd], [], [], deadline - time.monotonic())[0], screen.decode()
            try:
                data = os.read(self.fd, 1 << 16)
            except OSError:  # the program is gone
                break
            if not data:
                break
            screen += data
        return screen.decode().replace("\r\n", "\n")

    def press(self, key, until=b"[q]"):
        os.write(self.fd, key.encode())
        return self.read(until)

    def end(self):
        self.read(until=b"\0")
        status = os.waitpid(self.pid, 0)[1]
        os.close(self.fd)
        return os.waitstatus_to_exitcode(status)


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
    why = json.loads(b.call("explain", "crm/U1", "app/7", "--json"))
    equal([why["verdict"], why["decisions"], why["one_customer"]], ["decision", [1], False], "apart explained")
    said = b.call("explain", "crm/U2", "app/8")
    assert "people decided so: decision 2 (merge, li.na)" in said and "--undo" in said, said
    if not b.one("shop/P3", "app/7"):  # of one customer once
        said = b.call("explain", "shop/P3", "app/7")
        assert "decision 1 (apart, li.na)" in said, said
    listed = json.loads(b.call("review", "--list", "--json"))["decisions"]
    equal([(d["number"], d["decision"], d["a"], d["b"], d["by"], d["why"]) for d in listed],
          [(1, "apart", "crm/U1", "app/7", "li.na", ""), (2, "merge", "crm/U2", "app/8", "li.na", "changed her name")],
          "the list")
    b.call("review", "--undo", "1")
    b.call("review", "--undo", "2")
    equal(b.run(), first, "digest once all is undone")
    equal(json.loads(b.call("review", "--list", "--json"))["decisions"], [], "the list after undo")
    equal([d["decision"] for d in json.loads(b.call("review", "--log", "--json"))["decisions"]],
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


MORE = "".join(f"crm,A{i},{name},134{(i * 3719993 + 58213746) % 10**8:08d},,\napp,B{i},{name},133{(i * 9137991 + 27182845) % 10**8:08d},,\n" for i, name in
               enumerate("司马相如 诸葛孔明 欧阳询之 上官婉儿 公孙大娘 独孤求败".split()))


def with_open_pairs(b):
    """Six pairs of one rare name and two numbers, all of one pattern."""
    with open(b.input, "w", encoding="utf-8") as file:
        file.write(ROWS + FILLER + MORE)
    b.options = ["--threshold=-3"]
    b.run()
    cases = json.loads(b.call("review", "--json"))
    assert cases["open"] == len(cases["cases"]) >= 6, cases["open"]
    priorities = [c["priority"] for c in cases["cases"]]
    equal(priorities, sorted(priorities, reverse=True), "the most valuable first")
    return cases["cases"]


def records_of(case):
    return case["explanation"]["a"]["record"], case["explanation"]["b"]["record"]


def a_person_decides_on_the_terminal(b):
    cases = with_open_pairs(b)
    person = Terminal(b)
    first = person.read()
    assert "pair 1 of" in first and "for:" in first and records_of(cases[0])[0] in first, first
    for clear in ("58213746", "27182845", "诸葛孔明", "司马相如"):
        assert clear not in first, "masked"
    assert "kept: 1 decision" in person.press("m")
    second = person.press("n")
    assert "kept: 1 decision; your decisions touch 4 records" in second, second
    assert "means nothing" in person.press("x")
    assert "decision 2 undone" in person.press("u")
    person.press("h")
    person.press("s")
    said = person.press("q", until=b"honours them")
    assert "2 decisions kept" in said, said
    equal(person.end(), 0, "exit code")
    log = json.loads(b.call("review", "--log", "--json"))["decisions"]
    equal([d["decision"] for d in log], ["merge", "apart", "undo", "household"], "the log")
    equal((log[0]["a"], log[0]["b"]), records_of(cases[0]), "the first pair")
    left = json.loads(b.call("review", "--json"))
    equal([left["open"], left["decided"]], [len(cases) - 2, 2], "what is open")
    b.run()
    assert b.one(*records_of(cases[0])) and not b.one(*records_of(cases[1]))
    equal(b.relations()[frozenset(records_of(cases[1]))], ("household", "decision 4"), "the household")


def all_of_a_pattern_are_decided_alike(b):
    cases = with_open_pairs(b)
    alike = [c for c in cases if c["pattern"] == cases[0]["pattern"]]
    assert len(alike) > 2
    person = Terminal(b, language="zh_CN.UTF-8")
    assert "支持：" in person.read()
    shown = person.press("p", until="其他键取消".encode())
    assert f"{len(alike)} 对待核对" in shown, shown
    assert f"已保存 {len(alike)} 个决定" in person.press("1", until=b"[q]")
    person.press("q", until="下次运行时生效".encode())
    equal(person.end(), 0, "exit code")
    for number in range(1, len(alike) + 1):
        b.call("review", "--undo", str(number))
    preview = b.call("review", "--all", "apart", "--pattern", alike[0]["pattern"], "--preview", reviewer=None)
    assert f"{len(alike)} open pairs" in preview, preview
    kept = json.loads(b.call("review", "--all", "apart", "--pattern", alike[0]["pattern"], "--json"))
    equal(kept["kept"], len(alike), "decisions kept")
    equal(json.loads(b.call("review", "--pattern", alike[0]["pattern"], "--json"))["open"], 0, "open")
    none = b.call("review", "--reason", "size")
    assert "nothing is open" in none, none


def what_was_said_to_be_kept_survives_kill_9(b):
    with_open_pairs(b)
    for kept in range(1, 4):
        person = Terminal(b)
        person.read()
        assert "kept: 1 decision" in person.press("n")
        os.kill(person.pid, signal.SIGKILL)
        equal(person.end(), -signal.SIGKILL, "killed")
        equal(len(json.loads(b.call("review", "--list", "--json"))["decisions"]), kept, "decisions")
    assert "standard input is none" in b.call("review", code=2), "no terminal"


for test in (decisions_are_honoured, a_person_decides_on_the_terminal, all_of_a_pattern_are_decided_alike,
             what_was_said_to_be_kept_survives_kill_9, what_is_wrong_is_refused, a_table_is_kept_whole_or_not_at_all,
             a_record_that_is_gone_is_counted):
    with tempfile.TemporaryDirectory() as folder:
        test(Base(folder))
    print("ok", test.__name__)
