// SPDX-License-Identifier: Apache-2.0
// Damaged, foreign and hostile set files; protected ones.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <set>

#include "engine/base/error.h"
#include "engine/hash/hasher.h"
#include "tests/support/known_sets.h"
#include "tests/support/scratch_file.h"
#include "tests/support/signed_set.h"

namespace triage {
namespace {

KnownRecord record(std::string_view text, std::uint64_t position) {
    KnownRecord r;
    r.digests = hash_of(as_bytes(text));
    r.size = text.size();
    r.position = position;
    r.label = fmt::format("label of {}", text);
    r.category = {"VICS 2.0", std::to_string(position % 3)};
    return r;
}

std::vector<KnownRecord> records(std::size_t count) {
    std::vector<KnownRecord> all;
    for (std::size_t i = 0; i < count; ++i) all.push_back(record(fmt::format("in {}", i), i));
    return all;
}

Bytes bytes_of(int fd) {
    Bytes bytes(static_cast<std::size_t>(::lseek(fd, 0, SEEK_END)));
    REQUIRE(::pread(fd, bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size()));
    ::close(fd);
    return bytes;
}

KnownSet opened(const Bytes& bytes, const Secret* secret = nullptr) {
    const int fd = test::memory_file();
    REQUIRE(::write(fd, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()));
    return KnownSet::open(fd, "set.tks", secret);
}

// What opening, checking and asking says; empty when nothing.
std::string complaint(const Bytes& bytes, const Secret* secret = nullptr) {
    try {
        const KnownSet set = opened(bytes, secret);
        set.check();
        for (int i = 0; i < 50; ++i) test::matches_in(set, hash_of(as_bytes(fmt::format("in {}", i))), 5);
    } catch (const Error& error) {
        return error.what();
    }
    return {};
}

// The set after `change` of its superblock, signed again: what all of it says, walked too.
template <class Change>
std::string complaint_after(Bytes bytes, Change change) {
    tks::Superblock s = test::superblock_of(bytes);
    const auto section = [&](tks::SectionKind kind, Algorithm a = Algorithm::md5) -> tks::Section& {
        for (tks::Section& each : s.sections)
            if (each.kind == kind && each.algorithm == static_cast<std::uint32_t>(a)) return each;
        throw std::logic_error("no such section");
    };
    change(s, section, bytes);
    test::put_superblock(bytes, s);
    test::sign(bytes);
    try {
        const KnownSet set = opened(bytes);
        set.check();
        for (const Algorithm a : all_algorithms)
            for (KnownSet::Walk walk(set, a); walk.digest(); walk.next()) {
                Digests digests;
                digests.set(*walk.digest());
                test::matches_in(set, digests, 5);
            }
    } catch (const Error& error) {
        return error.what();
    }
    return {};
}

Secret key_file(char fill) { return {Secret::Kind::key_file, Bytes(32, static_cast<std::byte>(fill))}; }

}  // namespace

TEST_CASE("the same records give the same bytes, and as much memory as little") {
    const std::vector<KnownRecord> all = records(30'000);
    const Bytes first = bytes_of(test::compile(all));
    CHECK(first == bytes_of(test::compile(all)));
    test::SetOptions large;
    large.memory = 1 << 30;
    CHECK(first == bytes_of(test::compile(all, large)));
}

TEST_CASE("a set that is cut anywhere is refused") {
    const Bytes whole = bytes_of(test::compile(records(2000)));
    for (std::size_t size :
         {std::size_t{0}, std::size_t{1}, std::size_t{4095}, std::size_t{4096}, whole.size() / 2, whole.size() - 1})
        CHECK_FALSE(complaint({whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)}).empty());
    CHECK(complaint(whole).empty());
}

TEST_CASE("a changed bit is found wherever it is, and the block is named") {
    const Bytes whole = bytes_of(test::compile(records(20'000)));
    REQUIRE(whole.size() > 10 * 65536);
    for (std::size_t at = 0; at < whole.size(); at += 5003) {
        Bytes changed = whole;
        changed[at] ^= std::byte{4};
        const std::string said = complaint(changed);
        CAPTURE(at);
        REQUIRE_FALSE(said.empty());
        const std::size_t checksums = whole.size() - (whole.size() / 65536 + 2) * 8;
        if (at >= 4096 && at < checksums)
            CHECK(said.find(fmt::format("block {} ", (at - 4096) / 65536)) != std::string::npos);
    }
}

TEST_CASE("a damaged block is refused by the look-up that touches it, not by others") {
    const Bytes whole = bytes_of(test::compile(records(20'000)));
    Bytes changed = whole;
    changed[4096 + 20 * 65536] ^= std::byte{1};
    const KnownSet set = opened(changed);
    std::size_t found = 0, refused = 0;
    for (int i = 0; i < 20'000; i += 7) try {
            found += test::matches_in(set, hash_of(as_bytes(fmt::format("in {}", i))), 5).size();
        } catch (const Error&) {
            ++refused;
        }
    CHECK(found > 0);
    CHECK(refused > 0);
}

// Checksums say that a file is as it was written, not that an honest program wrote it.
TEST_CASE("a hostile set with right checksums is refused") {
    using Kind = tks::SectionKind;
    std::vector<KnownRecord> all = records(20'000);
    all.push_back(all.front());
    all.back().label = "a second mention";
    const Bytes bytes = bytes_of(test::compile(all));
    CHECK(complaint_after(bytes, [](auto&, auto&, auto&) {}).empty());
    for (const Kind kind : {Kind::identity, Kind::column, Kind::buckets, Kind::shards, Kind::filter, Kind::records,
                            Kind::mentions, Kind::labels})
        for (const std::uint64_t offset : {0ull, 8ull, 4095ull, ~0ull - 4096, ~0ull}) {
            CAPTURE(static_cast<int>(kind));
            CAPTURE(offset);
            CHECK_FALSE(
                complaint_after(bytes, [&](auto&, auto& section, auto&) { section(kind).offset = offset; }).empty());
        }
    for (const Kind kind : {Kind::column, Kind::buckets, Kind::shards, Kind::filter, Kind::records, Kind::mentions})
        for (const std::uint64_t length : {~0ull, 1ull << 40, 0ull}) {
            CAPTURE(static_cast<int>(kind));
            CAPTURE(length);
            CHECK_FALSE(
                complaint_after(bytes, [&](auto&, auto& section, auto&) { section(kind).length = length; }).empty());
        }
    // Eight times it wraps to 0; the rows are as long as the lie says.
    CHECK(complaint_after(bytes, [](auto&, auto& section, auto&) {
              tks::Section& rows = section(Kind::column);
              rows.dropped = 0x2000'0000, rows.rows = 0, rows.length = 0;
          }) == "known set: the sections of a column contradict each other");
    // The last bucket ends before the rows, or behind them.
    for (const std::uint32_t end : {0u, 19'999u, 20'001u, 0xFFFF'FFFFu})
        CHECK(complaint_after(bytes, [&](auto&, auto& section, Bytes& whole) {
                  const tks::Section& buckets = section(Kind::buckets);
                  std::memcpy(&whole[buckets.offset + buckets.length - 4], &end, 4);
              }) == "known set: the last bucket of a column does not end with its rows");
    CHECK_FALSE(complaint_after(bytes, [](auto&, auto& section, Bytes& whole) {
                    std::memset(&whole[section(Kind::buckets).offset + 40], 0xFF, 4);
                }).empty());
    CHECK_FALSE(complaint_after(bytes, [](auto&, auto& section, Bytes& whole) {
                    std::memset(&whole[section(Kind::records).offset + 9], 0xFF, 9);
                }).empty());
    for (const std::uint64_t rows : {0ull, 1ull, ~0ull})
        CHECK(complaint_after(bytes, [&](auto&, auto& section, auto&) { section(Kind::sizes).rows = rows; }) ==
              "set.tks: is damaged: its sizes contradict their number");
    CHECK(complaint_after(bytes, [](auto&, auto& section, Bytes& whole) {
              whole[section(Kind::sizes).offset] ^= std::byte{1};
          }) == "set.tks: is damaged: its sizes are not those of its records");
    CHECK(complaint_after(bytes, [](auto&, auto& section, Bytes& whole) {
              std::memset(&whole[section(Kind::labels).offset], 0xFF, 100);
          }) == "set.tks: is damaged: a label is longer than any");
}

TEST_CASE("a set of records that take no bytes cannot have more of them than rows") {
    std::vector<KnownRecord> all = records(300);
    for (KnownRecord& record : all) record.size.reset();
    const Bytes bytes = bytes_of(test::compile(all));
    REQUIRE(test::superblock_of(bytes).record_widths.total() == 0);
    for (const std::uint64_t lie : {901ull, 0xFFFF'FFFEull})
        CHECK(complaint_after(bytes, [&](tks::Superblock& s, auto&, auto&) { s.records = lie; }) ==
              "set.tks: is damaged: its tables contradict its superblock");
}

TEST_CASE("what is no set, or of another version, says so") {
    CHECK(complaint(Bytes(8192)) == "set.tks: is no compiled set");
    Bytes other = bytes_of(test::compile(records(3)));
    other[8] = std::byte{9};
    CHECK(complaint(other) == "set.tks: is of version 9; this build reads 1");
    CHECK(complaint({}) == "set.tks: is no compiled set: too short for one");
}

TEST_CASE("a protected set opens with its key alone, and finds what a plain one finds") {
    const Secret secret = key_file('k'), wrong = key_file('w');
    const SetKey key(secret);
    test::SetOptions options;
    options.key = &key;
    options.identity.name = "confidential";
    const Bytes bytes = bytes_of(test::compile(records(3000), options));
    const KnownSet set = opened(bytes, &secret);
    CHECK(set.is_protected());
    CHECK(set.identity().name == "confidential");
    const KnownSet plain = test::set_of(records(3000));
    for (int i = 0; i < 3100; i += 31) {
        const Digests digests = hash_of(as_bytes(fmt::format("in {}", i)));
        CHECK(test::matches_in(set, digests, 5) == test::matches_in(plain, digests, 5));
    }
    CHECK(complaint(bytes) == "set.tks: is protected");
    CHECK(complaint(bytes, &wrong) == "set.tks: cannot be opened with this key");
    const Secret passphrase(Secret::Kind::passphrase, Bytes(8, std::byte{'p'}));
    CHECK(complaint(bytes, &passphrase) == "known set: is protected by a key file, not by a passphrase");
}

TEST_CASE("a protected set holds nothing of its list") {
    const SetKey key(key_file('k'));
    test::SetOptions options;
    options.key = &key;
    options.identity.name = "confidential";
    const std::vector<KnownRecord> all = records(500);
    const Bytes bytes = bytes_of(test::compile(all, options));
    const std::string_view text = as_text(bytes);
    CHECK(text.find("confidential") == std::string_view::npos);
    CHECK(text.find("label of") == std::string_view::npos);
    CHECK(text.find("VICS") == std::string_view::npos);
    for (const KnownRecord& r : all)
        for (const Algorithm a : all_algorithms) {
            const ByteView digest = r.digests.get(a)->view();
            // Rows leave out leading bytes: any eight in the middle would show.
            REQUIRE(text.find(as_text(digest.subspan(4, 8))) == std::string_view::npos);
        }
}

TEST_CASE("a protected set by a passphrase opens with it") {
    const Secret secret(Secret::Kind::passphrase, Bytes(12, std::byte{'p'}));
    const SetKey key(secret);
    test::SetOptions options;
    options.key = &key;
    const Bytes bytes = bytes_of(test::compile(records(10), options));
    CHECK(complaint(bytes, &secret).empty());
    const Secret wrong(Secret::Kind::passphrase, Bytes(12, std::byte{'q'}));
    CHECK(complaint(bytes, &wrong) == "set.tks: cannot be opened with this key");
}

TEST_CASE("a changed bit of a protected set is found") {
    const Secret secret = key_file('k');
    const SetKey key(secret);
    test::SetOptions options;
    options.key = &key;
    const Bytes whole = bytes_of(test::compile(records(2000), options));
    for (std::size_t at = 0; at < whole.size(); at += 9973) {
        Bytes changed = whole;
        changed[at] ^= std::byte{1};
        CAPTURE(at);
        CHECK_FALSE(complaint(changed, &secret).empty());
    }
}

TEST_CASE("the sizes of a set are kept, each once; where they are not, its records tell them") {
    const auto sizes_in = [](const Bytes& bytes, const Secret* secret = nullptr) {
        std::vector<std::uint64_t> sizes;
        opened(bytes, secret).for_each_size([&](std::optional<std::uint64_t> size) {
            sizes.push_back(size.value_or(0));
            return true;
        });
        return sizes;
    };
    std::vector<KnownRecord> all = records(1200);
    all[7].size = std::uint64_t{3} << 40;
    const std::vector<std::uint64_t> expected{4, 5, 6, 7, std::uint64_t{3} << 40};
    CHECK(sizes_in(bytes_of(test::compile(all))) == expected);

    const Secret secret(Secret::Kind::key_file, Bytes(32, std::byte{7}));
    const SetKey key(secret);
    test::SetOptions is_protected;
    is_protected.key = &key;
    CHECK(sizes_in(bytes_of(test::compile(all, is_protected)), &secret) == expected);

    Bytes without = bytes_of(test::compile(all));
    tks::Superblock s = test::superblock_of(without);
    for (tks::Section& section : s.sections)
        if (section.kind == tks::SectionKind::sizes) section.kind = static_cast<tks::SectionKind>(99);
    test::put_superblock(without, s);
    test::sign(without);
    const std::vector<std::uint64_t> of_records = sizes_in(without);
    CHECK(of_records.size() == 1200);
    CHECK(std::set(of_records.begin(), of_records.end()) == std::set(expected.begin(), expected.end()));

    all[3].size.reset();
    CHECK(sizes_in(bytes_of(test::compile(all))).size() == 1200);
}

}  // namespace triage
