# shellcheck shell=bash
# The names of all that an #include could find in the image: see compiler/includes.py.
{ find / -xdev -path '*/include/*' ! -type d || true; } | LC_ALL=C sort | sha256sum > /opt/wheeldock/include-names
