// SPDX-License-Identifier: Apache-2.0
#include "tests/fuzz/database_fuzz.h"

namespace triage {
const ListFormat& kdb_list();
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    return triage::test::fuzz_database(triage::kdb_list(), data, size);
}
