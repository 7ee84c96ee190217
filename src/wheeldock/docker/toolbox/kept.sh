# shellcheck shell=bash
# Sourced by the stage `tools`. What the machine kept of that stage takes its place, if it was made
# from the same inputs, and the step ends. The stage `seed` has put that where this looks.
while read -r address name _; do
    [[ ${name} == tools.wheeldock && ${address} != 0.0.0.0 ]] || continue
    kept=/run/wheeldock/${address}
    if [[ ! -s ${kept} ]]; then
        echo "wheeldock-seeds: missing: the tools" >&2
        exit 1
    fi
    if bash -euo pipefail /toolbox/restore.sh "${kept}"; then
        exit 0
    fi
    echo "The tools that were kept are damaged: installing them"
    rm -rf /opt/wheeldock
done < /etc/hosts
