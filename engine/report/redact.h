// SPDX-License-Identifier: Apache-2.0
// What a disclosure copy leaves out is gone before any reporter hears of it: a reporter cannot forget to hide it. Pure;
// any thread.
#pragma once

#include <string>
#include <vector>

#include "engine/report/reporter.h"

namespace triage {

void redact(ReportContext& context);  // as its own options say
void redact(EntryRecord& record, const Redaction& redaction);
void redact(ProblemRecord& record, const Redaction& redaction);

// Of the header of an image: did people type it in? Then it names cases and persons.
bool is_typed(const HeaderValue& value);

std::vector<std::string> words_of(const Redaction& redaction);  // "names", "labels"

// "Disclosure copy: names from evidence and labels of lists are left out." Empty when nothing is.
std::string disclosure_sentence(const Redaction& redaction);

}  // namespace triage
