// SPDX-License-Identifier: Apache-2.0
// The truth is file(1), another program of that library, on the same bytes.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <array>
#include <cstdio>
#include <memory>

#include "engine/base/error.h"
#include "engine/evidence/type_teller.h"
#include "tests/support/ewf_writer.h"
#include "tests/support/scratch_file.h"

namespace triage {
const TypeTeller& libmagic_types();
}

using namespace triage;
using namespace triage::test;

namespace {

std::string type_by_file(const std::string& path) {
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> out(
        popen(("file --brief --mime-type -m " + libmagic_types().database() + " " + path).c_str(), "r"), pclose);
    std::array<char, 256> line{};
    REQUIRE(out);
    REQUIRE(std::fgets(line.data(), line.size(), out.get()));
    const std::string text = line.data();
    return text.substr(0, text.find('\n'));
}

}  // namespace

TEST_CASE("libmagic says what file(1) says of the same bytes") {
    const TypeTeller::Tell tell = libmagic_types().load(libmagic_types().database());
    const ewf_test::Folder folder;
    const std::string zeros(3000, '\0');
    for (const std::string& content :
         {std::string("<?php echo 1; ?>\n"), std::string("#!/bin/sh\nexit 0\n"), std::string("only text\n"),
          std::string("{\"a\": [1, 2, {\"b\": null}]}\n"), std::string("From: a@example.org\nSubject: x\n\ntext\n"),
          std::string("\x89PNG\r\n\x1A\n") + zeros, std::string("GIF89a") + zeros, std::string("%PDF-1.7\n"),
          std::string("\xFF\xD8\xFF\xE0\0\x10JFIF\0", 11) + zeros, std::string("PK\3\4") + zeros, zeros,
          std::string("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1") + zeros, std::string("wOFF") + zeros, std::string("x"),
          std::string("\0", 1)}) {
        const std::string path = folder.save("content", as_bytes(content));
        CHECK(tell(as_bytes(content)) == type_by_file(path));
    }
    for (unsigned seed = 0; seed < 20; ++seed) {
        const std::string random = random_bytes(seed);
        CHECK(tell(as_bytes(random)) == type_by_file(folder.save("content", as_bytes(random))));
    }
}

TEST_CASE("libmagic's database names its types, and no others") {
    const std::string database = libmagic_types().database();
    for (const char* type : {"text/x-php", "text/*", "text/x-algol68", "font/woff"})
        CHECK(libmagic_types().names(database, type));
    for (const char* type : {"image/jpg", "text/x-ph", "pictures/*", "text/x-phpx"})
        CHECK_FALSE(libmagic_types().names(database, type));
}

TEST_CASE("what is no database cannot be loaded, and says so") {
    const ewf_test::Folder folder;
    CHECK_THROWS_AS(libmagic_types().load(folder.path("missing.mgc")), Error);
    CHECK_THROWS_AS(libmagic_types().load(folder.save("bad.mgc", as_bytes(std::string(5000, 'x')))), Error);
}
