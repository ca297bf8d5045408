// SPDX-License-Identifier: Apache-2.0
#include "cli/versions.h"

#include <elf.h>
#include <fmt/format.h>
#include <libdeflate.h>
#include <link.h>
#include <magic.h>
#include <openssl/crypto.h>
#include <seccomp.h>
#include <sqlite3.h>
#include <tbb/version.h>
#include <tsk/libtsk.h>

#include <cstring>

#include "engine/base/bytes.h"

namespace triage {
namespace {

// The note NT_GNU_BUILD_ID of the program itself, found in its loaded segments.
int find_build_id(dl_phdr_info* info, std::size_t, void* result) {
    for (int i = 0; i < info->dlpi_phnum; ++i) {
        const ElfW(Phdr)& segment = info->dlpi_phdr[i];
        if (segment.p_type != PT_NOTE) continue;
        const auto* at = reinterpret_cast<const std::byte*>(info->dlpi_addr + segment.p_vaddr);
        const std::byte* end = at + segment.p_memsz;
        while (at + sizeof(ElfW(Nhdr)) <= end) {
            const auto* note = reinterpret_cast<const ElfW(Nhdr)*>(at);
            const std::byte* name = at + sizeof(*note);
            const std::byte* bytes = name + (note->n_namesz + 3u) / 4 * 4;
            if (note->n_type == NT_GNU_BUILD_ID && note->n_namesz == 4 && std::memcmp(name, "GNU", 4) == 0) {
                *static_cast<std::string*>(result) = to_hex(ByteView(bytes, note->n_descsz));
                return 1;
            }
            at = bytes + (note->n_descsz + 3u) / 4 * 4;
        }
    }
    return 1;  // the first object is the program; do not go on to libraries
}

}  // namespace

std::string tool_version() { return TRIAGE_VERSION; }

std::string build_id() {
    std::string id;
    dl_iterate_phdr(find_build_id, &id);
    return id.empty() ? "unknown" : id;
}

std::string library_versions() {
    const scmp_version* seccomp = seccomp_version();
    return fmt::format(
        "libtsk {}, OpenSSL {}, oneTBB {}, SQLite {}, libdeflate {}, libseccomp {}.{}.{}, libmagic {}.{:02}",
        tsk_version_get_str(), OpenSSL_version(OPENSSL_VERSION_STRING), TBB_runtime_version(), sqlite3_libversion(),
        LIBDEFLATE_VERSION_STRING, seccomp->major, seccomp->minor, seccomp->micro, magic_version() / 100,
        magic_version() % 100);
}

std::string version_text() {
    return fmt::format("triage {}\nbuild {}\n{}", tool_version(), build_id(), library_versions());
}

}  // namespace triage
