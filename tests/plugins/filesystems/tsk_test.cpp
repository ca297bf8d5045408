// SPDX-License-Identifier: Apache-2.0
// What stands beside a file system that is read. Offsets and marks as in tests/plugins/tsk/recognise_test.cpp.
#include <doctest/doctest.h>

#include "tests/support/fat12.h"

using namespace triage;
using namespace triage::test;
using namespace std::string_view_literals;

namespace {

std::string told(const Gathered& gathered) {
    std::string all;
    for (const Problem& p : gathered.problems) all += std::string(to_string(p.kind)) + ": " + p.detail + "\n";
    return all;
}

}  // namespace

TEST_CASE("what stands beside a readable file system and is not read is told") {
    struct Row {
        std::size_t at;
        std::string_view mark, told;
    };
    for (const Row& row :
         {Row{0x10040, "_BHRfS_M"sv, "unsupported: beside what was read: Btrfs: not read by this build\n"sv},
          Row{0x8001, "NSR02"sv, "unsupported: beside what was read: UDF: not read by this build\n"sv},
          Row{16384, "SKUL\xba\xbe"sv,
              "locked: beside what was read: encrypted with LUKS (second header); no key is known\n"sv},
          Row{88, "CS"sv, ""sv}, Row{1030, "\x34\x34"sv, ""sv}, Row{4086, "SWAPSPACE2"sv, ""sv}}) {
        CAPTURE(row.mark);
        Fat12 fat = sample();
        put_text(fat.media, row.at, row.mark);
        const Gathered gathered = walk(fat);
        CHECK(gathered.paths() == "/A.TXT /DIR/C.TXT /_.TXT");
        CHECK(told(gathered) == row.told);
    }
}
