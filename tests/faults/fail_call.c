// SPDX-License-Identifier: Apache-2.0
// Preloaded into a program: its FAIL_AT-th call of FAIL_CALL fails with the error number FAIL_ERROR; 0 fails none. With
// FAIL_DIES the program is killed there instead. FAIL_COUNT names a file that is told how many calls there were. Only
// calls of the process that was started count: workers do not inherit the environment. With FAIL_OF=workers only theirs
// count, from their start on and all together; with FAIL_OF=types those of a worker from its first use of libmagic on;
// with FAIL_OF=plugins those of the processes that serve plug-ins, with FAIL_OF=tbb those of the thread that
// sets oneTBB up, while it does.
// FAIL_CALL: read (pread, read), write (pwrite, write), sync (fsync, fdatasync), spawn, name (rename, ftruncate,
// truncate, mkdir, unlink, remove, open for creating), memory (malloc, calloc, realloc, operator new)
// gcc -shared -fPIC -O2 -o fail_call.so fail_call.c -ldl
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <unistd.h>

static atomic_long own_calls, *calls = &own_calls;
static long fail_at = -1, fail_at_of_types = -1;
static int is_of_tbb;
static _Thread_local int is_in_tbb;
static int error_number, count_file = -1, dies;
static const char *kind = "", *library, *of;

// Of workers one counter for all: a segment that is gone with the last of them, and that no Landlock layer keeps away.
static int share_calls(int segment) {
    if (segment < 0) segment = shmget(IPC_PRIVATE, sizeof own_calls, IPC_CREAT | 0600);
    void* memory = segment < 0 ? (void*)-1 : shmat(segment, NULL, 0);
    if (memory == (void*)-1) _exit(99);
    shmctl(segment, IPC_RMID, NULL);
    calls = memory;
    return segment;
}

__attribute__((constructor)) static void prepare(void) {
    const char *at = getenv("FAIL_AT"), *count = getenv("FAIL_COUNT"), *shared = getenv("FAIL_SHARED");
    if (!at) return;
    of = getenv("FAIL_OF");
    kind = getenv("FAIL_CALL");
    error_number = atoi(getenv("FAIL_ERROR"));
    dies = getenv("FAIL_DIES") != NULL;
    if (count) count_file = open(count, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    is_of_tbb = of && strcmp(of, "tbb") == 0;
    if (is_of_tbb) of = NULL;
    if (of && !shared) {
        char name[16];
        snprintf(name, sizeof name, "%d", share_calls(-1));
        setenv("FAIL_SHARED", name, 1);
        library = strdup(getenv("LD_PRELOAD"));
    }
    if (shared) share_calls(atoi(shared));
    unsetenv("LD_PRELOAD");
    if (of && shared && strcmp(of, "types") == 0) fail_at_of_types = atol(at);
    else if (!of || shared) fail_at = atol(at);
}

__attribute__((destructor)) static void tell(void) {
    if (count_file >= 0) dprintf(count_file, "%ld\n", atomic_load(calls));
}

static int fails(const char* call) {
    if (fail_at < 0 || strcmp(kind, call) != 0 || (is_of_tbb && !is_in_tbb)) return 0;
    if (atomic_fetch_add(calls, 1) + 1 != fail_at) return 0;
    if (dies) kill(getpid(), SIGKILL);
    errno = error_number;
    return 1;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
#define WRAP(result, name, parameters, arguments, call, failure)                \
    result name parameters {                                                    \
        static __typeof__(&name) real;                                          \
        if (!real) real = REAL(name);                                           \
        return fails(call) ? (failure) : real arguments;                        \
    }

WRAP(ssize_t, read, (int fd, void* to, size_t size), (fd, to, size), "read", -1)
WRAP(ssize_t, pread, (int fd, void* to, size_t size, off_t at), (fd, to, size, at), "read", -1)
WRAP(ssize_t, pread64, (int fd, void* to, size_t size, off64_t at), (fd, to, size, at), "read", -1)
WRAP(ssize_t, write, (int fd, const void* from, size_t size), (fd, from, size), "write", -1)
WRAP(ssize_t, pwrite, (int fd, const void* from, size_t size, off_t at), (fd, from, size, at), "write", -1)
WRAP(ssize_t, pwrite64, (int fd, const void* from, size_t size, off64_t at), (fd, from, size, at), "write", -1)
WRAP(int, fsync, (int fd), (fd), "sync", -1)
WRAP(int, fdatasync, (int fd), (fd), "sync", -1)
WRAP(int, rename, (const char* from, const char* to), (from, to), "name", -1)
WRAP(int, ftruncate, (int fd, off_t size), (fd, size), "name", -1)
WRAP(int, ftruncate64, (int fd, off64_t size), (fd, size), "name", -1)
WRAP(int, mkdir, (const char* path, mode_t mode), (path, mode), "name", -1)
WRAP(int, renameat2, (int fd, const char* from, int to_fd, const char* to, unsigned flags), (fd, from, to_fd, to, flags), "name", -1)
WRAP(int, unlink, (const char* path), (path), "name", -1)
WRAP(int, unlinkat, (int fd, const char* path, int flags), (fd, path, flags), "name", -1)
WRAP(int, remove, (const char* path), (path), "name", -1)
// A worker's environment is made from scratch: what it needs to fail is added to it.
#define MOST 16
static char* environment_of_worker[MOST];
static void add(int* count, const char* name, const char* value) {
    if (*count < MOST - 1 && value && asprintf(&environment_of_worker[*count], "%s=%s", name, value) > 0) ++*count;
}
static char** with_faults(char* const environment[]) {
    int count = 0;
    while (environment[count] && count < MOST - 1) environment_of_worker[count] = environment[count], ++count;
    add(&count, "LD_PRELOAD", library);
    for (const char** name = (const char*[]){"FAIL_CALL", "FAIL_AT", "FAIL_ERROR", "FAIL_OF", "FAIL_SHARED", NULL}; *name; ++name)
        add(&count, *name, getenv(*name));
    environment_of_worker[count] = NULL;
    return environment_of_worker;
}

int posix_spawn(pid_t* pid, const char* path, const posix_spawn_file_actions_t* actions,
                const posix_spawnattr_t* attributes, char* const arguments[], char* const environment[]) {
    if (fails("spawn")) return error_number;
    const char* wanted = !of ? "" : strcmp(of, "plugins") == 0 ? "plugin-worker" : "worker";
    const int is_wanted = arguments[1] && strcmp(arguments[1], wanted) == 0;
    return REAL(posix_spawn)(pid, path, actions, attributes, arguments,
                             is_wanted ? with_faults(environment) : environment);
}

extern void* magic_open(int flags);
void* magic_open(int flags) {
    if (fail_at_of_types >= 0) fail_at = fail_at_of_types;
    return REAL(magic_open)(flags);
}

// tbb::detail::r1::initialize(tbb::detail::d1::task_arena_base&)
extern void _ZN3tbb6detail2r110initializeERNS0_2d115task_arena_baseE(void* arena);
void _ZN3tbb6detail2r110initializeERNS0_2d115task_arena_baseE(void* arena) {
    is_in_tbb = 1;
    REAL(_ZN3tbb6detail2r110initializeERNS0_2d115task_arena_baseE)(arena);
    is_in_tbb = 0;
}

static int open_as(const char* name, const char* path, int flags, mode_t mode) {
    if ((flags & O_CREAT) && fails("name")) return -1;
    return ((int (*)(const char*, int, ...))dlsym(RTLD_NEXT, name))(path, flags, mode);
}
static mode_t mode_in(int flags, va_list list) { return flags & (O_CREAT | O_TMPFILE) ? va_arg(list, mode_t) : 0; }
#define WRAP_OPEN(name)                             \
    int name(const char* path, int flags, ...) {    \
        va_list list;                               \
        va_start(list, flags);                      \
        const mode_t mode = mode_in(flags, list);   \
        va_end(list);                               \
        return open_as(#name, path, flags, mode);   \
    }
WRAP_OPEN(open)
WRAP_OPEN(open64)

// dlsym itself may allocate, so that the C library's own names stand here.
extern void* __libc_malloc(size_t);
extern void* __libc_calloc(size_t, size_t);
extern void* __libc_realloc(void*, size_t);
void* malloc(size_t size) { return fails("memory") ? NULL : __libc_malloc(size); }
void* calloc(size_t count, size_t size) { return fails("memory") ? NULL : __libc_calloc(count, size); }
void* realloc(void* old, size_t size) { return fails("memory") ? NULL : __libc_realloc(old, size); }
