// SPDX-License-Identifier: Apache-2.0
// Plug-ins that behave well or badly, one a compilation: -DAS_rows, -DAS_crash... (tests/cli/plugin_test.py).
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <triage_plugin.h>
#include <unistd.h>

static const triage_host* host;

static void put(const char* text) { host->write(text, strlen(text)); }
#define SAY(what, does) (put(what), put((does) ? " yes\n" : " no\n"))

static int begin(const triage_host* given, const triage_run* run) {
    host = given;
    (void)run;
#if defined(AS_nosy)
    SAY("reads /etc/passwd", open("/etc/passwd", O_RDONLY) >= 0);
    SAY("reads the image", open(IMAGE, O_RDONLY) >= 0);
    SAY("lists its folder", open("/", O_RDONLY | O_DIRECTORY) >= 0);
    SAY("makes a file", open("/tmp/made-by-a-plug-in", O_WRONLY | O_CREAT, 0600) >= 0);
    SAY("opens a socket", socket(AF_INET, SOCK_STREAM, 0) >= 0);
    SAY("starts a process", fork() >= 0);
    SAY("writes to the job", write(3, "x", 1) >= 0);
    SAY("has more descriptors", fcntl(7, F_GETFD) >= 0 || fcntl(8, F_GETFD) >= 0);
    SAY("has the environment", getenv("HOME") != NULL);
#elif defined(AS_refuses)
    host->fail("it does not like \x1b[31mthis case");
    return 1;
#elif defined(AS_returns)
    return 7;
#elif defined(AS_run)
    host->write(run->summary.bytes, run->summary.size);
    put("\n");
    host->write(run->verdict.bytes, run->verdict.size);
    put("\n");
    host->write(run->disclosure.bytes, run->disclosure.size);
#endif
    return 0;
}

static int row(const triage_row* row) {
#if defined(AS_rows) || defined(AS_later)
    static const char* names[] = {"", "entries ", "findings ", "problems "};
    put(names[row->kind]);
    host->write(row->json.bytes, row->json.size);
    put("\n");
#elif defined(AS_crash)
    put("half a report\n");
    *(volatile int*)8 = 1;
#elif defined(AS_overflow)
    volatile char* small = malloc(16);
    for (int i = 0; i < 1 << 20; ++i) small[i] = 'x';
    free((void*)small);
#elif defined(AS_hang)
    for (;;) pause();
#elif defined(AS_naps)
    static int naps;
    if (naps++ == 0) sleep(2);
#elif defined(AS_spins)
    for (volatile int i = 0;; ++i) {
    }
#elif defined(AS_leaves)
    exit(0);
#elif defined(AS_floods)
    for (;;) put("flood flood flood flood flood flood flood flood\n");
#elif defined(AS_floods_itself)
    for (;;)
        if (write(4, "flood flood flood flood flood flood flood flood\n", 48) < 0) return 1;
#elif defined(AS_eats)
    for (;;) memset(malloc(1 << 20), 1, 1 << 20);
#endif
    (void)row;
    return 0;
}

static int end(void) {
#if defined(AS_hangs_at_end)
    for (;;) pause();
#endif
    return 0;
}

#if defined(AS_crashes_early)
__attribute__((constructor)) static void crash(void) { *(volatile int*)8 = 1; }
#endif
#if defined(AS_hangs_late)
__attribute__((destructor)) static void hang(void) {
    for (;;) pause();
}
#endif

#if !defined(AS_nothing)
TRIAGE_PLUGIN_EXPORT const triage_plugin_calls* triage_plugin(void) {
#if defined(AS_later)  // as a later header of this version may be
    static struct {
        triage_plugin_calls calls;
        int (*another)(void);
    } longer;
#endif
    static const triage_plugin_calls calls = {
#if defined(AS_small)
        .struct_size = sizeof calls - sizeof(void*),
#elif defined(AS_later)
        .struct_size = sizeof longer,
#else
        .struct_size = sizeof calls,
#endif
#if defined(AS_newer)
        .version = TRIAGE_PLUGIN_VERSION + 1,
#else
        .version = TRIAGE_PLUGIN_VERSION,
#endif
        .describes = "for \x1b[31mtests",
        .begin = begin,
#if !defined(AS_without_row)
        .row = row,
#endif
        .end = end,
    };
#if defined(AS_later)
    longer.calls = calls;
    return &longer.calls;
#elif defined(AS_null)
    return (void)calls, NULL;
#else
    return &calls;
#endif
}
#endif
