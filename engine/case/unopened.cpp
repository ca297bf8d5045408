// SPDX-License-Identifier: Apache-2.0
#include "engine/case/unopened.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <string>

namespace triage {
namespace {

struct Suffix {
    std::string_view suffix;
    UnopenedKind kind;
};
constexpr std::array suffixes{
    Suffix{"7z", UnopenedKind::archive},      Suffix{"apk", UnopenedKind::archive},
    Suffix{"bz2", UnopenedKind::archive},     Suffix{"cab", UnopenedKind::archive},
    Suffix{"docx", UnopenedKind::archive},    Suffix{"gz", UnopenedKind::archive},
    Suffix{"iso", UnopenedKind::archive},     Suffix{"jar", UnopenedKind::archive},
    Suffix{"lz4", UnopenedKind::archive},     Suffix{"odt", UnopenedKind::archive},
    Suffix{"pptx", UnopenedKind::archive},    Suffix{"rar", UnopenedKind::archive},
    Suffix{"tar", UnopenedKind::archive},     Suffix{"tgz", UnopenedKind::archive},
    Suffix{"xlsx", UnopenedKind::archive},    Suffix{"xz", UnopenedKind::archive},
    Suffix{"zip", UnopenedKind::archive},     Suffix{"zst", UnopenedKind::archive},
    Suffix{"edb", UnopenedKind::mail_store},  Suffix{"eml", UnopenedKind::mail_store},
    Suffix{"emlx", UnopenedKind::mail_store}, Suffix{"mbox", UnopenedKind::mail_store},
    Suffix{"msg", UnopenedKind::mail_store},  Suffix{"nsf", UnopenedKind::mail_store},
    Suffix{"ost", UnopenedKind::mail_store},  Suffix{"pst", UnopenedKind::mail_store},
    Suffix{"accdb", UnopenedKind::database},  Suffix{"db", UnopenedKind::database},
    Suffix{"db3", UnopenedKind::database},    Suffix{"mdb", UnopenedKind::database},
    Suffix{"sqlite", UnopenedKind::database}, Suffix{"sqlite3", UnopenedKind::database},
};

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

bool is_thumbnail_store(std::string_view name) {
    return name == "thumbs.db" || name == "ehthumbs.db" || name.starts_with("thumbcache_") ||
           name.starts_with("iconcache_");
}

}  // namespace

std::string_view to_string(UnopenedKind kind) {
    switch (kind) {
        case UnopenedKind::archive: return "archives";
        case UnopenedKind::mail_store: return "mail stores";
        case UnopenedKind::thumbnail_store: return "thumbnail stores";
        case UnopenedKind::database: return "databases";
    }
    assert(false);
    return "archives";
}

std::optional<UnopenedKind> unopened_kind_of(std::string_view path) {
    std::string name(path.substr(path.rfind('/') + 1));  // npos + 1 is 0: the whole path
    std::transform(name.begin(), name.end(), name.begin(), lower);
    const std::size_t dot = name.rfind('.');
    if (dot == std::string::npos) return {};
    if (is_thumbnail_store(name)) return UnopenedKind::thumbnail_store;
    const std::string_view suffix = std::string_view(name).substr(dot + 1);
    const auto* const row = std::find_if(suffixes.begin(), suffixes.end(),
                                         [&](const Suffix& candidate) { return candidate.suffix == suffix; });
    if (row == suffixes.end()) return {};
    return row->kind;
}

}  // namespace triage
