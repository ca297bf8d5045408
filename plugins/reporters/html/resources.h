// SPDX-License-Identifier: Apache-2.0
// What the HTML report carries: its styles, and its script after those of the libraries that make the table. The build
// puts them in from page.css, page.js and the installed packages (plugins/reporters/html/embed.cmake).
#pragma once

#include <string_view>

namespace triage::html_report {

std::string_view page_styles();
std::string_view page_script();

}  // namespace triage::html_report
