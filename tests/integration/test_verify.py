"""A wheel that was really built is verified, and built again to be compared."""

from __future__ import annotations

import json
import secrets
from typing import TYPE_CHECKING

import pytest
from tests.integration import projects
from tests.integration.workplace import ONE

from wheeldock.errors import NotReproducibleError

if TYPE_CHECKING:
    from tests.integration.workplace import Workplace

pytestmark = pytest.mark.integration

SETUP = """\
import time

from setuptools import Extension, setup

# {nonce}
with open("moment.py", "w") as file:
    file.write(f"MOMENT = {{time.time_ns()}}\\n")
setup(py_modules=["moment"], ext_modules=[Extension("tiny", ["tiny.c"])])
"""


def test_a_second_build_differs_in_what_is_random_and_in_nothing_else(
    workplace: Workplace,
) -> None:
    # setuptools writes times and owners into sdists, and times into wheels.
    setup = SETUP.format(nonce=secrets.token_hex(8))
    projects.write_tiny(workplace.folder, setup=setup)
    done = workplace.build(*ONE, "--attest", environment={"SOURCE_DATE_EPOCH": "1700000000"})
    assert done.code == 0, done.out + done.err
    report = workplace.report()
    # The second build has the same time, though nobody names it then.
    assert {target["epoch"] for target in report.values()} == {1700000000}
    assert report[ONE[1]]["build_requirements"]["setuptools"]["version"]

    done = workplace.run("verify", *ONE, "--rebuild", "--json")
    assert done.code == NotReproducibleError.code, done.out + done.err
    found = json.loads(done.out.splitlines()[-1])
    assert sorted(found["files"]) == sorted(report[name]["file"] for name in report)
    rules = {each["rule"] for each in found["findings"]}
    assert rules == {"rebuild", "description", "elf-debug"}
    differing = {each["place"] for each in found["findings"] if each["rule"] == "rebuild"}
    assert differing == {"moment.py", "tiny-1.0.dist-info/RECORD", "tiny-1.0/moment.py"}
    # What tells of `dist` is as it was.
    assert workplace.report() == report

    wheel = report[ONE[1]]["file"]
    attested = {path.name: path.read_text() for path in (workplace.dist / "attestations").iterdir()}
    assert sorted(attested) == sorted(
        f"{file}.{kind}.json"
        for file, kind in (
            (wheel, "cdx"),
            (wheel, "provenance"),
            (report["sdist"]["file"], "provenance"),
        )
    )
    bill = json.loads(attested[f"{wheel}.cdx.json"])
    hashes = bill["metadata"]["component"]["hashes"]
    assert hashes == [{"alg": "SHA-256", "content": report[ONE[1]]["sha256"]}]
    assert {"setuptools"} <= {component["name"] for component in bill["components"]}
    provenance = json.loads(attested[f"{wheel}.provenance.json"])
    assert provenance["predicateType"].startswith("https://slsa.dev/provenance/")
    subjects = {each["name"]: each["digest"]["sha256"] for each in provenance["subject"]}
    assert subjects[wheel] == report[ONE[1]]["sha256"]
