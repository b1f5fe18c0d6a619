-- What the first schema of the log forgot: what witnesses cosigned outlives the next checkpoint.

-- The newest checkpoint of a log that witnesses cosigned. The next checkpoint does not overwrite it, and proofs are made from it.
CREATE TABLE log_cosigned (
    tenant TEXT NOT NULL PRIMARY KEY REFERENCES tenant, -- whose log
    size INTEGER NOT NULL, -- entries that it speaks of
    checkpoint TEXT NOT NULL -- the signed note with its cosignatures
) STRICT;

-- A log whose last checkpoint could not be signed: the row goes when one is.
CREATE TABLE log_fault (
    tenant TEXT NOT NULL PRIMARY KEY REFERENCES tenant, -- whose log
    since_ms INTEGER NOT NULL, -- when signing failed first, ms since 1970
    error TEXT NOT NULL -- how it failed last
) STRICT;
