# shellcheck shell=bash
# The names of all that an #include could find in the image: see compiler/includes.py. A folder of headers may be
# anywhere and have any name. What the tools' installation writes meanwhile is left out.
{ find / -xdev \( -path /opt/wheeldock -o -path '/tmp/.*' -o -path '/tmp/pip-*' \) -prune -o ! -type d ! -name '*.pyc' -print || true; } |
    LC_ALL=C sort | sha256sum > /opt/wheeldock/include-names
