#!/usr/bin/env python3
"""What the README tells a newcomer to type does what it says, in both languages: every `guiyi` line of its
code blocks is run, on files of one's own.

  test_first_steps.py GUIYI
"""
import csv, os, re, shlex, shutil, subprocess, sys, tempfile

guiyi = os.path.abspath(sys.argv[1])
ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
MEMBERS = """会员编号,姓名,手机,邮箱,生日,地址
M001,陈晓东,138-0011-3344,chenxd@qq.com,1985/3/7,上海市浦东新区张杨路500号12室
M002,李 梅,13922334455,,1990-02-28,上海市徐汇区漕溪北路88号
M003,王芳,+86 13733445566,wangfang@163.com,19880612,北京市朝阳区建国路93号院
M004,张伟,13644556677,ZHANGWEI@QQ.COM,,北京市海淀区中关村大街1号
"""
ORDERS = """订单号,收货人,电话,收货地址,下单时间,金额
D1001,陈先生,13800113344,上海浦东张杨路500号12室,2024-07-01 12:00,399
D1002,李梅,139 2233 4455,上海徐汇区漕溪北路88号,2024-07-02,1280.5
D1003,张三丰,18612345678,湖北省十堰市武当山,2024-07-08,500
"""
TRUTH = ["M001 1", "M002 2", "M003 3", "M004 4", "D1001 1", "D1002 2", "D1003 5"]


def call(*arguments, code=0):
    done = subprocess.run([guiyi, *arguments], capture_output=True, text=True)
    assert done.returncode == code, f"{' '.join(arguments)}: exit code {done.returncode}: {done.stderr}"
    return done


def rows(path):
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def write(name, text):
    with open(name, "w", encoding="utf-8") as file:
        file.write(text)


def look_at_the_results(said, members, orders):
    records = {(r["source"], r["source_record_id"]): r["customer_id"] for r in rows("results/members.csv")}
    assert len(records) == 7, records
    assert records[members, "M001"] == records[orders, "D1001"], "one phone, one customer"
    assert records[members, "M004"] != records[orders, "D1003"], "strangers"
    steps = re.findall(r"^\[ *(\d+)/(\d+)\]", said.stderr, re.M)
    assert steps and [int(n) for n, _ in steps] == list(range(1, int(steps[0][1]) + 1)), steps
    assert f"{guiyi} get C" in said.stdout, "the commands to try can be pasted"
    with open("results/report.html", encoding="utf-8") as file:
        page = file.read()
    for words in ("标题和内容", "heading and content", "记录自己的编号"):
        assert words in page, words
    return records[members, "M001"]


def follow(readme, members, orders):
    with open(os.path.join(ROOT, readme), encoding="utf-8") as file:
        blocks = re.findall(r"^```sh\n(.*?)^```", file.read(), re.M | re.S)
    lines = [shlex.split(line, comments=True) for block in blocks for line in block.splitlines()]
    commands = [line[1:] for line in lines if line and line[0] == "guiyi"]
    assert len(commands) >= 8, commands
    write(f"{members}.csv", MEMBERS)
    write(f"{orders}.csv", ORDERS)
    source = {"M": members, "D": orders}
    write("truth.csv", "source,source_record_id,entity_id\n" +
          "".join(f"{source[t[0]]},{t.replace(' ', ',')}\n" for t in TRUTH))
    customer = None
    for command in commands:
        said = call(*(customer if re.fullmatch(r"C\d{11}", word) else word for word in command))
        if command[0] == "run":
            customer = look_at_the_results(said, members, orders)
        if command[0] == "search":
            assert customer in said.stdout, said.stdout
        if command[0] == "explain":
            assert "are one customer" in said.stdout, said.stdout
    call("run", "results/job.yaml", "-o", "results")
    shutil.rmtree("guiyi-data")


def usage_names_the_program():
    assert call("get", "--help").stdout.startswith("Usage: guiyi get "), "usage"
    assert call("explain", code=2).stderr.startswith("guiyi explain: "), "mistake of usage"


def main():
    usage_names_the_program()
    with tempfile.TemporaryDirectory(prefix="guiyi-first-steps-") as folder:
        os.chdir(folder)
        call("run", os.path.join(ROOT, "examples/crm/job.yaml"), "--out", "results/crm", "--data-dir", "results/crm/data")
        follow("README.md", "members", "orders")
        follow("README.zh-CN.md", "会员", "订单")
        os.chdir("/")
    print("both READMEs hold")


main()
