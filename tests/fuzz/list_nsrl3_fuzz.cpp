// SPDX-License-Identifier: Apache-2.0
#include "tests/fuzz/database_fuzz.h"

namespace triage {
const ListFormat& nsrl3_list();
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    return triage::test::fuzz_database(triage::nsrl3_list(), data, size);
}
