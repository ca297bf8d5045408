/* SPDX-License-Identifier: Apache-2.0 */
/* LD_PRELOAD: faults of a disk under a program that knows nothing of it. PREAD_FAULTS is "FILE;fault;fault...", where a
   fault is one of
     eio BEGIN END       as Linux reads a disk: reads stop short of these bytes, and fail where they begin in them
     whole BEGIN END     a read that meets these bytes fails as a whole
     once BEGIN END      as eio, for the first read of a process that begins in them
     flip BEGIN END      these bytes have their lowest bit changed
     slow BEGIN END MS   a read that meets these bytes takes so long, asleep
     short LENGTH        a read gives at most so many bytes
   Programs started by posix_spawn get the shim too, whatever environment they are given. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { most_faults = 4096, most_fds = 4096 };
struct fault {
    char kind[8];
    uint64_t begin, end, more;
    int is_over;
};
static struct fault faults[most_faults];
static int count;
static uint64_t longest = UINT64_MAX;
static struct stat file;
static unsigned char is_ours[most_fds];

__attribute__((constructor)) static void begin(void) {
    const char* given = getenv("PREAD_FAULTS");
    char* text = given ? strdup(given) : NULL;
    char* rest = NULL;
    char* word = text ? strtok_r(text, ";", &rest) : NULL;
    if (!word || stat(word, &file) != 0) return;
    while ((word = strtok_r(NULL, ";", &rest)) && count < most_faults) {
        struct fault* f = &faults[count];
        if (sscanf(word, "short %lu", &longest) == 1) continue;
        if (sscanf(word, "%7s %lu %lu %lu", f->kind, &f->begin, &f->end, &f->more) >= 3) ++count;
    }
    free(text);
}

/* A sandbox may forbid to ask later. */
static int note(int fd) {
    struct stat opened;
    const int saved = errno;
    if (fd >= 0 && fd < most_fds)
        is_ours[fd] = fstat(fd, &opened) == 0 && opened.st_dev == file.st_dev && opened.st_ino == file.st_ino;
    errno = saved;
    return fd;
}

#define OPEN(name)                                                                    \
    int name(const char* path, int flags, ...) {                                      \
        static int (*real)(const char*, int, ...);                                    \
        if (!real) real = (int (*)(const char*, int, ...))dlsym(RTLD_NEXT, #name);    \
        va_list more;                                                                 \
        va_start(more, flags);                                                        \
        const mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(more, mode_t) : 0; \
        va_end(more);                                                                 \
        return note(real(path, flags, mode));                                         \
    }
OPEN(open)
OPEN(open64)

static void wait_ms(uint64_t ms) {
    struct timespec left = {(time_t)(ms / 1000), (long)(ms % 1000) * 1000000};
    while (nanosleep(&left, &left) != 0 && errno == EINTR) {
    }
}

static ssize_t faulty_read(int fd, void* out, size_t size, off64_t offset,
                           ssize_t (*real)(int, void*, size_t, off64_t)) {
    if (fd < 0 || fd >= most_fds || !is_ours[fd]) return real(fd, out, size, offset);
    const uint64_t at = (uint64_t)offset;
    uint64_t end = at + (size < longest ? size : longest);
    int fails = 0;
    for (int i = 0; i < count; ++i) {
        struct fault* f = &faults[i];
        if (f->end <= at || f->begin >= at + size || f->is_over) continue;
        if (strcmp(f->kind, "slow") == 0) wait_ms(f->more);
        if (strcmp(f->kind, "whole") == 0) fails = 1;
        if (strcmp(f->kind, "eio") != 0 && strcmp(f->kind, "once") != 0) continue;
        if (f->begin <= at) fails = 1;
        else if (f->begin < end) end = f->begin;
        if (f->begin <= at && f->kind[0] == 'o') f->is_over = 1;
    }
    if (fails) return errno = EIO, -1;
    const ssize_t got = real(fd, out, end - at, offset);
    for (int i = 0; i < count && got > 0; ++i)
        if (strcmp(faults[i].kind, "flip") == 0)
            for (uint64_t b = at; b < at + (uint64_t)got; ++b)
                if (b >= faults[i].begin && b < faults[i].end) ((unsigned char*)out)[b - at] ^= 1;
    return got;
}

#define PREAD(name)                                                                         \
    ssize_t name(int fd, void* out, size_t size, off64_t offset) {                          \
        static ssize_t (*real)(int, void*, size_t, off64_t);                                \
        if (!real) real = (ssize_t(*)(int, void*, size_t, off64_t))dlsym(RTLD_NEXT, #name); \
        return faulty_read(fd, out, size, offset, real);                                    \
    }
PREAD(pread)
PREAD(pread64)

/* One buffer at a time: POSIX lets a read be short. */
ssize_t preadv(int fd, const struct iovec* parts, int n, off64_t offset) {
    return n > 0 ? pread64(fd, parts[0].iov_base, parts[0].iov_len, offset) : 0;
}

int posix_spawn(pid_t* pid, const char* path, const posix_spawn_file_actions_t* actions,
                const posix_spawnattr_t* attributes, char* const arguments[], char* const environment[]) {
    static int (*real)(pid_t*, const char*, const posix_spawn_file_actions_t*, const posix_spawnattr_t*, char* const[],
                       char* const[]);
    if (!real) *(void**)&real = dlsym(RTLD_NEXT, "posix_spawn");
    char* more[64];
    char preload[4096];
    static char plan[1 << 20];
    int n = 0;
    for (; environment && environment[n] && n < 60; ++n) more[n] = environment[n];
    snprintf(preload, sizeof preload, "LD_PRELOAD=%s", getenv("LD_PRELOAD"));
    snprintf(plan, sizeof plan, "PREAD_FAULTS=%s", getenv("PREAD_FAULTS"));
    more[n++] = preload;
    more[n++] = plan;
    more[n] = NULL;
    return real(pid, path, actions, attributes, arguments, more);
}
