"""What an index takes of a distribution, and what is read of one at most, in bytes."""

LARGEST_FILE = 100 * 2**20
"""What PyPI takes, unless it gave a project more."""

LARGEST_RATIO = 50
"""How many times its size an archive may unpack to..."""
SMALLEST_BOMB = 64 * 2**20
"""...once it unpacks to more than this: PyPI's limits."""

LARGEST_CONTENTS = 4 * 2**30
"""How much of an archive is unpacked to be looked at."""
LONGEST_TEXT = 8 * 2**20
"""How long a metadata file may be to be read."""
LARGEST_DIRECTORY = 32 * 2**20
"""How long the directory of a ZIP archive may be to be read."""
MOST_MEMBERS = 100_000
"""How many members of an archive are looked at."""
LONGEST_RUN = 120
"""Seconds that another project's program may take for one file."""
