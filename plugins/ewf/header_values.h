// SPDX-License-Identifier: Apache-2.0
// The texts of "header", "header2" and "xheader" sections → named values. Metz, "Header section", "Header2 section",
// "Xheader". Texts come from evidence: sizes are bounded before anything is decoded. Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/media/container.h"

namespace triage::ewf {

inline constexpr std::size_t largest_header = 1u << 20;       // bytes stored
inline constexpr std::size_t largest_header_text = 4u << 20;  // bytes decoded

struct HeaderText {
    std::vector<HeaderValue> values;
    std::string generation;  // what the form of the text says about its writer; may be empty
};

// Nothing when the section does not decode.
std::optional<HeaderText> parse_header(ByteView stored);   // 8-bit text
std::optional<HeaderText> parse_header2(ByteView stored);  // UTF-16 text
std::optional<std::string> inflate_text(ByteView stored);

// MD5 and SHA-1 of an "xhash" section.
std::vector<StoredDigest> parse_xhash(ByteView stored);

}  // namespace triage::ewf
