// SPDX-License-Identifier: Apache-2.0
#include "engine/report/redact.h"

#include <doctest/doctest.h>

#include "plugins/registry.h"
#include "tests/engine/case/sample_case.h"

using namespace triage;
using namespace triage::sample;

namespace {

void make_case(Store& store) {
    VolumeRecord named = volume(0, 0, 0, "p0");
    named.label = "NAMEOFVOLUME";
    named.description = "NAMEOFPARTITION";
    store.put_volume(named);
    EvidenceRecord typed = evidence();
    typed.header = {{"examiner", "NAMETYPED"}, {"acquired", "2024-05-01T10:00:00"}};
    store.put_evidence(typed);
    Examined matched = hashed();
    matched.matches = {match()};
    matched.matches[0].label = "LABELOFSERIES";
    Entry e = entry("/NAMEOFFILE", 5);
    e.stream = "NAMEOFSTREAM";
    put(store, e, matched);
    put(store, entry("/NAMEOFOTHER\xFF", 6));  // its raw bytes stand beside it, in base64
    ProblemRecord p = problem(ProblemKind::damaged);
    p.problem.path = "/NAMEOFPROBLEM";
    store.put_problem(p);
    store.seal(alert_on_match);
}

// Every file of every report of the build, one after the other.
struct Rendered {
    std::string text;
    std::size_t files = 0;
};
Rendered rendered(const Store& store, const std::string& folder, const Redaction& redaction) {
    RenderOptions options{.show_names = true, .threads = 2};
    options.reports.redact = redaction;
    options.reports.exec.command = {"/usr/bin/cat"};
    for (const ReportOutcome& outcome : render(store, registry().reporters, folder, options))
        CHECK_MESSAGE(outcome.failure == "", outcome.name);
    Rendered all;
    for (const auto& file : std::filesystem::recursive_directory_iterator(folder)) {
        if (!file.is_regular_file()) continue;
        const std::string text = read_file(file.path());
        const bool is_marked =
            text.find("disclosure_copy") != std::string::npos || text.find("isclosure copy: ") != std::string::npos;
        CHECK_MESSAGE(is_marked == redaction.any(), file.path().string());
        all.text += text;
        ++all.files;
    }
    return all;
}

bool has(const Rendered& all, const char* word) { return all.text.find(word) != std::string::npos; }

}  // namespace

TEST_CASE("no report of the build says what a disclosure copy leaves out, and each says that it is one") {
    Folder folder;
    Store store = start(folder / "case.sqlite");
    make_case(store);
    const Rendered whole = rendered(store, folder / "whole", {});
    for (const char* word :
         {"NAMEOFFILE", "NAMEOFSTREAM", "NAMEOFPROBLEM", "NAMEOFVOLUME", "LABELOFSERIES", "L05BTUVPRk9USEVS"})
        CHECK_MESSAGE(has(whole, word), word);
    const Rendered nameless = rendered(store, folder / "nameless", {.names = true});
    CHECK(nameless.files == whole.files);
    CHECK_FALSE(has(nameless, "NAME"));
    CHECK_FALSE(has(nameless, "L05BTUVPRk9USEVS"));
    CHECK(has(nameless, "LABELOFSERIES"));
    const Rendered unlabelled = rendered(store, folder / "unlabelled", {.labels = true});
    CHECK(has(unlabelled, "NAMEOFFILE"));
    CHECK_FALSE(has(unlabelled, "LABELOFSERIES"));
    const Rendered bare = rendered(store, folder / "bare", {.names = true, .labels = true});
    CHECK_FALSE(has(bare, "NAME"));
    CHECK_FALSE(has(bare, "LABEL"));
}
