// SPDX-License-Identifier: Apache-2.0
// A report by a plug-in: one tab-separated line a finding. docs/plugin-lifecycle.md tells how it is run.
#include <string.h>
#include <triage_plugin.h>

static const triage_host* host;

static void put(const char* text) { host->write(text, strlen(text)); }

// Names are hostile: what could end a line or a cell, drive a terminal or break the text is written as \xNN.
static void put_escaped(triage_text text) {
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < text.size; ++i) {
        const unsigned char c = (unsigned char)text.bytes[i];
        const char escaped[4] = {'\\', 'x', digits[c >> 4], digits[c & 15]};
        if (c < 0x20 || c > 0x7e || c == '\\') host->write(escaped, sizeof escaped);
        else host->write(&text.bytes[i], 1);
    }
}

static int begin(const triage_host* given, const triage_run* run) {
    host = given;
    if (run->disclosure.size > 0) {
        put("# ");
        host->write(run->disclosure.bytes, run->disclosure.size);
        put("\n");
    }
    put("severity\tvolume\tpath\tstate\tsha256\n");
    return 0;
}

static int row(const triage_row* row) {
    if (row->kind != TRIAGE_FINDING) return 0;
    const triage_text cells[] = {row->severity, row->volume, row->path, row->state, row->sha256};
    for (size_t i = 0; i < sizeof cells / sizeof cells[0]; ++i) {
        if (i > 0) put("\t");
        put_escaped(cells[i]);
    }
    put("\n");
    return 0;
}

static int end(void) { return 0; }

TRIAGE_PLUGIN_EXPORT const triage_plugin_calls* triage_plugin(void) {
    static const triage_plugin_calls calls = {
        .struct_size = sizeof calls,
        .version = TRIAGE_PLUGIN_VERSION,
        .describes = "findings, tab-separated",
        .begin = begin,
        .row = row,
        .end = end,
    };
    return &calls;
}
