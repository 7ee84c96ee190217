#!/bin/bash
# Installs the tools that the official image has, each in an environment of its own.
# Needs an interpreter below /opt/python, which must be below that path in the image, too.
set -euo pipefail

interpreters=(/opt/python/*/bin/python)
export UV_TOOL_DIR=/usr/local/lib/tools UV_TOOL_BIN_DIR=/usr/local/lib/tools/bin UV_NO_CACHE=1
if [[ -s /run/secrets/ca ]]; then
    export SSL_CERT_FILE=/run/secrets/ca
fi
jobs=()
for name in auditwheel cmake ninja; do
    tool=$(grep "^${name}==" /recipe/tools.txt)
    uv tool install --quiet --python "${interpreters[0]}" "${tool}" &
    jobs+=("$!")
done
for job in "${jobs[@]}"; do
    wait "${job}" # one by one, for their statuses
done
# CMake's programs themselves: the scripts that come with them start a Python first, which takes
# seconds in QEMU, and scikit-build-core gives CMake five to answer.
ln -sf "${UV_TOOL_DIR}"/cmake/lib/python*/site-packages/cmake/data/bin/* -t "${UV_TOOL_BIN_DIR}"
