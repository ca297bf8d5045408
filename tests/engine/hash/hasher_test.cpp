// SPDX-License-Identifier: Apache-2.0
// Expected digests: RFC 1321 A.5, FIPS 180-2 appendices A and B, checked against md5sum, sha1sum and sha256sum.
#include "engine/hash/hasher.h"

#include <doctest/doctest.h>

#include "engine/base/error.h"
#include "tests/support/scratch_file.h"

namespace triage {
namespace {

struct Vector {
    std::string text;
    const char *md5, *sha1, *sha256;
};
const Vector vectors[] = {
    {"", "d41d8cd98f00b204e9800998ecf8427e", "da39a3ee5e6b4b0d3255bfef95601890afd80709",
     "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
    {"abc", "900150983cd24fb0d6963f7d28e17f72", "a9993e364706816aba3e25717850c26c9cd0d89d",
     "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
    {std::string(1'000'000, 'a'), "7707d6ae4e027c70eea2a935c2296f21", "34aa973cd4c4daa4f61eeb2bdbad27316534016f",
     "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"},
};

AlgorithmSet only(Algorithm algorithm) {
    AlgorithmSet set;
    set.add(algorithm);
    return set;
}

void check(const Digests& digests, const Vector& vector) {
    CHECK(digests.md5->hex() == vector.md5);
    CHECK(digests.sha1->hex() == vector.sha1);
    CHECK(digests.sha256->hex() == vector.sha256);
}

}  // namespace

TEST_CASE("published vectors have their published digests") {
    for (const Vector& vector : vectors) check(hash_of(as_bytes(vector.text)), vector);
}

TEST_CASE("a hasher is reused, and pieces of any length make the same digests") {
    Hasher hasher(AlgorithmSet::all());
    for (const std::size_t step : {1000u, 63u, 64u, 65u, 1000000u})
        for (const Vector& vector : vectors) {
            hasher.begin();
            for (std::size_t at = 0; at < vector.text.size(); at += step)
                hasher.update(as_bytes(std::string_view(vector.text).substr(at, step)));
            check(hasher.finish(), vector);
        }
}

TEST_CASE("begin forgets what came before") {
    Hasher hasher(AlgorithmSet::all());
    hasher.update(as_bytes("left over"));
    hasher.begin();
    hasher.update(as_bytes("abc"));
    Hasher moved = std::move(hasher);
    check(moved.finish(), vectors[1]);
}

TEST_CASE("algorithms are fed side by side") {
    Hasher hasher(AlgorithmSet::all());
    for (const Algorithm a : all_algorithms)
        for (const char* piece : {"a", "bc"}) hasher.update(a, as_bytes(piece));
    check(hasher.finish(), vectors[1]);
}

TEST_CASE("only the algorithms asked for are computed") {
    const Digests digests = hash_of(as_bytes("abc"), only(Algorithm::sha1));
    CHECK(digests.algorithms() == only(Algorithm::sha1));
    CHECK(digests.sha1->hex() == vectors[1].sha1);
    CHECK(hash_of(as_bytes("abc"), {}) == Digests{});
}

TEST_CASE("a file has the SHA-256 of its bytes, and a missing one is an error that names it") {
    const test::ScratchFile file(vectors[2].text);
    CHECK(sha256_of_file(file.path()) == vectors[2].sha256);
    CHECK_THROWS_WITH_AS(sha256_of_file("/no/such/list"), "/no/such/list: No such file or directory", Error);
    CHECK_THROWS_AS(sha256_of_file("/tmp"), Error);
}

}  // namespace triage
