"""Runs the real program on small fixtures in a folder of its own, and reads what it leaves."""
import csv, datetime, io, json, os, subprocess, tempfile

AS_OF = datetime.date(2026, 11, 22)


def day(ago):
    """The day so many days before AS_OF."""
    return (AS_OF - datetime.timedelta(days=ago)).isoformat()


def table(header, rows):
    """CSV text; header is a string of names separated by spaces."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header.split(" "))
    writer.writerows(rows)
    return text.getvalue()


def source(name, columns, **more):
    """One source of a job: its file is NAME.csv, its key the column id."""
    return {"id": name, "files": f"{name}.csv", "key": ["id"], "map": columns, **more}


def read_csv(path):
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


class Result:
    """What one run left. Golden records are found by a member: result.golden_of("web", "1")."""

    def __init__(self, folder, done):
        self.folder, self.code, self.stdout, self.stderr = folder, done.returncode, done.stdout, done.stderr
        self.summary = json.loads(done.stdout) if done.returncode == 0 else {}

    def path(self, name):
        return os.path.join(self.folder, "out", name)

    def text(self, name):
        with open(self.path(name), encoding="utf-8") as file:
            return file.read()

    def rows(self, name):
        return read_csv(self.path(name))

    def json(self, name):
        return json.loads(self.text(name))

    @property
    def golden(self):
        return self.rows("golden.csv")

    @property
    def customers(self):
        """Which customer each record belongs to: {(source, id): customer}."""
        return {(m["source"], m["source_record_id"]): m["customer_id"] for m in self.rows("members.csv")}

    def golden_of(self, source_name, record):
        customer = self.customers[source_name, record]
        return next(g for g in self.golden if g["customer_id"] == customer)

    def together(self, *records):
        """Are the records, written source/id, of one customer?"""
        customers = self.customers
        return len({customers[tuple(r.split("/", 1))] for r in records}) == 1

    def reviewed(self, a, b):
        """The reasons why a person should look at the two records, written source/id."""
        wanted = {a, b}
        return [r["reason"] for r in self.rows("review.csv")
                if {f"{r['source_a']}/{r['id_a']}", f"{r['source_b']}/{r['id_b']}"} == wanted]


class Program:
    def __init__(self, executable):
        self.executable = executable
        self.temporary = tempfile.TemporaryDirectory(prefix="guiyi-rows-")
        self.count = 0

    def folder(self):
        self.count += 1
        path = os.path.join(self.temporary.name, str(self.count))
        os.mkdir(path)
        return path

    def call(self, *arguments, cwd=None, check=True):
        done = subprocess.run([self.executable, *map(str, arguments)], capture_output=True, text=True, cwd=cwd)
        if check and done.returncode:
            raise AssertionError(f"{' '.join(map(str, arguments))}: exit code {done.returncode}: {done.stderr}")
        return done

    def write(self, folder, files):
        for name, content in files.items():
            data = content if isinstance(content, bytes) else content.encode("utf-8")
            with open(os.path.join(folder, name), "wb") as file:
                file.write(data)

    def run(self, files, sources=None, *arguments, folder=None, check=True, inputs=None, **sections):
        """Runs a job with these files and sources, or without sources the files as they are.
        sections are the other keys of the job."""
        folder = folder or self.folder()
        self.write(folder, files)
        if sources is not None:
            job = {"version": 1, "as_of": AS_OF.isoformat(), "sources": sources, **sections}
            self.write(folder, {"job.yaml": json.dumps(job, ensure_ascii=False, indent=1)})
            inputs = ["job.yaml"]
        done = self.call("run", *(inputs or files), "--out", "out", "--data-dir", "data", "--unmask", "--json",
                         *arguments, cwd=folder, check=check)
        result = Result(folder, done)
        if done.returncode == 0:
            self.conserve(result)
        return result

    def conserve(self, result):
        """What holds for every run: each row that was read ended somewhere, and stands there."""
        s = result.summary
        assert s["read"] == s["linked"] + s["quarantined"] + s["rejected"], s
        assert len(result.rows("members.csv")) == s["linked"], s
        assert len(result.rows("rejects.csv")) == s["quarantined"] + s["rejected"], s
        assert sum(int(g["record_count"]) for g in result.golden) == s["linked"], s

    def ask(self, result, *arguments):
        """get, search, explain or verify on what a run left, as JSON."""
        done = self.call(*arguments, "--json", "--data-dir", "data", cwd=result.folder)
        return json.loads(done.stdout)


def require(condition, message):
    if not condition:
        raise AssertionError(message)


def equal(found, expected, what=""):
    if found != expected:
        raise AssertionError(f"{what + ': ' if what else ''}found {found!r}, expected {expected!r}")
