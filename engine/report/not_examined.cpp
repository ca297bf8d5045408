// SPDX-License-Identifier: Apache-2.0
#include "engine/report/not_examined.h"

#include <fmt/format.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/case/private_file.h"

namespace triage {
namespace {

namespace fs = std::filesystem;
constexpr std::string_view suffix = ".not-examined.json";

}  // namespace

std::string not_examined_path(const std::string& case_path) { return case_path + std::string(suffix); }

bool is_not_examined_path(const std::string& path) {
    std::error_code error;
    return path.ends_with(suffix) && fs::is_regular_file(path, error);
}

void put_not_examined(const std::string& case_path, const NotExamined& record) {
    remove_not_examined(case_path);
    write_private_file(not_examined_path(case_path),
                       fmt::format("{{\"exhibit\":{},\"path\":{},\"why\":{}}}\n", to_json_string(record.exhibit),
                                   to_json_string(record.path), to_json_string(record.why)));
}

void remove_not_examined(const std::string& case_path) {
    std::error_code error;
    fs::remove(not_examined_path(case_path), error);
    if (error) throw Error(not_examined_path(case_path), "cannot be removed: " + error.message());
}

NotExamined read_not_examined(const std::string& path) {
    try {
        const nlohmann::json row = nlohmann::json::parse(read_whole_file(path));
        return {row.at("exhibit").get<std::string>(), row.at("path").get<std::string>(),
                row.at("why").get<std::string>()};
    } catch (const nlohmann::json::exception&) {
        throw Error(path, "is no record of an exhibit that was not examined");
    }
}

}  // namespace triage
