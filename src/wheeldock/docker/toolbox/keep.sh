# shellcheck shell=bash
# keep.sh FILE: put what the stage `tools` added to the base image into one file.
if [[ -e /opt/wheeldock/changed ]]; then
    /opt/wheeldock/bin/python -EB /toolbox/keep.py /opt/wheeldock/changed "$1"
else
    tar -C / -cf - opt/wheeldock | gzip -1 > "$1"
fi
