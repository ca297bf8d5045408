// SPDX-License-Identifier: Apache-2.0
#include "engine/outside/plugin_rows.h"

#include <doctest/doctest.h>

#include <random>

#include "tests/engine/case/sample_case.h"

using namespace triage;
using namespace triage::sample;

namespace {

// The payload of the one frame in `out`, behind its size and call.
ByteView payload_of(const std::string& out) { return as_bytes(out).subspan(5); }

std::string entry_frame() {
    static const Folder folder;
    static const Store store = [] {
        Store made = start(folder / "case.sqlite");
        put(made, entry("/a \xFF\n name", 7), hashed(3), 0, 0);
        made.seal(alert_on_match);
        return made;
    }();
    const ReportContext context = make_context(store, false);
    std::string out;
    store.for_each_entry([&](const EntryRecord& record) { PluginRows(context).append_entry(out, record); });
    return out;
}

std::string_view view(const triage_text& text) { return {text.bytes, text.size}; }

}  // namespace

TEST_CASE("a row arrives as it was") {
    const std::string frame = entry_frame();
    CHECK(frame[4] == TRIAGE_ENTRY);
    triage_row row;
    REQUIRE(parse_row(PluginCall::entry, payload_of(frame), row));
    CHECK(row.struct_size == sizeof row);
    CHECK(view(row.path) == "/a \xFF\n name");
    CHECK(row.address == 7);
    CHECK(row.has_address == 1);
    CHECK(view(row.status) == "hashed");
    CHECK(row.sha256.size == 64);
    CHECK(view(row.json).front() == '{');
    CHECK(view(row.json).back() == '}');
    CHECK(view(row.what) == "");
    CHECK(row.what.bytes != nullptr);
}

TEST_CASE("a row that is cut short, too long or random is no row") {
    const std::string frame = entry_frame();
    const ByteView whole = payload_of(frame);
    triage_row row;
    for (std::size_t size = 0; size < whole.size(); ++size)
        CHECK_FALSE(parse_row(PluginCall::entry, whole.first(size), row));
    CHECK_FALSE(parse_row(PluginCall::entry, as_bytes(frame + "x").subspan(5), row));
    for (std::size_t at = 0; at + 4 <= whole.size(); ++at) {
        std::string lying = frame.substr(5);
        lying.replace(at, 4, "\xFF\xFF\xFF\xFF");
        if (parse_row(PluginCall::entry, as_bytes(lying), row)) CHECK(row.json.size < lying.size());
    }
    std::mt19937 random(1);
    for (int round = 0; round < 1000; ++round) {
        std::string bytes(random() % 400, '\0');
        for (char& c : bytes) c = static_cast<char>(random() % 3);
        triage_run run;
        parse_row(PluginCall::problem, as_bytes(bytes), row);
        parse_run(as_bytes(bytes), run);
        for (const triage_text& text : {row.json, row.path, row.detail, run.summary, run.disclosure})
            CHECK(text.size <= bytes.size());
    }
}
