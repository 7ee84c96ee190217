# shellcheck shell=bash
# restore.sh FILE: put what keep.sh kept into a base image.
# Whole or not at all, as far as can be known: a base image that is half prepared is none.
gzip -t "$1"
tar -C / -xzf "$1"
if [[ -e /opt/wheeldock/gone ]]; then
    cd / && xargs -0 -r rm -rf -- < /opt/wheeldock/gone
fi
