"""Files on their way to an API: sent as they are read, and no further than they are wanted."""

import io

import pytest

from workbench import errors


class Endless(io.RawIOBase):
    """A table that goes on as long as somebody reads."""

    def __init__(self, most):
        self.most, self.given = most, 0

    def readable(self):
        return True

    def read(self, size=-1):
        if self.given >= self.most:
            return b""
        content = b"a,b\n" if not self.given else b""
        content += b"1,2\n" * ((size - len(content)) // 4)
        self.given += len(content)
        return content


def test_what_is_refused_at_once_is_not_sent_to_its_end(remote):
    remote.data.sample("wine")
    table = Endless(1 << 30)
    with pytest.raises(errors.Conflict) as raised:
        remote.data.upload(table, "wine")
    assert raised.value.code == "data.name_taken"
    assert table.given < table.most / 4


def test_a_file_of_many_chunks_comes_whole(remote, called):
    table = Endless(5 << 20)
    source = remote.data.upload(table, called)
    assert (source.size_bytes, source.row_count) == (table.given, table.given // 4 - 1)
    remote.data.delete(source)


def test_more_bytes_than_were_told_are_refused(remote, called):
    with remote.data.begin_upload(f"{called}.csv", 4) as upload:
        with pytest.raises(errors.BadRequest) as raised:
            upload.write(b"a,b\n1,2\n")
        assert raised.value.code == "data.upload_broken"
    assert called not in [line.name for line in remote.data.lines()]


def test_what_cannot_be_read_is_told_by_the_end_of_the_upload(remote, called):
    with remote.data.begin_upload(f"{called}.parquet") as upload:
        upload.write(b"no parquet")
        with pytest.raises(errors.BadRequest) as raised:
            upload.finish()
    assert raised.value.code.startswith("data.")


def test_whoever_watches_can_end_an_upload(remote, called):
    def tell(*_):
        raise KeyboardInterrupt

    with remote.data.begin_upload(f"{called}.csv") as upload:
        upload.write(b"a,b\n1,2\n")
        with pytest.raises(KeyboardInterrupt):
            upload.finish(tell)
    assert called not in [line.name for line in remote.data.lines()]
