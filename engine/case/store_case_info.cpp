// SPDX-License-Identifier: Apache-2.0
#include "engine/case/store_impl.h"

namespace triage {

void Store::put_case_info(const CaseInfo& info) {
    impl_->write_row(1024, [&] {
        impl_->database.execute("DELETE FROM case_info");
        Statement insert = impl_->database.prepare("INSERT INTO case_info VALUES (?,?,?,?)");
        for (std::size_t i = 0; i < info.size(); ++i) insert.run(i, info[i].evidence, info[i].key, info[i].value);
    });
}

CaseInfo Store::case_info() const {
    CaseInfo info;
    Statement row = impl_->database.prepare("SELECT evidence, key, value FROM case_info ORDER BY position");
    while (row.step()) {
        CaseInfoValue value{{}, std::string(row.text(1)), std::string(row.text(2))};
        if (!row.is_null(0)) value.evidence = static_cast<std::uint32_t>(row.integer(0));
        info.push_back(std::move(value));
    }
    return info;
}

}  // namespace triage
