import pytest

from simcast.app.wording import LONGEST_LABEL, as_label, as_markdown, in_figure, shortened


@pytest.mark.parametrize(
    ("text", "forbidden"),
    [
        ("<script>alert(1)</script>", "<script"),
        ("**bold** _it_ `code`", "**bold"),
        ("$x^2$", "$x"),
        ("[a](http://evil.example)", "[a]("),
        (":smile: :red[x]", ":smile:"),
        ("www.evil.example", "www."),
        ("# heading", "# "),
        ("a@b.example", "a@b"),
    ],
)
def test_nothing_in_a_name_is_left_to_be_read_as_markup(text: str, forbidden: str) -> None:
    shown = as_markdown(text)
    assert not shown.startswith(forbidden)
    assert forbidden not in shown.replace("\\" + forbidden, "")
    assert shown.replace("\\", "").replace("\u2060", "") == text


def test_plain_names_in_any_script_are_left_alone() -> None:
    assert as_markdown("Переговоры 2026 日本") == "Переговоры 2026 日本"


def test_lines_become_one_and_labels_are_cut() -> None:
    assert as_markdown("a\n\n# b") == "a \\# b"
    assert len(shortened("x" * 5000)) == LONGEST_LABEL
    assert as_label("y" * 5000) == "y" * (LONGEST_LABEL - 1) + "…"


def test_figures_take_names_as_text() -> None:
    shown = in_figure("<a href='javascript:1'>$x$</a>")
    assert "<" not in shown
    assert "'javascript:1'" in shown
    assert "$" not in shown
