"""
The caches in front of the compilers of a wheel's build: ccache for compiles, our own for links.

The modules that a link runs (`link` and what it imports) start in every link, so they import
little: `pathlib`, `dataclasses` and `typing` alone would double the time of a hit.
"""
