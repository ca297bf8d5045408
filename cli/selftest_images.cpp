// SPDX-License-Identifier: Apache-2.0
#include "cli/selftest_images.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <vector>

#include "engine/base/archive.h"
#include "engine/base/error.h"

namespace triage {
namespace {

// Zeros stay holes on the host: the larger images are little else.
void copy_sparsely(std::istream& from, const std::string& path) {
    std::ofstream out(path, std::ios::binary);
    std::vector<char> piece(1 << 16);
    std::uint64_t size = 0;
    while (from.read(piece.data(), static_cast<std::streamsize>(piece.size())), from.gcount() > 0) {
        const auto end = piece.begin() + from.gcount();
        if (std::all_of(piece.begin(), end, [](char c) { return c == 0; })) out.seekp(from.gcount(), std::ios::cur);
        else out.write(piece.data(), from.gcount());
        size += static_cast<std::uint64_t>(from.gcount());
    }
    out.close();
    std::error_code error;
    std::filesystem::resize_file(path, size, error);
    if (from.bad() || !out || error) throw Error(path, "cannot be written", "is there room for 100 MiB?");
}

}  // namespace

void unpack_carried_images(const std::string& folder) {
    const std::string packed = folder + "/images.zip";
    std::ofstream(packed, std::ios::binary) << as_text(carried_images());
    constexpr std::size_t most = 1000;
    const std::vector<ArchiveMember> members = list_archive(packed, most);
    for (std::size_t i = 0; i < members.size(); ++i)
        copy_sparsely(*open_archive_member(packed, i), folder + "/" + members[i].name);
    std::filesystem::remove(packed);
}

}  // namespace triage
