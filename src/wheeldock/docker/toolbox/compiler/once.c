/*
 * once PROGRAM ARGUMENT…: become the program, unless another build runs the same just now.
 *
 * ccache runs this before a compiler (prefix_command), so only on a miss, and its log says of
 * which key. A compile locks its key until its ccache has ended. Who finds the key locked waits,
 * and asks ccache again, which then has the result. Where that does not work, the program runs.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A file that all builds share is open as this in ccache, too: its byte KEY stands for a key. */
#define SHARED 9
#define KEY "Result key: "
#define KEY_DIGITS 15

#define ASKED_AGAIN "WHEELDOCK_ASKED_AGAIN"

enum { LONGEST_COMMAND = 1 << 20 };

/* The key of this compile, of the last line in ccache's log that has one; -1 without. */
static off_t key(const char *log)
{
    char line[4096], digits[KEY_DIGITS + 1];
    off_t found = -1;
    FILE *file = fopen(log, "r");
    if (!file)
        return found;
    while (fgets(line, sizeof line, file)) {
        char *at = strstr(line, "] " KEY);
        if (at && strlen(at += strlen("] " KEY)) >= KEY_DIGITS) {
            memcpy(digits, at, KEY_DIGITS);
            digits[KEY_DIGITS] = 0;
            found = strtoll(digits, NULL, 16);
        }
    }
    fclose(file);
    return found;
}

static int lock(off_t key, int how)
{
    struct flock byte = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = key, .l_len = 1};
    return fcntl(SHARED, how, &byte);
}

/* Become the ccache that started us, which does not return if it works. */
static void ask_again(const char *log)
{
    static char path[64], words[LONGEST_COMMAND], program[4096], statistics[4096];
    snprintf(path, sizeof path, "/proc/%d/cmdline", getppid());
    FILE *file = fopen(path, "r");
    size_t length = file ? fread(words, 1, sizeof words - 1, file) : 0;
    if (!length || length == sizeof words - 1)
        return;
    fclose(file);
    snprintf(path, sizeof path, "/proc/%d/exe", getppid());
    ssize_t end = readlink(path, program, sizeof program - 1);
    char **arguments = calloc(length + 1, sizeof *arguments);
    if (end < 0 || !arguments)
        return;
    int count = 0;
    for (char *word = words; word < words + length; word += strlen(word) + 1)
        arguments[count++] = word;
    char *copy = strdup(log);
    if (!copy)
        return;
    /* What it says of this compile, apart: the one that waits for us counts it, too. */
    snprintf(statistics, sizeof statistics, "%s/waited", dirname(copy));
    setenv("CCACHE_STATSLOG", statistics, 1);
    unsetenv("CCACHE_DISABLE"); /* ccache forbids itself to run under itself */
    setenv(ASKED_AGAIN, "yes", 1); /* who has a lock must not wait for another */
    execv(program, arguments);
}

int main(int count, char **arguments)
{
    if (count < 2) {
        fprintf(stderr, "usage: once PROGRAM [ARGUMENT…]\n");
        return 2;
    }
    const char *log = getenv("CCACHE_LOGFILE");
    off_t mine = log && !getenv(ASKED_AGAIN) ? key(log) : -1;
    if (mine >= 0 && lock(mine, F_OFD_SETLK) < 0 && lock(mine, F_OFD_SETLKW) == 0)
        ask_again(log);
    execv(arguments[1], arguments + 1);
    perror(arguments[1]);
    return 127;
}
