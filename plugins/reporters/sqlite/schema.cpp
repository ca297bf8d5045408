// SPDX-License-Identifier: Apache-2.0
#include "plugins/reporters/sqlite/schema.h"

namespace triage::sqlite_report {

const char* const tables = R"sql(
CREATE TABLE report (  -- what was asked and answered; one row
    id INTEGER PRIMARY KEY CHECK (id = 1),
    verdict TEXT NOT NULL, is_complete INTEGER NOT NULL, is_compared INTEGER NOT NULL, exit_code INTEGER NOT NULL,
    profile TEXT NOT NULL, algorithms TEXT NOT NULL,
    exclusions TEXT,  -- what the configuration left out
    disclosure TEXT   -- of a disclosure copy, what is left out of this file
) STRICT;
CREATE TABLE run (  -- by whom, when and how; one row. All that differs between two runs stands here and in remark
    id INTEGER PRIMARY KEY CHECK (id = 1),
    tool_version TEXT NOT NULL, build_id TEXT NOT NULL, libraries TEXT NOT NULL, hash_engine TEXT NOT NULL,
    command TEXT NOT NULL, configuration_sha256 TEXT NOT NULL, started TEXT NOT NULL, ended TEXT NOT NULL,
    host TEXT NOT NULL, user TEXT NOT NULL, threads INTEGER NOT NULL, earlier_threads TEXT, sandbox TEXT NOT NULL,
    is_interrupted INTEGER NOT NULL, interruption TEXT, resumed INTEGER NOT NULL,
    seal TEXT,      -- of the case; NULL in the report that the scan itself wrote
    run_facts TEXT  -- says so where facts of this row come from a file
) STRICT;
CREATE TABLE remark (  -- sentences that stand beside the verdict
    id INTEGER PRIMARY KEY,
    what TEXT NOT NULL,  -- incomplete, caution
    sentence TEXT NOT NULL
) STRICT;
CREATE TABLE evidence (
    id INTEGER PRIMARY KEY,  -- from 1, in the order given
    exhibit TEXT, name TEXT NOT NULL, format TEXT NOT NULL, description TEXT, media_size INTEGER NOT NULL,
    sector_size INTEGER NOT NULL, volume_system TEXT, is_opened INTEGER NOT NULL,
    media_check TEXT NOT NULL, media_check_detail TEXT,
    device TEXT, device_model TEXT, device_serial TEXT, device_is_read_only INTEGER, device_in_use TEXT
) STRICT;
CREATE TABLE segment (  -- the files of an image
    evidence_id INTEGER NOT NULL REFERENCES evidence, position INTEGER NOT NULL,
    name TEXT NOT NULL, size INTEGER NOT NULL, PRIMARY KEY (evidence_id, position)
) STRICT, WITHOUT ROWID;
CREATE TABLE evidence_digest (
    evidence_id INTEGER NOT NULL REFERENCES evidence,
    origin TEXT NOT NULL,  -- stored: in the image; computed: by this run
    position INTEGER NOT NULL, algorithm TEXT NOT NULL, hex TEXT NOT NULL, PRIMARY KEY (evidence_id, origin, position)
) STRICT, WITHOUT ROWID;
CREATE TABLE acquisition (  -- what the header of an image says
    evidence_id INTEGER NOT NULL REFERENCES evidence, position INTEGER NOT NULL,
    name TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (evidence_id, position)
) STRICT, WITHOUT ROWID;
CREATE TABLE case_info (  -- what people said; evidence_id is NULL for the case as a whole
    id INTEGER PRIMARY KEY, evidence_id INTEGER REFERENCES evidence, key TEXT NOT NULL, value TEXT NOT NULL
) STRICT;
CREATE TABLE not_looked_into (  -- entries that hold further entries, by kind
    evidence_id INTEGER NOT NULL REFERENCES evidence, what TEXT NOT NULL,
    entries INTEGER NOT NULL, bytes INTEGER NOT NULL, PRIMARY KEY (evidence_id, what)
) STRICT, WITHOUT ROWID;
CREATE TABLE volume (
    id INTEGER PRIMARY KEY,  -- from 1, in the total order
    evidence_id INTEGER NOT NULL REFERENCES evidence, name TEXT NOT NULL, state TEXT NOT NULL,
    start INTEGER NOT NULL, length INTEGER NOT NULL,  -- bytes on the media
    fs TEXT, label TEXT, description TEXT,
    directories INTEGER NOT NULL, links INTEGER NOT NULL, others INTEGER NOT NULL,
    detail TEXT  -- why it is not walked
) STRICT;
CREATE TABLE list (
    id INTEGER PRIMARY KEY,  -- from 1, in the order given
    name TEXT NOT NULL, version TEXT, format TEXT NOT NULL, polarity TEXT NOT NULL, sha256 TEXT NOT NULL,
    algorithms TEXT NOT NULL, records_read INTEGER NOT NULL, records_accepted INTEGER NOT NULL,
    records_duplicate INTEGER NOT NULL, records_rejected INTEGER NOT NULL, records_trivial INTEGER NOT NULL
) STRICT;
CREATE TABLE rule (  -- rules that make findings
    id INTEGER PRIMARY KEY, name TEXT NOT NULL, severity TEXT NOT NULL, tags TEXT NOT NULL, text TEXT NOT NULL
) STRICT;
CREATE TABLE entry (  -- one row a name: hard links share an address
    id INTEGER PRIMARY KEY,  -- from 1, in the total order: the line of entries.jsonl
    volume_id INTEGER NOT NULL REFERENCES volume,
    address INTEGER NOT NULL,             -- metadata address: inode, MFT entry
    attr_type INTEGER, attr_id INTEGER,   -- which content of it, where there are several
    path TEXT, stream TEXT,               -- escaped where raw_path, raw_stream stand
    kind TEXT NOT NULL, state TEXT NOT NULL, placement TEXT, size INTEGER NOT NULL,
    modified TEXT, accessed TEXT, changed TEXT, created TEXT,        -- as recorded; Z only where that is UTC
    mtime INTEGER, atime INTEGER, ctime INTEGER, crtime INTEGER,     -- the same, in seconds since 1970
    type TEXT, status TEXT NOT NULL, reason TEXT, missing_bytes INTEGER NOT NULL,
    md5 TEXT, sha1 TEXT, sha256 TEXT,     -- only where every byte was read
    raw_path BLOB, raw_stream BLOB        -- the bytes, where they are not UTF-8 or hold controls
) STRICT;
CREATE TABLE finding (
    entry_id INTEGER PRIMARY KEY REFERENCES entry, severity TEXT NOT NULL,
    rules TEXT NOT NULL  -- names, a blank between them
) STRICT;
CREATE TABLE extent (  -- where the content of a finding lies; a hole has no media_offset
    entry_id INTEGER NOT NULL REFERENCES finding, position INTEGER NOT NULL,
    media_offset INTEGER, length INTEGER NOT NULL, PRIMARY KEY (entry_id, position)
) STRICT, WITHOUT ROWID;
CREATE TABLE match (
    entry_id INTEGER NOT NULL REFERENCES entry, position INTEGER NOT NULL,
    list_id INTEGER REFERENCES list, record INTEGER NOT NULL,  -- position in the source
    category TEXT, category_set TEXT, label TEXT, flags TEXT,
    agrees TEXT NOT NULL, differs TEXT,  -- algorithms, a blank between them
    size_agrees INTEGER,                 -- NULL where the list has no size
    source INTEGER,                      -- which list of a compiled set that is made of several
    raw_label BLOB, PRIMARY KEY (entry_id, position)
) STRICT, WITHOUT ROWID;
CREATE TABLE problem (
    id INTEGER PRIMARY KEY, evidence_id INTEGER NOT NULL REFERENCES evidence, volume_id INTEGER REFERENCES volume,
    path TEXT, address INTEGER, what TEXT NOT NULL, detail TEXT, first_sector INTEGER, sectors INTEGER, raw_path BLOB
) STRICT;
)sql";

// The trick with rtrim: what is left of a path without all that is no slash at its end is its folder.
const char* const views_and_indexes = R"sql(
CREATE INDEX entry_by_address ON entry (address, volume_id);
CREATE INDEX entry_by_md5 ON entry (md5) WHERE md5 IS NOT NULL;
CREATE INDEX entry_by_sha1 ON entry (sha1) WHERE sha1 IS NOT NULL;
CREATE INDEX entry_by_sha256 ON entry (sha256) WHERE sha256 IS NOT NULL;
CREATE INDEX match_by_list ON match (list_id);
CREATE VIEW entries AS
SELECT entry.id, exhibit, evidence.name AS evidence, volume.name AS volume, fs, path, address, stream, kind,
    entry.state, placement, size, modified, accessed, changed, created, type, status, reason, missing_bytes, md5, sha1,
    sha256
FROM entry JOIN volume ON volume.id = volume_id JOIN evidence ON evidence.id = evidence_id;
CREATE VIEW findings AS
SELECT entries.*, severity, rules, (SELECT count(*) FROM match WHERE match.entry_id = entries.id) AS matches
FROM finding JOIN entries ON entries.id = entry_id;
CREATE VIEW matches AS
SELECT match.entry_id, position, exhibit, evidence, volume, path, stream, state, size, list.name AS list, list.version, polarity,
    category, label, record, agrees, differs, size_agrees, severity
FROM match JOIN entries ON entries.id = match.entry_id LEFT JOIN list ON list.id = list_id
    LEFT JOIN finding ON finding.entry_id = match.entry_id;
CREATE VIEW problems AS
SELECT problem.id, exhibit, evidence.name AS evidence, volume.name AS volume, path, address, what, problem.detail,
    first_sector, sectors
FROM problem JOIN evidence ON evidence.id = problem.evidence_id LEFT JOIN volume ON volume.id = volume_id;
CREATE VIEW not_hashed AS  -- what was not checked as a whole, and why
SELECT * FROM entries WHERE status <> 'hashed';
CREATE VIEW ledger AS  -- every entry in one state
SELECT evidence, status, reason, state, count(*) AS entries, CAST(total(size) AS INTEGER) AS bytes,
    CAST(total(missing_bytes) AS INTEGER) AS missing_bytes  -- of lying sizes sum() would fail
FROM entries GROUP BY evidence, status, reason, state;
CREATE VIEW tsk_entry AS  -- in the words of tsk_files and tsk_fs_info, as tsk_loaddb of The Sleuth Kit writes them
SELECT id AS entry_id, evidence, img_offset, meta_addr, attr_type, attr_id,
    folder AS parent_path, substr(whole, length(folder) + 1) || coalesce(':' || stream, '') AS name, size,
    mtime, atime, ctime, crtime, md5, sha1, sha256, mime_type
FROM (SELECT *, rtrim(whole, replace(whole, '/', '')) AS folder
    FROM (SELECT entry.id, evidence.name AS evidence, start AS img_offset, address AS meta_addr, attr_type, attr_id,
            coalesce(CAST(raw_path AS TEXT), path) AS whole, coalesce(CAST(raw_stream AS TEXT), stream) AS stream,
            size, mtime, atime, ctime, crtime, md5, sha1, sha256, type AS mime_type
        FROM entry JOIN volume ON volume.id = volume_id JOIN evidence ON evidence.id = evidence_id));
)sql";

}  // namespace triage::sqlite_report
