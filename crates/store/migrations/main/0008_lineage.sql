-- Which scans of training data were recorded, and what was exported of them: where a row came from, and where it went (LN-6-c).

-- A scan of training data, as the log has it. It never changes.
CREATE TABLE corpus_scan (
    tenant TEXT NOT NULL REFERENCES tenant, -- whose
    manifest BLOB NOT NULL, -- SHA-256 of its manifest (docs/formats/corpus-manifest.md), 32 bytes
    source TEXT NOT NULL, -- name of the source that the data is from
    root BLOB NOT NULL, -- Merkle root over its shards, 32 bytes
    leaves BLOB NOT NULL, -- leaf hashes of its shards, 32 bytes each, in their order
    row_count INTEGER NOT NULL, -- rows in it, the broken ones among them
    broken INTEGER NOT NULL, -- rows that could not be read
    versions TEXT NOT NULL, -- JSON: detectors and policy with their versions
    entry BLOB NOT NULL, -- entry of the log, 16 bytes
    recorded_by TEXT NOT NULL, -- the account that recorded it
    recorded_ms INTEGER NOT NULL, -- ms since 1970
    PRIMARY KEY (tenant, manifest)
) STRICT;

-- Training data that went out, as the log has it. It never changes.
CREATE TABLE corpus_export (
    tenant TEXT NOT NULL REFERENCES tenant, -- whose
    manifest BLOB NOT NULL, -- SHA-256 of its manifest (docs/formats/corpus-export.md), 32 bytes
    scan BLOB NOT NULL, -- SHA-256 of the manifest of the scan that it is of, 32 bytes
    root BLOB NOT NULL, -- Merkle root over its files, 32 bytes
    path TEXT NOT NULL, -- directory where it was written
    files INTEGER NOT NULL, -- how many
    row_count INTEGER NOT NULL, -- rows in them
    entry BLOB NOT NULL, -- entry of the log, 16 bytes
    exported_by TEXT NOT NULL, -- the account that exported it
    exported_ms INTEGER NOT NULL, -- ms since 1970
    PRIMARY KEY (tenant, manifest),
    FOREIGN KEY (tenant, scan) REFERENCES corpus_scan (tenant, manifest)
) STRICT;

CREATE INDEX corpus_export_scan ON corpus_export (tenant, scan);
