"""The hashes of what is deployed, out of a lock that names an index."""

from __future__ import annotations

import pytest

from release.hashes import HEAD, constraints
from release.locks import pins

A, B = "a" * 64, "b" * 64
PYLOCK = f"""\
lock-version = "1.0"

[[packages]]
name = "one"
version = "1.0"
marker = "python_full_version < '3.11'"
wheels = [
    {{ url = "https://index/one-1.0-cp310.whl", size = 1, hashes = {{ sha256 = "{B}" }} }},
    {{ url = "https://index/one-1.0-cp311.whl", size = 1, hashes = {{ sha256 = "{A}" }} }},
]

[[packages]]
name = "two"
version = "2.0"
sdist = {{ url = "https://index/two-2.0.tar.gz", hashes = {{ sha256 = "{B}" }} }}
wheels = [{{ url = "https://index/two-2.0.whl", size = 1, hashes = {{ sha256 = "{A}" }} }}]
"""


def test_each_package_has_the_hashes_of_its_wheels_its_marker_and_no_index() -> None:
    text = constraints(PYLOCK)
    assert text == HEAD + (
        f"one==1.0 ; python_full_version < '3.11' \\\n    --hash=sha256:{A} \\\n    --hash=sha256:{B}\n"
        f"two==2.0 \\\n    --hash=sha256:{A}\n"
    )
    assert [(pin.name, set(pin.hashes)) for pin in pins(text)] == [("one", {A, B}), ("two", {A})]


def test_what_has_no_wheel_is_refused_for_it_would_be_built_from_sources() -> None:
    with pytest.raises(ValueError, match=r"no wheel of two 2\.0 is named"):
        constraints(PYLOCK.partition("wheels = [{")[0])
