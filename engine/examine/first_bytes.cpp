// SPDX-License-Identifier: Apache-2.0
#include "engine/examine/first_bytes.h"

#include <algorithm>

#include "engine/evidence/type_teller.h"
#include "engine/examine/content_type.h"

namespace triage {
namespace {

// An ISO 9660 image has its mark at 32 KiB, and a ZIP archive may begin with folders that say nothing of its kind.
bool may_change_further_in(std::string_view type) { return type.empty() || type == "application/zip"; }

}  // namespace

bool FirstBytes::tell_type(const MediaReader& media, const Entry& entry, Examined& examined, Bytes* first_bytes) {
    stream_.begin(media, entry);
    std::size_t wanted = usual, filled = stream_.read(MutableBytes(bytes_).first(usual));
    std::string_view type = type_of(ByteView(bytes_).first(filled));
    const std::size_t more = may_change_further_in(type) ? most : first_bytes ? most_told_bytes : usual;
    if (filled == usual && more > usual) {
        wanted = more;
        filled += stream_.read(MutableBytes(bytes_).first(more).subspan(usual));
        type = type_of(ByteView(bytes_).first(filled));
    }
    if (stream_.has_flaw() || filled < std::min<std::uint64_t>(entry.size, wanted)) return false;
    if (first_bytes) first_bytes->assign(bytes_.data(), bytes_.data() + std::min(filled, most_told_bytes));
    examined.type = type;
    examined.is_typed = true;
    return true;
}

Problem untyped(const Entry& entry) {
    Problem problem;
    problem.kind = ProblemKind::unreadable;
    problem.path = entry.path, problem.address = entry.address;
    problem.detail = "excluded by its size; its first bytes cannot be read, so rules on its type are not decided";
    return problem;
}

}  // namespace triage
