#!/bin/bash
# Builds and repairs the extension on two interpreters, runs it, and says what it links to.
# usage: build.sh PLATFORM INTERPRETER…
set -euo pipefail

platform=$1
shift
cp -r /project /tmp/project
for interpreter in "$@"; do
    python=/opt/python/${interpreter}/bin/python
    built=/tmp/${interpreter}
    {
        "${python}" -m build --wheel --installer uv --outdir "${built}" /tmp/project
        auditwheel repair --plat "${platform}" --only-plat -w /tmp/wheelhouse "${built}"/*.whl
        "${python}" -m pip install --no-deps --root-user-action ignore \
            /tmp/wheelhouse/*-"${interpreter}"-*.whl
    } >/tmp/log 2>&1 || { cat /tmp/log; exit 1; }
    "${python}" -c 'import ceiling; print(ceiling.check(2.0))'
    unzip -q /tmp/wheelhouse/*-"${interpreter}"-* -d "${built}"
    objdump -T "${built}"/*.so
    objdump -p "${built}"/*.so
done
ls /tmp/wheelhouse
