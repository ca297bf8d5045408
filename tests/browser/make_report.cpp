// SPDX-License-Identifier: Apache-2.0
// A report.html of a made case, for the tests in a browser: make_report FOLDER FINDINGS [hostile]. What names hold is
// written so that it would show if it ran: scripts set window.executed.
#include <fmt/format.h>

#include <cstdlib>

#include "engine/report/reporter.h"
#include "plugins/registry.h"
#include "tests/engine/case/sample_case.h"

using namespace triage;
using namespace triage::sample;

namespace {

const std::string hostile =
    "/<script>window.executed=1</script><img src=x onerror=window.executed=1>\"'</td></tr></tbody></table></noscript>"
    "<!--<svg onload=window.executed=1>\xE2\x80\xAE\x1b\xFF\n&lt;b&gt;";

std::string path_of(std::uint64_t i) {
    const char* const folders[] = {"/Users/anna/Pictures", "/Users/anna/Downloads", "/ProgramData/cache"};
    return fmt::format("{}/{}/IMG_{:06}.jpg", folders[i % 3], 2015 + i % 9, i);
}

void put_finding(Store& store, std::uint64_t i, bool is_hostile) {
    Examined examined = hashed(static_cast<unsigned char>(i * 37));
    examined.type = i % 5 == 0 ? "video/mp4" : "image/jpeg";
    Match m = match(0, i);
    m.category = is_hostile ? hostile : std::to_string(1 + i % 3);
    m.label = is_hostile ? hostile : "series " + std::to_string(i % 40);
    examined.matches = {m};
    Entry e = entry(is_hostile ? hostile + std::to_string(i) : path_of(i), 1000 + i, 20'000 + i * 7919 % 4'000'000);
    e.times.modified = e.times.created = Timestamp{1'500'000'000 + static_cast<std::int64_t>(i) * 40'000, 0};
    e.state = i % 4 == 3 ? EntryState::deleted : EntryState::allocated;
    if (i % 8 == 7) e.placement = Placement::assumed;
    if (is_hostile) e.stream = hostile;
    put(store, e, examined, 0, i);
}

void put_rest(Store& store, bool is_hostile) {
    EvidenceRecord record = evidence();
    record.exhibit = is_hostile ? hostile : "AB/12-3";
    if (is_hostile) record.name = record.description = record.segments[0].path = hostile;
    record.digests = {{"md5", std::string(32, 'c')}};
    record.header = {{"acquired", "2024-04-29T08:12:00"}, {"examiner", is_hostile ? hostile : "J. Doe"}};
    if (is_hostile) record.header.push_back({hostile, hostile});
    store.put_evidence(record);
    VolumeRecord locked = volume(1, 0, 1, "p1");
    locked.state = VolumeState::locked;
    locked.fs = "luks";
    locked.label = is_hostile ? hostile : "backup";
    locked.length = 300 << 10;
    store.put_volume(locked);
    for (std::uint64_t i = 0; i < 60; ++i)
        put(store, entry("/x" + std::to_string(i) + (i == 1 ? ".zip" : ""), 1'000'000'000 + i, 9000),
            i % 3 == 0   ? not_hashed(Status::unreadable, Reason::read_error, 9000)
            : i % 3 == 1 ? not_hashed(Status::skipped, Reason::size)
                         : not_hashed(Status::skipped, Reason::rule));
    ProblemRecord p =
        problem(ProblemKind::locked, is_hostile ? hostile : "BitLocker, LUKS or the like, and no key is known", 1);
    p.problem.path = is_hostile ? hostile : "";
    store.put_problem(p);
    store.put_case_info({{{}, "operator", is_hostile ? hostile : "PC 4711"}, {{}, "place", "12 High Street"}});
}

// What people and lists say is no safer than what the evidence says.
void put_hostile_words(Store& store) {
    RunRecord told = run();
    told.profile = told.host = told.user = told.exclusions = hostile;
    store.put_run(told);
    ListRecord named = list(Polarity::notable, hostile);
    named.identity.version = hostile;
    store.put_list(0, named);
}

RenderOptions options_for(bool is_hostile) {
    RenderOptions options;
    options.threads = 2;
    if (is_hostile) options.reports.html.laboratory = options.reports.html.reviewer = hostile;
    return options;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 3) return 2;
    const std::string folder = argv[1];
    const std::uint64_t findings = std::strtoull(argv[2], nullptr, 10);
    const bool is_hostile = argc > 3;
    std::filesystem::create_directories(folder);
    Store store = start(folder + "/case.sqlite");
    put_rest(store, is_hostile);
    if (is_hostile) put_hostile_words(store);
    for (std::uint64_t i = 0; i < findings; ++i) put_finding(store, i, is_hostile);
    store.seal(alert_on_match);
    std::vector<const ReporterKind*> html = registry().reporters;
    std::erase_if(html, [](const ReporterKind* kind) { return kind->name != "html"; });
    for (const ReportOutcome& outcome : render(store, html, folder + "/reports", options_for(is_hostile))) {
        if (outcome.failure.empty()) continue;
        fmt::print(stderr, "{}: {}\n", outcome.name, outcome.failure);
        return 1;
    }
    return 0;
}
