#!/usr/bin/env python3
"""The rows of docs/requirements.md: one function per row that works, named after its id.

  test_rows.py GUIYI [ID...]

Each writes a small fixture, runs the real program on it and looks at what it left.
"""
import csv, gzip, json, os, random, re, sys, traceback
from program import Program, day, equal, read_csv, require, source, table

HERE = os.path.dirname(os.path.abspath(__file__))
VECTORS = os.path.join(HERE, "..", "golden", "vectors.tsv")
DOCUMENT = os.path.join(HERE, "..", "..", "docs", "requirements.md")

PERSON = {"姓名": "客户姓名", "手机": "手机号码"}
ORDER = {"手机": "手机号码", "单号": "关联订单号", "金额": "订单金额", "时间": "事件时间"}
VISIT = {"手机": "手机号码", "时间": "事件时间"}
# Equal phones are one customer: for rows that are about what happens after matching.
BY_PHONE = {"rules": [{"id": "phone", "when": {"手机号码": ["exclusive", "family", "shared", "hub", "recycled"]},
                       "then": "merge"}]}


def vectors(kind):
    with open(VECTORS, encoding="utf-8") as file:
        rows = [line.rstrip("\n").split("\t") for line in file]
    return [row[1:] for row in rows if row[0] == kind]


def one_column(p, field, cells, **sections):
    """The golden value of one field for each cell; rows are told apart by a text field."""
    rows = [(i, cell, f"row{i}") for i, cell in enumerate(cells)]
    result = p.run({"s.csv": table("id cell note", rows)}, [source("s", {"cell": field, "note": "备注"})],
                   thresholds={"accept": 900, "review": 800}, **sections)
    by_note = {g["备注"]: g[field] for g in result.golden}
    return [by_note.get(f"row{i}", "") for i in range(len(cells))], result


def quality(result, field, name="s"):
    of_source = next(s for s in result.json("quality.json")["before"] if s["source"] == name)
    return next(f for f in of_source["fields"] if f["field"] == field)


def sorted_out(p, field, cells, attribute, wanted):
    """Of each cell the wanted name that a quality rule `field.attribute == name` finds, or None."""
    rules = [{"id": name, "when": f"{field}.{attribute} == {name}", "action": "quarantine"} for name in wanted]
    rows = [(i, cell, f"row{i}") for i, cell in enumerate(cells)]
    result = p.run({"s.csv": table("id cell note", rows)}, [source("s", {"cell": field, "note": "备注"})],
                   quality={"rules": rules})
    found = {int(r["line"]) - 2: r["reason"] for r in result.rows("rejects.csv")}
    return [found.get(i) for i in range(len(cells))]


# ---- sources and mapping ----

def s0_01_one_view_of_all_channels(p):
    """Several sources, one golden record per customer, nothing lost, every value traced."""
    result = p.run({"web.csv": table("id 姓名 手机", [(1, "张伟", "13912345067"), (2, "李娜", "18687650921")]),
                    "pos.csv": table("id 姓名 手机", [(9, "张伟", "139 1234 5067")])},
                   [source("web", PERSON), source("pos", PERSON)])
    require(result.together("web/1", "pos/9"), "one customer in two channels")
    equal(result.golden_of("web", "1")["sources"], "pos;web")
    equal(len(result.golden), 2)
    equal(p.ask(result, "verify")["sound"], True)


CHANNELS = [("官网", "online", "realtime"), ("APP", "online", "realtime"), ("公众号", "online", "realtime"),
            ("门店", "offline", "daily"), ("POS", "offline", "daily"), ("电话", "human", "realtime"),
            ("在线客服", "human", "realtime"), ("电商", "online", "realtime"), ("展会", "offline", "on demand")]


def dictionary(p):
    sources = [{"id": name, "files": f"{i}.csv", "kind": kind, "cadence": cadence.replace(" ", "_"), "contact": f"对接人{i}",
                "map": {"电话": "手机号码", "姓名": "客户姓名"} if i % 2 else {"用户手机号": "手机号码"},
                "const": {"来源渠道": name}} for i, (name, kind, cadence) in enumerate(CHANNELS)]
    folder = p.folder()
    p.write(folder, {"job.yaml": json.dumps({"version": 1, "sources": sources}, ensure_ascii=False)})
    return p.call("dict", "job.yaml", cwd=folder).stdout, p.call("dict", "job.yaml", "--csv", cwd=folder).stdout


def s0_02_sources_are_listed(p):
    """Nine channels, each with its kind, cadence and who answers for it."""
    text, _ = dictionary(p)
    rows = [[c.strip() for c in line.strip("|").split("|")] for line in text.splitlines()]
    listed = {r[0]: r[1:4] for r in rows if r[0] in dict((c[0], c) for c in CHANNELS)}
    equal(listed, {name: [kind, cadence, f"对接人{i}"] for i, (name, kind, cadence) in enumerate(CHANNELS)})


def s0_10_fields_are_defined_in_one_place(p):
    """The data dictionary has each mapped field once, with type, format, sensitivity and where it comes from."""
    text, as_csv = dictionary(p)
    fields = list(csv.DictReader(as_csv.splitlines()))
    equal(sorted(f["field"] for f in fields), sorted(["手机号码", "客户姓名", "来源渠道"]))
    phone = next(f for f in fields if f["field"] == "手机号码")
    equal([phone["required"], phone["sensitivity"]], ["yes", "personal"])
    require("官网.用户手机号" in phone["filled_from"] and "APP.电话" in phone["filled_from"], phone)
    require(all(text.count(f"| {f['field']} |") == 1 for f in fields), text)


def s1_02_extended_fields_do_not_match(p):
    """A field of tier extended is carried along and changes nobody's customer."""
    columns = {**PERSON, "邮箱": "邮箱地址"}
    rows = [(1, "张伟", "13912345067", "zw@qq.com"), (2, "张伟", "18687650921", "zw@qq.com"), (3, "张伟", "13912345067", "")]
    text = table("id 姓名 手机 邮箱", rows)
    sure = {"accept": 6, "review": 5}
    require(p.run({"s.csv": text}, [source("s", columns)], thresholds=sure).together("s/1", "s/2"), "by e-mail, as core")
    result = p.run({"s.csv": text}, [source("s", columns)], thresholds=sure, fields={"邮箱地址": {"tier": "extended"}})
    require(not result.together("s/1", "s/2") and result.together("s/1", "s/3"), "without the e-mail")
    equal(result.golden_of("s", "2")["邮箱地址"], "zw@qq.com")


def s1_07_any_tool_can_feed_files(p):
    """The same records as CSV, JSON Lines and packed give the same golden records."""
    rows = [(1, "张伟", "13912345067"), (2, "李娜", "18687650921"), (3, "张伟", "139 1234 5067")]
    plain = table("id 姓名 手机", rows).encode()
    lines = "".join(json.dumps({"id": i, "姓名": n, "手机": m}, ensure_ascii=False) + "\n" for i, n, m in rows).encode()
    files = {"s.csv": plain, "s.jsonl": lines, "s.csv.gz": gzip.compress(plain), "s.jsonl.gz": gzip.compress(lines)}
    texts = {name: p.run({name: data}, [{**source("s", PERSON), "files": name}]).text("golden.csv")
             for name, data in files.items()}
    equal(len(set(texts.values())), 1, "different golden records")


def s0_08_columns_are_mapped(p):
    """Names of a source stand for standard fields; a missing one is named with the file."""
    files = {"wx.jsonl": '{"id":1,"用户手机号":"13912345067","买家昵称":"张伟","订单编号":"A1","openid":"o-1"}\n'}
    columns = {"用户手机号": "手机号码", "买家昵称": "客户姓名", "订单编号": "关联订单号", "openid": "渠道标识"}
    sources = [{"id": "wx", "files": "wx.jsonl", "key": ["id"], "map": columns}]
    golden = p.run(files, sources).golden[0]
    equal([golden[f] for f in ("手机号码", "客户姓名", "关联订单号")], ["13912345067", "张伟", "A1"])
    require(golden["渠道标识"].endswith("o-1"), golden)
    sources[0]["map"] = {**columns, "手机号吗": "固定电话"}
    refused = p.run(files, sources, check=False)
    equal(refused.code, 3, "a mapped column that is not there")
    require("手机号吗" in refused.stderr and "wx.jsonl" in refused.stderr, refused.stderr)
    sources[0]["map"] = {"用户手机号": "手机号马"}
    refused = p.run(files, sources, check=False)
    equal(refused.code, 2, "a field that does not exist")
    require("手机号码" in refused.stderr and "job.yaml:" in refused.stderr, refused.stderr)


def s1_03_missing_fields_are_named(p):
    """An export without a column that the job maps is refused as a whole."""
    refused = p.run({"s.csv": table("id 姓名", [(1, "张伟")])}, [source("s", PERSON)], check=False)
    equal(refused.code, 3)
    require("'手机'" in refused.stderr and "s.csv" in refused.stderr, refused.stderr)
    require(not os.path.exists(refused.path("members.csv")), "nothing is written")


def s1_04_headings_are_unified(p):
    """Aliases, width, blanks and stars of headings do not matter."""
    text = "id, 姓名＊ ,手机号 *\n1,张伟,13912345067\n"
    result = p.run({"s.csv": text})
    equal([result.golden[0][f] for f in ("客户姓名", "手机号码")], ["张伟", "13912345067"])
    result = p.run({"s.csv": text}, [source("s", {"姓名": "客户姓名", "手机号": "手机号码"})])
    equal([result.golden[0][f] for f in ("客户姓名", "手机号码")], ["张伟", "13912345067"])


def s1_06_rows_are_reconciled(p):
    """read = linked + quarantined + rejected, of each file; every other row stands in rejects.csv."""
    text = "id,姓名,手机\n1,张伟,13912345067\n2,李娜\n3,王芳,1,2,3\n4,,\n"
    result = p.run({"s.csv": text}, [source("s", PERSON)], quality={"quarantine_null_ratio": 0.5})
    equal([result.summary[k] for k in ("read", "linked", "quarantined", "rejected")], [4, 1, 1, 2])
    of_file = result.json("report.json")["files"][0]
    equal([of_file[k] for k in ("read", "linked", "quarantined", "rejected")], [4, 1, 1, 2])
    kinds = {int(r["line"]): r["kind"] for r in result.rows("rejects.csv")}
    equal(kinds, {3: "rejected", 4: "rejected", 5: "quarantined"})
    equal([quality(result, "手机号码")[k] for k in ("filled", "valid")], [1, 1])


def s1_08_old_versions_do_not_overwrite(p):
    """Of two states of a record the one that was changed last decides, whichever is read last."""
    columns = {**PERSON, "更新": "最后更新时间", "备注": "职位"}
    new = table("id 姓名 手机 更新 备注", [(1, "张伟", "13912345067", "2026-05-01 10:00:00", "经理")])
    old = table("id 姓名 手机 更新 备注", [(1, "张伟", "13912345067", "2025-05-01 10:00:00", "助理")])
    for first, second in ((new, old), (old, new)):
        golden = p.run({"a.csv": first, "b.csv": second}, [source("a", columns), source("b", columns)],
                       match=BY_PHONE, survivorship={"职位": "most_recent"}).golden_of("a", "1")
        equal([golden["职位"], golden["updated_at"]], ["经理", "2026-05-01 10:00:00"])


def s1_09_customer_ids_survive_reruns(p):
    """C, a date, a counter; the same in the next run, also when records join."""
    columns = {**PERSON, "注册": "注册时间"}
    rows = [(1, "张伟", "13912345067", "2024-05-01 08:00:00"), (2, "李娜", "18687650921", "2024-05-02 08:00:00")]
    sources = [source("s", columns)]
    first = p.run({"s.csv": table("id 姓名 手机 注册", rows)}, sources)
    require(all(re.fullmatch(r"C20\d{6}\d{3,}", c) for c in first.customers.values()), first.customers)
    before = first.customers
    again = p.run({}, sources, folder=first.folder)
    equal(again.customers, before, "the same data again")
    rows.append((3, "张伟", "13912345067", "2024-04-01 08:00:00"))
    rows.append((4, "王芳", "15803317746", "2024-04-01 08:00:00"))
    more = p.run({"s.csv": table("id 姓名 手机 注册", rows)}, sources, folder=first.folder).customers
    equal({k: more[k] for k in before}, before, "with more records")
    equal(more["s", "3"], before["s", "1"])
    require(more["s", "4"] not in before.values(), "a new customer has a new id")


def s2_05_history_is_loaded_late(p):
    """A file of 2023 that comes after one of 2024: event time decides, nothing is lost."""
    columns = {**PERSON, "更新": "最后更新时间", "证件": "身份证号"}
    header = "id 姓名 手机 更新 证件"
    card = "11010519491231002X"
    files = {"new.csv": table(header, [(1, "张伟", "13912345067", "2024-06-01", card)])}
    sources = [source("new", columns)]
    first = p.run(files, sources)
    before = first.golden_of("new", "1")["手机号码"]
    equal(before, "13912345067")
    files["old.csv"] = table(header, [(7, "张伟", "17755029384", "2023-06-01", card)])
    after = p.run(files, sources + [source("old", columns)], folder=first.folder)
    require(after.together("new/1", "old/7"), "one ID card")
    equal(after.golden_of("new", "1")["手机号码"], "13912345067;17755029384", "the newest first")
    equal(after.golden_of("new", "1")["updated_at"][:10], "2024-06-01")


# ---- standardisation ----

def s0_11_phones_are_classified(p):
    """All phone vectors: canonical value, kind, flag."""
    cases = [c for c in vectors("phone") if c[0]]
    cells = [c[0] for c in cases]
    kinds = sorted({c[1] for c in cases} - {"invalid"})
    found = sorted_out(p, "手机号码", cells, "kind", kinds + ["invalid"])
    equal(list(zip(cells, found)), [(c[0], c[1]) for c in cases], "kinds")
    flags = sorted({c[3] for c in cases if len(c) > 3 and c[3]})
    found = sorted_out(p, "手机号码", cells, "flag", flags)
    equal(list(zip(cells, found)), [(c[0], c[3] if len(c) > 3 and c[3] else None) for c in cases], "flags")
    values, _ = one_column(p, "手机号码", cells)
    for cell, value, case in zip(cells, values, cases):
        equal(value, case[2] or cell, f"phone {cell}")


def s0_12_dates_are_unified(p):
    """All date vectors; an impossible date is kept as it was written."""
    cases = [c for c in vectors("date") if c[0]]
    values, result = one_column(p, "出生日期", [c[0] for c in cases])
    for (cell, expected), value in zip(cases, values):
        equal(value, cell if expected == "E_DATE" else expected, f"date {cell}")
    equal(quality(result, "出生日期")["invalid"], sum(c[1] == "E_DATE" for c in cases))
    flags = sorted_out(p, "出生日期", [c[0] for c in cases], "flag", ["E_DATE"])
    equal(flags, ["E_DATE" if c[1] == "E_DATE" else None for c in cases])


def s0_13_channels_have_standard_names(p):
    """Aliases lead to the code table; an unknown one is 未知, counted, and listed by a rule."""
    cells = ["pc官网", "官方网站", "APP下单", "安卓", "到店", "服务号", "京东", "呼入", "老客户介绍", "展会", "月球"]
    values, result = one_column(p, "来源渠道", cells)
    equal(values, ["官网注册", "官网注册", "APP", "APP", "门店留资", "公众号", "电商平台", "电话客服", "转介绍", "展会",
                   "未知"])
    counts = quality(result, "来源渠道")
    equal([counts["filled"], counts["valid"]], [len(cells), len(cells) - 1])
    equal(sorted_out(p, "来源渠道", cells, "flag", ["W_UNKNOWN_CODE"])[-2:], [None, "W_UNKNOWN_CODE"])
    columns = {**PERSON, "来源": "来源渠道", "时间": "首次触达时间"}
    rows = [(1, "张伟", "13912345067", "展会", "2024-01-01"), (2, "张伟", "13912345067", "app", "2025-01-01")]
    for order in (rows, rows[::-1]):
        golden = p.run({"s.csv": table("id 姓名 手机 来源 时间", order)}, [source("s", columns)]).golden[0]
        equal(golden["来源渠道"], "展会", "first touch")


def s0_14_genders_are_unified(p):
    """GB/T 2261.1 and words; a source may say what its 0 and 1 mean; the ID card fills and is checked."""
    cells = ["1", "2", "0", "9", "男", "F", "先生", "女士", "male", "保密"]
    values, _ = one_column(p, "性别", cells)
    equal([v or "未知" for v in values], ["男", "女", "未知", "未知", "男", "女", "男", "女", "男", "未知"])
    columns = {**PERSON, "性别": {"to": "性别", "aliases": {"0": "女", "1": "男"}}}
    golden = p.run({"s.csv": table("id 姓名 手机 性别", [(1, "张伟", "13912345067", "0")])}, [source("s", columns)])
    equal(golden.golden[0]["性别"], "女")
    columns = {**PERSON, "证件": "身份证号", "性别": "性别", "生日": "出生日期"}
    rows = [(1, "张伟", "13912345067", "11010519491231002X", "", ""),
            (2, "李强", "18687650921", "34052419800101001X", "女", "1980-01-02")]
    rules = [{"id": f"{field}_不符", "when": f"{field}.flag == W_CONTRADICTS", "action": "review"}
             for field in ("性别", "出生日期")]
    result = p.run({"s.csv": table("id 姓名 手机 证件 性别 生日", rows)}, [source("s", columns)],
                   quality={"rules": rules})
    equal([result.golden_of("s", "1")[f] for f in ("性别", "出生日期")], ["女", "1949-12-31"], "filled from the ID card")
    shown = {f["field"]: f["origin"] for f in p.ask(result, "get", "s/1")["fields"]}
    equal([shown["性别"], shown["出生日期"]], ["derived", "derived"])
    equal([(r["reason"], r["id_a"]) for r in result.rows("review.csv")],
          [("quality:性别_不符", "2"), ("quality:出生日期_不符", "2")])
    flags = {(f["field"], f["flag"]): f["cells"] for f in result.json("report.json")["flags"]}
    equal(flags.get(("性别", "W_CONTRADICTS")), 1)


def s1_10_industries_are_coded(p):
    """Names, aliases and codes of GB/T 4754-2017; what nobody knows is 待完善."""
    cells = ["软件和信息技术服务业", "IT", "软件", "6513", "I65", "应用软件开发", "银行"]
    values, _ = one_column(p, "所属行业", cells)
    equal(values, ["I65", "I65", "I65", "I6513", "I65", "I6513", "J66"])
    columns = {**PERSON, "行业": "所属行业"}
    rows = [(1, "张伟", "13912345067", "软件"), (2, "李娜", "18687650921", ""), (3, "王芳", "15803317746", "吹牛业")]
    result = p.run({"s.csv": table("id 姓名 手机 行业", rows)}, [source("s", columns)],
                   fields={"所属行业": {"required": True}})
    equal([result.golden_of("s", i)["所属行业"] for i in "12"], ["I65", "待完善"])
    equal(quality(result, "所属行业")["valid"], 1, "an unknown name is not valid")


def s1_11_writing_does_not_matter(p):
    """Width, zero-width characters, blanks, pinyin notes, traditional characters, encodings."""
    names = ["张伟", "张 伟", "张\u200b伟", "張偉", "张（zhāng）伟（wěi）", " 张伟\u3000"]
    phones = ["１３９１２３４５０６７", "139-1234-5067", "+86 13912345067", "139\u200b12345067", "13912345067", "(139)12345067"]
    result = p.run({"s.csv": table("id 姓名 手机", [(i, *x) for i, x in enumerate(zip(names, phones))])},
                   [source("s", PERSON)])
    equal(len(result.golden), 1)
    equal(result.golden[0]["手机号码"], "13912345067")
    rows = [(1, "張偉", "13912345067"), (2, "李娜", "18687650921")]
    plain = table("id 姓名 手机", rows)
    files = {"utf8": plain.encode(), "mark": b"\xef\xbb\xbf" + plain.encode(), "gb": plain.encode("gb18030")}
    texts = {name: p.run({"s.csv": data}, [source("s", PERSON)]).text("golden.csv") for name, data in files.items()}
    equal(texts["mark"], texts["utf8"])
    equal(texts["gb"], texts["utf8"])


def s1_12_order_numbers_are_a_set(p):
    """Split on both semicolons, trimmed, each once, in a stable order."""
    values, _ = one_column(p, "关联订单号", ["A1;A2； A1", "B2 ；B1", "C1"])
    equal(values, ["A1;A2", "B1;B2", "C1"])


def s2_06_gaps_are_filled_from_other_records(p):
    """A missing value comes from a linked record, and the lineage says from which; nothing is invented."""
    web, shop = {**PERSON, "行业": "所属行业", "邮箱": "邮箱地址"}, {**PERSON, "行业": "所属行业", "地址": "地址"}
    result = p.run({"web.csv": table("id 姓名 手机 行业 邮箱", [(1, "张伟", "13912345067", "", "zw@qq.com")]),
                    "shop.csv": table("id 姓名 手机 行业 地址", [(2, "张伟", "13912345067", "软件", "")])},
                   [source("web", web), source("shop", shop)])
    golden = result.golden_of("web", "1")
    equal([golden[f] for f in ("所属行业", "邮箱地址", "地址")], ["I65", "zw@qq.com", ""])
    shown = {f["field"]: f for f in p.ask(result, "get", golden["customer_id"])["fields"]}
    equal(shown["所属行业"]["records"], ["shop/2"])
    equal(shown["邮箱地址"]["records"], ["web/1"])


def s2_07_addresses_are_unified(p):
    """All address vectors, and two writings of one place are one value."""
    cases = vectors("addr_tail")
    values, _ = one_column(p, "地址", [c[0] for c in cases])
    for (cell, expected), value in zip(cases, values):
        equal(value, expected, f"address {cell}")
    values, _ = one_column(p, "地址", ["北京朝阳建国路八十八号", "北京市朝阳区建国路88号"])
    equal(values, ["北京市朝阳区建国路88号"] * 2)


def s2_08_cleaning_is_automatic(p):
    """Of generated customers with all the damage of real ones, at least 95 % of the records are passed, mended
    or set aside without a person; the rest holds a value that nobody could mend."""
    folder = p.folder()
    p.call("make-customers", "--records", 3000, "--seed", 5, "--out", folder)
    result = p.run({}, None, folder=folder, inputs=["records.csv"])
    fields = [f for s in result.json("quality.json")["before"] for f in s["fields"]]
    require(sum(f["standardised"] for f in fields) > 1000, "there was much to mend")
    by_hand = sum(f["invalid"] for f in fields) + result.summary["rejected"] + result.summary["quarantined"]
    require(1 - by_hand / result.summary["read"] >= 0.95, f"{by_hand} records need a person")


def s3_05_uncertain_records_found_no_match(p):
    """Text from speech or OCR with a low confidence is kept, and never merges by itself."""
    columns = {**PERSON, "置信度": "识别置信度", "方式": "录入方式"}
    rows = [(1, "张伟", "13912345067", "", "录入"), (2, "张伟", "13912345067", "0.50", "OCR"),
            (3, "张伟", "13912345067", "0.97", "OCR")]
    rules = [{"id": f"low_{field}", "when": "识别置信度 < 0.8", "action": "attribute_only", "field": field}
             for field in ("手机号码", "客户姓名")]
    result = p.run({"s.csv": table("id 姓名 手机 置信度 方式", rows)}, [source("s", columns)],
                   fields={"识别置信度": "amount", "录入方式": {"type": "text", "use": "attribute"}},
                   quality={"rules": rules})
    require(result.together("s/1", "s/3"), "sure enough")
    require(not result.together("s/1", "s/2"), "too unsure")
    equal(result.golden_of("s", "2")["手机号码"], "13912345067", "kept")


def s3_04_golden_records_name_their_configuration(p):
    """Each golden record names its generation, and the generation keeps the job that made it."""
    columns = {**PERSON, "等级": "会员等级", "更新": "最后更新时间"}
    rows = [(1, "张伟", "13912345067", "金", "2025-01-01"), (2, "张伟", "13912345067", "银", "2026-01-01")]
    fields = {"会员等级": {"type": "category", "use": "attribute"}}

    def run(rule, folder=None):
        return p.run({"s.csv": table("id 姓名 手机 等级 更新", rows)}, [source("s", columns)], folder=folder,
                     fields=fields, survivorship={"会员等级": rule})

    def configured(result):
        shown = p.ask(result, "get", "s/1")
        path = os.path.join(result.folder, "data", "generations", f"{shown['generation']:06d}", "manifest.json")
        with open(path, encoding="utf-8") as file:
            manifest = json.load(file)
        value = next(f["value"] for f in shown["fields"] if f["field"] == "会员等级")
        return shown["generation"], value, re.findall("earliest|most_recent", manifest["job"]), manifest["job_digest"]
    first = run("earliest")
    generation, value, rule, digest = configured(first)
    equal([generation, value, rule], [1, "金", ["earliest"]])
    with open(os.path.join(first.folder, "job.yaml"), "a", encoding="utf-8") as file:
        file.write("\n# changed\n")
    equal(configured(first), (generation, value, rule, digest), "until the next run")
    again = configured(run("most_recent", first.folder))
    equal(again[:3], (2, "银", ["most_recent"]))
    require(again[3] != digest, "another configuration")


# ---- quality ----

def s1_13_unusable_phones_are_no_key(p):
    """A prefix alone is invalid, a constant filler is shown and not matched by."""
    rows = [(1, "张伟", "138"), (2, "张玮", "138"), (3, "李娜", "1380013"), (4, "李哪", "1380013"),
            (5, "王芳", "13800000000"), (6, "赵云", "13800000000")]
    result = p.run({"s.csv": table("id 姓名 手机", rows)}, [source("s", PERSON)], thresholds={"accept": 15, "review": 14})
    equal(len(result.golden), len(rows), "no two of them are one customer")
    counts = quality(result, "手机号码")
    equal([counts[k] for k in ("filled", "valid", "standardised", "attribute", "invalid")], [6, 0, 0, 2, 4])
    cells = ["138", "1380013", "13800000000", "13912345067"]
    equal(sorted_out(p, "手机号码", cells, "flag", ["E_PREFIX_ONLY", "W_DUMMY"]),
          ["E_PREFIX_ONLY", "E_PREFIX_ONLY", "W_DUMMY", None])
    rules = [{"id": "DQ001", "when": "手机号码.state == invalid", "action": "drop_value", "field": "手机号码"}]
    result = p.run({"s.csv": table("id 姓名 手机", rows[:1])}, [source("s", PERSON)], quality={"rules": rules})
    equal(result.golden[0]["手机号码"], "待完善")


def s1_14_half_empty_rows_are_quarantined(p):
    """Exactly half of the mapped fields empty passes, more does not."""
    fields = ["客户姓名", "手机号码", "邮箱地址", "地址", "性别", "出生日期", "公司名称", "所属行业", "来源渠道", "备注"]
    full = ["张伟", "13912345067", "zw@qq.com", "北京市朝阳区建国路88号", "男"]
    rows = [("five", *full, *[""] * 5), ("six", *full[:4], *[""] * 6)]
    result = p.run({"s.csv": table("id " + " ".join(fields), rows)}, [source("s", {f: f for f in fields})],
                   quality={"quarantine_null_ratio": 0.5})
    equal([r["source_record_id"] for r in result.rows("members.csv")], ["five"])
    equal([(r["kind"], r["line"]) for r in result.rows("rejects.csv")], [("quarantined", "3")])


def s1_15_fields_are_checked_against_each_other(p):
    """A follow-up before the fair is reported with the rule's id and listed for review; the row is linked."""
    columns = {**PERSON, "来源": "来源渠道", "展会": "展会日期", "跟进": "首次跟进时间"}
    rows = [(1, "张伟", "13912345067", "展会", "2026-05-10", "2026-05-09 10:00:00"),
            (2, "李娜", "18687650921", "展会", "2026-05-10", "2026-05-10 10:00:00"),
            (3, "王芳", "15803317746", "官网", "2026-05-10", "2026-05-09 10:00:00")]
    rules = [{"id": "DQ003", "when": "来源渠道 == '展会' -> 首次跟进时间 >= 展会日期", "severity": "warn",
              "action": "review", "message": "跟进早于展会"}]
    result = p.run({"s.csv": table("id 姓名 手机 来源 展会 跟进", rows)}, [source("s", columns)],
                   quality={"rules": rules})
    equal(result.summary["linked"], 3)
    equal([(r["reason"], r["source_a"], r["id_a"]) for r in result.rows("review.csv")], [("quality:DQ003", "s", "1")])
    equal(result.json("report.json")["quality_rules"], [{"rule": "DQ003", "rows": 1}])


def s1_17_what_nobody_could_fill_is_marked(p):
    """待完善 in the required fields of the golden record, and only there."""
    rows = [(1, "张伟", "", "zw@qq.com"), (2, "", "18687650921", "")]
    result = p.run({"s.csv": table("id 姓名 手机 邮箱", rows)}, [source("s", {**PERSON, "邮箱": "邮箱地址"})])
    equal([result.golden_of("s", "1")[f] for f in ("客户姓名", "手机号码")], ["张伟", "待完善"])
    equal([result.golden_of("s", "2")[f] for f in ("客户姓名", "手机号码", "邮箱地址")], ["待完善", "18687650921", ""])
    after = {f["field"]: f for f in result.json("quality.json")["after"]["fields"]}
    equal([after[f]["missing"] for f in ("客户姓名", "手机号码", "邮箱地址")], [1, 1, 0])
    equal(p.ask(result, "get", "s/1")["missing"], ["手机号码"])


def s1_20_contradictions_are_listed(p):
    """Two valid ID cards are two people, whatever else agrees; who shares everything else is listed."""
    columns = {**PERSON, "证件": "身份证号", "邮箱": "邮箱地址"}
    rows = [(1, "张伟", "13912345067", "11010519491231002X", "zw@qq.com"),
            (2, "张伟", "13912345067", "34052419800101001X", "zw@qq.com"),
            (3, "李娜", "18687650921", "440524188001010014", "ln@qq.com")]
    result = p.run({"s.csv": table("id 姓名 手机 证件 邮箱", rows)}, [source("s", columns)])
    require(not result.together("s/1", "s/2"), "two ID cards")
    equal(result.reviewed("s/1", "s/2"), ["constraint"])
    why = p.ask(result, "explain", "s/1", "s/2")
    require(not why["one_customer"] and why["verdict"] == "contradiction", why)


def s3_08_amounts_are_checked(p):
    """An order of a thousand million, and a negative one, is found by a rule and listed for review."""
    rows = [(1, "13912345067", "A1", "99.00", day(3)), (2, "18687650921", "A2", "1000000000", day(3)),
            (3, "15803317746", "A3", "-5", day(3)), (4, "17755029384", "A4", "10000000", day(3))]
    rules = [{"id": "DQ005", "when": "订单金额 < 0 or 订单金额 > 10000000", "action": "review"}]
    result = p.run({"s.csv": table("id 手机 单号 金额 时间", rows)}, [source("s", ORDER, event="order")],
                   quality={"rules": rules})
    equal([(r["reason"], r["id_a"]) for r in result.rows("review.csv")], [("quality:DQ005", "2"), ("quality:DQ005", "3")])


def s3_28_only_what_is_mapped_is_kept(p):
    """A column that the job does not map is neither in the results nor in the store."""
    rows = [(1, "张伟", "13912345067", "hypertension-2019")]
    result = p.run({"s.csv": table("id 姓名 手机 病历", rows)}, [source("s", PERSON)], "--lineage", "--pairs")
    for base, _, names in os.walk(result.folder):
        for name in names:
            with open(os.path.join(base, name), "rb") as file:
                require(name == "s.csv" or b"hypertension" not in file.read(), f"{name} has it")


# ---- who is who ----

def phone_and_id_card(p, rows, **sections):
    rules = [{"id": "both", "when": {"手机号码": ["exclusive", "family", "shared"], "身份证号": "exclusive"},
              "then": "merge"},
             {"id": "conflict", "when": {"手机号码": ["exclusive", "family", "shared"], "身份证号": "differ"},
              "then": "review"}]
    return p.run({"s.csv": table("id 姓名 手机 证件", rows)}, [source("s", {**PERSON, "证件": "身份证号"})],
                 match={"rules": rules}, **sections)


def s0_15_phone_and_id_card_together(p):
    """Both agree: one. One is missing: one. One agrees, the other contradicts: never one, but for review."""
    cards = ["11010519491231002X", "34052419800101001X"]
    result = phone_and_id_card(p, [(1, "张伟", "13912345067", cards[0]), (2, "张伟", "13912345067", cards[0])])
    require(result.together("s/1", "s/2"), "agree/agree")
    result = phone_and_id_card(p, [(1, "张伟", "13912345067", cards[0]), (2, "张伟", "13912345067", "")])
    require(result.together("s/1", "s/2"), "agree/null")
    result = phone_and_id_card(p, [(1, "张伟", "", cards[0]), (2, "张伟", "13912345067", cards[0])])
    require(result.together("s/1", "s/2"), "null/agree")
    result = phone_and_id_card(p, [(1, "张伟", "13912345067", cards[0]), (2, "张伟", "13912345067", cards[1])])
    require(not result.together("s/1", "s/2"), "agree/conflict")
    require(result.reviewed("s/1", "s/2"), "agree/conflict is for a person")


def s0_16_purchases_are_united(p):
    """Orders of all channels stand in one record; an order that arrives twice counts once."""
    files = {"web.csv": table("id 姓名 手机", [(1, "张伟", "13912345067")]),
             "app.csv": table("id 手机 单号 金额 时间", [(1, "13912345067", "A1", "6000", day(10)),
                                                       (2, "13912345067", "A2", "3000", day(20))]),
             "erp.csv": table("id 手机 单号 金额 时间", [(1, "13912345067", "A1", "6000", day(10))])}
    sources = [source("web", PERSON), source("app", ORDER, event="order"), source("erp", ORDER, event="order")]
    result = p.run(files, sources, match=BY_PHONE, tags={})
    golden = result.golden_of("web", "1")
    equal([golden["关联订单号"], golden["record_count"]], ["A1;A2", "4"])
    require("高价值" not in golden["tags"].split(";"), "9,000 and not 15,000")
    files["app.csv"] += f"3,13912345067,A3,1000,{day(30)}\n"
    golden = p.run(files, sources, match=BY_PHONE, tags={}).golden_of("web", "1")
    equal(golden["关联订单号"], "A1;A2;A3")
    require("高价值" in golden["tags"].split(";"), "10,000")


def s0_17_web_and_app_are_one_customer(p):
    """The seed's own example: registered on the web, ordered in the app, the same mobile number."""
    web = {**PERSON, "邮箱": "邮箱地址", "地址": "地址"}
    app = {**web, "单号": "关联订单号", "金额": "订单金额", "时间": "事件时间"}
    result = p.run({"web.csv": table("id 姓名 手机 邮箱 地址",
                                     [(1001, "张先生", "13912345067", "zhang@163.com", "北京市朝阳区建国路88号")]),
                    "app.csv": table("id 姓名 手机 邮箱 地址 单号 金额 时间",
                                     [(77, "张伟", "139-1234-5067", "zw@qq.com", "上海市浦东新区世纪大道100号", "A1", 99, day(3)),
                                      (78, "张伟", "139-1234-5067", "", "", "A2", 19, day(2))])},
                   [source("web", web), source("app", app, event="order")])
    require(result.together("web/1001", "app/77", "app/78"), "one customer")
    golden = result.golden_of("web", "1001")
    equal([golden["客户姓名"], golden["sources"], golden["关联订单号"]], ["张伟", "app;web", "A1;A2"])
    equal(set(golden["邮箱地址"].split(";")), {"zhang@163.com", "zw@qq.com"})


def s1_16_duplicates_are_marked(p):
    """主记录 and 重复 with the link and the rule; doubtful pairs stand in review.csv."""
    columns = {**PERSON, "公司": "公司名称"}
    rows = [(1, "张伟", "13912345067", ""), (2, "张伟", "13912345067", ""), (3, "李娜", "18687650921", "上海明远科技有限公司"),
            (4, "李娜", "", "明远科技（上海）有限公司")]
    rows[0:1] = [(1, "张先生", "13912345067", "")]
    rules = [{"id": "S0", "when": {"手机号码": "exclusive"}, "then": "merge"},
             {"id": "S1", "when": {"客户姓名": "exact", "公司名称": "exact"}, "then": "review"}]
    result = p.run({"s.csv": table("id 姓名 手机 公司", rows)}, [source("s", columns)], "--pairs", "--duplicates",
                   match={"rules": rules})
    marks = {m["source_record_id"]: m for m in result.rows("duplicates.csv")}
    equal({i: (m["mark"], m["main_source_record_id"], m["rule"]) for i, m in marks.items()},
          {"2": ("主记录", "", ""), "1": ("重复", "2", "S0")}, "the record with the full name is the main one")
    require(marks["1"]["customer_id"] == result.customers["s", "2"] and float(marks["1"]["weight"]) > -50, marks)
    members = {m["source_record_id"]: m for m in result.rows("members.csv")}
    equal(members["1"]["customer_id"], members["2"]["customer_id"])
    require(float(members["1"]["match_weight"]) > 0 and members["3"]["match_weight"] == "", members)
    equal(result.reviewed("s/3", "s/4"), ["rule"])
    pairs = {(r["id_a"], r["id_b"]): r["rule"] for r in result.rows("pairs.csv")}
    equal(pairs.get(("3", "4"), pairs.get(("4", "3"))), "S1")


def s1_23_phone_and_mail_or_name_and_company(p):
    """Phone and e-mail agree: merged. Name and company agree: for review, unless the regions conflict."""
    columns = {**PERSON, "邮箱": "邮箱地址", "公司": "公司名称"}
    rules = [{"id": "R8", "when": {"手机号码": ["exclusive", "family", "shared"],
                                   "邮箱地址": ["exclusive", "family", "shared"]}, "then": "merge"},
             {"id": "R9", "when": {"客户姓名": "exact", "公司名称": "exact"}, "then": "review"}]

    def run(a, b, **more):
        return p.run({"s.csv": table("id 姓名 手机 邮箱 公司", [(1, *a), (2, *b)])}, [source("s", columns)],
                     match={"rules": rules}, thresholds={"accept": 40, "review": 39}, **more)
    shanghai, brackets, beijing = "上海明远科技有限公司", "明远科技（上海）有限公司", "北京明远科技有限公司"
    for a, b in ((0, 1), (1, 0)):
        pair = [("张伟", "13912345067", "zw@qq.com", ""), ("小张", "13912345067", "ZW@qq.com", "")]
        require(run(pair[a], pair[b]).together("s/1", "s/2"), "phone and e-mail")
        pair = [("李娜", "13912345067", "", shanghai), ("李娜", "17755029384", "", brackets)]
        result = run(pair[a], pair[b])
        equal([result.together("s/1", "s/2"), result.reviewed("s/1", "s/2")], [False, ["rule"]], "name and company")
        result = run(pair[a], pair[b], blocking={"rules": [["手机号码"]]})
        equal(result.reviewed("s/1", "s/2"), ["rule"], "the rule's own blocks")
        pair = [("李娜", "13912345067", "", shanghai), ("李娜", "17755029384", "", beijing)]
        result = run(pair[a], pair[b])
        equal([result.together("s/1", "s/2"), result.reviewed("s/1", "s/2")], [False, []], "other region")


def s1_24_records_lead_to_one_id(p):
    """Sales records and tickets hang on the customer's id, with the weight and the way that led there."""
    files = {"crm.csv": table("id 姓名 手机", [(1, "张伟", "13912345067")]),
             "sales.csv": table("id 姓名 手机 单号", [(5, "张伟", "13912345067", "A1")]),
             "ticket.csv": table("id 姓名 手机 时间", [(9, "张先生", "13912345067", day(3))])}
    sources = [source("crm", PERSON), source("sales", {**PERSON, "单号": "关联订单号"}),
               source("ticket", {**PERSON, "时间": "事件时间"}, event="ticket")]
    result = p.run(files, sources)
    require(result.together("crm/1", "sales/5", "ticket/9"), "one customer")
    why = p.ask(result, "explain", "ticket/9", "crm/1")
    require(why["one_customer"] and why["blocking"], why)
    by_field = {c["field"]: c for c in why["comparisons"]}
    require(by_field["手机号码"]["weight"] > 0, by_field)
    shown = p.ask(result, "get", "sales/5")
    equal(shown["customer_id"], result.customers["crm", "1"])
    equal(sorted(r["source"] for r in shown["records"]), ["crm", "sales", "ticket"])


def s2_11_accounts_of_one_person(p):
    """Two openids of two applications and one unionid are one customer; an openid of another one is not."""
    wx = {"openid": {"to": "openid", "namespace": "{appid}"}, "unionid": {"to": "unionid", "namespace": "open-1"}}
    header = "id appid openid unionid"
    result = p.run({"a.csv": table(header, [(1, "wxA", "oA1", "u1"), (2, "wxB", "oB1", "u1"), (3, "wxB", "oA1", "u2")])},
                   [source("a", wx)])
    require(result.together("a/1", "a/2"), "one unionid")
    require(not result.together("a/1", "a/3"), "the same openid of another application")
    golden = result.golden_of("a", "1")
    equal(set(golden["openid"].split(";")), {"oA1", "oB1"})
    for other in ("a/2", "a/3"):
        why = p.ask(result, "explain", "a/1", other)
        require(all(c["exact"] for c in why["comparisons"]), "what was compared can be made again")


def s2_12_records_are_integrated(p):
    """At least 98 % of the valid records of generated customers have a customer id."""
    folder = p.folder()
    p.call("make-customers", "--records", 2000, "--seed", 9, "--out", folder)
    result = p.run({}, None, folder=folder, inputs=["records.csv"])
    members = result.rows("members.csv")
    require(all(re.fullmatch(r"C\d{11,}", m["customer_id"]) for m in members), "an id each")
    require(len(members) / result.summary["read"] >= 0.98, result.summary)


def s3_14_other_phone_same_person(p):
    """Who changed the number is found by name, birth date, address and e-mail; a namesake is not."""
    columns = {**PERSON, "生日": "出生日期", "邮箱": "邮箱地址", "地址": "地址"}
    home, other = "北京市朝阳区建国路88号3栋2单元501室", "广州市天河区体育西路10号"
    rows = [(1, "欧阳修远", "13912345067", "1988-03-07", "ouyang@qq.com", home),
            (2, "欧阳修远", "17755029384", "1988-03-07", "", home),
            (3, "欧阳修远", "15188306652", "1988-03-07", "ouyang@qq.com", ""),
            (4, "欧阳修远", "19920047183", "1971-11-30", "yuan@163.com", other)]
    rng = random.Random(4)
    for i in range(300):  # a base of other customers, so that chance agreement is known
        name = rng.choice("赵钱孙李周吴郑王冯陈") + rng.choice("伟芳娜敏静强磊军洋勇") + rng.choice("艳杰娟涛明超秀霞平刚")
        rows.append((100 + i, name, f"15{rng.randrange(10 ** 9):09d}", f"{rng.randrange(1950, 2005)}-05-{rng.randrange(1, 29):02d}",
                     f"user{i}@163.com", f"上海市浦东新区世纪大道{i + 1}号"))
    result = p.run({"s.csv": table("id 姓名 手机 生日 邮箱 地址", rows)}, [source("s", columns)])
    require(result.together("s/1", "s/2", "s/3"), "three phones of one person")
    require(not result.together("s/1", "s/4"), "a namesake")


def s3_16_virtual_numbers_never_link(p):
    """An order with a real phone links at once; one with a platform's virtual number only by the buyer's id."""
    shop = {"买家": {"to": "买家ID", "namespace": "tmall"}, "收货手机": "手机号码", "单号": "关联订单号"}
    rows = [(1, "b1", "13912345067", "A1"), (2, "b2", "13800138123-6789", "A2"), (3, "b2", "13800138123-1111", "A3"),
            (4, "b3", "13800138123-6789", "A4")]
    result = p.run({"crm.csv": table("id 姓名 手机", [(7, "张伟", "13912345067"), (8, "李娜", "13800138123")]),
                    "shop.csv": table("id 买家 收货手机 单号", rows)},
                   [source("crm", PERSON), source("shop", shop, event="order")])
    require(result.together("crm/7", "shop/1"), "a real phone")
    require(result.together("shop/2", "shop/3"), "one buyer")
    require(not result.together("shop/2", "shop/4"), "the same virtual number of another buyer")
    require(not result.together("crm/8", "shop/2"), "the host of a virtual number")


def c_03_result_does_not_depend_on_workers(p):
    """Every output file is the same for 1, 2, 4 and 8 workers."""
    folder = p.folder()
    p.call("make-customers", "--records", 2000, "--seed", 3, "--out", folder)
    texts = {}
    for workers in (1, 2, 4, 8):
        result = p.run({}, None, "--workers", workers, "--data-dir", f"data-{workers}", folder=folder,
                       inputs=["records.csv"])
        texts[workers] = (result.summary["digest"], *(result.text(f) for f in (
            "members.csv", "golden.csv", "review.csv", "rejects.csv", "quality.json")))
    for workers in (2, 4, 8):
        require(texts[workers] == texts[1], f"{workers} workers")


def c_06_huge_blocks_are_cut_and_listed(p):
    """A phone that thousands share and a name as common finish, and the report says what was cut."""
    random_numbers = random.Random(1)
    rows = [(i, "王伟" if i % 2 else f"王{chr(0x4e00 + random_numbers.randrange(3000))}{chr(0x4e00 + i % 3000)}",
             "13912345067" if i % 2 == 0 else f"13{random_numbers.randrange(10 ** 9):09d}",
             f"{1950 + i % 50}-{1 + i % 12:02d}-{1 + i % 28:02d}") for i in range(100000)]
    result = p.run({"s.csv": table("id 姓名 手机 生日", rows)}, [source("s", {**PERSON, "生日": "出生日期"})])
    cut = result.json("report.json")["cut_blocks"]
    require(cut["refined"] + cut["windowed"] + cut["shared_identifiers"] > 0, cut)
    require(cut["largest"] and max(b["records"] for b in cut["largest"]) >= 50000, cut)
    require(len(result.golden) > 50000, "a shared phone chains nobody")


# ---- golden records ----

def s1_25_the_template_goes_through(p):
    """The fields of the seed's template are recognised, and golden.csv has them in the template's order."""
    header = "客户ID 客户姓名 联系方式 邮箱 所属行业 来源渠道 首次跟进时间 客户状态 关联订单号 负责人 最后更新时间 备注"
    row = ["U1", "张伟", "13912345067", "zw@qq.com", "软件", "展会", "2024-05-01 09:00:00", "潜在客户", "A1;A2", "王销售",
           "2024-06-01 10:00:00", "老客户"]
    golden = p.run({"t.csv": table(header, [row])}).golden[0]
    equal(list(golden)[:12], ["customer_id", "客户姓名", "手机号码", "邮箱地址", "所属行业", "来源渠道", "首次跟进时间",
                              "客户状态", "关联订单号", "负责人", "最后更新时间", "备注"])
    equal(list(golden.values())[1:12], row[1:4] + ["I65"] + row[5:])


def s1_26_first_channel_is_kept(p):
    """A source that arrives later with an earlier date changes 来源渠道 and 首次跟进时间; a later date does not."""
    columns = {**PERSON, "来源": "来源渠道", "时间": "首次触达时间", "跟进": "首次跟进时间"}
    header = "id 姓名 手机 来源 时间 跟进"
    files = {"a.csv": table(header, [(1, "张伟", "13912345067", "app", "2025-03-01", "2025-03-05")])}
    first = p.run(files, [source("a", columns)])
    equal(first.golden[0]["来源渠道"], "APP")
    files["b.csv"] = table(header, [(1, "张伟", "13912345067", "展会", "2024-03-01", "2024-03-02")])
    files["c.csv"] = table(header, [(1, "张伟", "13912345067", "门店", "2026-03-01", "2026-03-05")])
    sources = [source(name, columns) for name in "abc"]
    golden = p.run(files, sources, folder=first.folder).golden_of("a", "1")
    equal([golden["来源渠道"], golden["首次跟进时间"][:10]], ["展会", "2024-03-02"])


def s1_28_owners_survive_merges(p):
    """The owner of the latest follow-up stays; two owners of one customer are listed."""
    columns = {**PERSON, "负责人": "负责人", "更新": "最后更新时间"}
    rows = [(1, "张伟", "13912345067", "王销售", "2026-01-01"), (2, "张伟", "13912345067", "李销售", "2026-06-01")]
    result = p.run({"s.csv": table("id 姓名 手机 负责人 更新", rows)}, [source("s", columns)])
    equal(result.golden[0]["负责人"], "李销售")
    equal(result.reviewed("s/1", "s/2"), ["owner"])


# ---- tags and scores ----

def events(p, orders=(), consults=(), logins=(), refunds=(), referrals=(), views=(), tags=None):
    """The golden record of one customer with events, given as days ago: orders and refunds with yuan."""
    header, phone = "id 手机 单号 金额 时间", "13912345067"

    def visits(days):
        return table("id 手机 时间", [(i, phone, day(ago)) for i, ago in enumerate(days)])

    def money(items, word):
        return table(header, [(i, phone, f"{word}{i}", yuan, day(ago)) for i, (ago, yuan) in enumerate(items)])
    files = {"crm.csv": table("id 姓名 手机", [(1, "张伟", phone)]), "order.csv": money(orders, "A"),
             "refund.csv": money(refunds, "R"), "consult.csv": visits(consults), "login.csv": visits(logins),
             "referral.csv": visits(referrals), "view.csv": visits(views)}
    kinds = {"order": orders, "refund": refunds, "consult": consults, "login": logins, "referral": referrals,
             "view": views}
    kept = [k for k, items in kinds.items() if items]
    sources = [source("crm", PERSON)] + [
        source(k, ORDER if k in ("order", "refund") else VISIT, event="consultation" if k == "consult" else k)
        for k in kept]
    files = {name: text for name, text in files.items() if name[:-4] in kept + ["crm"]}
    golden = p.run(files, sources, match=BY_PHONE, tags=tags or {}).golden
    equal(len(golden), 1, "one customer")
    golden[0]["tags"] = [t for t in golden[0]["tags"].split(";") if t]
    return golden[0]


def s0_18_records_make_one_file(p):
    """Basics, identifiers, orders, tickets, tags, score and provenance of one customer in one answer."""
    files = {"crm.csv": table("id 姓名 手机 邮箱 负责人", [(1, "张伟", "13912345067", "zw@qq.com", "王销售")]),
             "app.csv": table("id 手机 单号 金额 时间", [(1, "13912345067", "A1", "12000", day(10))]),
             "call.csv": table("id 手机 类型 内容 时间", [(1, "13912345067", "投诉", "送货太慢", day(5))])}
    sources = [source("crm", {**PERSON, "邮箱": "邮箱地址", "负责人": "负责人"}), source("app", ORDER, event="order"),
               source("call", {"手机": "手机号码", "类型": "工单类型", "内容": "工单内容", "时间": "事件时间"}, event="ticket")]
    result = p.run(files, sources, match=BY_PHONE, tags={})
    shown = p.ask(result, "get", "crm/1", "--records", "--unmask")
    values = {f["field"]: f["value"] for f in shown["fields"]}
    equal([values["客户姓名"], values["负责人"], values["工单内容"]], ["张伟", "王销售", ["送货太慢"]])
    equal(values["关联订单号"], ["A1"])
    equal([t["tag"] if isinstance(t, dict) and "tag" in t else t["name"] for t in shown["tags"]], ["高价值"])
    require(shown["score"] >= 80 and shown["score_reason"], shown)
    equal(sorted(r["source"] for r in shown["records"]), ["app", "call", "crm"])
    require(all(r["line"] == 2 and r["file"] for r in shown["records"]), shown["records"])


def s0_26_high_value_by_spend_of_a_year(p):
    """9,999.99 yuan is not enough, 10,000.00 is; refunds count; a year has 365 days."""
    def tagged(**facts):
        return "高价值" in events(p, **facts)["tags"]
    equal(tagged(orders=[(10, "9999.99")]), False)
    equal(tagged(orders=[(10, "10000.00")]), True)
    equal(tagged(orders=[(10, "4000"), (300, "6000")]), True)
    equal(tagged(orders=[(10, "4000"), (366, "6000")]), False)
    equal(tagged(orders=[(10, "4000"), (365, "6000")]), True)
    equal(tagged(orders=[(10, "10000.50")], refunds=[(5, "0.51")]), False)


def s0_27_potential_by_consultations(p):
    """Two consultations in 90 days and no order after the first of them."""
    def tagged(**facts):
        return "潜力" in events(p, **facts)["tags"]
    equal(tagged(consults=[10, 40]), True)
    equal(tagged(consults=[10]), False)
    equal(tagged(consults=[10, 91]), False)
    equal(tagged(consults=[10, 90]), True)
    equal(tagged(consults=[10, 40], orders=[(20, "100")]), False)
    equal(tagged(consults=[10, 40], orders=[(50, "100")]), True)


def s0_28_churn_by_logins(p):
    """30 days are not yet a risk, 31 are; without any log-in nothing is known."""
    def tagged(**facts):
        return "流失风险-未登录30天" in events(p, **facts)["tags"]
    equal(tagged(logins=[30, 200]), False)
    equal(tagged(logins=[31, 200]), True)
    equal(tagged(orders=[(200, "10")]), False)
    equal("流失风险-未消费90天" in events(p, orders=[(90, "10")])["tags"], False)
    equal("流失风险-未消费90天" in events(p, orders=[(91, "10")])["tags"], True)
    equal("流失风险-沉睡180天" in events(p, orders=[(200, "10")], views=[100, 120, 20])["tags"], True)
    equal("流失风险-沉睡180天" in events(p, orders=[(200, "10")], views=[100, 30, 20])["tags"], False)


def s0_29_score_is_a_weighted_sum(p):
    """All score vectors; weights of the job change the score."""
    for facts, score, tier in vectors("score"):
        f = dict(part.split("=") for part in facts.split(" "))
        count, recency = int(f["orders12m"]), int(f["recency_d"])
        each = int(f["spend"]) * 100 // count if count else 0
        rest = int(f["spend"]) * 100 - each * count if count else 0
        orders = [(recency, f"{(each + (rest if i == 0 else 0)) / 100:.2f}") for i in range(count)]
        golden = events(p, orders=orders, logins=[int(f["login_d"])], consults=[1, 1][: int(f["consult90"])],
                        referrals=[5] if f["refer"] == "True" else [])
        equal([golden["score"], golden["tier"]], [score, tier], facts)
    weights = {"money": 0, "frequency": 0, "recency": 100, "active": 0, "consult": 0, "refer": 0}
    equal(events(p, orders=[(30, "1")], tags={"weights": weights})["score"], "100")


def customers_at_random(count, seed):
    """Files of customers with events, and what the tags should be, reckoned the slow way."""
    rng = random.Random(seed)
    people, orders, consults, logins, truth = [], [], [], [], {}
    for i in range(count):
        phone = f"1{3912345067 + i * 7919 % 99999989}"
        people.append((i, f"张{chr(0x4e00 + i % 5000)}{chr(0x5000 + i // 5000)}", phone))
        bought = [(rng.randrange(0, 500), rng.randrange(1, 1200000)) for _ in range(rng.randrange(0, 4))]
        asked = [rng.randrange(0, 120) for _ in range(rng.randrange(0, 4))]
        orders += [(f"{i}-{k}", phone, f"A{i}-{k}", f"{fen / 100:.2f}", day(ago)) for k, (ago, fen) in enumerate(bought)]
        consults += [(f"{i}-{k}", phone, day(ago)) for k, ago in enumerate(asked)]
        if rng.random() < 0.5:
            logins.append((i, phone, day(rng.randrange(0, 100))))
        recent = [ago for ago in asked if ago <= 90]
        high = sum(fen for ago, fen in bought if ago <= 365) >= 1000000
        potential = len(recent) >= 2 and not any(ago <= max(recent) for ago, _ in bought)
        truth[str(i)] = {name for name, holds in (("高价值", high), ("潜力", potential)) if holds}
    files = {"crm.csv": table("id 姓名 手机", people), "order.csv": table("id 手机 单号 金额 时间", orders),
             "consult.csv": table("id 手机 时间", consults), "login.csv": table("id 手机 时间", logins)}
    sources = [source("crm", PERSON), source("order", ORDER, event="order"),
               source("consult", VISIT, event="consultation"), source("login", VISIT, event="login")]
    return files, sources, truth


def random_customers(p, count, seed):
    files, sources, truth = customers_at_random(count, seed)
    result = p.run(files, sources, match=BY_PHONE, tags={}, thresholds={"accept": 900, "review": 800})
    of_customer = {g["customer_id"]: g for g in result.golden}
    found = {record: of_customer[customer] for (name, record), customer in result.customers.items() if name == "crm"}
    equal(len({g["customer_id"] for g in found.values()}), count, "customers")
    return found, truth


def s0_30_bands_and_invariants(p):
    """高价值 has at least 80 points, 潜力 without it 50 to 79, and the band follows from the score."""
    found, _ = random_customers(p, 4000, 11)
    seen = set()
    for golden in found.values():
        score, tags = int(golden["score"]), golden["tags"].split(";")
        require(0 <= score <= 100, golden)
        equal(golden["tier"], "高价值" if score >= 80 else "潜力" if score >= 50 else "普通")
        if "高价值" in tags:
            require(score >= 80, golden)
        elif "潜力" in tags:
            require(50 <= score <= 79, golden)
        seen.update(tags + [golden["tier"]])
    require({"高价值", "潜力", "普通"} <= seen, seen)


def s2_19_high_value_is_recognised(p):
    """Every customer of a labelled set has the tags that the slow way gives."""
    found, truth = random_customers(p, 2000, 12)
    for record, golden in found.items():
        equal({t for t in golden["tags"].split(";") if t in ("高价值", "潜力")}, truth[record], f"customer {record}")
    require(sum("高价值" in tags for tags in truth.values()) > 50, "enough of them to mean something")


def s1_27_state_follows_from_orders(p):
    """No order 潜在客户, an order 成交客户, an old last order 流失客户."""
    equal(state_after(p, None), "潜在客户")
    equal(state_after(p, 20), "成交客户")
    equal(state_after(p, 200), "流失客户")


def state_after(p, ago):
    rows = [] if ago is None else [(1, "13912345067", "A1", "100", day(ago))]
    rows.append((2, "15188306652", "A2", "100", day(1)))
    columns = {**PERSON, "状态": "客户状态"}
    result = p.run({"crm.csv": table("id 姓名 手机 状态", [(1, "张伟", "13912345067", "")]),
                    "order.csv": table("id 手机 单号 金额 时间", rows)},
                   [source("crm", columns), source("order", ORDER, event="order")], match=BY_PHONE)
    return result.golden_of("crm", "1")["客户状态"]


# ---- asking ----

def s0_31_customers_are_found_by_what_they_have(p):
    """By name, phone in any writing, order number, e-mail and account; several words must all fit."""
    columns = {**PERSON, "邮箱": "邮箱地址", "单号": "关联订单号", "openid": "openid"}
    rows = [(1, "张伟", "13912345067", "zw@qq.com", "SO-2026-1", "oAbc1"),
            (2, "张伟", "18687650921", "zhang@163.com", "SO-2026-2", "oAbc2")]
    result = p.run({"s.csv": table("id 姓名 手机 邮箱 单号 openid", rows)}, [source("s", columns)])
    first, second = result.customers["s", "1"], result.customers["s", "2"]
    for words, expected in ((["张伟"], {first, second}), (["+86 139-1234-5067"], {first}), (["SO-2026-2"], {second}),
                            (["ZHANG@163.com"], {second}), (["oAbc1"], {first}), (["张伟", "18687650921"], {second}),
                            (["李娜", "18687650921"], set())):
        equal({c["customer_id"] for c in p.ask(result, "search", *words)["customers"]}, expected, " ".join(words))


def s0_32_fragments_find_customers(p):
    """A surname, part of a name, the beginning, the middle and the end of a phone number."""
    rows = [(1, "张伟", "13912345067"), (2, "欧阳修远", "13712348899"), (3, "李娜", "18612347766")]
    result = p.run({"s.csv": table("id 姓名 手机", rows)}, [source("s", PERSON)])
    for words, record in (("张", "1"), ("138", None), ("139", "1"), ("5067", "1"), ("修远", "2"), ("欧阳", "2"),
                          ("13912345067", "1"), ("137****8899", "2")):
        found = [c["customer_id"] for c in p.ask(result, "search", words)["customers"]]
        equal(found, [result.customers["s", record]] if record else [], words)


def s2_24_values_are_masked(p):
    """Without --unmask no output shows a whole phone, ID card, e-mail or birth date of a customer."""
    folder = p.folder()
    columns = {**PERSON, "证件": "身份证号", "邮箱": "邮箱地址", "生日": "出生日期", "公司": "公司名称", "参展": "展会日期"}
    rows = [(1, "张伟", "13912345067", "11010519491231002X", "zhangwei@qq.com", "", "上海明远科技有限公司", ""),
            (2, "欧阳娜娜", "18687650921", "34052419800101001X", "nana@163.com", "1980-01-01", "", "2026-03-05"),
            (3, "李娜", "17755029384", "", "", "1988-07-16", "", "")]
    result = p.run({"s.csv": table("id 姓名 手机 证件 邮箱 生日 公司 参展", rows)}, [source("s", columns)], folder=folder)
    done = p.call("run", "job.yaml", "--out", "masked", "--data-dir", "data", "--lineage", "--pairs", cwd=folder)
    texts = [done.stdout, done.stderr]
    for name in os.listdir(os.path.join(folder, "masked")):
        with open(os.path.join(folder, "masked", name), encoding="utf-8") as file:
            texts.append(file.read())
    for ask in (("get", "s/1", "--records"), ("get", "s/3", "--json"), ("search", "李娜", "--json"), ("explain", "s/1", "s/3")):
        texts.append(p.call(*ask, "--data-dir", "data", cwd=folder).stdout)
    for secret in ("13912345067", "18687650921", "11010519491231002X", "34052419800101001X", "zhangwei@", "nana@", "张伟",
                   "欧阳娜娜", "1949-12-31", "1980-01-01", "1988-07-16"):
        require(not any(secret in text for text in texts), f"{secret} is shown")
    masked = read_csv(os.path.join(folder, "masked", "golden.csv"))
    shown = next(g for g in masked if g["customer_id"] == result.customers["s", "2"])
    equal([shown[f] for f in ("客户姓名", "手机号码", "身份证号", "邮箱地址", "出生日期", "展会日期")],
          ["欧阳**", "186****0921", "3***************1X", "n***@163.com", "1980-**-**", "2026-03-05"])
    equal(next(g["公司名称"] for g in masked if g["公司名称"]), "上海明远科技有限公司", "firms are not masked")


def s3_18_values_lead_to_their_cells(p):
    """From a golden value to the record, the file and the line that it came from."""
    result = p.run({"web.csv": table("id 姓名 手机", [(5, "李娜", "18687650921"), (1, "张伟", "13912345067")]),
                    "app.csv": table("id 姓名 手机 邮箱", [(7, "张伟", "13912345067", "zw@qq.com")])},
                   [source("web", PERSON), source("app", {**PERSON, "邮箱": "邮箱地址"})], "--lineage")
    shown = p.ask(result, "get", "web/1", "--records")
    origin = {f["field"]: f["records"] for f in shown["fields"]}
    equal(origin["邮箱地址"], ["app/7"])
    places = {f"{r['source']}/{r['source_record_id']}": (os.path.basename(r["file"]), r["line"]) for r in shown["records"]}
    equal(places, {"app/7": ("app.csv", 2), "web/1": ("web.csv", 3)})
    lines = [json.loads(line) for line in result.text("lineage.jsonl").splitlines()]
    mail = next(x for x in lines if x["field"] == "邮箱地址" and x["value"] == ["zw@qq.com"])
    equal(mail["sources"], [{"source": "app", "source_record_id": "7"}])


# ---- the list itself ----

def rows_of_document():
    """{id: (state, test)} of docs/requirements.md."""
    rows = {}
    with open(DOCUMENT, encoding="utf-8") as file:
        for line in file:
            cells = [c.strip() for c in line.strip().strip("|").split("|")]
            if not re.fullmatch(r"(S\d|C)-\d\d", cells[0]):
                continue
            require(cells[0] not in rows, f"{cells[0]} stands twice in docs/requirements.md")
            rows[cells[0]] = (cells[2], cells[4])
    return rows


def check_document(tests):
    rows, mistakes = rows_of_document(), []
    equal(len(rows), 171, "rows of docs/requirements.md")
    for row, (state, name) in rows.items():
        require(state in ("works", "partly", "not yet"), f"{row}: state {state!r}")
        own = [t for t in tests if t.startswith(row.lower().replace("-", "_") + "_")]
        named = re.findall(r"`([a-z0-9_]+)`", name) if state != "not yet" else []
        if state == "works" and not own:
            mistakes.append(f"{row} works, but has no test")
        if state == "not yet" and own:
            mistakes.append(f"{row} is not yet there, but has a test")
        if own and own != named:
            mistakes.append(f"{row} is held by {own}, the document names {named}")
        if named and named != own:
            mistakes.append(f"{row}: no test {named}")
    known = {row.lower().replace("-", "_") for row in rows}
    mistakes += [f"{t} is of no row" for t in tests if "_".join(t.split("_")[:2]) not in known]
    require(not mistakes, "; ".join(mistakes))


def main():
    program = Program(os.path.abspath(sys.argv[1]))
    tests = {name: f for name, f in globals().items() if re.match(r"(s\d|c)_\d\d_", name)}
    wanted = [w.lower().replace("-", "_") for w in sys.argv[2:]]
    passed = failed = 0
    for name, test in tests.items():
        if wanted and not any(name.startswith(w) for w in wanted):
            continue
        try:
            test(program)
            passed += 1
        except Exception as error:  # noqa: BLE001 - one row's failure must not hide the next one's
            failed += 1
            place = traceback.extract_tb(error.__traceback__)[1]
            print(f"{name} (line {place.lineno}): {type(error).__name__}: {error}")
    if not wanted:
        try:
            check_document(tests)
        except AssertionError as error:
            failed += 1
            print(f"docs/requirements.md: {error}")
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


main()
