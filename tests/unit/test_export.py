"""A lecture as one page: what is recorded, how small it is, and that nothing else is needed."""

import base64
import io
import json
import re
from pathlib import Path

import nbformat
import numpy as np
import pytest
from PIL import Image

from descent.course import export, notebooks, recorded
from descent.course.faults import CourseError
from descent.course.frames import STEP, Film
from descent.course.grid import Control, each_alone, grid
from descent.course.plan import read_plans
from descent.explore import base, gates
from tests.unit.course_tools import NAME, make_course

ROOT = Path(__file__).parents[2]
LECTURES = sorted((ROOT / "lectures").glob("*.ipynb"))
OUTSIDE = re.compile(
    r"""(?:\bsrc(?:set)?|<link[^>]*\bhref)\s*=\s*["']?(?!data:)[^"'\s>]+  # what a tag loads
    | \burl\((?!["']?data:) | @import | \bfetch\( | XMLHttpRequest | \bimport\(  # or a style
    | <(?:iframe|object|embed|base)\b""",
    re.X | re.I,
)

# ---- which settings ------------------------------------------------------------------------------


def slider(name: str, count: int, start: int, plays: bool = False) -> Control:
    return Control(name, tuple(range(count)), start, slides=True, plays=plays)


A, B = slider("a", 21, 7), slider("b", 41, 40)
KIND = Control("kind", ("x", "y", "z"), "y")
STEPS = slider("step", 301, 100, plays=True)


def test_what_fits_is_recorded_whole():
    found = grid([slider("a", 5, 2), KIND], 15)
    assert len(set(found)) == len(found) == 15
    assert found[0] == (2, "y")


def test_otherwise_sliders_are_combined_at_the_start_of_the_choices():
    found = grid([A, slider("b", 21, 7), KIND], 100)
    assert len(found) <= 100
    moved = {(a, b) for a, b, kind in found if kind == "y"}
    rows, columns = {a for a, _ in moved}, {b for _, b in moved}
    assert moved == {(a, b) for a in rows for b in columns}
    assert {kind for _, _, kind in found} == {"x", "y", "z"}


def test_a_run_can_be_played_with_each_choice():
    found = grid([STEPS, A, B, KIND], 160)
    steps = {kind: {s for s, a, b, k in found if (a, b, k) == (7, 40, kind)} for kind in "xyz"}
    assert steps["x"] == steps["y"] == steps["z"]
    assert {0, 100, 300} <= steps["x"]


@pytest.mark.parametrize("most", [30, 60, 100, 200, 400, 1000])
@pytest.mark.parametrize(
    "controls", [[A, B, KIND], [STEPS, A, B, KIND], [A, B, slider("c", 9, 0)], [KIND]]
)
def test_grids_keep_to_the_limit_and_each_control_reaches_its_ends(controls, most):
    found = grid(controls, most)
    assert len(found) <= max(most, len(each_alone(controls, 0)))
    assert found[0] == tuple(c.start for c in controls)
    assert len(set(found)) == len(found)
    for i, c in enumerate(controls):
        alone = {s[i] for s in found if all(s[j] == found[0][j] for j in range(len(s)) if j != i)}
        assert {c.values[0], c.values[-1], c.start} <= alone


def test_more_room_means_more_settings():
    counts = [len(grid([STEPS, A, B, KIND], most)) for most in (40, 80, 160, 320, 640)]
    assert counts == sorted(set(counts))


# ---- pictures ------------------------------------------------------------------------------------


class Wave(base.Explorable):
    """Three controls, one of which limits another, and one that changes a label."""

    title = "A wave"
    question = "How high does it get?"
    play = "k"

    def controls(self):
        return {
            "k": base.int_slider("waves", 0, 8, 1),
            "a": base.slider("height", 0, 2, 1, step=0.5),
            "kind": base.choice("curve", [("sine", 0), ("step", 1)]),
        }

    def compute(self, k, a, kind):
        t = np.linspace(0, 1, 200)
        wave = np.sin(6.283 * k * t)
        return a * (np.sign(wave) if kind else wave), kind

    def limits(self, result):
        return {"k": 3 if result[1] else 8}

    def build(self, fig, result):
        ax = fig.subplots()
        ax.set(ylim=(-2.2, 2.2), title=self.title)
        (self.line,) = ax.plot(result[0])
        self.moving(self.line)

    def update(self, result):
        self.line.set_ydata(result[0])
        self.widgets["a"].description = "jump" if result[1] else "height"

    def describe(self, result):
        return f"The wave reaches {result[0].max():.2f} and has {np.ptp(result[0]):.2f} in all."

    def truth(self):
        return 1.0


def pixels(data: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB")).astype(int)


def composed(frames: list, index: int) -> np.ndarray:
    """What the page draws for a frame, over those that it lies on."""
    under, x, y, data = frames[index]
    patch = Image.open(io.BytesIO(base64.b64decode(data))).convert("RGBA")
    if under < 0:
        return np.asarray(patch.convert("RGB")).astype(int)
    below = Image.fromarray(composed(frames, under).astype(np.uint8))
    below.paste(patch, (x, y), patch)
    return np.asarray(below).astype(int)


@pytest.fixture(scope="module")
def wave():
    return recorded.record(Wave())


def test_every_recorded_setting_has_its_own_picture_sentence_and_labels(wave):
    live = Wave()
    reel = {c: d["texts"] for c, d in zip(live.widgets, wave["controls"], strict=True)}
    assert reel["kind"] == ["sine", "step"]
    assert reel["a"] == ["0.00", "0.50", "1.00", "1.50", "2.00"]
    values = [c.values for c in map(recorded.control_of, live.widgets, live.widgets.values())]
    for *positions, frame, sentence, labels in wave["states"][:: len(wave["states"]) // 12]:
        state = [v[p] for v, p in zip(values, positions, strict=True)]
        live.set(**dict(zip(live.widgets, state, strict=True)))
        assert wave["sentences"][sentence] == live.sentence
        assert abs(composed(wave["frames"], frame) - pixels(live.png)).max() <= STEP // 2
        assert wave["labels"][labels][1] == ("jump" if state[2] else "height")


def test_settings_that_a_limit_forbids_are_not_offered(wave):
    assert {k for k, _, kind, *_ in wave["states"] if kind == 1} == {0, 1, 2, 3}
    assert {k for k, _, kind, *_ in wave["states"] if kind == 0} == set(range(9))
    assert len(wave["states"]) == 5 * (9 + 4)


def test_equal_pictures_are_kept_once(wave):
    flat = {row[3] for row in wave["states"] if row[1] == 0}
    assert len(flat) == 1, "without height all waves look alike"
    assert len(wave["frames"]) < len(wave["states"])


def test_a_recording_starts_and_ends_at_the_start():
    live = Wave().set(k=3, a=0.5)
    made = recorded.record(live)
    assert live.params == {"k": 3, "a": 0.5, "kind": 0}
    assert made["states"][0][:3] == [3, 1, 0]
    assert made["frames"][0][0] == -1, "the page shows the first frame where no script runs"


@pytest.mark.parametrize("largest", [60_000, 90_000])
def test_recordings_keep_to_their_size(largest):
    made = recorded.record(gates.GateBuilder(), largest)
    assert len(json.dumps(made, ensure_ascii=False)) <= largest
    assert recorded.size(made) > largest / 3, "there was room for more"
    assert all(len(control["texts"]) > 1 for control in made["controls"])


def test_what_can_not_be_made_small_enough_is_an_error():
    with pytest.raises(CourseError, match="recording of Wave takes .* not 5,000"):
        recorded.record(Wave(), 5_000)


def test_a_setting_that_fails_is_named(monkeypatch):
    wave = Wave()
    monkeypatch.setattr(wave, "describe", lambda result: 1 / 0 if result[1] else "fine")
    with pytest.raises(CourseError, match=r"Wave can't be shown with .*'kind': 1.*ZeroDivision"):
        recorded.record(wave)


def test_patches_are_exact_on_flat_and_shaded_areas():
    shades = np.zeros((60, 80, 3), np.uint8)
    shades[..., 0] = np.arange(80) * 3
    shades[20:40, 20:60] = (200, 30, 70)
    film = Film()
    for shift in (0, 5, 9):
        buffer = io.BytesIO()
        Image.fromarray(np.roll(shades, shift, axis=0)).save(buffer, "png")
        film.add(buffer.getvalue())
    frames = [[f.under, f.x, f.y, base64.b64encode(f.webp)] for f in film.frames]
    off = abs(composed(frames, 2) - np.roll(shades, 9, axis=0))
    assert off.max() <= STEP // 2
    assert (off == 0).mean() > 0.9
    assert film.needed([2])[0] == 0


@pytest.mark.parametrize("guess", ["1", "0,98", "7", "-3", "many"])
def test_the_page_says_of_a_guess_what_the_notebook_says(guess):
    said = recorded.gate(Wave())["said"]
    assert base.verdict(guess, 1.0) in {text.replace("{guess}", guess) for text in said.values()}


def test_choices_are_judged_as_in_the_notebook():
    gate = recorded.gate(gates.GateBuilder())
    assert len(gate["said"]) == len(gate["choices"]) > 1
    assert sum(text.startswith("Right") for text in gate["said"]) == 1


# ---- pages ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", LECTURES, ids=lambda path: path.stem)
def test_a_page_loads_nothing_and_reads_well(path):
    notebook = nbformat.read(path, 4)
    text = export.page(notebook, {}, path.name)
    assert not OUTSIDE.findall(re.sub(r'(?<=")data:[^"]*', "data:", text))
    assert "Content-Security-Policy\" content=\"default-src 'none'" in text
    images = re.findall(r"<img\b[^>]*>", text)
    pictures = [
        o for c in notebook.cells for o in c.get("outputs", ()) if "image/png" in o.get("data", {})
    ]
    assert len(images) == len(pictures)
    assert all(re.search(r'alt="[^"]{10,}', image) for image in images)
    ids = re.findall(r'\bid="([^"]+)"', text)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'href="#([^"]+)"', text)) <= set(ids)
    assert text.count("<h1") == 1
    assert ".ipynb)" not in re.sub(r"<code>.*?</code>", "", text) or "](" not in text


@pytest.mark.parametrize("path", LECTURES, ids=lambda path: path.stem)
def test_all_formulas_become_mathml(path, monkeypatch):
    made = []

    def formula(tex, display):
        made.append((tex, convert(tex, display)))
        return made[-1][1]

    convert = export.formula
    monkeypatch.setattr(export, "formula", formula)
    text = export._Text()
    for cell in nbformat.read(path, 4).cells:
        if cell.cell_type == "markdown":
            assert not re.search(
                r"\$[^$<]*\\[a-z]", re.sub(r"<code>.*?</code>", "", text.render(cell.source))
            )
    assert [tex for tex, html in made if not html.startswith("<math")] == []
    assert [tex for tex, html in made if re.search(r"<m[a-z]+>\\", html)] == []


@pytest.mark.parametrize(
    "bad",
    [
        '<img src="https://a.b/c.png">',
        "<script src='x.js'></script>",
        "<style>@import 'a'</style>",
        '<link rel="stylesheet" href="a.css">',
        "p { background: url(x.png) }",
        "fetch('/a')",
    ],
)
def test_what_is_loaded_from_outside_would_be_seen(bad):
    assert OUTSIDE.search(bad)


def test_a_script_in_a_sentence_stays_text(wave):
    hostile = wave | {"sentences": ["</script><b>bold</b>"] * len(wave["sentences"])}
    cell = nbformat.v4.new_code_cell("Wave()", id="w")
    text = export.page(nbformat.v4.new_notebook(cells=[cell]), {"w": hostile}, "x.ipynb")
    assert "<b>bold" not in text
    found = re.search(r'<script type="application/json">(.*?)</script>', text, re.S)
    assert json.loads(found[1])["sentences"][0] == "</script><b>bold</b>"


# ---- only the course's own -----------------------------------------------------------------------


@pytest.fixture
def lecture(tmp_path):
    """The lecture of a small course, as if it had been executed."""
    root = make_course(tmp_path)
    [plan], _ = read_plans(root, [NAME])
    for cell in plan.lecture.cells:
        if cell.cell_type == "code":
            cell.execution_count = 1
    notebooks.write(plan.path("lectures"), notebooks.text(plan.lecture))
    return plan.path("lectures")


def test_a_lecture_as_built_is_read(lecture):
    assert export.read_lecture(lecture).cells


def edit(lecture: Path, key: str, value: object) -> None:
    notebook = json.loads(lecture.read_text())
    cell = next(c for c in notebook["cells"] if c["cell_type"] == "code")
    cell[key] = value
    lecture.write_text(json.dumps(notebook))


def test_an_edited_lecture_is_not_run(lecture):
    edit(lecture, "source", "import os; os.remove('x')")
    with pytest.raises(CourseError, match="has edits; move it away.*descent build 01_tiny"):
        export.export(lecture)


def test_a_lecture_that_another_text_was_built_to_is_not_run(lecture):
    notebook = json.loads(lecture.read_text())
    notebook["cells"][0]["source"] = "another"
    notebook["metadata"]["descent"]["built"] = export.stamp.stamp(notebook)
    lecture.write_text(json.dumps(notebook))
    with pytest.raises(CourseError, match="not what chapters/01_tiny says.*descent build"):
        export.export(lecture)


@pytest.mark.parametrize(
    ("key", "value", "says"),
    [
        ("execution_count", None, "lacks outputs.*descent build"),
        ("outputs", [{"output_type": "error"}], "cell that failed.*descent build"),
    ],
)
def test_a_lecture_that_did_not_run_is_no_page(lecture, key, value, says):
    edit(lecture, key, value)
    with pytest.raises(CourseError, match=says):
        export.export(lecture)


def test_files_that_are_no_lectures(lecture, tmp_path):
    with pytest.raises(CourseError, match="no file .*name a lecture"):
        export.export(lecture.with_name("02_none.ipynb"))
    other = lecture.with_name("mine.ipynb")
    other.write_text(lecture.read_text())
    with pytest.raises(CourseError, match="no chapter 'mine'; there are 01_tiny"):
        export.export(other)
    alone = tmp_path / "alone.ipynb"
    alone.write_text(lecture.read_text())
    with pytest.raises(CourseError, match="in no course"):
        export.export(alone)
    lecture.write_text("no json")
    with pytest.raises(CourseError, match="can't be read as a notebook"):
        export.export(lecture)


def test_the_command_records_writes_and_says_so(lecture, monkeypatch, capsys, wave):
    cell = next(c for c in export.read_lecture(lecture).cells if c.cell_type == "code")
    monkeypatch.setattr(recorded, "recordings", lambda notebook: {cell.id: wave})
    page = export.export(lecture)
    assert page == lecture.with_suffix(".html")
    assert 'class="explorable"' in page.read_text("utf-8")
    assert re.search(r"01_tiny\.html: 1 explorables?, 0\.\d MB", capsys.readouterr().out)


def test_a_lecture_is_run_in_a_process_of_its_own():
    cells = ["from descent.explore.gates import XorNetwork", "XorNetwork()", "XorNetwork().title"]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in cells])
    found = recorded.recordings(notebook)
    assert list(found) == [notebook.cells[1].id]
    assert len(found[notebook.cells[1].id]["states"]) == 5
    assert found[notebook.cells[1].id]["complete"]


def test_a_cell_that_fails_is_named(capsys):
    cells = [nbformat.v4.new_code_cell(c) for c in ("x = 1", "y = x / 0\ny")]
    with pytest.raises(CourseError, match="begins 'y = x / 0' failed: ZeroDivisionError"):
        recorded.run(nbformat.v4.new_notebook(cells=cells))


def test_there_are_lectures():
    assert LECTURES
