// SPDX-License-Identifier: Apache-2.0
// What the screen says of a moment of a scan. That it comes so on a terminal is shown by screen_test.py beside this.
#include "cli/screen.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <thread>

#include "engine/report/text_summary.h"

using namespace triage;

namespace {

constexpr std::uint64_t gib = 1ull << 30;

Snapshot reading() {
    Snapshot s;
    s.evidence = "AB/1: disk.E01, 1.2 GiB in 3 files";
    s.phase = Phase::reading;
    s.seconds = 72;
    s.seconds_left = 170;
    s.entries_done = 12'345, s.entries_listed = 50'000;
    s.bytes_done = 3 * gib, s.bytes_listed = 12 * gib;
    s.volumes_done = 1, s.volumes_total = 2;
    s.tallies = {{"CAID 2024", "1", 2}, {"CAID 2024", "2", 1}, {"own.md5", "", 4}};
    s.matches = 6, s.problems = 1'234;
    s.first_match_seconds = 0.42;
    return s;
}

std::string drawn(const Snapshot& s, ScreenSize size = {}) {
    return fmt::format("{}", fmt::join(screen_lines(s, size), "\n"));
}

std::string text_of(std::FILE* file) {
    std::rewind(file);
    std::string text;
    for (int c; (c = std::fgetc(file)) != EOF;) text += static_cast<char>(c);
    return text;
}

}  // namespace

TEST_CASE("the screen says what, how far, how long, and what was found, by list and category") {
    CHECK(drawn(reading()) ==
          "Evidence   AB/1: disk.E01, 1.2 GiB in 3 files\n"
          "Elapsed    1 min 12 s\n"
          "Done       12,345 of 50,000 entries, 3.0 GiB of 12.0 GiB (25.0 %)\n"
          "Remaining  about 3 min\n"
          "Matches    6; the first after 0.4 s\n"
          "           2 in CAID 2024, category 1\n"
          "           1 in CAID 2024, category 2\n"
          "           4 in own.md5\n"
          "Problems   1,234");
}

TEST_CASE("while it lists, the screen claims no share and no remaining time") {
    Snapshot s = reading();
    s.phase = Phase::listing, s.matches = 0, s.tallies.clear(), s.first_match_seconds.reset();
    s.evidences = 3, s.evidence_number = 2;
    CHECK(drawn(s) ==
          "Evidence   AB/1: disk.E01, 1.2 GiB in 3 files (2 of 3)\n"
          "Elapsed    1 min 12 s; volume 2 of 2 is listed\n"
          "Done       12,345 of 50,000 entries so far, 3.0 GiB of 12.0 GiB so far\n"
          "Remaining  not known: still listing\n"
          "Matches    0\n"
          "Problems   1,234");
}

TEST_CASE("what holds things up is told by volume and address") {
    Snapshot s = reading();
    const auto last_line = [&] { return screen_lines(s, {}).back(); };
    s.held_up_by = BusyWith{0, "p1", 64, 5 * gib, 1, 45};
    CHECK(last_line() == "Waits for  p1, address 64, content of 5.0 GiB, for 45 s");
    s.held_up_by = BusyWith{0, "p1", 64, gib, 257, 45};
    CHECK(last_line() == "Waits for  p1, address 64 and 256 more contents, for 45 s");
    s.held_up_by = BusyWith{0, "p1", 64, 0, 0, 31};
    CHECK(last_line() == "Waits for  p1, address 64, where the listing stands, for 31 s");
    s.held_up_by = BusyWith{0, "", 0, 0, 0, 31};
    CHECK(last_line() == "Waits for  the evidence, which is being opened, for 31 s");
    s.held_up_by = BusyWith{0, "p1", 64, gib, 1, 3700}, s.held_up_evidence = "stick";
    CHECK(last_line() == "Waits for  stick, p1, address 64, content of 1.0 GiB, for 1 h 01 min");
}

TEST_CASE("a discreet screen shows progress and no word of what was found") {
    Snapshot s = reading();
    s.is_discreet = true;
    CHECK(drawn(s) ==
          "Evidence   AB/1: disk.E01, 1.2 GiB in 3 files\n"
          "Elapsed    1 min 12 s\n"
          "Done       12,345 of 50,000 entries, 3.0 GiB of 12.0 GiB (25.0 %)\n"
          "Remaining  about 3 min");
    CHECK(plain_line(s) ==
          "1 min 12 s: AB/1: disk.E01, 1.2 GiB in 3 files; 12,345 of 50,000 entries, 3.0 GiB of 12.0 GiB (25.0 %); "
          "remaining: about 3 min");
}

TEST_CASE("counts of a resumed scan say since when they count") {
    Snapshot s = reading();
    s.is_resumed = true;
    CHECK(screen_lines(s, {})[4] == "Matches    6 since the scan went on; the first after 0.4 s");
}

TEST_CASE("a stop, the sealing and the reports are said") {
    Snapshot s = reading();
    s.is_stopping = true;
    CHECK(screen_lines(s, {})[1] == "Stopping   what is done is kept; Ctrl-C again ends it at once");
    s.is_stopping = false;
    s.phase = Phase::sealing;
    CHECK(screen_lines(s, {})[3] == "Remaining  everything is read; the case is being sealed");
    s.phase = Phase::reporting;
    CHECK(screen_lines(s, {})[3] == "Remaining  everything is read; the reports are being written");
}

TEST_CASE("a plain line says the same in one line") {
    Snapshot s = reading();
    s.held_up_by = BusyWith{0, "p1", 64, 5 * gib, 1, 45};
    s.is_stopping = true;
    CHECK(plain_line(s) ==
          "1 min 12 s: AB/1: disk.E01, 1.2 GiB in 3 files; 12,345 of 50,000 entries, 3.0 GiB of 12.0 GiB (25.0 %); "
          "remaining: about 3 min; matches: 6; the first after 0.4 s; problems: 1,234; waits for: p1, address 64, "
          "content of 5.0 GiB, for 45 s; stopping");
}

TEST_CASE("lines fit every size of a terminal, and hostile names drive none") {
    Snapshot s = reading();
    s.evidence = "\x1b[2J\x07\xC2\x9B evil \xE6\xBC\xA2\xE5\xAD\x97 " + std::string(300, 'w') + "\xFF\n";
    s.held_up_by = BusyWith{0, "\x1b]0;x\x07", ~0ull, ~0ull, 1, 1e9}, s.held_up_evidence = s.evidence;
    for (int i = 0; i < 40; ++i) s.tallies.push_back({"\x1b[31mred", std::string(90, 'c') + "\r", ~0ull});
    for (std::size_t columns = 1; columns <= 200; ++columns)
        for (const std::size_t rows : {1u, 2u, 5u, 24u, 100u}) {
            const auto lines = screen_lines(s, {columns, rows});
            CHECK(lines.size() <= std::max<std::size_t>(rows - 1, 1));
            std::size_t widest = 0;
            bool has_control = false;
            for (const std::string& line : lines) {
                widest = std::max(widest, columns_of(line));
                for (const char c : line) has_control |= static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
                has_control |= line.find("\xC2\x9B") != std::string::npos;
            }
            CHECK_FALSE(has_control);
            if (columns > 2) CHECK(widest < columns);
        }
    CHECK(plain_line(s).find('\x1b') == std::string::npos);
}

TEST_CASE("of more lists and categories than there is room for the number of the others is said") {
    Snapshot s = reading();
    for (int i = 3; i < 20; ++i) s.tallies.push_back({"CAID 2024", std::to_string(i), 1});
    const auto lines = screen_lines(s, {80, 24});
    CHECK(lines[13] == "           and 12 more of lists and categories");
    CHECK(lines.back() == "Problems   1,234");
    const auto few = screen_lines(s, {80, 10});
    CHECK(few.size() == 9);
    CHECK(few.back() == "Problems   1,234");
}

TEST_CASE("times are rounded as far as they are known") {
    CHECK(about(0) == "a few seconds");
    CHECK(about(9.9) == "a few seconds");
    CHECK(about(10) == "about 10 s");
    CHECK(about(41) == "about 50 s");
    CHECK(about(91) == "about 2 min");
    CHECK(about(5400) == "about 90 min");
    CHECK(about(5401) == "about 1 h 40 min");
    CHECK(about(1e300) == "more than 1,000 h");
    CHECK(exactly(0.04) == "0.0 s");
    CHECK(exactly(59.9) == "59 s");
    CHECK(exactly(60) == "1 min 00 s");
    CHECK(exactly(7265) == "2 h 01 min");
}

TEST_CASE("remaining time is told of what was read lately, and not of nothing") {
    CHECK(seconds_for(100, 10, 50) == 20.0);
    CHECK(seconds_for(0, 0, 0) == 0.0);
    CHECK_FALSE(seconds_for(100, 10, 0));
    CHECK_FALSE(seconds_for(100, 1, 50));
}

TEST_CASE("a speed that is not known yet, and a time limit that comes first, are said") {
    Snapshot s = reading();
    const auto remaining = [&] { return screen_lines(s, {})[3]; };
    s.seconds_to_deadline = 100;  // of 170 that are needed
    CHECK(remaining() == "Remaining  about 3 min; its time limit ends it in about 2 min at the latest");
    s.seconds_to_deadline = 200;
    CHECK(remaining() == "Remaining  about 3 min");
    s.seconds_to_deadline.reset(), s.seconds_left.reset();
    CHECK(remaining() == "Remaining  not known: nothing was read lately");
    s.is_speed_known = false;
    CHECK(remaining() == "Remaining  not known yet");
}

TEST_CASE("what was read beside the listing tells no speed, and a run past its time limit is stopping") {
    Progress progress;
    progress.bytes_listed = 100;
    const std::atomic<bool> stop{false};
    SnapshotTaker early(progress, {{"a"}, {}, false, false, Progress::Clock::now() + std::chrono::hours(1)}, stop);
    CHECK_FALSE(early.take().is_stopping);
    CHECK(early.take().seconds_to_deadline > 3500);
    std::this_thread::sleep_for(std::chrono::milliseconds(2100));
    progress.bytes_examined = 50;
    CHECK(early.take().is_speed_known);
    progress.phase = Phase::reading;
    const Snapshot begun = early.take();
    CHECK_FALSE(begun.is_speed_known);
    CHECK_FALSE(begun.seconds_left);
    SnapshotTaker late(progress, {{"a"}, {}, false, false, Progress::Clock::now()}, stop);
    CHECK(late.take().is_stopping);
    progress.is_stopping = true;  // a rule's, or enough matches
    CHECK(early.take().is_stopping);
}

TEST_CASE("an evidence is named by its exhibit and file, a device by what the kernel tells") {
    EvidenceSpec spec;
    spec.name = "disk.E01", spec.exhibit = "AB/1";
    spec.segments.resize(2);
    spec.segments[0].size = 5 * gib, spec.segments[1].size = gib / 2;
    CHECK(evidence_in_words(spec) == "AB/1: disk.E01, 5.5 GiB in 2 files");
    EvidenceSpec stick;
    stick.name = "sdb", stick.segments.resize(1);
    stick.device = BlockDevice{};
    stick.device->size = 28 * gib;
    CHECK(evidence_in_words(stick) == "sdb, 28.0 GiB");
    stick.device->model = "SanDisk Ultra", stick.device->serial = "4C53";
    CHECK(evidence_in_words(stick) == "sdb, SanDisk Ultra, serial 4C53, 28.0 GiB");
}

TEST_CASE("a snapshot is one moment of the counters, with what is waited for") {
    Progress progress;
    progress.entries_listed = 10, progress.entries_examined = 4, progress.bytes_listed = 100,
    progress.bytes_examined = 30;
    progress.matches = 1, progress.first_match_ms = 250;
    progress.count_match(0, "2");
    progress.name_volume(5, 1, "p3");
    progress.begin_listing(1, "p3");
    progress.listing_wait.milliseconds = 30'000;
    const std::atomic<bool> stop{false};
    SnapshotTaker taker(progress, {{"a.E01", "b.E01"}, {"list"}, false, false}, stop);
    Snapshot s = taker.take();
    CHECK(s.evidence == "b.E01");
    CHECK(s.evidence_number == 2);
    CHECK(s.tallies.at(0).list == "list");
    CHECK(s.tallies.at(0).category == "2");
    CHECK(s.first_match_seconds == 0.25);
    CHECK_FALSE(s.held_up_by);  // thirty seconds are not more than thirty
    CHECK_FALSE(s.seconds_left);
    progress.listing_wait.milliseconds = 30'100, progress.listing_wait.address = 9;
    s = taker.take();
    REQUIRE(s.held_up_by);
    CHECK(s.held_up_by->address == 9);
    CHECK(s.held_up_evidence == "b.E01");
    progress.phase = Phase::reading;  // the listing is over: nobody waits for it
    CHECK_FALSE(taker.take().held_up_by);
}

TEST_CASE("while contents are read, the first evidence that is being read is shown, not the one that was listed last") {
    Progress progress;
    progress.name_volume(4, 0, "p0"), progress.name_volume(5, 1, "p0");
    progress.begin_listing(2, "p0");
    progress.phase = Phase::reading;
    const std::atomic<bool> stop{false};
    SnapshotTaker taker(progress, {{"a", "b", "c"}, {}, false, false}, stop);
    CHECK(taker.take().evidence == "a");  // nothing says that it is done
    {
        const Progress::Examining later(progress, 5, {0, {}, 64, 10, 1, 0});
        CHECK(taker.take().evidence == "b");
        const Progress::Examining earlier(progress, 4, {0, {}, 64, 10, 1, 0});
        CHECK(taker.take().evidence == "a");
    }
    const Snapshot between = taker.take();
    CHECK(between.evidence == "a");
    CHECK(between.evidence_number == 1);
    CHECK(between.evidences == 3);
}

TEST_CASE("a frame is drawn over the one before, also where the terminal became narrower") {
    std::FILE* file = std::tmpfile();
    Frame frame(file);
    frame.draw({"0123456789", "abc"}, {80, 24});
    frame.draw({"x"}, {80, 24});
    frame.draw({"0123456789", "abc"}, {80, 24});
    frame.clear({4, 24});  // ten columns are three rows now
    CHECK(text_of(file) ==
          "\r0123456789\x1b[K\nabc\x1b[K\n\x1b[J"
          "\r\x1b[2Ax\x1b[K\n\x1b[J"
          "\r\x1b[1A0123456789\x1b[K\nabc\x1b[K\n\x1b[J"
          "\r\x1b[4A\x1b[J");
    std::fclose(file);
}
