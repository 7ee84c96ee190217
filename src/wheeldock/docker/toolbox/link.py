"""link.py STATE COMPILER ARGUMENT…: link as the compiler would, from the cache if possible."""

import sys

from compiler.link import main

if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3:])
