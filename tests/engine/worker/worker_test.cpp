// SPDX-License-Identifier: Apache-2.0
// One worker seen from its parent: whole records exactly once, however it ends, and a word how it ended.
#include "engine/worker/worker.h"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <thread>

#include "engine/base/error.h"
#include "engine/worker/spawn.h"
#include "tests/support/script_kinds.h"

using namespace triage;
using namespace triage::test;

namespace {

double seconds_since(std::chrono::steady_clock::time_point begin) {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

// Short clocks, so that the tests are.
WorkerOptions quick(bool in_process = !has_worker_processes) {
    WorkerOptions options;
    options.in_process = in_process;
    options.progress_seconds = 0.8;
    options.asleep_seconds = 0.8;
    return options;
}

struct Seen {
    std::vector<std::string> records;  // "fs ext4", "/path", "problem", "counts", "end"
    WorkerEnd end = WorkerEnd::running;
    std::string cause, sandbox;
    WorkerJob::Place place;
    bool ran_out_of_memory = false;
    double seconds = 0, silent_seconds = 0;
};

std::string words_of(const Record& record) {
    RecordReader r(record.payload);
    std::uint64_t extents = 0;
    switch (record.type) {
        case RecordType::filesystem: return "fs " + read_filesystem(r).type;
        case RecordType::entry: return read_entry(r, extents).path;
        case RecordType::problem: return "problem " + read_problem(r).path;
        case RecordType::counts: return "counts";
        case RecordType::end: return "end";
        default: return fmt::format("type {}", static_cast<int>(record.type));
    }
}

WorkerJob walk_of(const ScriptEvidence& evidence, const ScriptImage& image) {
    WorkerJob job;
    job.kind = JobKind::walk;
    job.segments = evidence.segments;
    job.map = evidence.map;
    job.volume = image.last();
    return job;
}

Seen walk(std::string_view script, const WorkerOptions& options, std::uint64_t read_limit = ~0ull) {
    const ScriptImage image = ScriptImage().volume(script);
    const ScriptEvidence evidence(image);
    const auto begin = std::chrono::steady_clock::now();
    Worker worker(script_registry(), options, walk_of(evidence, image));
    Seen seen;
    while (const std::optional<Record> record = worker.next(read_limit)) seen.records.push_back(words_of(*record));
    seen.end = worker.end(), seen.cause = worker.cause(), seen.sandbox = worker.sandbox();
    seen.place = worker.stands_at(), seen.ran_out_of_memory = worker.ran_out_of_memory();
    seen.seconds = seconds_since(begin), seen.silent_seconds = worker.silent_seconds();
    return seen;
}

std::vector<std::string> numbered(const std::string& path, int count) {
    std::vector<std::string> all;
    for (int i = 0; i < count; ++i) all.push_back(path + std::to_string(i));
    return all;
}

std::vector<std::string> joined(std::vector<std::string> a, const std::vector<std::string>& b) {
    a.insert(a.end(), b.begin(), b.end());
    return a;
}

// The one child of this process, from /proc/PID/task/TID/children of every thread (proc(5)).
pid_t only_child() {
    for (const auto& thread : std::filesystem::directory_iterator("/proc/self/task")) {
        pid_t child = -1;
        if (std::ifstream(thread.path() / "children") >> child) return child;
    }
    return -1;
}

// A walk whose worker is stopped before it is read, and goes on after a while.
Seen walk_with_a_stop(const WorkerOptions& options, std::chrono::milliseconds stopped) {
    const ScriptImage image = ScriptImage().volume("fs ext4\nslow /a 3 30\nmany /b 10 3\n");
    const ScriptEvidence evidence(image);
    const auto begin = std::chrono::steady_clock::now();
    Worker worker(script_registry(), options, walk_of(evidence, image));
    const pid_t child = only_child();
    REQUIRE(child > 0);
    ::kill(child, SIGSTOP);
    std::thread going_on([&] {
        std::this_thread::sleep_for(stopped);
        if (worker.end() == WorkerEnd::running) ::kill(child, SIGCONT);
    });
    Seen seen;
    while (const std::optional<Record> record = worker.next()) seen.records.push_back(words_of(*record));
    seen.seconds = seconds_since(begin);
    going_on.join();
    seen.end = worker.end(), seen.cause = worker.cause(), seen.silent_seconds = worker.silent_seconds();
    return seen;
}

bool has_child() { return ::waitpid(-1, nullptr, WNOHANG) >= 0 || errno != ECHILD; }

}  // namespace

TEST_CASE("a worker delivers its records in order and finishes") {
    const Seen seen = walk("fs ext4\nresident /a 5 text\nmany /b 10 3\n", quick());
    CHECK(seen.records == std::vector<std::string>{"fs ext4", "/a", "/b0", "/b1", "/b2", "counts", "end"});
    CHECK(seen.end == WorkerEnd::finished);
}

TEST_CASE("a worker in a thread says that it has no sandbox") {
    CHECK(walk("fs ext4\n", quick(true)).sandbox == "in-process");
}

TEST_CASE("an exception in a worker's thread is a death, not an end") {
    const Seen seen = walk("fs ext4\nmany /b 10 2\nthrow /bad 3\nmany /c 20 2\n", quick(true));
    CHECK(seen.records == std::vector<std::string>{"fs ext4", "/b0", "/b1"});
    CHECK(seen.end == WorkerEnd::died);
    CHECK(seen.place == WorkerJob::Place{3, "/bad", 3});
}

TEST_CASE("the places to avoid are not entered, and what was delivered before is not sent again") {
    const ScriptImage image = ScriptImage().volume("fs ext4\nmany /a 10 4\nthrow /bad 3\nmany /b 20 2\n");
    const ScriptEvidence evidence(image);
    WorkerJob job = walk_of(evidence, image);
    job.skip_records = 5;  // the file system and four entries
    job.avoid = {{{3, "/bad", 5}, 5}};
    Worker worker(script_registry(), quick(), job);
    std::vector<std::string> records;
    while (const std::optional<Record> record = worker.next()) records.push_back(words_of(*record));
    CHECK(records == std::vector<std::string>{"problem /bad", "/b0", "/b1", "counts", "end"});
    CHECK(worker.end() == WorkerEnd::finished);
}

TEST_CASE("a step that delivered records before it killed its worker is left out whole, once") {
    const ScriptImage image = ScriptImage().volume("fs ext4\nresident /x 3 harmless\nmany /x 3 2\nmany /b 20 2\n");
    const ScriptEvidence evidence(image);
    WorkerJob job = walk_of(evidence, image);
    // The second /x of address 3 came after two records, delivered one and died.
    job.skip_records = 3;
    job.avoid = {{{3, "/x", 2}, 3}};
    Worker worker(script_registry(), quick(), job);
    std::vector<std::string> records;
    while (const std::optional<Record> record = worker.next()) records.push_back(words_of(*record));
    CHECK(records == std::vector<std::string>{"problem /x", "/b0", "/b1", "counts", "end"});
}

TEST_CASE("a content worker answers requests one after the other") {
    const ScriptImage image = ScriptImage().volume("fs ext4\npacked /a 5 alpha\npacked /b 6 beta\n");
    const ScriptEvidence evidence(image);
    WorkerJob job = walk_of(evidence, image);
    job.kind = JobKind::content;
    Worker worker(script_registry(), quick(), job);
    for (const auto& [address, text] : {std::pair{6u, "beta"}, std::pair{5u, "alpha"}}) {
        REQUIRE(worker.request({"", "ext4", address, 0, 5}));
        std::optional<Record> record = worker.next();
        REQUIRE(record);
        CHECK(record->type == RecordType::data);
        CHECK(as_text(record->payload) == text);
        record = worker.next();
        REQUIRE(record);
        CHECK(record->type == RecordType::data_end);
    }
    worker.close_requests();
    while (worker.next()) {
    }
    CHECK(worker.end() == WorkerEnd::finished);
}

TEST_SUITE("worker processes" * doctest::skip(!has_worker_processes)) {
    TEST_CASE("a process delivers what a thread delivers, and names its sandbox") {
        const char* script = "fs ext4\nmany /b 10 3000\nscattered /s 5 10000\nlost /l 6\n";
        const Seen process = walk(script, quick(false)), thread = walk(script, quick(true));
        CHECK(process.records == thread.records);
        CHECK(process.end == WorkerEnd::finished);
        CHECK(process.sandbox.ends_with("seccomp"));
        CHECK_FALSE(has_child());
    }

    TEST_CASE("a spare takes one job, what follows has a process of its own, and none is left behind") {
        const char* script = "fs ext4\nmany /b 10 3000\n";
        const Seen without = walk(script, quick(false));
        {
            SpareWorkers spares;
            WorkerOptions options = quick(false);
            options.spares = &spares;
            spares.prepare(1);
            spares.prepare(1);
            CHECK(has_child());
            CHECK(walk(script, options).records == without.records);
            CHECK_FALSE(has_child());  // it was the spare that did it
            CHECK(walk(script, options).records == without.records);
            spares.prepare(2);
            CHECK(walk(script, options).records == without.records);
            CHECK(has_child());
        }
        CHECK_FALSE(has_child());
    }

    TEST_CASE("a worker that crashes in mid-batch has delivered every whole record exactly once") {
        // From none to several batches of 64 KiB before the crash.
        for (const int count : {0, 1, 700, 20'000}) {
            const Seen seen = walk(fmt::format("fs ext4\nmany /b 10 {}\ncrash /bad 3\nmany /c 9 5\n", count), quick());
            CHECK(seen.records == joined({"fs ext4"}, numbered("/b", count)));
            CHECK(seen.end == WorkerEnd::died);
            CHECK(seen.cause == "ended by signal 11");
            CHECK(seen.place == WorkerJob::Place{3, "/bad", seen.records.size()});
        }
        CHECK_FALSE(has_child());
    }

    TEST_CASE("a parent that reads slowly gets the same records, and its slowness is not the worker's") {
        const ScriptImage image = ScriptImage().volume("fs ext4\nmany /b 10 60000\ncrash /bad 3\n");
        const ScriptEvidence evidence(image);
        Worker worker(script_registry(), quick(), walk_of(evidence, image));
        std::size_t records = 0;
        while (worker.next())
            if (++records == 2) std::this_thread::sleep_for(std::chrono::milliseconds(1200));  // the pipe is full
        CHECK(records == 60'001);
        CHECK(worker.end() == WorkerEnd::died);
        CHECK(worker.silent_seconds() < 0.5);
    }

    TEST_CASE("a worker that is busy without a sign of life is ended") {
        const Seen seen = walk("fs ext4\nmany /b 10 5\nhang /bad 3\n", quick());
        CHECK(seen.records == joined({"fs ext4"}, numbered("/b", 5)));
        CHECK(seen.end == WorkerEnd::hung);
        CHECK(seen.cause.starts_with("no progress for"));
        CHECK(seen.place == WorkerJob::Place{3, "/bad", 6});
        CHECK(seen.seconds < 60);  // 0.8 s of its processor time, however starved
        CHECK(seen.silent_seconds > 0.5);
    }

    TEST_CASE("a worker that gets no processor for longer than its clocks is left alone, and loses nothing") {
        const Seen seen = walk_with_a_stop(quick(), std::chrono::milliseconds(2500));
        CHECK(seen.records == std::vector<std::string>{"fs ext4", "/a", "/b0", "/b1", "/b2", "counts", "end"});
        CHECK(seen.end == WorkerEnd::finished);
        CHECK(seen.seconds > 2.4);
        CHECK(seen.silent_seconds < 0.5);
    }

    TEST_CASE("a worker that gets no processor does not hold its parent for ever") {
        WorkerOptions options = quick();
        options.read_seconds = 1;
        const Seen seen = walk_with_a_stop(options, std::chrono::milliseconds(4000));
        CHECK(seen.end == WorkerEnd::hung);
        CHECK(seen.cause == "no progress for 1 s");
        CHECK(seen.silent_seconds > 0.9);
        CHECK(seen.seconds < 3);
    }

    TEST_CASE("a wait for records is told while it lasts, with the place where the worker stands") {
        WorkerWait wait;
        WorkerOptions options = quick();
        options.wait = &wait;
        std::atomic<bool> is_over{false};
        std::uint64_t address = 0;
        std::thread watching([&] {
            while (!is_over)
                if (wait.milliseconds >= 300) address = wait.address;
        });
        walk("fs ext4\nresident /a 5 x\nhang /bad 3\n", options);
        is_over = true;
        watching.join();
        CHECK(address == 3);
        CHECK(wait.milliseconds == 0);
    }

    TEST_CASE("a worker that sleeps with no read in flight is ended as a deadlock") {
        WorkerOptions options = quick();
        options.progress_seconds = 60;
        const Seen seen = walk("fs ext4\nresident /a 5 x\nsleep /bad 3\n", options);
        CHECK(seen.records == std::vector<std::string>{"fs ext4", "/a"});
        CHECK(seen.end == WorkerEnd::hung);
        CHECK(seen.cause.find("a deadlock") != std::string::npos);
        CHECK(seen.seconds < 2.5);
    }

    TEST_CASE("a worker that steps on, however slowly, is left alone") {
        const Seen seen = walk("fs ext4\nslow /a 3 150\n", quick());
        CHECK(seen.records == std::vector<std::string>{"fs ext4", "/a", "counts", "end"});
        CHECK(seen.end == WorkerEnd::finished);
        CHECK(seen.seconds > 1.4);
    }

    TEST_CASE("a worker that reads the volume over and over is ended as a livelock") {
        const Seen seen = walk("fs ext4\nresident /a 5 x\nlivelock /bad 3\n", quick(), 64u << 20);
        CHECK(seen.records == std::vector<std::string>{"fs ext4", "/a"});
        CHECK(seen.end == WorkerEnd::livelocked);
        CHECK(seen.cause == "it read the volume several times over");
    }

    TEST_CASE("what the opening of a container reads is a sign of life, and a livelock where it is too much") {
        const ScriptEvidence evidence(ScriptImage().volume("fs ext4\n"));
        WorkerJob job;
        job.kind = JobKind::open;
        job.segments = evidence.segments;
        job.container = "greedy";
        Worker worker(script_registry(), quick(), job);
        while (worker.next(3u << 20)) {
        }
        CHECK(worker.end() == WorkerEnd::livelocked);
    }

    TEST_CASE("a worker out of memory says so, with its records") {
        WorkerOptions options = quick();
        options.memory_bytes = 256u << 20;
        options.progress_seconds = 60;  // a machine may be slow to hand out memory
        const Seen seen = walk("fs ext4\nmany /b 10 5\neat /bad 3\n", options);
        CHECK(seen.records == joined({"fs ext4"}, numbered("/b", 5)));
        CHECK(seen.end == WorkerEnd::died);
        CHECK(seen.ran_out_of_memory);
        CHECK(seen.cause == "out of the memory it may use");
    }

    TEST_CASE("the memory of a worker grows with the entries that were recorded, up to its maximum") {
        WorkerOptions options = quick();
        options.memory_bytes = 256u << 20;
        options.progress_seconds = 60;  // a machine may be slow to hand out memory
        for (const std::uint64_t recorded : {std::uint64_t{0}, std::uint64_t{4'000'000}, ~std::uint64_t{0} >> 8}) {
            // More records than the pipe and the board hold: the worker waits for its parent before it takes memory.
            const ScriptImage image = ScriptImage().volume("fs ext4\nmany /b 10 20000\nkeep /k 5 400\n");
            const ScriptEvidence evidence(image);
            Worker worker(script_registry(), options, walk_of(evidence, image));
            REQUIRE(worker.next().has_value());
            worker.allow_entries(recorded);
            while (worker.next()) {
            }
            CAPTURE(recorded);
            CHECK(worker.end() == (recorded == 0 ? WorkerEnd::died : WorkerEnd::finished));
        }
    }

    TEST_CASE("a worker that exits with 0 in mid-job has not finished") {
        const Seen seen = walk("fs ext4\nresident /a 5 x\nleave /bad 3\n", quick());
        CHECK(seen.records == std::vector<std::string>{"fs ext4", "/a"});
        CHECK(seen.end == WorkerEnd::died);
    }

    TEST_CASE("an exception in a worker process is a death with an exit code") {
        const Seen seen = walk("fs ext4\nthrow /bad 3\n", quick());
        CHECK(seen.end == WorkerEnd::died);
        CHECK(seen.cause == "exit code 4");
    }

    TEST_CASE("bytes on the record pipe that are no batch end the worker") {
        const Seen seen = walk("fs ext4\nresident /a 5 x\ngarbage /bad 3\n", quick());
        CHECK(seen.records == std::vector<std::string>{"fs ext4", "/a"});
        CHECK(seen.end == WorkerEnd::died);
        CHECK(seen.cause == "its record stream is broken");
    }

    TEST_CASE("a frame that claims gigabytes ends the worker before its parent gathers them") {
        const Seen seen = walk("fs ext4\nflood /bad 3\n", quick());
        CHECK(seen.end == WorkerEnd::died);
        CHECK(seen.cause == "its record stream is broken");
        CHECK(seen.seconds < 2);
    }

    TEST_CASE("a worker that falls silent inside a batch does not hold its parent") {
        const Seen seen = walk("fs ext4\nresident /a 5 x\ntorn /bad 3\n", quick());
        CHECK(seen.end == WorkerEnd::hung);
        CHECK(seen.seconds < 2.5);
    }

    TEST_CASE("a worker that closes its records and stays does not hold its parent") {
        const Seen seen = walk("fs ext4\nresident /a 5 x\nclose /bad 3\n", quick());
        CHECK(seen.records == std::vector<std::string>{"fs ext4", "/a"});
        CHECK(seen.end == WorkerEnd::died);
        CHECK(seen.seconds < 2.5);
        CHECK_FALSE(has_child());
    }

    TEST_CASE("a worker ends soon after the run is stopped, even while it sends nothing") {
        std::atomic<bool> stop{false};
        std::thread stopping([&] {
            std::this_thread::sleep_for(std::chrono::milliseconds(200));
            stop = true;
        });
        WorkerOptions options = quick();
        options.stop = &stop;
        const Seen seen = walk("fs ext4\nslow /a 3 500\n", options);
        stopping.join();
        CHECK(seen.end == WorkerEnd::stopped);
        CHECK(seen.seconds < 1);
    }

    TEST_CASE("a worker that is stopped is gone at once, and one that is dropped too") {
        const ScriptImage image = ScriptImage().volume("fs ext4\nhang /bad 3\n");
        const ScriptEvidence evidence(image);
        const auto begin = std::chrono::steady_clock::now();
        {
            Worker worker(script_registry(), WorkerOptions{}, walk_of(evidence, image));
            const Worker dropped(script_registry(), WorkerOptions{}, walk_of(evidence, image));
            std::this_thread::sleep_for(std::chrono::milliseconds(100));
            worker.stop();
            CHECK(worker.end() == WorkerEnd::stopped);
        }
        CHECK_FALSE(has_child());
        CHECK(seconds_since(begin) < 2);
    }

    TEST_CASE("a request to a content worker that has died is refused, and does not end the parent") {
        const ScriptImage image = ScriptImage().volume("fs ext4\npacked /a 5 crash\n");
        const ScriptEvidence evidence(image);
        WorkerJob job = walk_of(evidence, image);
        job.kind = JobKind::content;
        Worker worker(script_registry(), quick(), job);
        REQUIRE(worker.request({"", "ext4", 5, 0, 5}));
        CHECK_FALSE(worker.next());
        CHECK(worker.end() == WorkerEnd::died);
        CHECK_FALSE(worker.request({"", "ext4", 5, 0, 5}));
    }

    TEST_CASE("a program that cannot be started is an error with advice") {
        const ScriptImage image = ScriptImage().volume("fs ext4\n");
        const ScriptEvidence evidence(image);
        set_worker_program("/nonexistent/triage");
        CHECK_THROWS_AS(Worker(script_registry(), quick(), walk_of(evidence, image)), Error);
        set_worker_program("/proc/self/exe");
    }
}
