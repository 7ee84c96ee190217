/*
 * slot FOLDER PROGRAM ARGUMENT…: become the program once one of the folder's slots is free.
 *
 * The slots are the files 0, 1, … there; who has one locked has it. The lock belongs to the open
 * file, which the program and all that it starts inherit: whatever ends them sets it free.
 * Where slots do not work, the program just runs.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

#define HELD "WHEELDOCK_SLOT"

enum {
    POLL = 5000,   /* microseconds */
    UNUSUAL = 100, /* MAKEFLAGS may name small file numbers that are not open here */
};

static int open_in(const char *folder, const char *name)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return open(path, O_RDONLY);
}

/* 0 when all slots are taken; else one is ours, or there are none to be had. */
static int take_one(const char *folder)
{
    char name[16];
    int slot, busy = 0;
    for (int number = 0;; number++) {
        snprintf(name, sizeof name, "%d", number);
        slot = open_in(folder, name);
        if (slot < 0)
            return !busy;
        if (flock(slot, LOCK_EX | LOCK_NB) == 0)
            break;
        busy |= errno == EWOULDBLOCK;
        close(slot);
    }
    if (fcntl(slot, F_DUPFD, UNUSUAL) >= 0)
        close(slot);
    /* What runs in a slot must not wait for another. */
    setenv(HELD, "held", 1);
    return 1;
}

int main(int count, char **arguments)
{
    if (count < 3) {
        fprintf(stderr, "usage: slot FOLDER PROGRAM [ARGUMENT…]\n");
        return 2;
    }
    if (!getenv(HELD)) {
        /* They wait in a queue, and only its head looks for a free slot. */
        int queue = open_in(arguments[1], "queue");
        if (queue >= 0)
            flock(queue, LOCK_EX);
        while (!take_one(arguments[1]))
            usleep(POLL);
        if (queue >= 0)
            close(queue);
    }
    execv(arguments[2], arguments + 2);
    perror(arguments[2]);
    return 127;
}
