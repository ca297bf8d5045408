// SPDX-License-Identifier: Apache-2.0
// How the files of an EWF set are named: image.E01 … image.E99, image.EAA … image.ZZZ; SMART sets likewise from s01.
// (Metz, "Expert Witness Compression Format", section "Segment file extensions".) Pure, but for `find_set`, which lists
// a directory and looks at first bytes; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace triage::ewf {

// The number that the extension of `path` says in a set whose first letter is `family` ('E', 'S' or 'L'; case does not
// matter); nothing when the extension cannot belong to such a set.
std::optional<std::uint32_t> segment_number(std::string_view path, char family);

// Can the file be a segment by its name?
bool is_segment_name(std::string_view path);

// The numbers that the names of a set's files say, 0 for other names. Looks at names only: it runs in the sandbox.
std::vector<std::uint32_t> segment_numbers(const std::vector<std::string>& set);

// The files of the set of `path`, in order.
std::vector<std::string> find_set(const std::string& path);

}  // namespace triage::ewf
