// SPDX-License-Identifier: Apache-2.0
#include "tests/fuzz/list_fuzz.h"

namespace triage {
const ListFormat& icse_list();
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    return triage::test::fuzz_list(triage::icse_list(), data, size);
}
