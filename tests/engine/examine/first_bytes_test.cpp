// SPDX-License-Identifier: Apache-2.0
#include "engine/examine/first_bytes.h"

#include <doctest/doctest.h>

#include "tests/support/media.h"

using namespace triage;
using namespace triage::test;

namespace {

constexpr std::string_view png = "\x89PNG\r\n\x1A\n";
constexpr std::size_t size = 128 << 10;

Bytes starting_with(std::string_view start, std::size_t at = 0) {
    Bytes bytes(size, std::byte{'x'});
    put_text(bytes, at, start);
    return bytes;
}

// Its type, "unknown" where no signature fits, "unread" where it stays open.
std::string type_of_content(const Bytes& bytes, std::set<std::uint64_t> bad_sectors = {}, std::uint64_t claimed = 0) {
    const PlainMedia media(bytes, std::move(bad_sectors));
    Entry entry;
    entry.size = claimed > 0 ? claimed : bytes.size();
    if (!bytes.empty()) entry.extents = {{0, bytes.size()}};
    Examined examined{Status::skipped, Reason::size, 0, {}, {}};
    const bool is_told = FirstBytes().tell_type(media.reader(), entry, examined);
    CHECK(examined.is_typed == is_told);
    CHECK(examined.status == Status::skipped);
    if (!is_told) return "unread";
    return examined.type.empty() ? "unknown" : examined.type;
}

}  // namespace

TEST_CASE("the first bytes tell the type, and no more is read than tells it") {
    CHECK(type_of_content(starting_with(png)) == "image/png");
    CHECK(type_of_content(starting_with(png), {8}) == "image/png");  // behind 4 KiB nothing is asked for
    CHECK(type_of_content(starting_with("CD001", 32769)) == "application/x-iso9660-image");
    CHECK(type_of_content(starting_with("?")) == "unknown");
    CHECK(type_of_content({}) == "unknown");
    CHECK(type_of_content(Bytes(4096, std::byte{'x'})) == "unknown");
}

TEST_CASE("where libmagic is asked too, 16 KiB are read and kept of what 4 KiB tell") {
    const auto kept = [](const Bytes& bytes, std::set<std::uint64_t> bad_sectors = {}) {
        const PlainMedia media(bytes, std::move(bad_sectors));
        Entry entry;
        entry.size = bytes.size();
        entry.extents = {{0, bytes.size()}};
        Examined examined;
        Bytes first;
        const bool is_told = FirstBytes().tell_type(media.reader(), entry, examined, &first);
        CHECK(std::equal(first.begin(), first.end(), bytes.begin()));
        return is_told ? first.size() : 0;
    };
    CHECK(kept(starting_with(png)) == 16384);
    CHECK(kept(starting_with("?")) == 16384);
    CHECK(kept(Bytes(100, std::byte{'x'})) == 100);
    CHECK(kept(Bytes(4096, std::byte{'x'})) == 4096);
    CHECK(kept(starting_with(png), {31}) == 0);
    CHECK(kept(starting_with(png), {32}) == 16384);
}

TEST_CASE("a type is not known where a byte that may tell it cannot be read") {
    CHECK(type_of_content(starting_with(png), {0}) == "unread");
    CHECK(type_of_content(starting_with("?"), {64}) == "unread");
    CHECK(type_of_content(starting_with("?"), {128}) == "unknown");  // at 64 KiB
    CHECK(type_of_content(Bytes(4096, std::byte{'x'}), {}, 4097) == "unread");
    CHECK(type_of_content(Bytes(100, std::byte{'x'}), {}, 4097) == "unread");
}
