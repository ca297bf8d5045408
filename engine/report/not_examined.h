// SPDX-License-Identifier: Apache-2.0
// What a list of exhibits leaves beside its cases for one that has no verdict: which, where it was to be read, and why.
// One private JSON file an exhibit, gone when the exhibit has its case. Any thread; a failing write throws Error.
#pragma once

#include <optional>
#include <string>

namespace triage {

struct NotExamined {
    std::string exhibit, path, why;
};

// The record of the exhibit whose case is, or would be, in `case_path`.
std::string not_examined_path(const std::string& case_path);
bool is_not_examined_path(const std::string& path);

void put_not_examined(const std::string& case_path, const NotExamined& record);  // replaces it
void remove_not_examined(const std::string& case_path);
NotExamined read_not_examined(const std::string& path);  // throws Error

}  // namespace triage
