int vendored(int number);
