// SPDX-License-Identifier: Apache-2.0
// Members of a ZIP file as streams; the only adaptor of libarchive. Only ZIP is switched on. One thread a stream.
#pragma once

#include <functional>
#include <istream>
#include <memory>
#include <string>
#include <vector>

namespace triage {

struct ArchiveMember {
    std::string name;  // as stored, folders included
};

// Regular files in the order of the archive, at most `most`. Throws Error when it cannot be read.
std::vector<ArchiveMember> list_archive(const std::string& path, std::size_t most);
// Calls `see` with the index of each of these members and its first bytes, at most `head_bytes`, in one pass.
// `is_damaged`: there should be more of them.
using SeeMember = std::function<void(std::size_t index, std::string head, bool is_damaged)>;
void read_archive_heads(const std::string& path, std::size_t most, std::size_t head_bytes, const SeeMember& see);
// The member at this index of list_archive, decompressed as it is read. A fault in mid-stream sets badbit.
std::unique_ptr<std::istream> open_archive_member(const std::string& path, std::size_t index);

}  // namespace triage
