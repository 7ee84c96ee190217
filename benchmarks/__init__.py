"""The same wheels built with wheeldock, cibuildwheel and a plain `docker build`, side by side."""
