"""docs/columns.md says what the registry says."""

from app.columns import EXTENDED_SOURCE, POINT_SOURCE, Producer
from app.columns.documentation import COMMAND, DOCUMENT, NOBODY_YET, render
from app.columns.flags import FLAGS


def test_document_is_up_to_date():
    assert DOCUMENT.read_text(encoding="utf-8") == render(), f"run: {COMMAND}"


def test_document_names_every_column_and_flag():
    text = render()
    assert all(f"| `{column.name}` |" in text for column in (*POINT_SOURCE, *EXTENDED_SOURCE))
    assert all(flag.meaning.replace("|", "\\|") in text for values in FLAGS.values() for flag in values)


def test_the_document_shows_producers_and_the_mark():
    text = render()
    for producer in Producer:
        assert f"| {producer.label} | {producer.value} |" in text
    lines = [(line.split("|")[1].strip(" `"), line) for line in text.splitlines() if line.startswith("| `")]
    # Point sources stand first; extended ones have some columns of the same names.
    rows = dict(reversed(lines))
    assert "| raw, image |" in rows["j_m"]
    assert "| raw |" in rows["j_m_r1"]
    assert "| publication |" in rows["run_id"]
    assert "in the release: never |" in rows["pts_key"]
    assert "in the release: the only row of the release |" in rows["prox"]
    marked = {name for name, line in lines if NOBODY_YET in line}
    assert marked == {c.name for c in (*POINT_SOURCE, *EXTENDED_SOURCE) if not c.producers}
