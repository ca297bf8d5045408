// SPDX-License-Identifier: Apache-2.0
// Reports by a shared object outside the tree of triage: C11 and C++. The shared object exports `triage_plugin`, runs
// in a process of its own, and writes its report through the host it is given. docs/plugin-lifecycle.md tells which
// call comes when, and what the process may do.
//
// Every struct begins with its size as the side that made it was compiled. Members are only ever added at the end: one
// that lies beyond the size is not there. What would break that makes another TRIAGE_PLUGIN_VERSION.
#pragma once

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TRIAGE_PLUGIN_VERSION 1u

#if defined(_WIN32)
#error "triage runs on Linux"
#endif
#define TRIAGE_PLUGIN_EXPORT __attribute__((visibility("default")))

// Bytes, without a 0 at their end, never NULL. Names, paths and labels are as the evidence has them: hostile, not
// always UTF-8. `size` is 0 where the thing is unknown. They are gone when the call returns.
typedef struct triage_text {
    const char* bytes;
    size_t size;
} triage_text;

// The run that is reported.
typedef struct triage_run {
    size_t struct_size;
    triage_text summary;     // the text of summary.json
    triage_text verdict;     // in words
    triage_text disclosure;  // a sentence, when something is left out; the report must repeat it
    uint32_t show_names;     // 0: a report that people read hides names, paths and labels
    uint32_t unused;         // 0
} triage_run;

typedef enum triage_row_kind { TRIAGE_ENTRY = 1, TRIAGE_FINDING = 2, TRIAGE_PROBLEM = 3 } triage_row_kind;

// One row, in the total order of the case: all entries, then all findings, then all problems. The words are those of
// entries.jsonl, findings.jsonl and problems.jsonl.
typedef struct triage_row {
    size_t struct_size;
    uint32_t kind;     // triage_row_kind; one that is not known here is to be passed over
    triage_text json;  // the line of that file, without its newline: everything that is known
    triage_text exhibit, evidence, volume, path;
    // Of entries and findings:
    triage_text fs, stream, entry_kind, state, type, status, reason;
    triage_text md5, sha1, sha256;  // lower-case hexadecimal
    triage_text severity;           // of findings
    triage_text what, detail;       // of problems
    uint64_t size;                  // of entries and findings
    uint64_t address;
    uint32_t has_address;  // 0 where a problem has none
    uint32_t unused;       // 0
} triage_row;

// What triage does for the plug-in. To be called on the thread of the call, and not after `end`.
typedef struct triage_host {
    size_t struct_size;
    uint32_t version;
    // Appends to the report. It does not fail: a report that cannot be written ends the process.
    void (*write)(const void* bytes, size_t size);
    // Says why the call that is about to return another value than 0 failed. The text is copied.
    void (*fail)(const char* why);
} triage_host;

// The calls, on one thread, one at a time. 0: done; anything else ends the report as failed.
typedef struct triage_plugin_calls {
    size_t struct_size;
    uint32_t version;                                              // TRIAGE_PLUGIN_VERSION
    const char* describes;                                         // a few words
    int (*begin)(const triage_host* host, const triage_run* run);  // once; the host stays until `end` has returned
    int (*row)(const triage_row* row);                             // for each row
    int (*end)(void);                                              // once; what was written is whole then
} triage_plugin_calls;

// What a shared object exports, by this name.
TRIAGE_PLUGIN_EXPORT const triage_plugin_calls* triage_plugin(void);

#ifdef __cplusplus
}
#endif
