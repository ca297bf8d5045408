// SPDX-License-Identifier: Apache-2.0
#include "engine/hash/digest.h"

#include <doctest/doctest.h>

namespace triage {

TEST_CASE("a digest is parsed by its length, in both cases") {
    const auto lower = Digest::parse("900150983cd24fb0d6963f7d28e17f72");
    REQUIRE(lower);
    CHECK(lower->algorithm == Algorithm::md5);
    CHECK(lower->hex() == "900150983cd24fb0d6963f7d28e17f72");
    CHECK(Digest::parse("900150983CD24FB0D6963F7D28E17F72") == lower);
    CHECK(Digest::parse("a9993e364706816aba3e25717850c26c9cd0d89d")->algorithm == Algorithm::sha1);
    CHECK(Digest::parse(std::string(64, 'f'))->algorithm == Algorithm::sha256);
}

TEST_CASE("what is not a digest is not parsed") {
    for (const char* text : {"", "9", "900150983cd24fb0d6963f7d28e17f7", "900150983cd24fb0d6963f7d28e17f720",
                             "900150983cd24fb0d6963f7d28e17f7g", " 00150983cd24fb0d6963f7d28e17f72"})
        CHECK_FALSE(Digest::parse(text));
    CHECK_FALSE(Digest::parse(std::string(32, '\xC3')));
    CHECK_FALSE(Digest::parse(std::string(128, 'a')));  // SHA-512
}

TEST_CASE("digests know their algorithms") {
    Digests digests;
    CHECK(digests.algorithms().empty());
    digests.set(*Digest::parse(std::string(40, '1')));
    digests.set(*Digest::parse(std::string(64, '2')));
    CHECK(digests.algorithms().bits() == 6);
    CHECK(digests.get(Algorithm::sha256)->hex() == std::string(64, '2'));
    CHECK_FALSE(digests.get(Algorithm::md5));
}

}  // namespace triage
