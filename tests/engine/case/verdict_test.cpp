// SPDX-License-Identifier: Apache-2.0
#include "engine/case/verdict.h"

#include <doctest/doctest.h>

#include "engine/case/ledger.h"
#include "tests/engine/case/sample_case.h"

using namespace triage;
using namespace triage::sample;

namespace {

// A store that is whole but for what `spoil` adds, judged and sealed.
template <class Spoil>
Verdict verdict_after(Spoil spoil, const Store::Judge& judge = alert_on_match) {
    Folder folder;
    Store store = start(folder / "case.sqlite");
    put(store, entry("/fine", 1));
    spoil(store);
    store.seal(judge);
    return verdict_of(store);
}

Examined matched() {
    Examined examined = hashed();
    examined.matches = {match()};
    return examined;
}

std::optional<Finding> alert_on_everything(const EntryRecord&) { return Finding{Severity::alert, {"any"}}; }
std::optional<Finding> notice_on_everything(const EntryRecord&) { return Finding{Severity::notice, {"any"}}; }

}  // namespace

TEST_CASE("words and exit code of every combination that can hold") {
    struct Row {
        bool match, alert, compared, complete, interrupted;
        std::string words;
        int exit_code;
    };
    const std::vector<Row> rows{
        {false, false, true, true, false, "NO MATCH IN WHAT WAS CHECKED", 0},
        {false, false, true, false, false, "NO MATCH IN WHAT WAS CHECKED, INCOMPLETE", 3},
        {false, false, true, false, true, "NO MATCH IN WHAT WAS CHECKED, INCOMPLETE", 4},
        {false, false, false, true, false, "NOT COMPARED", 3},
        {false, false, false, false, false, "NOT COMPARED, INCOMPLETE", 3},
        {false, false, false, false, true, "NOT COMPARED, INCOMPLETE", 4},
        {true, true, true, true, false, "MATCH", 1},
        {true, true, true, false, false, "MATCH, INCOMPLETE", 1},
        {true, true, true, false, true, "MATCH, INCOMPLETE", 1},
        {true, false, true, true, false, "MATCH", 0},
        {true, false, true, false, false, "MATCH, INCOMPLETE", 3},
        {false, true, true, true, false, "ALERT", 1},
        {false, true, true, false, false, "ALERT, INCOMPLETE", 1},
        {false, true, true, false, true, "ALERT, INCOMPLETE", 1},
        {false, true, false, true, false, "ALERT, NOT COMPARED", 1},
        {false, true, false, false, false, "ALERT, NOT COMPARED, INCOMPLETE", 1},
    };
    for (const Row& row : rows) {
        Verdict verdict;
        verdict.has_match = row.match;
        verdict.has_alert = row.alert;
        verdict.is_compared = row.compared;
        verdict.is_complete = row.complete;
        verdict.is_interrupted = row.interrupted;
        CAPTURE(row.words);
        CHECK(verdict.words() == row.words);
        CHECK(verdict.exit_code() == row.exit_code);
    }
}

TEST_CASE("everything hashed and compared is exit 0") {
    const Verdict verdict = verdict_after([](Store&) {});
    CHECK(verdict.words() == "NO MATCH IN WHAT WAS CHECKED");
    CHECK(verdict.exit_code() == 0);
}

TEST_CASE("entries forbid exit 0 by their reason") {
    const auto code = [](Status status, Reason reason, std::uint64_t missing = 0) {
        return verdict_after([&](Store& store) { put(store, entry("/x", 2), not_hashed(status, reason, missing)); })
            .exit_code();
    };
    CHECK(code(Status::skipped, Reason::size, 10) == 0);
    CHECK(code(Status::skipped, Reason::rule, 10) == 0);
    CHECK(code(Status::skipped, Reason::sparse, 0) == 0);
    CHECK(code(Status::skipped, Reason::sparse, 1) == 3);
    CHECK(code(Status::unreadable, Reason::unrecoverable, 10) == 0);
    CHECK(code(Status::partial, Reason::limit) == 3);
    CHECK(code(Status::partial, Reason::read_error) == 3);
    CHECK(code(Status::partial, Reason::checksum) == 3);
    CHECK(code(Status::partial, Reason::missing_segment) == 3);
    CHECK(code(Status::unreadable, Reason::outside_media) == 3);
    CHECK(code(Status::unreadable, Reason::encrypted) == 3);
    CHECK(code(Status::unreadable, Reason::compressed_unsupported) == 3);
    CHECK(code(Status::unreadable, Reason::reparse) == 3);
    CHECK(code(Status::unreadable, Reason::damaged) == 3);
    CHECK(code(Status::unreadable, Reason::not_reached) == 3);
    CHECK(code(Status::unreadable, Reason::none) == 3);  // nobody said why: never silent
}

TEST_CASE("volumes forbid exit 0 by their state") {
    const auto code = [](VolumeState state) {
        return verdict_after([&](Store& store) {
                   VolumeRecord v = volume(1, 0, 1, "p1");
                   v.state = state;
                   store.put_volume(v);
               })
            .exit_code();
    };
    CHECK(code(VolumeState::walked) == 0);
    CHECK(code(VolumeState::swap) == 0);
    CHECK(code(VolumeState::reserved) == 0);
    CHECK(code(VolumeState::gap) == 0);
    CHECK(code(VolumeState::pending) == 3);
    CHECK(code(VolumeState::partial) == 3);
    CHECK(code(VolumeState::locked) == 3);
    CHECK(code(VolumeState::unreadable) == 3);
    CHECK(code(VolumeState::unrecognised) == 3);
    CHECK(code(VolumeState::unsupported) == 3);
}

TEST_CASE("problems forbid exit 0, but not ambiguity and not where nothing was lost") {
    const auto code = [](ProblemKind kind, bool is_lossless) {
        return verdict_after([&](Store& store) {
                   ProblemRecord p = problem(kind);
                   p.problem.is_lossless = is_lossless;
                   store.put_problem(p);
               })
            .exit_code();
    };
    CHECK(code(ProblemKind::ambiguous, false) == 0);
    for (const ProblemKind kind :
         {ProblemKind::locked, ProblemKind::unreadable, ProblemKind::unrecognised, ProblemKind::unsupported,
          ProblemKind::damaged, ProblemKind::capped, ProblemKind::aborted}) {
        CAPTURE(to_string(kind));
        CHECK(code(kind, false) == 3);
        CHECK(code(kind, true) == 0);
    }
}

TEST_CASE("an evidence that could not be opened is incomplete") {
    const Verdict verdict = verdict_after([](Store& store) {
        EvidenceRecord closed = evidence(1, "other.dd");
        closed.is_opened = false;
        store.put_evidence(closed);
    });
    CHECK(verdict.words() == "NO MATCH IN WHAT WAS CHECKED, INCOMPLETE");
}

TEST_CASE("an interrupted scan without an alert is exit 4, with one it is 1") {
    const auto interrupt = [](Store& store) {
        RunRecord interrupted = run();
        interrupted.is_interrupted = true;
        interrupted.interruption = "signal INT";
        store.put_run(interrupted);
    };
    CHECK(verdict_after(interrupt).exit_code() == 4);
    CHECK(verdict_after(interrupt).words() == "NO MATCH IN WHAT WAS CHECKED, INCOMPLETE");
    const Verdict found = verdict_after([&](Store& store) {
        interrupt(store);
        put(store, entry("/hit", 2), matched());
    });
    CHECK(found.exit_code() == 1);
    CHECK(found.words() == "MATCH, INCOMPLETE");
}

TEST_CASE("an alert without a known match is ALERT; a match that no rule raises is still MATCH") {
    CHECK(verdict_after([](Store&) {}, alert_on_everything).words() == "ALERT");
    CHECK(verdict_after([](Store&) {}, notice_on_everything).words() == "NO MATCH IN WHAT WAS CHECKED");
    const Verdict lowered =
        verdict_after([](Store& store) { put(store, entry("/m", 2), matched()); }, notice_on_everything);
    CHECK(lowered.words() == "MATCH");
    CHECK(lowered.exit_code() == 0);
}

TEST_CASE("a match of a category that does not alert is a match in words, and no alert in the exit code") {
    Examined examined = matched();
    examined.matches.front().alerts = false;
    const Verdict verdict =
        verdict_after([&](Store& store) { put(store, entry("/m", 2), examined); }, notice_on_everything);
    CHECK(verdict.words() == "MATCH");
    CHECK(verdict.exit_code() == 0);
}

TEST_CASE("a match in an ignorable list is no match; only ignorable lists are no comparison") {
    const Verdict verdict = verdict_after(
        [](Store& store) {
            store.put_list(0, list(Polarity::ignorable));
            put(store, entry("/m", 2), matched());
        },
        [](const EntryRecord&) { return std::optional<Finding>(); });
    CHECK(verdict.words() == "NOT COMPARED");
    CHECK(verdict.exit_code() == 3);
}

TEST_CASE("each evidence has its own verdict, and sentences say why, most entries first") {
    Folder folder;
    Store store = start(folder / "case.sqlite");
    store.put_evidence(evidence(1, "other.dd"));
    store.put_volume(volume(1, 1, 0, "-"));
    put(store, entry("/hit", 1), matched());
    put(store, entry("/a", 1), not_hashed(Status::partial, Reason::checksum, 512), 1);
    put(store, entry("/b", 2), not_hashed(Status::unreadable, Reason::encrypted), 1);
    put(store, entry("/c", 3), not_hashed(Status::unreadable, Reason::encrypted), 1);
    store.seal(alert_on_match);
    CHECK(verdict_of(store).words() == "MATCH, INCOMPLETE");
    CHECK(verdict_of(store, 0).words() == "MATCH");
    CHECK(verdict_of(store, 1).words() == "NO MATCH IN WHAT WAS CHECKED, INCOMPLETE");
    CHECK(verdict_of(store, 1).exit_code() == 3);
    CHECK(incompleteness(store, 0).empty());
    CHECK(incompleteness(store) ==
          std::vector<std::string>{"2 entries unreadable: the content is encrypted and no key is known (0 B missing)",
                                   "1 entry partial: the container's checksum of the bytes is wrong (512 B missing)"});
}

TEST_CASE("sentences call an evidence by its exhibit, else by its file") {
    Folder folder;
    Store store = start(folder / "case.sqlite");
    EvidenceRecord exhibit = evidence(1, "other.dd"), closed = evidence(2, "third\x1b.dd");
    exhibit.exhibit = "AB/2";
    closed.is_opened = false;
    store.put_evidence(exhibit);
    store.put_evidence(closed);
    VolumeRecord locked = volume(1, 1, 0, "p0");
    locked.state = VolumeState::locked;
    store.put_volume(locked);
    store.seal(alert_on_match);
    const std::vector<std::string> sentences = incompleteness(store);
    REQUIRE(sentences.size() == 2);
    CHECK(sentences[0].starts_with("volume p0 of AB/2 ("));
    CHECK(sentences[1] == "third\\x1b.dd was not opened");
}

TEST_CASE("an entry that the interrupted scan never reached forbids exit 0") {
    const Verdict verdict = verdict_after([](Store& store) {
        EntryRecord unreached;
        unreached.entry = entry("/x", 2);
        store.put_entry(unreached, std::nullopt);
    });
    CHECK(verdict.exit_code() == 3);
}

TEST_CASE("the next step is that of each verdict that holds, in the words of the configuration") {
    const NextSteps steps{"m", "a", "n", "i", "c"};
    const auto after = [&](bool match, bool alert, bool compared, bool complete) {
        return next_steps_after({match, alert, compared, complete, false}, steps);
    };
    using Texts = std::vector<std::string>;
    CHECK(after(true, true, true, true) == Texts{"m"});
    CHECK(after(true, false, true, false) == Texts{"m", "i"});
    CHECK(after(false, true, true, true) == Texts{"a"});
    CHECK(after(false, false, true, true) == Texts{"n"});
    CHECK(after(false, false, true, false) == Texts{"i"});
    CHECK(after(false, false, false, true) == Texts{"c"});
    CHECK(next_steps_after({false, false, true, true, true}, steps) == Texts{"i"});
    CHECK(next_steps_after({true, true, true, true, false}, {"", "a", "n", "i", "c"}).empty());
}
