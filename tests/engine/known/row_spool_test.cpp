// SPDX-License-Identifier: Apache-2.0
#include "engine/known/row_spool.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>

#include "engine/base/error.h"

namespace triage {
namespace {

std::vector<std::string> random_rows(std::size_t count) {
    std::mt19937 random(3);
    std::vector<std::string> rows(count);
    for (std::string& row : rows) {
        row.resize(16 + random() % 40);
        for (char& c : row) c = static_cast<char>(random());
    }
    return rows;
}

std::vector<std::string> sorted(RowSpool& spool) {
    std::vector<std::string> rows;
    spool.sorted([&](ByteView row) { rows.emplace_back(as_text(row)); });
    return rows;
}

}  // namespace

TEST_CASE("rows come back sorted as bytes, from memory and from the file") {
    for (const std::size_t piece : {300u, 4096u, 65536u}) {
        TemporaryFile file("/tmp");
        RowSpool spool(file, 64 << 20, piece);
        std::vector<std::string> rows = random_rows(30'000);
        rows.push_back(rows.front());  // twice
        for (const std::string& row : rows) spool.add(as_bytes(row));
        CHECK(spool.rows() == rows.size());
        std::sort(rows.begin(), rows.end());
        CHECK(sorted(spool) == rows);
        CHECK((file.size() > 0) == (piece < 4096));  // 30 rows of a partition fill the small pieces only
        CHECK(sorted(spool).empty());
    }
}

TEST_CASE("rows that all begin alike are refused when they exceed the memory") {
    TemporaryFile file("/tmp");
    RowSpool spool(file, 1 << 20, 4096);
    const Bytes row(100, std::byte{7});
    for (int i = 0; i < 10'000; ++i) spool.add(row);
    CHECK_THROWS_AS(sorted(spool), Error);
}

TEST_CASE("no temporary file can be made in a folder that is not there") {
    CHECK_THROWS_AS(TemporaryFile("/no/such/folder"), Error);
}

}  // namespace triage
