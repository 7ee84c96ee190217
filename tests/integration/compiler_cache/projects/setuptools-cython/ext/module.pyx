from ext.numbers cimport answer

include "words.pxi"


def both():
    return answer(), WORD
