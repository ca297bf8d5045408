// SPDX-License-Identifier: Apache-2.0
// The directory that one examination writes, and the lock on it: while a CaseDirectory lives, no second process gets
// the same case. Folders are 0700, files 0600. Every failure is an Error of kind usage: it happens before evidence is
// opened. Belongs to the thread that runs the scan.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/base/time.h"

namespace triage {

class CaseDirectory {
  public:
    // Makes the directory, or takes an empty one. Refuses one that is not empty, one inside a directory that is
    // evidence, and one on a block device that is evidence.
    static CaseDirectory create(const std::string& path, const std::vector<std::string>& evidence_paths);
    static CaseDirectory open_for_resume(const std::string& path);
    static CaseDirectory open_for_render(const std::string& path);
    // Empties a directory that holds what a scan writes before its evidence is recorded, and nothing else; in any other
    // it changes nothing and returns false. Throws Error where a store or an audit log cannot be read.
    static bool clear_beginning(const std::string& path);
    ~CaseDirectory();
    CaseDirectory(CaseDirectory&& other) noexcept;
    CaseDirectory& operator=(CaseDirectory&& other) noexcept;

    const std::string& path() const { return path_; }
    std::string store_path() const { return path_ + "/case.sqlite"; }
    std::string audit_path() const { return path_ + "/audit.jsonl"; }
    std::string config_path() const { return path_ + "/config.yaml"; }
    std::string command_path() const { return path_ + "/command.txt"; }
    std::string manifest_path() const { return path_ + "/manifest.json"; }
    std::string reports_path() const { return path_ + "/reports"; }

    void write_command(std::string_view command) const;
    void write_config(std::string_view yaml) const;

    // Before a scan that was sealed as interrupted goes on: moves its manifest and reports to interrupted-N/, so that
    // they stay as they were and the names are free.
    void set_reports_aside() const;
    bool has_manifest() const;  // the last file of a case that is whole

    const std::vector<std::string>& warnings() const { return warnings_; }  // sentences

  private:
    CaseDirectory(std::string path, int lock);

    std::string path_;
    int lock_ = -1;  // descriptor of the directory, flocked
    std::vector<std::string> warnings_;
};

// "./triage-EXHIBIT-20240501T102030Z": what is no letter, digit, '.', '-' or '_' becomes '_'.
std::string default_case_name(std::string_view exhibit_or_evidence, Timestamp now = utc_now());

// The folder of an exhibit's case among others: the same letters, never "." or a hidden one.
std::string case_folder_name(std::string_view exhibit);

// Throws Error when the path lies, or would lie, inside a directory or on a block device that is evidence.
void refuse_on_evidence(const std::string& path, const std::vector<std::string>& evidence_paths);

// A file added to a sealed case breaks its seal: throws Error when the path lies inside a case.
void refuse_inside_case(const std::string& path);

// Where a later render of a sealed case goes: CASE/reports-2, reports-3...; CASE/reports when there is none yet.
std::string next_reports_path(const std::string& case_path);

}  // namespace triage
