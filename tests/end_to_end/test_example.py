#!/usr/bin/env python3
"""The cases of examples/crm/README.md: runs the example and looks at what it left, as a reader of that
table would.

  test_example.py GUIYI
"""
import csv, json, os, re, subprocess, sys, tempfile

guiyi = os.path.abspath(sys.argv[1])
EXAMPLE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "examples", "crm")
DOCUMENT = os.path.join(EXAMPLE, "README.md")


def call(*arguments):
    done = subprocess.run([guiyi, *arguments], capture_output=True, text=True)
    assert done.returncode == 0, f"{' '.join(arguments)}: exit code {done.returncode}: {done.stderr}"
    return done.stdout


class Example:
    def __init__(self, folder):
        self.folder, self.data = folder, os.path.join(folder, "data")
        self.run()

    def run(self):
        out = os.path.join(self.folder, "out")
        self.summary = json.loads(call("run", os.path.join(EXAMPLE, "job.yaml"), "--out", out, "--data-dir", self.data,
                                       "--unmask", "--json"))
        self.customers = {f"{m['source']}/{m['source_record_id']}": m["customer_id"] for m in self.rows("members.csv")}
        self.by_id = {g["customer_id"]: g for g in self.rows("golden.csv")}

    def rows(self, name):
        with open(os.path.join(self.folder, "out", name), encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    def golden(self, record):
        return self.by_id[self.customers[record]]

    def count(self, *records):
        """How many customers the records are of."""
        return len({self.customers[r] for r in records})

    def tags(self, record):
        return [t for t in self.golden(record)["tags"].split(";") if t]

    def reasons(self, a, b=""):
        """Why a person should look at the two records, or at the one."""
        def name(row, side):
            return f"{row['source_' + side]}/{row['id_' + side]}" if row["id_" + side] else ""
        return [r["reason"] for r in self.rows("review.csv") if {name(r, "a"), name(r, "b")} == {a, b}]

    def ask(self, *arguments):
        return json.loads(call(*arguments, "--json", "--data-dir", self.data))


def equal(found, expected, what):
    assert found == expected, f"{what}: found {found!r}, expected {expected!r}"


def zhang(e):
    orders = ["A2512200001", "A2603080002", "A2607010003", "A2611110004"]
    equal(e.count("官网/W10001", "客服/T2608030001", *(f"APP/{o}" for o in orders)), 1, "one customer")
    golden = e.golden("官网/W10001")
    equal([golden["客户姓名"], golden["关联订单号"]], ["张伟明", ";".join(orders)], "name and orders")
    equal([e.tags("官网/W10001"), golden["tier"]], [["高价值"], "高价值"], "12,585.50 yuan in a year")
    assert int(golden["score"]) >= 80, golden["score"]
    shown = e.ask("get", "官网/W10001", "--records")
    equal(shown["customer_id"], e.customers["官网/W10001"], "get")
    assert {"官网", "APP", "客服"} <= {r["source"] for r in shown["records"]}, shown["records"]


def household(e):
    mother, father, son = "APP/A2602130006", "APP/A2507070005", "APP/A2610060007"
    equal(e.count(mother, "门店POS/P202508170004"), 1, "one person's purchases")
    equal(e.count(mother, father, son), 3, "persons")
    for other in (father, son):
        equal(e.reasons(mother, other), [], "a relation is no question")
        related = {(r["kind"], r["basis"]) for r in e.rows("relations.csv")
                   if {r["customer_a"], r["customer_b"]} == {e.customers[mother], e.customers[other]}}
        equal(related, {("household", "R6-家庭共用")}, "a relation")
        shown = e.ask("get", mother)["relations"]
        assert e.customers[other] in [r["customer_id"] for r in shown if r["kind"] == "household"], shown


def shop_clerk(e):
    alone = [g for g in e.by_id.values() if "18620003331" in g["手机号码"]]
    equal([len(alone), {g["record_count"] for g in alone}], [26, {"1"}], "customers of one clerk")


def virtual_numbers(e):
    with open(os.path.join(EXAMPLE, "ecommerce.csv"), encoding="utf-8", newline="") as file:
        buyers = {(r["平台"], r["买家ID"]): f"电商/{r['平台']}/{r['订单编号']}" for r in csv.DictReader(file)
                  if r["收货手机"].startswith("17012345061-") and not r["会员手机"]}
    assert len(buyers) > 10, buyers
    equal(e.count(*buyers.values()), len(buyers), "buyers of one virtual number")


def number_that_changed_hands(e):
    equal(e.count("官网/W10004", "门店POS/P202304020033"), 1, "the first owner")
    equal(e.count("官网/W10005", "APP/A2610030008"), 1, "the second owner")
    equal(e.count("官网/W10004", "官网/W10005"), 2, "owners")
    equal([e.golden(f"官网/W1000{i}")["关联订单号"] for i in (4, 5)], ["P202304020033", "A2610030008"], "orders")
    equal(e.ask("explain", "官网/W10004", "官网/W10005")["one_customer"], False, "explain")


def id_card_of_15_digits(e):
    equal(e.count("官网/W10006", "官网/W10007"), 1, "one customer")
    equal(e.golden("官网/W10006")["身份证号"], "16000019620709748X", "one card")


def changed_phone(e):
    equal(e.count("官网/W10008", "官网/W10009", "APP/A2507140009"), 1, "one customer")
    equal(set(e.golden("官网/W10008")["手机号码"].split(";")), {"15101497070", "18654770096"}, "both numbers")
    assert e.ask("explain", "官网/W10008", "官网/W10009")["one_customer"]


def one_unionid(e):
    accounts = ["wx7a01/oTFD35Vei9GCWPjVPwiJzWDLC8zY", "wx9b22/ohmczfp_tqjAfDLW5rRXNwtsRMT2"]
    equal(e.count("官网/W10027", *(f"公众号/{a}" for a in accounts)), 1, "one customer")
    equal(set(e.golden("官网/W10027")["openid"].split(";")), {a.split("/")[1] for a in accounts}, "openids")


FAIR = "展会/2026上海国际消费品展/"


def contacts_of_a_firm(e):
    equal(e.count(FAIR + "13816054427", "官网/W10201"), 1, "one contact, two writings of the firm")
    equal(e.count(FAIR + "13816054427", FAIR + "13564290871"), 2, "contacts with one office phone")


def name_and_firm(e):
    equal(e.count(FAIR + "13761120958", "官网/W10202"), 2, "not merged")


def follow_up_before_the_fair(e):
    equal(e.reasons(FAIR + "13379568178"), ["quality:DQ003"], "for review")


def dummy_phones(e):
    rows = [f"门店POS/{p}" for p in ("P202609010201", "P202609010202", "P202609020203")]
    equal(e.count(*rows), 3, "customers")
    equal([e.golden(r)["手机号码"] for r in rows], ["13800000000", "13800000000", "待完善"], "shown")


def potential(e):
    equal([e.tags("官网/W10013"), e.golden("官网/W10013")["tier"]], [["潜力"], "潜力"], "tags and tier")


LOGIN, ORDER, ASLEEP = "流失风险-未登录30天", "流失风险-未消费90天", "流失风险-沉睡180天"


def no_login(e):
    equal(e.tags("官网/W10204"), [LOGIN], "tags")


def no_order(e):
    equal(e.tags("官网/W10205"), [ORDER], "tags")


def asleep(e):
    equal(e.tags("官网/W10206"), [LOGIN, ORDER, ASLEEP], "tags")


def two_owners(e):
    equal(e.count("官网/W10203", FAIR + "13570962218"), 1, "one customer")
    equal(e.golden("官网/W10203")["负责人"], "李倩", "owner")
    equal(e.reasons("官网/W10203", FAIR + "13570962218"), ["owner"], "for review")


def negative_amount(e):
    equal(e.count("官网/W10207", "门店POS/P202610200204"), 1, "linked")
    equal(e.reasons("门店POS/P202610200204"), ["quality:DQ005"], "for review")


def unusable_row(e):
    found = [(r["kind"], r["source"], r["reason"]) for r in e.rows("rejects.csv")]
    equal(found, [("rejected", "门店POS", "too_few_columns")], "rejects.csv")
    s = e.summary
    equal(s["read"], s["linked"] + s["quarantined"] + s["rejected"], "rows")
    equal(sum(int(g["record_count"]) for g in e.by_id.values()), s["linked"], "records of customers")


def searches(e):
    for words, record in (("薛鸿", "官网/W10206"), ("1391234", "官网/W10001"), ("A2607010003", "官网/W10001")):
        found = [c["customer_id"] for c in e.ask("search", words)["customers"]]
        assert e.customers[record] in found, f"search {words}: {found}"


CASES = [zhang, household, shop_clerk, virtual_numbers, number_that_changed_hands, id_card_of_15_digits, changed_phone,
         one_unionid, contacts_of_a_firm, name_and_firm, follow_up_before_the_fair, dummy_phones, potential, no_login,
         no_order, asleep, two_owners, negative_amount, unusable_row]


def commands_of_the_document(e):
    """Each command that the table of cases names does what it is asked."""
    with open(DOCUMENT, encoding="utf-8") as file:
        text = file.read()
    cases = re.findall(r"^\| (\d+) \|", text, re.M)
    equal(cases, [str(i + 1) for i in range(len(CASES))], "cases of the document, each with a test")
    commands = re.findall(r"`guiyi ((?:get|explain|search) [^`]+)`", text)
    assert len(commands) >= len(CASES), commands
    for command in commands:
        call(*command.split(" "), "--data-dir", e.data)


def main():
    call("check", os.path.join(EXAMPLE, "job.yaml"))
    with tempfile.TemporaryDirectory(prefix="guiyi-example-") as folder:
        example = Example(folder)
        failed = 0
        for case in CASES + [searches, commands_of_the_document]:
            try:
                case(example)
            except (AssertionError, KeyError) as problem:
                print(f"{case.__name__}: {problem!r}")
                failed += 1
        call("verify", "--data-dir", example.data)
        before, digest = example.customers, example.summary["digest"]
        example.run()
        equal(example.customers, before, "customer ids of a second run")
        equal(example.summary["digest"], digest, "digest of a second run")
    if failed:
        sys.exit(f"{failed} cases failed")
    print(f"{len(CASES)} cases hold")


main()
