"""docs/parameters.md is written from the declarations."""

from __future__ import annotations

import shutil
from dataclasses import fields

from app.parameters.photometry import PhotometryParameters
from app.tools import parameters_page
from app.tools.parameters_page import COMMAND, DOCUMENT, render


def test_document_is_up_to_date():
    assert DOCUMENT.read_text(encoding="utf-8") == render(), f"run: {COMMAND}"


def test_document_names_every_parameter_with_default_range_and_meaning():
    text = render()
    assert all(f"| `{item.name}` | " in text for item in fields(PhotometryParameters))
    assert "| `field_order` | `2` | 2 or 4 | Order of the change" in text
    assert "| `merge_limit_arcsec` | `2.0` | 0.1 to 20 (arcsec) |" in text
    assert text.count("\n## [artefacts") == 6


def test_the_command_writes_the_document(tmp_path, monkeypatch, capsys):
    copy = shutil.copy(DOCUMENT, tmp_path / "parameters.md")
    copy.write_text("old", encoding="utf-8")
    monkeypatch.setattr(parameters_page, "DOCUMENT", copy)
    parameters_page.main()
    assert copy.read_text(encoding="utf-8") == render()
    assert "wrote" in capsys.readouterr().out
