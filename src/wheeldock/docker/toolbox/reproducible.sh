# shellcheck shell=bash
# reproducible.sh [SOURCE]: sourced by each step whose result ships, so that the same files give the same bytes,
# whenever, wherever and with whatever caches that is.
# The time that is written into an sdist is EPOCH, or else that of the commit in SOURCE. Wheels are made from what
# an sdist has in it, and no commit is part of that: wheeldock finds which one changed it last, and EPOCH has its
# time. Without either it is a constant, which many build backends have, too (2020-02-02).

umask 022
# What is built is a mount: Git would not look above it for the repository that it belongs to.
export GIT_DISCOVERY_ACROSS_FILESYSTEM=1
SOURCE_DATE_EPOCH=${EPOCH:-}
if [[ -z ${SOURCE_DATE_EPOCH} && -n ${1:-} ]]; then
    SOURCE_DATE_EPOCH=$(git -c safe.directory='*' -C "$1" log -1 --format=%ct 2> /dev/null || true)
fi
export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-1580601600} PYTHONHASHSEED=0 TZ=UTC
