from __future__ import annotations

import pytest

from wheeldock.fields import (
    BuildFrontend,
    DependencyVersions,
    FrontendName,
    build_frontend,
    dependency_versions,
)
from wheeldock.values import Unexpected


@pytest.mark.parametrize(
    ("value", "name", "args"),
    [
        ("default", "default", ()),
        ("", "default", ()),
        ("build[uv]", "build[uv]", ()),
        ("pip; args: --a 'b c'", "pip", ("--a", "b c")),
        ("uv;args:--a", "uv", ("--a",)),
        ("args: -x; name: pip", "pip", ("-x",)),
        ("build; args:", "build", ()),
        ({"name": "pip"}, "pip", ()),
        ({"name": "build", "args": ["--a", "b c"]}, "build", ("--a", "b c")),
        ({"name": "build", "args": "--a 'b c'"}, "build", ("--a", "b c")),
    ],
)
def test_a_frontend_is_a_name_with_arguments(
    value: object, name: str, args: tuple[str, ...]
) -> None:
    assert build_frontend(value) == BuildFrontend(FrontendName(name), args)


@pytest.mark.parametrize(
    "value",
    [
        *(3, None, ["pip"], "poetry", "pyodide-build", "pip; flags: x", "pip; x", "pip; args: 'x"),
        *({}, {"args": []}, {"name": 3}, {"name": "pip", "args": 3}, {"name": "pip", "x": 1}),
        *({"name": ["pip"]}, {"name": "pip", "args": "'x"}),
    ],
)
def test_what_is_no_frontend_is_refused_with_all_that_there_are(value: object) -> None:
    read = build_frontend(value)
    assert isinstance(read, Unexpected)
    assert read.expected.startswith("one of default, build, build[uv], pip, uv, ")


@pytest.mark.parametrize(
    ("value", "versions"),
    [
        ("pinned", DependencyVersions("pinned")),
        ("latest", DependencyVersions("latest")),
        ("", DependencyVersions("latest")),
        ("./a b.txt", DependencyVersions("file", "./a b.txt")),
        ("file: 'a b.txt'", DependencyVersions("file", "a b.txt")),
        ({"file": "a b.txt"}, DependencyVersions("file", "a b.txt")),
        ("packages: a==1 b", DependencyVersions("packages", packages=("a==1", "b"))),
        ({"packages": ["a==1"]}, DependencyVersions("packages", packages=("a==1",))),
    ],
)
def test_versions_are_of_one_source(value: object, versions: DependencyVersions) -> None:
    assert dependency_versions(value) == versions


@pytest.mark.parametrize(
    "value",
    [
        *(3, None, ["a"], {}, {"file": "a", "packages": ["b"]}, {"file": 3}, {"packages": 3}),
        *({"pins": "a"}, "file: a b", "file: a; packages: b", "packages: 'x"),
    ],
)
def test_what_is_no_source_of_versions_is_refused(value: object) -> None:
    assert isinstance(dependency_versions(value), Unexpected)


def test_a_key_that_is_none_is_told_with_what_may_be_meant() -> None:
    read = build_frontend({"name": "pip", "arg": []})
    assert isinstance(read, Unexpected)
    assert read.expected.endswith("; 'arg' is none of name, args (did you mean 'args'?)")
    read = dependency_versions({"pakages": ["a"]})
    assert isinstance(read, Unexpected)
    assert read.expected.endswith(
        "; 'pakages' is none of file, packages (did you mean 'packages'?)"
    )
