// SPDX-License-Identifier: Apache-2.0
// A configuration is accepted or refused with an Error; what is accepted reads back as the same.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "config/config.h"
#include "engine/base/error.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string text(reinterpret_cast<const char*>(data), size);
    try {
        const triage::Configuration first = triage::parse_resolved(text);
        if (triage::parse_resolved(first.resolved_yaml).resolved_yaml != first.resolved_yaml) std::abort();
    } catch (const triage::Error&) {
        // refused
    }
    return 0;
}
