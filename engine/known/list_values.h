// SPDX-License-Identifier: Apache-2.0
// What the fields of lists say, the same for all formats: digests, sizes, words. Nothing here repeats a field in what
// it says of it: lists are confidential. Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "engine/hash/digest.h"

namespace triage {

std::string_view trimmed(std::string_view text);  // without spaces and tabs at both ends
std::string lower(std::string_view text);         // A to Z

// What is wrong with a text that Digest::parse refuses.
std::string why_no_digest(std::string_view text);

// Puts a digest of this algorithm, in hexadecimal, among those of a record. What is wrong with it, or nothing.
std::string put_digest(std::string_view hex, Algorithm algorithm, Digests& digests);

// A size in bytes, below 2^63 as every file's is; nothing when it is none.
std::optional<std::uint64_t> parse_list_size(std::string_view digits);

}  // namespace triage
