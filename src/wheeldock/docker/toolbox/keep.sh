# shellcheck shell=bash
# keep.sh FILE: put what the stage `tools` added to the base image into one file.
if [[ -e /opt/wheeldock/changed ]]; then
    tar -C / --no-recursion --null -T /opt/wheeldock/changed -cf - | gzip -1 > "$1"
else
    tar -C / -cf - opt/wheeldock | gzip -1 > "$1"
fi
