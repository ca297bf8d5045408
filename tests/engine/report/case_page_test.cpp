// SPDX-License-Identifier: Apache-2.0
#include "engine/report/case_page.h"

#include <doctest/doctest.h>

#include "tests/engine/case/sample_case.h"

using namespace triage;
using namespace triage::sample;

TEST_CASE("reports hold what people said, escaped, and say what they left out") {
    const Folder folder;
    Store store = start(folder / "case.sqlite");
    EvidenceRecord other = evidence(1, "other.dd");
    other.exhibit = "B/2";
    store.put_evidence(other);
    const CaseInfo info{{{}, "operator", "PC 17 \x1b[2J"},
                        {1, "description", "blue stick"},
                        {0, "write_blocker", "T35u"},
                        {1, "write_blocker", "none"}};
    store.put_case_info({{{}, "place", "is replaced"}});
    store.put_case_info(info);
    store.seal(alert_on_match);
    CHECK(store.case_info() == info);
    const ReportContext context = make_context(store, false);
    TextPage page;
    add_case_info(page, context);
    CHECK(page.text() ==
          "\nCase\n  operator: PC 17 \\x1b[2J\n  authority not recorded\n  place not recorded\n"
          "  reference clock not recorded\n  clock difference not recorded\n");
    TextPage first, second;
    add_exhibit_info(first, context, context.evidences[0]);
    add_exhibit_info(second, context, context.evidences[1]);
    CHECK(first.text() == "    write blocker: T35u\n    reference not recorded\n    description not recorded\n");
    CHECK(second.text() == "    write blocker: none\n    description: blue stick\n");
}
