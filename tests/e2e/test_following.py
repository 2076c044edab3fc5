"""Whoever follows a page finds what is wrong with it: faults are planted here, one a test."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from tests.e2e.conftest import ROOT
from tests.e2e.tutorial import following
from tests.e2e.tutorial.following import Follower, NotAsShown
from tests.e2e.tutorial.matching import difference
from tests.e2e.tutorial.page import PageMistaken
from tests.e2e.tutorial.shell import Shell, TookTooLong, shell

GOOD = """
# A page

```shell
mkdir one && cd one
export WORD=so
```

Put this into `greet.py`:

```python
import sys

print("so", *sys.argv[1:])
```

```console
$ python3 greet.py "$WORD" much \\
    to do
so so much to do
$ python3 greet.py; date '+%Y-%m-%d %H:%M:%S UTC'
so
2026-01-31 12:00:01 UTC
$ test -e none
$ echo $?
1
```
"""
KILLED = """
import sys
from pathlib import Path
from tests.e2e.tutorial.shell import shell

with shell(Path(sys.argv[1])) as ours:
    print(*ours.run("sleep 600 & echo $!"), flush=True)
    sys.stdin.read()
"""
Follow = Callable[[str], int]


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[Shell]:
    with shell(tmp_path) as ours:
        yield ours


@pytest.fixture
def follow(reader: Shell, tmp_path: Path) -> Follow:
    def follow(text: str) -> int:
        page = tmp_path / "page.md"
        page.write_text(text)
        return Follower(page).follow(reader)

    return follow


def console(*lines: str, before: str = "") -> str:
    return "\n".join([before, "", "```console", *lines, "```", ""])


def test_a_page_that_is_right_is_followed_to_its_end(follow: Follow, reader: Shell) -> None:
    assert follow(GOOD) == 7
    assert reader.where() == reader.folder / "one"


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("so so much to do\n", "so so much to-do\n"),
        ("so so much to do\n", ""),
        ("so so much to do\n", "so so much to do\nand more\n"),
        ("2026-01-31 12:00:01 UTC", "2026-01-31 12:00 UTC"),
        ("$ echo $?\n1\n", "$ echo $?\n2\n"),
        ("$ echo $?\n1\n", ""),
        ("mkdir one && cd one", "mkdir one && cd two"),
        ('print("so"', 'print("oh"'),
    ],
)
def test_a_page_that_shows_or_does_something_else_is_found(follow: Follow, right: str, wrong: str) -> None:
    assert GOOD.count(right) == 1
    with pytest.raises(NotAsShown, match=r"line \d+: \$ "):
        follow(GOOD.replace(right, wrong))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("```bash\nls\n```\n", "line 2: a block of bash that is neither run nor written"),
        ("```\nls\n```\n", "line 2: a block of no language that is neither run nor written"),
        ("See `a.py`:\n\n```python\n1\n```\n", "line 4: a block of python that is neither run nor written"),
        ("- this:\n  ```shell\n  ls\n  ```\n", "line 2: a fence that begins or ends no block"),
        ("~~~shell\nls\n~~~\n", "line 1: a fence that begins or ends no block"),
        ("```shell\nls\n", "line 1: a fence that begins or ends no block"),
        ("```console\nls\n```\n", "line 2: a console block begins with a command"),
        (console("$ ls", "…"), "line 5: an output of dots alone says nothing"),
        (console("$ ls", "$ ls", before="Repeat this until you see:"), "one command can be repeated, not 2"),
        ("Repeat this until you see:\n\n```shell\nls\n```\n", "a block of shell that is neither run nor written"),
        ("Put this into `../a`:\n\n```text\n1\n```\n", "../a is outside of the reader's folder"),
        ("```shell\nexport PIP_FIND_LINKS=/tmp\n```\n", "the page has 1 lines 'export PIP_FIND_LINKS=…'"),
    ],
)
def test_a_block_that_would_not_be_followed_is_refused(follow: Follow, text: str, said: str) -> None:
    with pytest.raises(PageMistaken) as refused:
        follow(text)
    assert said in str(refused.value)


def test_a_file_goes_where_the_reader_is_and_only_into_a_folder_that_is_there(follow: Follow, reader: Shell) -> None:
    put = "Put this into `a/b.txt`:\n\n```text\n1\n```\n"
    with pytest.raises(NotAsShown, match=r"line 4: a/b\.txt cannot be written: there is no folder"):
        follow(put)
    follow("```shell\nmkdir -p c/a && cd c\n```\n" + put)
    assert (reader.folder / "c" / "a" / "b.txt").read_text() == "1\n"


def test_what_is_repeated_is_repeated_until_it_is_there_and_no_longer(
    follow: Follow, reader: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    count = "echo . >> dots; wc -l < dots"
    follow(console(f"$ {count}", "3", before="Repeat this until you see:"))
    monkeypatch.setattr(following, "_PATIENCE", 1)
    with pytest.raises(NotAsShown, match="and it printed"):
        follow(console(f"$ {count}", "3", before="Repeat this until you see:"))
    with pytest.raises(NotAsShown):
        follow(console(f"$ {count}", "100", before="And then:"))
    assert reader.run("cat dots")


def test_the_wheel_is_looked_for_where_the_page_says_it_by_its_one_line(reader: Shell, tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("```shell\nexport PIP_FIND_LINKS=~/dist\n```\n" + console("$ echo $PIP_FIND_LINKS", "/w1 /w2"))
    assert Follower(page, wheels="/w1 /w2").follow(reader) == 2
    page.write_text(console("$ true"))
    with pytest.raises(PageMistaken, match="the page has 0 lines"):
        Follower(page, wheels="/w1").follow(reader)


def test_a_command_that_does_not_end_is_told_with_what_it_printed(reader: Shell) -> None:
    with pytest.raises(TookTooLong, match=r"'echo so; cat <&1-; sleep 60' did not end within 1 s; it printed: .*so"):
        reader.run("echo so; cat <&1-; sleep 60", patience=1)


def test_a_mistake_of_the_shells_own_is_a_failed_command(follow: Follow) -> None:
    with pytest.raises(NotAsShown, match="exit code"):
        follow(console("$ echo 'so", "so"))


def test_all_that_was_started_ends_and_all_that_was_written_goes(tmp_path: Path) -> None:
    with shell(tmp_path) as ours:
        (behind,) = ours.run("sleep 600 & echo $!")
        (alone,) = ours.run("setsid sleep 600 & echo $!")
        assert ours.run("echo $HOME $TMPDIR") == [f"{tmp_path / 'home'} {tmp_path / 'tmp'}"]
    for number in (behind, alone):
        assert not psutil.pid_exists(int(number)) or psutil.Process(int(number)).status() == psutil.STATUS_ZOMBIE
    assert list(tmp_path.iterdir()) == []


def test_all_that_was_started_ends_also_when_the_follower_is_killed(tmp_path: Path) -> None:
    follower = subprocess.Popen(
        [sys.executable, "-c", KILLED, tmp_path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT
    )
    assert follower.stdout is not None
    started = psutil.Process(int(follower.stdout.readline()))
    follower.kill()
    follower.wait()
    follower.communicate()
    _, left = psutil.wait_procs([started], timeout=30)
    assert not left


@pytest.mark.parametrize(
    ("shown", "printed"),
    [
        (["a  b"], ["a b   "]),
        (["a", "…", "b"], ["a", "x", "y", "b"]),
        (["a", "…", "b"], ["a", "b"]),
        (["a … c"], ["a b b c"]),
        (["api: 2.5 s, at 12:00:00 UTC"], ["api: 13 ms, at 23:59:59.123 UTC"]),
        (["http://127.0.0.1:1"], ["http://127.0.0.1:65000"]),
        ([], ["", ""]),
    ],
)
def test_what_may_differ_may_differ(shown: list[str], printed: list[str]) -> None:
    assert difference(shown, printed) == ""


@pytest.mark.parametrize(
    ("shown", "printed"),
    [
        (["a b"], ["ab"]),
        (["a", "…", "b"], ["a", "x"]),
        (["…", "b"], ["b", "a"]),
        (["a … c"], ["a c"]),
        (["a", "b"], ["b", "a"]),
        (["8 → 4"], ["8 → 2"]),
        (["2026-01-31"], ["yesterday"]),
        (["http://127.0.0.1:1/x"], ["http://127.0.0.2:1/x"]),
        (["a.c"], ["abc"]),
        ([], ["a"]),
        (["a"], []),
    ],
)
def test_what_may_not_differ_is_told(shown: list[str], printed: list[str]) -> None:
    assert "the page shows" in difference(shown, printed)
