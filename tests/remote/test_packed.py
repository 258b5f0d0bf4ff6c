"""Archives that come over the wire: whatever they hold, nothing comes to lie outside their folder."""

import stat
import zipfile

import pytest

from workbench.errors import BadGateway
from workbench.remote import packed


@pytest.fixture
def into(tmp_path):
    folder = tmp_path / "into"
    folder.mkdir()
    return folder


def archive(tmp_path, *members):
    path = tmp_path / "packed.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as opened:
        for name, content in members:
            opened.writestr(name, content)
    return path


def test_a_folder_comes_out_as_it_was(tmp_path, into):
    run = zipfile.ZipInfo("bin/run")
    run.external_attr = (stat.S_IFREG | 0o755) << 16
    packed.unpack(archive(tmp_path, ("a.txt", "a"), (run, "#!"), ("empty/", "")), into, "host")
    assert (into / "a.txt").read_text() == "a"
    assert (into / "bin/run").stat().st_mode & stat.S_IXUSR
    assert (into / "empty").is_dir()


@pytest.mark.parametrize("name", ["../out", "/out", "a/../../out", "..\\out", "C:/out"])
def test_a_name_that_leads_out_is_refused(tmp_path, into, name):
    with pytest.raises(BadGateway) as raised:
        packed.unpack(archive(tmp_path, (name, "x")), into, "host")
    assert raised.value.code == "remote.not_understood"
    assert not (tmp_path / "out").exists()


def test_a_link_is_refused(tmp_path, into):
    link = zipfile.ZipInfo("link")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with pytest.raises(BadGateway):
        packed.unpack(archive(tmp_path, (link, str(tmp_path))), into, "host")
    assert not (into / "link").exists()


def test_an_archive_that_unpacks_to_too_much_is_given_up(tmp_path, into, monkeypatch):
    monkeypatch.setattr(packed, "_BYTES_MOST", 1000)
    with pytest.raises(BadGateway, match="too large"):
        packed.unpack(archive(tmp_path, ("zeros", b"\0" * 5000)), into, "host")


@pytest.mark.parametrize("content", [b"", b"PK", b"<html>"])
def test_what_is_no_archive_is_told(tmp_path, into, content):
    path = tmp_path / "packed.zip"
    path.write_bytes(content)
    with pytest.raises(BadGateway):
        packed.unpack(path, into, "host")


def test_two_files_of_a_name_are_refused(tmp_path, into):
    with pytest.warns(UserWarning, match="Duplicate"):
        path = archive(tmp_path, ("a", "1"), ("a", "2"))
    with pytest.raises(BadGateway):
        packed.unpack(path, into, "host")
