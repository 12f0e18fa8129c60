import json
import socket
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from simcast.app import serving
from simcast.app.bench import Question
from simcast.cli import main
from simcast.errors import SimcastError


def test_a_missing_package_is_named_with_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "NEEDED", ("streamlit_that_is_not_there",))
    with pytest.raises(SimcastError, match=r"pip install 'simcast\[app\]'"):
        serving.check_installed()


def test_a_port_in_use_is_said_before_anything_is_played(desk: Path) -> None:
    pytest.importorskip("streamlit")
    with socket.socket() as taken:
        taken.bind((serving.ADDRESS, 0))
        taken.listen()
        port = taken.getsockname()[1]
        result = CliRunner().invoke(main, ["serve", str(desk), "--port", str(port), "--no-browser"])
    assert result.exit_code == 2
    assert f"error: --port {port}:" in result.output
    assert len(result.output.splitlines()) == 1
    serving.check_port(port)


def test_a_wrong_file_ends_with_2_and_a_line_per_problem(tmp_path: Path) -> None:
    pytest.importorskip("streamlit")
    result = CliRunner().invoke(main, ["serve", str(tmp_path / "none.yaml"), "--port", "8597", "--no-browser"])
    assert result.exit_code == 2
    assert result.output.startswith("error: ")
    assert "Traceback" not in result.output


def test_the_page_is_for_this_machine_alone_and_tells_nobody() -> None:
    settings = serving.settings(8501, browser=False)
    assert settings["server.address"] == "127.0.0.1"
    assert settings["server.allowedHosts"] == ["127.0.0.1", "localhost"]
    assert settings["browser.gatherUsageStats"] is False
    assert settings["server.enableCORS"] is True
    assert settings["server.enableXsrfProtection"] is True
    assert settings["server.fileWatcherType"] == "none"


def test_streamlit_knows_every_setting() -> None:
    config = pytest.importorskip("streamlit.config")
    known = config.get_config_options()
    assert set(serving.settings(8501, browser=True)) <= set(known)


def test_the_question_reaches_the_script_as_it_was_asked() -> None:
    question = Question("папка/q3 '\".yaml", ("forecast.target.bookings=3e6",), 500)
    for asked in (question, replace(question, threads=2, start="чинить")):
        assert serving.question_of([json.dumps(asdict(asked))]) == asked
