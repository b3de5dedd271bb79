"""The files of a site: the same bytes, every link alive, nothing of anybody's as markup, and true sentences."""

import csv
import io
import re
from html.parser import HTMLParser

import pyarrow.parquet as pq
import pytest

from leaderboard.errors import LeaderboardError
from leaderboard.scores import score_tables
from leaderboard.site.slugs import slug
from leaderboard.site.study import Study
from leaderboard.site.svg import safe_svg
from leaderboard.standing import overall
from leaderboard.task_costs import task_cost_tables
from leaderboard.wins import win_tables

VOID = {"meta", "link", "input", "br"}


class Reader(HTMLParser):
    """The elements of a page, in order, with their attributes, and the text of table rows."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.open, self.text = [], [], []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


@pytest.fixture(scope="module")
def pages(files):
    return {path: Reader(content.decode()) for path, content in files.items() if path.endswith(".html")}


def test_there_is_a_page_for_everything(pages):
    for path in (
        "index.html methods.html tasks.html budgets.html pareto.html pairs.html graphs.html boards.html "
        "provenance.html methods/tpe.html tasks/math-small.html"
    ).split():
        assert path in pages
    assert sum(path.startswith("methods/") for path in pages) == 6
    assert sum(path.startswith("boards/") for path in pages) == 18


def test_the_first_page_has_its_tables_in_the_order_of_reading(files):
    text = files["index.html"].decode()
    heads = re.findall(r"<h2 [^>]*>([^<]*)</h2>", text)

    assert heads == [
        "Score against total compute", "Against the reference", "Share of instances won",
        "Accuracy, search time and latency by task", "Where the regret is", "The agent&#39;s share",
        "What prior data is worth", "Traps", "Simulated against live", "Does it hold elsewhere",
        "What you may conclude",
    ]  # fmt: skip


def test_every_link_leads_to_a_file_or_an_anchor_of_its_page(pages, files):
    for path, page in pages.items():
        folder = path.rpartition("/")[0]
        ids = {attrs["id"] for _, attrs in page.tags if "id" in attrs}
        for tag, attrs in page.tags:
            target = attrs.get("href" if tag in ("a", "link") else "src")
            if target is None or target == "data:,":
                continue
            if target.startswith("#"):
                assert target[1:] in ids, (path, target)
                continue
            parts = [*folder.split("/"), *target.split("/")] if folder else target.split("/")
            while ".." in parts:
                at = parts.index("..")
                del parts[at - 1 : at + 1]
            assert "/".join(parts) in files, (path, target)


def test_ids_are_unique_in_a_page(pages):
    for path, page in pages.items():
        ids = [attrs["id"] for _, attrs in page.tags if "id" in attrs]
        assert len(ids) == len(set(ids)), path


def test_no_page_can_run_or_fetch_what_is_not_its_own(pages):
    for path, page in pages.items():
        policy = next(a["content"] for t, a in page.tags if a.get("http-equiv") == "Content-Security-Policy")
        assert "unsafe" not in policy and "default-src 'none'" in policy
        scripts = [attrs for tag, attrs in page.tags if tag == "script"]
        assert [set(attrs) for attrs in scripts] == [{"src"}]
        assert scripts[0]["src"].endswith("assets/site.js")
        for tag, attrs in page.tags:
            assert tag not in ("img", "iframe", "object", "embed", "base", "style", "foreignobject", "animate"), (
                path
            )
            assert "style" not in attrs
            assert not [name for name in attrs if name.startswith("on")]
            for value in attrs.values():
                assert not re.match(r"\s*(javascript|https?|//)", value or ""), (path, value)


def test_names_of_others_are_text(files, pages):
    """The hostile label, the error and the card stand on the pages, as text."""
    for path in ("index.html", "methods.html", "pairs.html", "graphs.html"):
        assert "<img src=x onerror=alert(1)>" in "".join(pages[path].text), path
    assert "<script>alert('card')</script>" in "".join(pages["methods/tpe.html"].text)
    assert b"<script>alert" not in files["methods/tpe.html"]
    assert all(re.fullmatch(r"[a-z0-9./-]+", path) for path in files)


def test_no_spreadsheet_runs_a_cell(files):
    for path, content in files.items():
        if path.endswith(".csv"):
            for row in csv.reader(io.StringIO(content.decode())):
                for cell in row:
                    assert not cell.startswith(("=", "@", "\t", "\r")), path
                    assert re.match(r"[+-]", cell) is None or re.fullmatch(r"[+-][0-9.e+-]+", cell), path


def test_every_table_has_its_files_and_they_agree(files, pages):
    named = {a["href"].rpartition("data/")[2] for p in pages.values() for t, a in p.tags if "download" in a}
    stems = {name.rpartition(".")[0] for name in named}
    assert len(stems) > 40
    assert {path.removeprefix("data/") for path in files if path.startswith("data/")} == named | {"runs.parquet"}
    for stem in sorted(stems)[::7]:
        rows = list(csv.reader(io.StringIO(files[f"data/{stem}.csv"].decode())))
        table = pq.read_table(io.BytesIO(files[f"data/{stem}.parquet"]))
        assert (table.num_rows, table.num_columns) == (len(rows) - 1, len(rows[0]))
        assert files[f"data/{stem}.tex"].startswith(b"\\begin{table}")


def test_the_order_of_the_records_moves_no_byte(maker, suite, files):
    mixed = maker(runs=suite.sample(frac=1, random_state=3))

    assert [path for path in files if files[path] != mixed.get(path)] == []
    assert set(mixed) == set(files)


def first_tables(source_of, runs):
    """The tables of the first page that say how methods did, as rows by table and method; without their pictures.

    What Holm's correction and the number of competitors decide is left out.
    """
    shared = ("rank", "letters", "tied_with_best", "pvalue_holm", "difference")
    study = Study(source_of(runs))
    tables = [
        *score_tables(study.groups[0], study.plan, study.first),
        *win_tables(study.primary, study.plan, study.first),
        *task_cost_tables([study.by_task(study.lead)], study.plan),
        overall(*study.lead, study.plan),
    ]
    found = {}
    for table in tables:
        keys = [column.key for column in table.columns]
        for row in table.rows:
            cells = dict(zip(keys, row, strict=True))
            kept = {key: repr(value) for key, value in cells.items() if key not in shared}
            found[table.title, cells.get("task") or "", cells["method"]] = kept
    return found


def test_an_entry_changes_no_other_entry_s_numbers(source_of, suite, hostile):
    whole, fewer = first_tables(source_of, suite), first_tables(source_of, suite[~suite["method"].isin(hostile)])

    assert set(fewer) < set(whole)
    assert {key: whole[key] for key in fewer} == fewer


def test_a_new_name_changes_no_number(source_of, suite):
    before = first_tables(source_of, suite)
    after = first_tables(source_of, suite.replace({"method": {"tpe": "zzz"}}))

    back = {(title, task, "tpe" if name == "zzz" else name): row for (title, task, name), row in after.items()}
    assert {key: row | {"method": ""} for key, row in back.items()} == {
        key: row | {"method": ""} for key, row in before.items()
    }


def test_badges_stand_in_the_table(files):
    (path,) = [path for path in files if path.startswith("data/score-against") and path.endswith(".csv")]
    rows = {row["method"]: row for row in csv.DictReader(io.StringIO(files[path].decode()))}

    assert (rows["random"]["badge"], rows["tpe"]["badge"], rows["single"]["badge"]) == (
        "verified", "replayed", "self-reported",
    )  # fmt: skip


def test_mixed_plans_are_refused(maker, suite):
    with pytest.raises(LeaderboardError, match="mixed analysis plans"):
        maker(runs=suite.assign(plan=["a"] + ["b"] * (len(suite) - 1)))


def test_a_suite_of_one_world_and_one_budget_has_a_site_too(frames, maker):
    """What quick looks like: no curves, no tiers, no agent; sentences instead of empty tables."""
    runs = frames.runs(methods=("random", "single", "tpe"), seeds=4).assign(selection_units=1.0)
    text = maker(runs=runs, suite="quick", graphs={}, files=(), software=())["index.html"].decode()

    assert "Only one prior tier was run." in text
    assert "These runs do not record the best graph" in text
    assert "No live records are at hand to compare with." in text


def test_live_records_make_a_site(frames, maker, live):
    runs, questions = live
    files = maker(runs=runs.assign(selection_units=1.0), questions=questions, suite="real", graphs={})
    text = files["index.html"].decode()

    assert "Nothing here was simulated" in text
    assert "for new search seeds and for questions like these" in text


@pytest.mark.parametrize(
    "svg",
    [
        "<svg><script>alert(1)</script></svg>",
        "<svg onload='alert(1)'/>",
        "<svg><a href='javascript:alert(1)'><path/></a></svg>",
        "<svg><path style='background:url(http://x)'/></svg>",
        "<svg><path fill='url(http://x#a)'/></svg>",
        "<svg><use href='http://x#a'/></svg>",
        "<svg><foreignObject/></svg>",
        "<svg",
    ],
)
def test_a_picture_with_anything_else_is_refused(svg):
    with pytest.raises(LeaderboardError):
        safe_svg(svg)


def test_styles_become_attributes():
    svg = safe_svg("<svg style='max-width:100%'><path style='fill:var(--chart-1, #fff);stroke:none'/></svg>")

    assert str(svg) == '<svg><path fill="var(--chart-1, #fff)" stroke="none" /></svg>'


def test_slugs_keep_names_apart():
    names = ["a b", "a-b", "A-B", "a/b", "../b", "", "..", "é", "x" * 200, "x" * 201]

    assert len({slug(name) for name in names}) == len(names)
    assert all(re.fullmatch(r"[a-z0-9-]+", slug(name)) for name in names)
