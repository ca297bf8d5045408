// SPDX-License-Identifier: Apache-2.0
#include "engine/case/store_schema.h"

#include <doctest/doctest.h>

#include <map>
#include <set>
#include <sstream>

#include "engine/case/ledger.h"
#include "tests/engine/case/sample_case.h"

#ifndef TRIAGE_SOURCE_DIR
#define TRIAGE_SOURCE_DIR "."
#endif

using namespace triage;
using namespace triage::sample;

namespace {

using Tables = std::map<std::string, std::set<std::string>>;

// As SQLite itself understands the CREATE statements.
Tables tables_of_store(const std::string& path) {
    Tables tables;
    std::istringstream rows(output_of("sqlite3 -separator ' ' " + path +
                                      " \"SELECT m.name, c.name FROM sqlite_schema m, pragma_table_info(m.name) c"
                                      " WHERE m.type = 'table'\""));
    for (std::string table, column; rows >> table >> column;) tables[table].insert(column);
    return tables;
}

// The words between back-ticks.
std::set<std::string> quoted_words(const std::string& text) {
    std::set<std::string> words;
    for (std::size_t open = text.find('`'); open != std::string::npos;) {
        const std::size_t close = text.find('`', open + 1);
        if (close == std::string::npos) break;
        words.insert(text.substr(open + 1, close - open - 1));
        open = text.find('`', close + 1);
    }
    return words;
}

// A heading "## `table`", then rows "| `column` |" or "| `a`, `b` |".
Tables tables_of_page(const std::string& page) {
    Tables tables;
    std::istringstream lines(page);
    std::string table;
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with("## ")) {
            const auto words = quoted_words(line);
            table = words.empty() ? "" : *words.begin();
        } else if (!table.empty() && line.starts_with("| `")) {
            tables[table].merge(quoted_words(line.substr(0, line.find(" |", 2))));
        }
    }
    return tables;
}

}  // namespace

TEST_CASE("docs/store.md names every table and column of the store, and no other") {
    Folder folder;
    {
        Store store = start(folder / "case.sqlite");
        store.seal(alert_on_match);
    }
    const Tables page = tables_of_page(read_file(TRIAGE_SOURCE_DIR "/docs/store.md"));
    const Tables store = tables_of_store(folder / "case.sqlite");
    for (const auto& table : store) {
        CAPTURE(table.first);
        REQUIRE(page.contains(table.first));
        CHECK(page.at(table.first) == table.second);
    }
    CHECK(page.size() == store.size());
}

TEST_CASE("docs/store.md prints the table of what forbids exit 0") {
    const std::string page = read_file(TRIAGE_SOURCE_DIR "/docs/store.md");
    const auto has_row = [&](std::string_view word, std::string_view meaning, bool forbids) {
        const std::string row =
            "| `" + std::string(word) + "` | " + std::string(meaning) + " | " + (forbids ? "yes" : "no") + " |";
        CAPTURE(row);
        CHECK(page.find(row) != std::string::npos);
    };
    for (const ReasonRow& row : reason_table())
        if (row.reason != Reason::none) has_row(row.word, row.meaning, row.forbids_exit_zero);
    for (const VolumeStateRow& row : volume_state_table())
        has_row(to_string(row.state), row.meaning, row.forbids_exit_zero);
    for (const ProblemKindRow& row : problem_kind_table())
        has_row(to_string(row.kind), row.meaning, row.forbids_exit_zero);
}
