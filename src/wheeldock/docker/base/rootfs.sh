#!/bin/sh
# A hook of mmdebstrap: what dpkg is told before it installs anything. $1 is the root folder.
set -eu
cat >"$1/etc/dpkg/dpkg.cfg.d/container" <<'END'
# a build that is cut short is done again
force-unsafe-io
path-exclude=/usr/share/doc/*
path-exclude=/usr/share/locale/*
path-exclude=/usr/share/man/*
END
# By then the essential packages are there. mmdebstrap's own option is slow: 7 s for these.
rm -rf "$1"/usr/share/doc/* "$1"/usr/share/locale/* "$1"/usr/share/man/*
