// SPDX-License-Identifier: Apache-2.0
#include "engine/known/csv.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <sstream>

#include "tests/support/scratch_file.h"

namespace triage {
namespace {

using Lines = std::vector<std::string>;

// "1: a|b": the line, then the fields; "3! why" for a fault.
Lines read(const std::string& text, char separator = ',') {
    std::istringstream list(text);
    csv::Reader reader(list, separator);
    Lines result;
    while (reader.next()) {
        std::string line = std::to_string(reader.line()) + (reader.fault().empty() ? ": " : "! ");
        line += reader.fault();
        for (std::size_t i = 0; i < reader.fields().size(); ++i) {
            if (i > 0) line += '|';
            line += reader.fields()[i];
        }
        result.push_back(line);
    }
    return result;
}

std::string quoted(const std::string& text) {
    std::string result = "\"";
    for (const char c : text) result += c == '"' ? "\"\"" : std::string(1, c);
    return result + '"';
}

}  // namespace

TEST_CASE("CSV records are split at separators outside quotes") {
    CHECK(read("") == Lines{});
    CHECK(read("a,b\nc") == Lines{"1: a|b", "2: c"});
    CHECK(read("a,,\r\n\r\n,b\r\n") == Lines{"1: a||", "2: ", "3: |b"});
    CHECK(read("\"a,b\",\"c\"\"d\",\"\"\r\n\"\"\"\"") == Lines{"1: a,b|c\"d|", "2: \""});
    CHECK(read("a;b,c\n", ';') == Lines{"1: a|b,c"});
    CHECK(read("a\tb c\n", '\t') == Lines{"1: a|b c"});
    CHECK(read("a,5\" disk\n") == Lines{"1: a|5\" disk"});
}

TEST_CASE("quoted CSV fields may hold line ends, which count") {
    CHECK(read("x,\"a\nb\r\nc\",y\nz\n") == Lines{"1: x|a\nb\r\nc|y", "4: z"});
    CHECK(read("\"\n\"\n\"\n\"\nz") == Lines{"1: \n", "3: \n", "5: z"});
}

TEST_CASE("a CSV record with wrong quotes is a fault at its line, and reading goes on at the next") {
    CHECK(read("a,\"b\nc,d\n") == Lines{"1! a quote is not closed", "2: c|d"});
    CHECK(read("a,\"b\n\"c\",d\ne\n") == Lines{"1! text stands behind a closing quote", "2: c|d", "3: e"});
    CHECK(read("\"a\"b,c\nd\n") == Lines{"1! text stands behind a closing quote", "2: d"});
    CHECK(read("\"") == Lines{"1! a quote is not closed"});
    CHECK(read(std::string("a\0b\nc\n", 6)) == Lines{"1! holds a NUL byte", "2: c"});
}

TEST_CASE("CSV records, fields and their number are bounded") {
    const std::size_t most = csv::Reader::longest_record;
    CHECK(read(std::string(most, 'x') + "\r\nb\n").back() == "2: b");
    CHECK(read(std::string(most, 'x') + "\r\nb\n").front().size() == most + 3);
    CHECK(read(std::string(most + 2, 'x') + "\nb\n") == Lines{"1! longer than 1 MiB", "2: b"});
    CHECK(read("a\n" + std::string(100 << 20, ',') + "\nb") == Lines{"1: a", "2! longer than 1 MiB", "3: b"});
    CHECK(read("a\n" + std::string(8 << 20, ',')) == Lines{"1: a", "2! longer than 1 MiB"});
    CHECK(read(std::string(255, ',') + "\nb\n").front().size() == 3 + 255);
    CHECK(read(std::string(256, ',') + "\nb\n") == Lines{"1! more than 256 fields", "2: b"});
    const std::string open = "a,\"b\n" + std::string(3 << 20, '\n');
    const Lines lines = read(open + "c\"\nd");
    CHECK(lines.front() == "1! a quote is not closed");
    CHECK(lines.back() == std::to_string((3 << 20) + 3) + ": d");
}

TEST_CASE("an open quote on every CSV line costs no more than reading twice") {
    std::string text;
    const std::string line = "x\",\"b" + std::string(1000, 'y') + "\n";
    for (int i = 0; i < 20'000; ++i) text += line;
    const Lines lines = read(text);
    CHECK(lines.size() == 20'000);
    // Each of these faults was noticed 256 lines behind its own: few, or those lines were read again and again.
    const auto is_far = [](const std::string& read_line) { return read_line.ends_with("more than 256 fields"); };
    CHECK(std::count_if(lines.begin(), lines.end(), is_far) <= 20'000 / 250);
}

TEST_CASE("CSV fields that were quoted are read back as they were") {
    for (unsigned number = 0; number < 300; ++number) {
        std::mt19937 random(number);
        std::string text;
        Lines expected;
        std::uint64_t line = 1;
        for (unsigned i = 0; i < 40; ++i) {
            expected.push_back(std::to_string(line) + ": ");
            for (std::size_t fields = 1 + random() % 5, f = 0; f < fields; ++f) {
                std::string field;
                for (std::size_t n = random() % (i == 7 ? 100'000 : 9); n > 0; --n)
                    field += "ab,;\"\n\r "[random() % 8];
                text += (f > 0 ? "," : "") + quoted(field);
                expected.back() += (f > 0 ? "|" : "") + field;
                line += static_cast<std::uint64_t>(std::count(field.begin(), field.end(), '\n'));
            }
            text += random() % 2 == 0 ? "\n" : "\r\n";
            ++line;
        }
        REQUIRE(read(text) == expected);
    }
}

TEST_CASE("damaged CSV is read to its end, line after line") {
    const std::string seed = "\"a\",b,\"c\nd\"\n1,2,3\r\n\"x\"\"y\",,\n";
    for (unsigned i = 0; i < 3000; ++i) {
        const std::string text = i % 4 == 0 ? test::random_bytes(i) : test::mutated(seed, i);
        std::istringstream list(text);
        csv::Reader reader(list, ',');
        std::uint64_t line = 0;
        while (reader.next()) {
            REQUIRE(reader.line() > line);
            line = reader.line();
            REQUIRE(reader.fields().empty() == !reader.fault().empty());
        }
        REQUIRE(line <= static_cast<std::uint64_t>(std::count(text.begin(), text.end(), '\n')) + 1);
    }
}

TEST_CASE("sizes, digests and column names of CSV fields") {
    KnownRecord record;
    CHECK(csv::put_size(" 9223372036854775807 ", record).empty());
    CHECK(record.size == 9223372036854775807U);
    for (const char* bad : {"9223372036854775808", "-1", "1.0", "0x10", "1 2"})
        CHECK(csv::put_size(bad, record) == "the size is no number");
    CHECK(csv::put_digest("NULL", Algorithm::md5, record).empty());
    CHECK(csv::put_digest("d41d8cd98f00b204e9800998ecf8427e", Algorithm::sha1, record) ==
          "a digest is not as long as its name demands");
    CHECK(record.digests.algorithms().empty());
    CHECK(csv::comparable(" SHA-1 ") == "sha1");
}

}  // namespace triage
