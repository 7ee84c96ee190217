#include "vendored.h"

int vendored(int number)
{
    return number + 1;
}
