// SPDX-License-Identifier: Apache-2.0
// Types asked of a worker that answers, dies, hangs or lies: ScriptTypes of script_kinds.h.
#include "engine/scan/type_asker.h"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <sys/wait.h>

#include <cerrno>
#include <chrono>

#include "tests/support/script_kinds.h"

using namespace triage;
using namespace triage::test;

namespace {

EntryWork work_of(const std::string& content, std::uint64_t address) {
    EntryWork work;
    work.record.volume = 3, work.evidence = 1;
    work.record.entry.address = address, work.record.entry.path = "/" + std::to_string(address);
    work.record.examined.status = Status::hashed;
    work.first_bytes.assign(as_bytes(content).begin(), as_bytes(content).end());
    return work;
}

Batch batch_of(const std::vector<std::string>& contents) {
    Batch batch;
    for (std::size_t i = 0; i < contents.size(); ++i) {
        batch.items.emplace_back(work_of(contents[i], i));
        batch.walks.push_back(7);
    }
    return batch;
}

// "address type walk", "problem address detail" and "audit event" of each item.
std::vector<std::string> rows_of(const Batch& batch) {
    std::vector<std::string> rows;
    REQUIRE(batch.items.size() == batch.walks.size());
    for (std::size_t i = 0; i < batch.items.size(); ++i) {
        const std::string walk = batch.walks[i] == Plan::no_walk ? "-" : std::to_string(batch.walks[i]);
        if (const auto* work = std::get_if<EntryWork>(&batch.items[i])) {
            CHECK(work->first_bytes.empty());
            rows.push_back(
                fmt::format("{} {} {}", work->record.entry.address, work->record.examined.libmagic_type, walk));
        }
        if (const auto* problem = std::get_if<ProblemRecord>(&batch.items[i])) {
            CHECK(problem->evidence == 1);
            CHECK(problem->volume == 3);
            CHECK(walk == "-");
            rows.push_back(fmt::format("{} {} {}", to_string(problem->problem.kind), problem->problem.path,
                                       problem->problem.detail));
        }
        if (const auto* event = std::get_if<AuditEvent>(&batch.items[i])) rows.push_back("audit " + event->event);
    }
    return rows;
}

WorkerOptions quick() {
    WorkerOptions options;
    options.in_process = !has_worker_processes;
    options.progress_seconds = options.asleep_seconds = 2;
    return options;
}

// What becomes of contents that are asked about in this order.
std::vector<std::string> answers_to(const std::vector<std::string>& contents, const WorkerOptions& options = quick(),
                                    const std::string& database = "script") {
    TypeAsker asker(script_registry(), options, database);
    Batch batch = batch_of(contents);
    asker.exchange(batch);
    CHECK(batch.items.empty());
    return rows_of(asker.finish());
}

bool has_child() { return waitpid(-1, nullptr, WNOHANG) >= 0 || errno != ECHILD; }

using Rows = std::vector<std::string>;

}  // namespace

TEST_CASE("the type of each content is what the worker says, in lower case") {
    CHECK(answers_to({"type text/x-php", "plain", "type application/CDFV2"}) ==
          Rows{"0 text/x-php 7", "1 text/plain 7", "2 application/cdfv2 7"});
}

TEST_CASE("what is not to be asked stays in its batch, and starts no worker") {
    const int loads = type_loads();
    TypeAsker asker(script_registry(), quick(), "script");
    Batch batch = batch_of({"a", "", "b", "c", "d"});
    auto& items = batch.items;
    std::get<EntryWork>(items[0]).record.examined.type = "image/jpeg";       // libmagic has no other name for it
    std::get<EntryWork>(items[2]).record.examined.status = Status::partial;  // not read whole
    std::get<EntryWork>(items[3]).record.examined.status = Status::skipped;  // not even typed
    items[4] = ProblemRecord{};
    asker.exchange(batch);
    REQUIRE(batch.items.size() == 5);
    CHECK(std::get<EntryWork>(batch.items[3]).record.entry.address == 3);
    CHECK(asker.finish().items.empty());
    CHECK(type_loads() == loads);
    if (has_worker_processes) CHECK_FALSE(has_child());
}

TEST_CASE("entries that are asked about leave their batch, and join a later one with the answer") {
    TypeAsker asker(script_registry(), quick(), "script");
    Batch first = batch_of({"type a/b", "", "type c/d"});
    auto& typed = std::get<EntryWork>(first.items[2]).record.examined;  // as a size gate leaves it
    typed.status = Status::skipped, typed.is_typed = true;
    asker.exchange(first);
    CHECK(rows_of(first) == Rows{"1  7"});
    asker.await_room();
    Rows answers;
    while (answers.size() < 2) {
        Batch later;
        asker.exchange(later);
        for (const std::string& row : rows_of(later)) answers.push_back(row);
    }
    CHECK(answers == Rows{"0 a/b 7", "2 c/d 7"});
    CHECK(asker.finish().items.empty());
}

TEST_CASE("an answer that is no MIME type, and one that is none, leave the type unknown and are a problem") {
    CHECK(answers_to({"type ../x", "fail", "plain"}) ==
          Rows{"audit types-worker-ended",
               "aborted /0 libmagic, asked for its type, ended (its answer is no MIME type), so rules on it are not "
               "decided",
               "0  7", "damaged /1 libmagic fails to tell its type, so rules on it are not decided", "1  7",
               "2 text/plain 7"});
}

TEST_CASE("a database that cannot be loaded leaves all types unknown, and is told as often as it was tried") {
    const Rows rows = answers_to(std::vector<std::string>(20, "plain"), quick(), "broken");
    const auto count = [&](const std::string& start) {
        return std::count_if(rows.begin(), rows.end(), [&](const std::string& row) { return row.starts_with(start); });
    };
    CHECK(count("audit types-worker-ended") == 9);
    CHECK(count("aborted /") == 10);
    CHECK(rows.size() == 9 + 10 + 20);
}

TEST_CASE("what a stop leaves unasked keeps its walk open") {
    std::atomic<bool> stop{true};
    WorkerOptions options = quick();
    options.stop = &stop;
    CHECK(answers_to({"plain", "crash"}, options) == Rows{"0  -", "1  -"});
}

TEST_SUITE("processes" * doctest::skip(!has_worker_processes)) {
    TEST_CASE("a worker that dies or hangs costs the type of one content, which is a problem") {
        CHECK(
            answers_to({"plain", "crash", "plain", "hang", "plain"}) ==
            Rows{"0 text/plain 7", "audit types-worker-ended",
                 "aborted /1 libmagic, asked for its type, ended (ended by signal 11), so rules on it are not decided",
                 "1  7", "2 text/plain 7", "audit types-worker-ended",
                 "aborted /3 libmagic, asked for its type, ended (no progress for 2 s), so rules on it are not decided",
                 "3  7", "4 text/plain 7"});
        CHECK_FALSE(has_child());
    }

    TEST_CASE("after eight deaths the rest is not asked, which is one problem more of the volume") {
        std::vector<std::string> contents(9, "crash");
        contents.insert(contents.end(), 3, "plain");
        const Rows rows = answers_to(contents);
        REQUIRE(rows.size() == 9 * 3 + 1 + 3);
        CHECK(rows[27] ==
              "aborted /9 libmagic ended too often (ended by signal 11): from here on the types that only it tells are "
              "not known, and rules on them not decided");
        CHECK(Rows(rows.begin() + 28, rows.end()) == Rows{"9  7", "10  7", "11  7"});
    }

    TEST_CASE("a stop does not wait for a worker that hangs") {
        std::atomic<bool> stop{false};
        WorkerOptions options;
        options.stop = &stop;
        TypeAsker asker(script_registry(), options, "script");
        Batch batch = batch_of({"hang", "plain"});
        asker.exchange(batch);
        std::this_thread::sleep_for(std::chrono::milliseconds(300));
        const auto begin = std::chrono::steady_clock::now();
        stop = true;
        CHECK(rows_of(asker.finish()) == Rows{"0  -", "1  -"});
        CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(1));
    }

    TEST_CASE("where too much waits, the pipeline waits for room") {
        TypeAsker asker(script_registry(), quick(), "script");
        Batch batch = batch_of(std::vector<std::string>(3000, "plain" + std::string(16'000, 'x')));  // 48 MB
        asker.exchange(batch);
        asker.await_room();
        Batch answered;
        asker.exchange(answered);
        CHECK(answered.items.size() >= 800);
        CHECK(answered.items.size() + asker.finish().items.size() == 3000);
    }
}
