// SPDX-License-Identifier: Apache-2.0
#include "engine/hash/uuid.h"

#include <doctest/doctest.h>

#include "tests/engine/case/sample_case.h"

using namespace triage;

namespace {

std::string text_of(const Uuid& uuid) {
    std::string text;
    append_uuid(text, uuid);
    return text;
}

}  // namespace

TEST_CASE("the UUID of a name is that of Python's uuid5") {
    const std::string text = sample::output_of(
        "python3 -c 'import uuid; u = uuid.uuid5(uuid.NAMESPACE_URL, \"urn:x\"); print(u, uuid.uuid5(u, \"\"), "
        "uuid.uuid5(u, \"é\" * 500))'");
    const Uuid first = uuid_of_name(uuids_of_urls, "urn:x");
    std::string name;
    for (int i = 0; i < 500; ++i) name += "é";
    CHECK(text ==
          text_of(first) + " " + text_of(uuid_of_name(first, "")) + " " + text_of(uuid_of_name(first, name)) + "\n");
}
