// SPDX-License-Identifier: Apache-2.0
// MIME types by libmagic, as file(1) says them. The only adaptor of that library.
#include <fmt/format.h>
#include <magic.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <memory>
#include <vector>

#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/evidence/type_teller.h"

namespace triage {
namespace {

struct CloseMagic {
    void operator()(magic_t magic) const { magic_close(magic); }
};
using Magic = std::unique_ptr<magic_set, CloseMagic>;

// Of anything else the library would print its doubts on stderr, line by line, in the belief that it is the text form.
bool is_compiled(const std::string& database) {
    constexpr std::string_view mark = "\x1C\x04\x1E\xF1";  // file/src/file.h, MAGICNO
    std::ifstream file(database, std::ios::binary);
    std::string start(mark.size(), '\0');
    return file.read(start.data(), static_cast<std::streamsize>(start.size())) && start == mark;
}

Magic load_magic(const std::string& database) {
    if (!is_compiled(database))
        throw Error("libmagic", escape_for_terminal(database) + " is no compiled database that this machine reads");
    Magic magic(magic_open(MAGIC_MIME_TYPE));
    if (!magic) throw Error("libmagic", "no memory for it");
    if (magic_load(magic.get(), database.c_str()) == 0) return magic;
    const char* why = magic_error(magic.get());
    throw Error("libmagic", escape_for_terminal(fmt::format("{}: {}", database, why ? why : "cannot be loaded")));
}

// What came with this program, and then what the library was built to look for (or MAGIC says); compiled ones only.
std::vector<std::string> possible_databases() {
    namespace fs = std::filesystem;
    std::vector<std::string> paths;
    std::error_code error;
    const fs::path program = fs::read_symlink("/proc/self/exe", error);
    if (!error) paths.push_back((program.parent_path().parent_path() / "share/triage/magic.mgc").string());
    constexpr int not_to_load = 1;  // so asked, it does not look into the home folder
    const char* path = magic_getpath(nullptr, not_to_load);
    for (std::string_view rest = path ? path : ""; !rest.empty();) {
        const std::size_t end = std::min(rest.find(':'), rest.size());
        std::string one(rest.substr(0, end));
        rest.remove_prefix(std::min(end + 1, rest.size()));
        if (!one.ends_with(".mgc")) one += ".mgc";
        paths.push_back(std::move(one));
    }
    return paths;
}

class Libmagic : public TypeTeller {
  public:
    std::string_view name() const override { return "libmagic"; }
    std::string_view describes() const override { return "MIME types that the table of this build does not tell"; }

    std::string database() const override {
        const std::vector<std::string> paths = possible_databases();
        std::string why = "no database: " + escape_for_terminal(fmt::format("{}", fmt::join(paths, ", ")));
        for (const std::string& path : paths) try {
                std::error_code error;
                if (!std::filesystem::exists(path, error)) continue;
                load_magic(path);
                return path;
            } catch (const Error& failure) {
                why = failure.what();
            }
        throw Error("libmagic", why, "install the Debian package libmagic-mgc, or take such types out of the rules");
    }

    // The compiled form holds them as texts that end with a NUL (file/src/file.h, struct magic).
    bool names(const std::string& database, std::string_view type) const override {
        std::ifstream file(database, std::ios::binary);
        const std::string all{std::istreambuf_iterator<char>(file), {}};
        const bool is_group = type.ends_with("/*");
        std::string wanted(type.substr(0, type.size() - is_group));
        if (!is_group) wanted += '\0';
        const auto same = [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a + ('a' - 'A') : a) == b; };
        return std::search(all.begin(), all.end(), wanted.begin(), wanted.end(), same) != all.end();
    }

    Tell load(const std::string& database) const override {
        std::shared_ptr<magic_set> magic = load_magic(database);  // shared only because std::function is copied
        return [magic](ByteView bytes) {
            errno = 0;
            const char* type = magic_buffer(magic.get(), bytes.data(), bytes.size());
            // Where regexec of the C library has no memory it says that nothing matches, and libmagic tells the next
            // type that fits: then a message is called text/plain.
            return std::string(type && errno != ENOMEM ? type : "");
        };
    }
};

}  // namespace

const TypeTeller& libmagic_types() {
    static const Libmagic libmagic;
    return libmagic;
}

}  // namespace triage
