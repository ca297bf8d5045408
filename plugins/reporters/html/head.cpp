// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "engine/base/text.h"
#include "engine/hash/hasher.h"
#include "engine/report/redact.h"
#include "plugins/reporters/html/parts.h"
#include "plugins/reporters/html/resources.h"

namespace triage::html_report {
namespace {

std::string hash_source(std::string_view text) {
    return fmt::format("'sha256-{}'", to_base64(hash_of(as_bytes(text)).sha256->view()));
}

// Nothing is fetched, nothing is sent, and no script or style runs but the two that this file brings.
std::string policy() {
    return fmt::format(
        "default-src 'none'; script-src {}; style-src {}; base-uri 'none'; form-action 'none'; connect-src 'none'",
        hash_source(page_script()), hash_source(page_styles()));
}

bool is_draft(const HtmlOptions& options) {
    return options.reviewer.empty() || options.authoriser.empty() || options.issued.empty();
}

std::string banners(const ReportContext& context) {
    std::string text;
    if (is_draft(context.options.html))
        text +=
            "<p class=\"banner draft\"><strong>DRAFT</strong> not reviewed and authorised: see "
            "<a href=\"#laboratory\">what a laboratory adds</a></p>\n";
    if (context.options.redact.any())
        text += fmt::format("<p class=\"banner copy\"><strong>{}</strong></p>\n",
                            html(disclosure_sentence(context.options.redact)));
    return text;
}

}  // namespace

std::string html(std::string_view bytes) { return escape_for_html(escape_for_terminal(bytes)); }

std::string hidden(std::string_view bytes) {
    return bytes.empty() ? "" : fmt::format("<i class=\"n\"><b>{}</b></i>", html(bytes));
}

std::string fact(std::string_view name, std::string_view as_html) {
    return as_html.empty() ? "" : fmt::format("<tr><th scope=\"row\">{}</th><td>{}</td></tr>\n", html(name), as_html);
}

std::string wide(std::string_view label) {
    return fmt::format("<div class=\"wide\" role=\"region\" aria-label=\"{}\" tabindex=\"0\">", html(label));
}

std::string table(std::string_view caption, const std::vector<std::string>& columns, std::string_view rows) {
    std::string text = wide(caption);
    text += fmt::format("<table class=\"rows\"><caption>{}</caption><thead><tr>", html(caption));
    for (const std::string& column : columns) {
        const bool is_number = column.starts_with('#');
        text += fmt::format("<th scope=\"col\"{}>{}</th>", is_number ? " class=\"num\"" : "",
                            html(column.substr(is_number ? 1 : 0)));
    }
    return text + "</tr></thead><tbody>\n" + std::string(rows) + "</tbody></table></div>\n";
}

std::string head(const ReportContext& context) {
    return fmt::format(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
        "<meta http-equiv=\"Content-Security-Policy\" content=\"{}\">\n"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
        "<meta name=\"color-scheme\" content=\"light dark\">\n<meta name=\"referrer\" content=\"no-referrer\">\n"
        "<title>Examination report: {}</title>\n<style>{}</style>\n</head>\n<body>\n"
        "<a class=\"skip\" href=\"#findings\">To the findings</a>\n"
        "<main>\n<input type=\"checkbox\" id=\"show-names\" autocomplete=\"off\"{}>"
        "<label for=\"show-names\">Show names, paths and labels</label>\n<header>\n<h1>Examination report</h1>\n"
        "<p class=\"subtitle\">triage {} &middot; made from the sealed case; no content of any file is in it</p>\n"
        "<nav aria-label=\"Sections\"><a href=\"#verdict\">Verdict</a> <a href=\"#account\">Account</a> "
        "<a href=\"#findings\">Findings</a> <a href=\"#problems\">Problems</a> <a href=\"#basis\">Basis</a> "
        "<a href=\"#laboratory\">Laboratory</a></nav>\n{}</header>\n",
        policy(), html(context.verdict.words()), page_styles(), context.show_names ? " checked" : "",
        html(context.run.tool_version), banners(context));
}

std::string foot() { return fmt::format("</main>\n<script>{}</script>\n</body>\n</html>\n", page_script()); }

}  // namespace triage::html_report
