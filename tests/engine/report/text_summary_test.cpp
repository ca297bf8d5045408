// SPDX-License-Identifier: Apache-2.0
#include "engine/report/text_summary.h"

#include <doctest/doctest.h>

#include "tests/engine/case/sample_case.h"

using namespace triage;
using namespace triage::sample;

TEST_CASE("lines are wrapped at 80 columns, with a hanging indent, and long words are broken") {
    TextPage page;
    page.line("one two", "  - ");
    page.line(std::string(70, 'a') + " bbbbb ccccc", "  - ");
    page.line(std::string(100, 'x'), "12345 ");
    page.line("", "  ");
    CHECK(page.text() ==
          "  - one two\n"
          "  - " +
              std::string(70, 'a') +
              " bbbbb\n"
              "    ccccc\n"
              "12345 " +
              std::string(74, 'x') +
              "\n"
              "      " +
              std::string(26, 'x') +
              "\n"
              "  \n");
}

TEST_CASE("a long word is never cut inside a character") {
    TextPage page;
    std::string word;
    for (int i = 0; i < 100; ++i) word += "\xC3\xA4";  // ä
    page.line(word, "");
    CHECK(page.text() == word.substr(0, 160) + "\n" + word.substr(160) + "\n");
}

TEST_CASE("100 % is said only when nothing is missing") {
    CHECK(share_in_words(10, 10) == "100.0 %");
    CHECK(share_in_words(0, 0) == "of nothing");
    CHECK(share_in_words(999'999, 1'000'000) == "99.9 %");
    CHECK(share_in_words(~0ull - 1, ~0ull) == "99.9 %");
    CHECK(share_in_words(1, 3) == "33.3 %");
    CHECK(share_in_words(0, 3) == "0.0 %");
}

TEST_CASE("the terminal summary puts the scope beside the verdict") {
    Folder folder;
    Store store = start(folder / "case.sqlite");
    VolumeRecord gap = volume(1, 0, 1, "gap0");
    gap.state = VolumeState::gap;
    gap.length = 1024;
    store.put_volume(gap);
    Examined matched = hashed();
    matched.matches = {match()};
    put(store, entry("/hit", 1, 1024), matched);
    put(store, entry("/mail.pst", 2, 2048), not_hashed(Status::partial, Reason::checksum, 512));
    store.seal(alert_on_match);
    CHECK(terminal_summary(make_context(store, false)) ==
          "Verdict:     MATCH, INCOMPLETE\n"
          "Not checked: 1 entry (2.0 KiB); what stands under Not looked into\n"
          "  - 1 entry partial: the container's checksum of the bytes is wrong (512 B\n"
          "    missing)\n"
          "\n"
          "Scope\n"
          "  Profile: default; hashes: md5, sha1, sha256\n"
          "  Hashed: 1 of 2 entries (50.0 %), 1.0 KiB of 3.0 KiB (33.3 %)\n"
          "  Excluded by size: 0 entries, 0 B; skipped by rule: 0 entries, 0 B\n"
          "  Without a hash for another reason: 1 entry, 2.0 KiB\n"
          "  Could not be read: 512 B\n"
          "\n"
          "Lists\n"
          "  1. bad.txt, notable, version 2024-05-01: 3 records in use of 3 read (md5,\n"
          "     sha1, sha256)\n"
          "     SHA-256 aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n"
          "\n"
          "Not looked into\n"
          "  The inside of mail stores (by name): 1 entry, 2.0 KiB\n"
          "  Space outside partitions: 1, 1.0 KiB\n"
          "  Unallocated space inside file systems, with what they keep for themselves:\n"
          "  about 512.0 KiB\n"
          "\n"
          "Found\n"
          "  Findings: 1 alert, 0 notice, 0 info\n"
          "  - disk.E01: bad.txt (notable), category 1: 1 entry, agree md5, sha1\n"
          "\n"
          "Next step\n"
          "  Stop here. Do not open, browse or copy anything on the device. Leave it as it\n"
          "  is, secure it, note the time, and call the digital forensics unit.\n"
          "  The answer does not cover everything: what was not checked stands above. Where\n"
          "  that matters, secure the device and have it examined in full.\n");
}

TEST_CASE("without a list the summary says that nothing was compared") {
    ReportContext context;
    context.verdict.is_compared = false;
    const std::string text = terminal_summary(context);
    CHECK(text.starts_with("Verdict:     NOT COMPARED\n"));
    CHECK(text.find("none: nothing was compared") != std::string::npos);
}
