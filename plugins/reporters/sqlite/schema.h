// SPDX-License-Identifier: Apache-2.0
// The tables and views of report.sqlite. The comments in them are part of the file: `.schema` shows them to whoever
// opens it.
#pragma once

namespace triage::sqlite_report {

inline constexpr int application_id = 0x54524550;  // "TREP"; `file` and PRAGMA application_id show it
inline constexpr int version = 1;                  // PRAGMA user_version: another one has other tables or columns

extern const char* const tables;
extern const char* const views_and_indexes;  // made when all rows are there: an index is built faster at once

}  // namespace triage::sqlite_report
