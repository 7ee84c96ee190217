from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest
from tests.unit.checkouts import (
    FROM_TAG,
    STATED,
    Checkout,
    belongs_to_another,
    git,
    isolate,
    serving,
)

from wheeldock import tagging
from wheeldock.errors import ConfigurationError, RepositoryError, TagRefusedError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

PAGES: dict[str, str] = {}


@pytest.fixture(scope="module")
def index() -> Iterator[str]:
    with serving(PAGES) as url:
        yield url


@pytest.fixture
def make(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, index: str
) -> Iterator[Callable[..., Checkout]]:
    """Make a checkout and go there; the index knows nothing."""
    isolate(monkeypatch, tmp_path)
    monkeypatch.setenv("PIP_INDEX_URL", index)

    def checkout(pyproject: str = STATED) -> Checkout:
        made = Checkout(tmp_path, pyproject)
        monkeypatch.chdir(made.folder)
        return made

    yield checkout
    PAGES.clear()


def run(version: str = "", **options: bool) -> list[str]:
    said: list[str] = []
    tagging.run(tagging.Asked(version=version, **options), said.append)
    return said


def refused(version: str = "", **options: bool) -> list[str]:
    with pytest.raises(TagRefusedError) as caught:
        run(version, **options)
    return [line.strip() for line in caught.value.message.splitlines()[1:]]


def test_the_stated_version_is_tagged_and_the_tag_alone_is_pushed(
    make: Callable[..., Checkout],
) -> None:
    checkout = make()
    checkout.git("tag", "other")
    said = run()
    assert said == [f"Tagged {checkout.head()[:10]} as v1.0.", "Pushed v1.0 to origin."]
    assert checkout.pushed() == ["v1.0"]
    assert git(checkout.remote, "rev-parse", "v1.0^{commit}") == checkout.head()
    assert checkout.git("cat-file", "-t", "v1.0") == "tag"
    assert checkout.git("tag", "-l", "--format=%(contents)", "v1.0") == "Tiny 1.0\n\n- All."


def test_a_tag_of_this_commit_is_left_as_it_is(make: Callable[..., Checkout]) -> None:
    checkout = make()
    run()
    tag = checkout.git("rev-parse", "v1.0")
    PAGES["tiny"] = '<a href="/tiny-1.0.tar.gz">tiny-1.0.tar.gz</a>'
    checkout.write("new.py", "")
    assert run() == ["The tag v1.0 is there already, of this commit."]
    assert checkout.git("rev-parse", "v1.0") == tag


def test_a_tag_that_is_here_alone_is_pushed_later(make: Callable[..., Checkout]) -> None:
    checkout = make()
    run(push=False)
    assert (checkout.tags(), checkout.pushed()) == (["v1.0"], [])
    assert run(push=False) == ["The tag v1.0 is there already, of this commit."]
    assert run() == ["Pushed v1.0 to origin."]
    assert checkout.pushed() == ["v1.0"]


def test_a_dry_run_tags_nothing(make: Callable[..., Checkout]) -> None:
    checkout = make()
    (said,) = run(dry_run=True)
    assert "Nothing is in the way of v1.0" in said
    assert (checkout.tags(), checkout.pushed()) == ([], [])


def test_everything_that_is_in_the_way_is_told_at_once(make: Callable[..., Checkout]) -> None:
    checkout = make()
    checkout.git("tag", "v2.0+local")
    checkout.git("switch", "-c", "topic")
    checkout.commit("more")
    checkout.write("pyproject.toml", STATED + "# changed\n")
    checkout.write("ä b.py", "")
    checkout.write("dist/tiny-0.9.tar.gz", "")
    checkout.write("dist/other-0.9.tar.gz", "")
    PAGES["tiny"] = '<a href="/tiny-2.0%2Blocal.tar.gz">tiny-2.0+local.tar.gz</a>'
    assert refused("2.0+local") == [
        "not committed: pyproject.toml, ä b.py",
        "the branch is topic; releases are made on main, master (option release-branches)",
        ("topic follows no branch that origin has: `git push --set-upstream origin topic`"),
        "2.0+local has a local part, +local: no public index takes that",
        "pyproject.toml has version 1.0, and not 2.0+local",
        "dist/tiny-0.9.tar.gz is of 0.9, and not of 2.0+local: build again, or remove it",
        (
            f"there is a tag v2.0+local at {checkout.git('rev-parse', 'v2.0+local')[:10]}, "
            f"and HEAD is {checkout.head()[:10]}; a tag is not moved"
        ),
        "CHANGELOG.md has no section of version 2.0+local",
        f"{os.environ['PIP_INDEX_URL']} has 2.0+local already: tiny-2.0+local.tar.gz",
    ]
    assert checkout.pushed() == []


@pytest.mark.parametrize("version", ["1.0-rc1", "01.0", "1.0.DEV1"])
def test_a_version_is_written_as_pep_440_writes_it(
    make: Callable[..., Checkout], version: str
) -> None:
    make(STATED.replace("1.0", version))
    assert any(f"{version!r} is not how PEP 440 writes it" in line for line in refused())


@pytest.mark.parametrize("version", ["1.0 --force", "$(touch x)", "-f", "..", "1.0\n2.0", "@{1}"])
def test_what_is_no_version_reaches_no_command(make: Callable[..., Checkout], version: str) -> None:
    checkout = make(FROM_TAG)
    (line,) = (line for line in refused(version) if "PEP 440" in line)
    assert line.startswith(repr(version))
    assert checkout.tags() == []


@pytest.mark.parametrize("form", ["-d{version}", "v{version}..x", "{version} x", "v1.0", "{}"])
def test_a_format_that_makes_no_tag_is_a_mistake(make: Callable[..., Checkout], form: str) -> None:
    make(f"{STATED}[tool.wheeldock]\ntag-format = '{form}'\n")
    with pytest.raises(ConfigurationError, match="tag-format"):
        run()


def test_a_branch_that_looks_like_an_option_is_one_that_is_not_allowed(
    make: Callable[..., Checkout],
) -> None:
    checkout = make()
    checkout.git("update-ref", "refs/heads/--mirror", "HEAD")
    checkout.git("symbolic-ref", "HEAD", "refs/heads/--mirror")
    assert any(line.startswith("the branch is --mirror") for line in refused())


def test_options_name_the_branches_and_the_tag(make: Callable[..., Checkout]) -> None:
    options = "[tool.wheeldock]\nrelease-branches = ['release/*']\ntag-format = 'tiny-{version}'\n"
    checkout = make(STATED + options)
    assert refused() == [
        "the branch is main; releases are made on release/* (option release-branches)"
    ]
    checkout.git("push", "origin", "main:release/1")
    checkout.git("fetch", "origin")
    checkout.git("switch", "release/1")
    assert run()[-1] == "Pushed tiny-1.0 to origin."


def test_the_remotes_default_branch_is_allowed(make: Callable[..., Checkout]) -> None:
    checkout = make()
    checkout.git("branch", "--move", "trunk")
    checkout.git("push", "--set-upstream", "origin", "trunk")
    assert "releases are made on main, master" in refused()[0]
    git(checkout.remote, "symbolic-ref", "HEAD", "refs/heads/trunk")
    assert run()[-1] == "Pushed v1.0 to origin."


def test_tags_without_a_v_are_followed(make: Callable[..., Checkout]) -> None:
    checkout = make()
    checkout.git("tag", "v0.8")
    checkout.git("tag", "0.9")
    run()
    assert checkout.pushed() == ["1.0"]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("ahead", "main has commits that origin has not: `git push`"),
        ("behind", "origin has commits of main that are not here: `git pull`"),
        ("behind, fetched", "origin has commits of main that are not here: `git pull`"),
        ("diverged", "main and the one of origin have different commits"),
    ],
)
def test_the_branch_is_in_step_with_the_remotes(
    make: Callable[..., Checkout], tmp_path: Path, change: str, told: str
) -> None:
    checkout = make()
    if change != "ahead":
        git(tmp_path, "clone", str(checkout.remote), "other")
        git(tmp_path / "other", "commit", "--allow-empty", "-m", "theirs")
        git(tmp_path / "other", "push")
    if change in {"behind, fetched", "diverged"}:
        checkout.git("fetch")
    if change in {"ahead", "diverged"}:
        checkout.commit("ours")
    assert refused() == [told]


def test_a_tag_of_the_remotes_is_not_moved(make: Callable[..., Checkout]) -> None:
    checkout = make()
    run()
    checkout.git("tag", "-d", "v1.0")
    before = checkout.head()
    checkout.commit("more")
    checkout.push()
    assert refused() == [f"origin has a tag v1.0, at {before[:10]}"]


def test_a_tag_of_the_same_version_by_another_name_is_told(
    make: Callable[..., Checkout],
) -> None:
    checkout = make()
    checkout.git("tag", "v1.0.0")
    assert refused() == ["there is a tag of that version by another name: v1.0.0"]


def test_a_detached_head_is_on_no_branch(make: Callable[..., Checkout]) -> None:
    make().git("switch", "--detach")
    assert refused() == ["no branch is checked out; releases are made on main, master"]


def test_without_a_remote_it_is_tagged_here_alone(make: Callable[..., Checkout]) -> None:
    checkout = make()
    checkout.git("remote", "remove", "origin")
    assert refused() == ["there is no remote to push to; `--no-push` tags here alone"]
    assert run(push=False)[-1] == f"Tagged {checkout.head()[:10]} as v1.0."


def test_a_remote_that_does_not_answer_is_in_the_way_of_a_push(
    make: Callable[..., Checkout],
) -> None:
    checkout = make()
    shutil.rmtree(checkout.remote)
    (told,) = refused()
    assert told.startswith("origin does not answer: ")
    said = run(push=False)
    assert said[0].startswith("note: origin does not answer: ")
    assert checkout.tags() == ["v1.0"]


def test_a_remote_that_refuses_the_tag_leaves_it_here(make: Callable[..., Checkout]) -> None:
    checkout = make()
    hook = checkout.remote / "hooks" / "pre-receive"
    hook.write_text("#!/bin/sh\necho tags are protected >&2\nexit 1\n")
    hook.chmod(0o755)
    with pytest.raises(RepositoryError, match="tags are protected") as caught:
        run()
    assert "`git tag -d v1.0` takes it back" in caught.value.cure
    assert (checkout.tags(), checkout.pushed()) == (["v1.0"], [])


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("# Changelog\n\n## Unreleased\n\n- x\n", "CHANGELOG.md has no section of version 1.0"),
        ("## 1.0\n\n### Added\n", "CHANGELOG.md: the section of version 1.0 is empty"),
    ],
)
def test_the_changelog_tells_of_the_version(
    make: Callable[..., Checkout], text: str, told: str
) -> None:
    checkout = make()
    checkout.write("CHANGELOG.md", text)
    checkout.commit("changelog")
    checkout.push()
    assert refused() == [told]


def test_a_project_without_a_changelog_is_told_so(make: Callable[..., Checkout]) -> None:
    checkout = make()
    checkout.git("rm", "CHANGELOG.md")
    checkout.commit("no changelog")
    checkout.push()
    assert run()[0] == "note: there is no changelog, such as a CHANGELOG.md"


def test_a_version_that_is_published_is_not_tagged(make: Callable[..., Checkout]) -> None:
    make()
    PAGES["tiny"] = '<a href="/Tiny-1.0.tar.gz">Tiny-1.0.tar.gz</a>'
    (told,) = refused()
    assert told.endswith("has 1.0 already: Tiny-1.0.tar.gz")


def test_an_index_that_is_none_is_told(
    make: Callable[..., Checkout], monkeypatch: pytest.MonkeyPatch
) -> None:
    make()
    monkeypatch.setenv("PIP_INDEX_URL", "http://user:secret@127.0.0.1:1/simple/")
    monkeypatch.setattr("wheeldock.index._RETRIES", 0)
    said = run()
    assert said[0].startswith("note: whether 1.0 is on the index is not known: ")
    assert "secret" not in " ".join(said)


def test_where_the_tag_gives_the_version_it_is_asked_for(make: Callable[..., Checkout]) -> None:
    checkout = make(FROM_TAG)
    with pytest.raises(UsageError, match="takes its version from the tag") as caught:
        run()
    assert "`invoke tag 1.1` (CHANGELOG.md begins with it)" in caught.value.cure
    checkout.git("tag", "v2.0")
    with pytest.raises(UsageError) as caught:
        run()
    assert "`invoke tag 2.0.1` (the newest tag is of 2.0)" in caught.value.cure
    checkout.git("tag", "-d", "v2.0")
    checkout.write("dist/tiny-1.0.dev2+g12.tar.gz", "")
    assert run("v1.1")[0] == (
        "note: dist/tiny-1.0.dev2+g12.tar.gz is of 1.0.dev2+g12, from before the tag: build again"
    )
    assert checkout.pushed() == ["v1.1"]


def test_several_built_files_are_of_another_version(make: Callable[..., Checkout]) -> None:
    checkout = make()
    checkout.write("dist/tiny-0.8.tar.gz", "")
    checkout.write("dist/tiny-0.9.tar.gz", "")
    (said,) = refused("1.0")
    assert said.startswith("dist/tiny-0.8.tar.gz, dist/tiny-0.9.tar.gz are of 0.8, 0.9, and not of")
    assert said.endswith("build again, or remove them")


def test_a_version_that_only_a_build_shows_is_asked_for(make: Callable[..., Checkout]) -> None:
    make('[project]\nname = "tiny"\ndynamic = ["version"]\n')
    with pytest.raises(UsageError, match=r"does not say its version in pyproject\.toml"):
        run()
    assert run("1.0")[0] == (
        "note: pyproject.toml does not say the version: only the build shows it"
    )


def test_a_lower_version_than_the_highest_is_noted(make: Callable[..., Checkout]) -> None:
    make().git("tag", "v3.0")
    assert run()[0] == "note: a higher version is tagged already: 3.0"


def test_outside_of_a_checkout_nothing_is_tagged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pyproject.toml").write_text(STATED)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(RepositoryError, match="is in no Git checkout"):
        run()


def test_a_checkout_without_a_commit_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pyproject.toml").write_text(STATED)
    monkeypatch.chdir(tmp_path)
    git(tmp_path, "init")
    with pytest.raises(RepositoryError, match="has no commit yet"):
        run()


def test_in_a_hook_the_tag_goes_to_the_projects_repository(
    make: Callable[..., Checkout], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkout = make()
    git(tmp_path, "init", "elsewhere")
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere" / ".git"))
    said = run()
    monkeypatch.delenv("GIT_DIR")
    assert said[-1] == "Pushed v1.0 to origin."
    assert checkout.tags() == ["v1.0"]


def test_a_project_in_a_subfolder_is_tagged_as_the_whole_checkout(
    make: Callable[..., Checkout],
) -> None:
    checkout = make('[tool.wheeldock]\nsource = "python"\n')
    checkout.write("python/pyproject.toml", STATED)
    checkout.commit("project")
    checkout.push()
    checkout.write("outside.py", "")
    assert refused() == ["not committed: outside.py"]
    (checkout.folder / "outside.py").unlink()
    assert run()[-1] == "Pushed v1.0 to origin."


def test_an_own_project_is_tagged_and_not_the_one_that_is_built(
    make: Callable[..., Checkout],
) -> None:
    checkout = make(STATED + '[tool.wheeldock]\nsource = "example"\n')
    checkout.write("example/pyproject.toml", STATED.replace("1.0", "0.9"))
    checkout.commit("example")
    checkout.push()
    assert run()[-1] == "Pushed v1.0 to origin."


@pytest.mark.skipif(not shutil.which("gpg"), reason="there is no GnuPG")
@pytest.mark.parametrize("asked", [True, False])
def test_a_tag_is_signed(
    make: Callable[..., Checkout],
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
    asked: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    checkout = make()
    home = tmp_path_factory.mktemp("gnupg")
    home.chmod(0o700)
    monkeypatch.setenv("GNUPGHOME", str(home))
    key = ["--quick-generate-key", "A Person <person@example.com>", "ed25519"]
    command = ["gpg", "--batch", "--passphrase", "", "--pinentry-mode", "loopback", *key]
    subprocess.run(command, check=True, capture_output=True)
    if not asked:
        checkout.git("config", "tag.gpgSign", "true")
    try:
        run(sign=asked)
    finally:
        subprocess.run(["gpgconf", "--kill", "all"], check=False, capture_output=True)
    assert "BEGIN PGP SIGNATURE" in checkout.git("cat-file", "tag", "v1.0")


def test_a_tag_that_cannot_be_signed_is_not_made(make: Callable[..., Checkout]) -> None:
    checkout = make()
    checkout.git("config", "gpg.program", "false")
    with pytest.raises(RepositoryError, match=r"the tag v1\.0 could not be made"):
        run(sign=True)
    assert (checkout.tags(), checkout.pushed()) == ([], [])


@pytest.mark.parametrize("heeds_command_line", [True, False], ids=["new Git", "old Git"])
def test_a_checkout_of_another_user_is_told_with_gits_own_cure(
    make: Callable[..., Checkout],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    heeds_command_line: bool,  # noqa: FBT001 - of a table
) -> None:
    checkout = make()
    if heeds_command_line:
        monkeypatch.setattr("wheeldock.repository.git", _as_its_owner)
    belongs_to_another(monkeypatch, tmp_path / "bin")
    with pytest.raises(RepositoryError, match="Git refuses this checkout, which belongs to") as e:
        run()
    assert f"git config --global --add safe.directory {checkout.folder}" in e.value.cure
    assert "git init" not in e.value.cure


def _as_its_owner(*question: str, at: Path) -> bytes:
    assert question == ("rev-parse", "--show-toplevel")
    return f"{at}\n".encode()
