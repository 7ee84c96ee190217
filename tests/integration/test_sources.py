"""Sources against a real package index, and source trees through a real engine."""

from __future__ import annotations

import hashlib
import io
import os
import subprocess
import tarfile
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest
from tests.integration.indexes import OpenIndex

from wheeldock.errors import RequirementNotFoundError
from wheeldock.ignore import ignored, with_ignore_file
from wheeldock.project import read_project
from wheeldock.request import BuildRequest
from wheeldock.sources import SdistSource, Source, open_source
from wheeldock.worktree import list_source

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from wheeldock.builder import Buildx

pytestmark = pytest.mark.integration


def sdist(path: Path) -> bytes:
    """An sdist by its file name, `name-version.tar.gz` or `.zip`."""
    top = path.name.removesuffix(".tar.gz").removesuffix(".zip")
    name, _, version = top.rpartition("-")
    text = f"[project]\nname = {name!r}\nversion = {version!r}\nrequires-python = '>=3.9'\n"
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr(f"{top}/pyproject.toml", text)
    else:
        with tarfile.open(path, "w:gz") as archive:
            info = tarfile.TarInfo(f"{top}/pyproject.toml")
            info.size = len(text)
            archive.addfile(info, io.BytesIO(text.encode()))
    return path.read_bytes()


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenIndex]:
    folder = tmp_path_factory.mktemp("index")
    for name in ("1.9", "1.10", "2.0rc1"):
        sdist(folder / f"My_Project-{name}.tar.gz")
    sdist(folder / "My_Project-1.10.zip")
    sdist(folder / "legacy-0.1.zip")
    (folder / "My_Project-1.11-py3-none-any.whl").touch()
    (folder / "wheels_only-1.0-py3-none-any.whl").touch()
    server = OpenIndex(folder)
    yield server
    server.stop()


def opened(text: str, url: str, folder: Path) -> Source:
    environ = {"PIP_INDEX_URL": url}
    return open_source(text, cwd=folder, download_dir=folder / "downloads", environ=environ)


def refused(text: str, url: str, folder: Path) -> str:
    with pytest.raises(RequirementNotFoundError) as caught:
        opened(text, url, folder)
    downloads = folder / "downloads"
    assert not downloads.exists() or not list(downloads.iterdir())
    return caught.value.message


@pytest.mark.parametrize(
    ("text", "file"),
    [
        ("my-project==1.9", "My_Project-1.9.tar.gz"),
        ("my.project", "My_Project-1.10.tar.gz"),
        ("MY_PROJECT<1.10", "My_Project-1.9.tar.gz"),
        ("my-project>=2.0rc1", "My_Project-2.0rc1.tar.gz"),
        ("legacy", "legacy-0.1.zip"),
    ],
)
def test_a_requirement_is_the_newest_sdist_that_it_allows(
    text: str, file: str, index: OpenIndex, tmp_path: Path
) -> None:
    source = opened(text, index.url, tmp_path)
    assert source == SdistSource(tmp_path / "downloads" / file)
    assert [path.name for path in (tmp_path / "downloads").iterdir()] == [file]
    assert read_project(source).version == file.split("-")[1].rpartition(".")[0].removesuffix(
        ".tar"
    )


def test_a_pinned_requirement_is_downloaded_once(tmp_path: Path) -> None:
    (tmp_path / "index").mkdir()
    sdist(tmp_path / "index" / "a-1.tar.gz")
    server = OpenIndex(tmp_path / "index")
    source = opened("a==1", server.url, tmp_path)
    server.stop()
    assert opened("a==1", server.url, tmp_path) == source
    with pytest.raises(RequirementNotFoundError, match="does not answer: Connection refused"):
        opened("a", server.url, tmp_path)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("my-project==3", "has no such version; the newest are 2.0rc1, 1.11, 1.10, 1.9"),
        ("my-project>=2", "has no such version; the newest are 2.0rc1, 1.11, 1.10, 1.9"),
        ("my-project==1.11", "has wheels of it and no sdist"),
        ("wheels-only", "has wheels of it and no sdist"),
        ("unheard-of", "knows no project 'unheard-of'"),
    ],
)
def test_what_the_index_lacks_is_named(
    text: str, reason: str, index: OpenIndex, tmp_path: Path
) -> None:
    assert refused(text, index.url, tmp_path) == f"{text}: the index {index.url} {reason}"


Answer = tuple[int, str, bytes]


@pytest.fixture
def serve() -> Iterator[Callable[[Callable[[str, str], Answer]], str]]:
    """A server that answers a path and an Authorization header as a function says."""
    servers = []

    def start(answer: Callable[[str, str], Answer]) -> str:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                status, kind, content = answer(self.path, self.headers.get("Authorization", ""))
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        servers.append(server)
        return f"127.0.0.1:{server.server_port}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def page(*links: str) -> Answer:
    return 200, "text/html", "".join(f"<a href='{link}'>a-1.tar.gz</a>" for link in links).encode()


def test_a_file_that_is_not_what_the_index_says_is_not_kept(serve, tmp_path: Path) -> None:  # noqa: ANN001
    content = sdist(tmp_path / "a-1.tar.gz")
    digest = hashlib.sha256(content).hexdigest()

    def answer(path: str, _: str) -> Answer:
        if path.endswith(".gz"):
            return 200, "application/gzip", content + b"more"
        return page(f"/a-1.tar.gz#sha256={digest}")

    assert f"instead of expected '{digest}'" in refused("a", f"http://{serve(answer)}", tmp_path)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ((503, "text/html", b""), "does not answer: "),
        ((401, "text/html", b""), "answers 401 Unauthorized"),
        ((500, "text/html", b""), "answers 500 Internal Server Error"),
        ((200, "image/png", b""), "is no package index: "),
        ((200, "application/vnd.pypi.simple.v1+json", b"{"), "is no package index: "),
        ((200, "application/vnd.pypi.simple.v1+json", b"{}"), "is no package index: "),
        ((200, "text/html", b"hello"), "has no such version; the newest are none at all"),
    ],
)
def test_an_index_out_of_order_is_named(
    answer: Answer,
    reason: str,
    serve,  # noqa: ANN001
    tmp_path: Path,
) -> None:
    assert reason in refused("a", f"http://{serve(lambda *_: answer)}", tmp_path)


def test_credentials_go_to_the_index_alone_and_are_never_shown(serve, tmp_path: Path) -> None:  # noqa: ANN001
    content = sdist(tmp_path / "a-1.tar.gz")
    seen = []

    def files(_: str, authorization: str) -> Answer:
        seen.append(authorization)
        return 200, "application/gzip", content

    def pages(_: str, authorization: str) -> Answer:
        wanted = "Basic dXNlcjpzZSNjcmV0"  # user:se#cret
        return page(f"http://{other}/a-1.tar.gz") if authorization == wanted else (403, "", b"")

    other = serve(files)
    url = f"http://user:se%23cret@{serve(pages)}/simple"
    opened("a==1", url, tmp_path)
    assert seen == [""]
    message = refused("b", url.replace("user", "nobody"), tmp_path / "else")
    assert "answers 403 Forbidden" in message
    assert "cret" not in message


ODD = [
    *[
        "*ignored",
        "ignored?",
        "[ignored]",
        "!ignored",
        "#ignored",
        " ignored",
        "ignored ",
        "-ignored",
    ],
    *["\tignored\t", "ignored\u00a0", "\u3000ignored", "ignored\\", "\\ignored", "ignored\r"],
    *[
        "ignored\nx",
        "\nignored",
        "ignored^$.+(){}|*",
        "ignored{a,b}",
        "ignored,\"'`$(x)",
        "**ignored",
    ],
    *["日本 ignored", "ignored\udcff", "ignored+ "],
]
"""Names that mean something else to a shell, to Go's patterns or to a line of an ignore file."""

ALIKE = ["xignored", "ignoredx", "i", "ignored", "ignored+", "ignoredd", "ignoreda", "aignored"]
"""Names that such a pattern would match if it were not escaped."""


def test_the_engine_gets_what_git_tracks_and_nothing_that_it_ignores(
    buildx: Buildx, tmp_path: Path
) -> None:
    tree = tmp_path / "a tree, ünd *[!]# more"
    folders = ["", "a/", "b *[!]#é/"]
    alike = {f"{folder}{name}" for folder in folders for name in ALIKE}
    kept = {*alike, ".gitignore", "src/new.py", "x.o/kept.py", "objects/branch"}
    left_out = [f"{folder}{name}" for folder in folders for name in ODD]
    left_out += [f"{folder}/{k}.o" for folder in folders for k in range(5)]
    left_out += [f"p{k}/__pycache__/m.pyc" for k in range(5)]
    for name in (*kept, *left_out):
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_text(name.encode(errors="replace").decode())
    (tree / ".gitignore").write_text("*ignored*\n*.o\n__pycache__/\n")
    git = ["git", "-C", str(tree)]
    subprocess.run([*git, "init", "--quiet"], check=True)
    subprocess.run([*git, "add", "--force", *(kept - {"src/new.py"})], check=True)
    (tree / ".git" / "refs" / "branch.o").write_text("a ref whose name a pattern matches")
    received = through_the_engine(buildx, tree, tmp_path)
    in_git = {path for path in received if path.startswith(".git/")}
    assert received - in_git == kept
    assert in_git >= {".git/index", ".git/HEAD", ".git/refs/branch.o"}


def test_the_engine_gets_no_by_products_where_git_knows_nothing(
    buildx: Buildx, tmp_path: Path
) -> None:
    tree = tmp_path / "tree"
    kept = {".gitignore", "pyproject.toml", "src/a.py", "src/dist/b.py"}
    left_out = ["env/pyvenv.cfg", "env/lib/x", "dist/a.whl", ".wheeldock/c/x", "a.so", "src/b.so"]
    for name in (*kept, *left_out):
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).touch()
    (tree / ".gitignore").write_text("*.so\n")
    assert through_the_engine(buildx, tree, tmp_path) == kept


def through_the_engine(buildx: Buildx, tree: Path, folder: Path) -> set[str]:
    """The files of a tree that reach the engine and come back."""
    original = folder / "tree.Dockerfile"
    original.write_text("FROM scratch AS tree\nCOPY . /\n")
    (folder / "docker").mkdir()
    patterns = ignored(tree, list_source(tree, ()))
    dockerfile = with_ignore_file(original, folder / "docker", patterns)
    request = BuildRequest(
        target="tree", dockerfile=dockerfile, context=tree, output=folder / "out", use_cache=False
    )
    events = list(buildx.build(request))
    assert events
    found = (path for path in (folder / "out").rglob("*") if not path.is_dir())
    return {os.fsdecode(path.relative_to(folder / "out")) for path in found}
