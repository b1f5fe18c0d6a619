-- One schema for SQLite and PostgreSQL: `src/schema.rs` translates the types, and makes of each comment a comment of the table or column.

-- A tenant: a provider, or one of its services. Nothing of one is seen by another.
CREATE TABLE tenant (
    tenant TEXT NOT NULL PRIMARY KEY, -- its name: lower-case letters, digits and hyphens
    created_ms INTEGER NOT NULL -- when it was made, ms since 1970
) STRICT;

-- Where the log of a tenant stands.
CREATE TABLE log_head (
    tenant TEXT NOT NULL PRIMARY KEY REFERENCES tenant, -- whose log
    origin TEXT NOT NULL, -- the name of the log in its checkpoints (C2SP tlog-checkpoint)
    size INTEGER NOT NULL, -- entries
    root BLOB NOT NULL, -- Merkle root of so many entries, 32 bytes
    checkpoint TEXT NOT NULL, -- the last signed note; empty before the first
    signed_size INTEGER NOT NULL, -- entries that it speaks of
    signed_ms INTEGER NOT NULL -- when it was signed, ms since 1970
) STRICT;

-- An entry of a log: what stands in the tree.
CREATE TABLE log_entry (
    tenant TEXT NOT NULL REFERENCES tenant, -- whose log
    place INTEGER NOT NULL, -- its index, from 0
    entry BLOB NOT NULL, -- its random id, 16 bytes; begins with the time, so that neighbours lie together
    leaf BLOB NOT NULL, -- the leaf (docs/formats/ledger.md)
    PRIMARY KEY (tenant, place),
    UNIQUE (tenant, entry)
) STRICT;

-- What an entry says, sealed, beside the tree: it can go, and every proof still holds.
CREATE TABLE log_segment (
    tenant TEXT NOT NULL REFERENCES tenant, -- whose log
    place INTEGER NOT NULL, -- index of the entry
    segment INTEGER NOT NULL, -- 0: what happened; from 1: content that speaks of a person
    sealed BLOB NOT NULL, -- an envelope (docs/formats/envelope.md), of which the leaf has the hash
    PRIMARY KEY (tenant, place, segment)
) STRICT;

-- The tiles of a log (C2SP tlog-tiles). A tile that is not full yet is written again until it is.
CREATE TABLE log_tile (
    tenant TEXT NOT NULL REFERENCES tenant, -- whose log
    level INTEGER NOT NULL, -- level of tiles, from 0
    place INTEGER NOT NULL, -- index of the tile in its level
    hashes BLOB NOT NULL, -- up to 256 hashes of 32 bytes
    PRIMARY KEY (tenant, level, place)
) STRICT;

-- A person whose keys are to be destroyed: the row goes when they are. What stands here after a crash is done at the next start.
CREATE TABLE erasure (
    tenant TEXT NOT NULL REFERENCES tenant, -- whose person
    label TEXT NOT NULL, -- the keyed hash of the person's name
    asked_by TEXT NOT NULL, -- who asked for it
    PRIMARY KEY (tenant, label)
) STRICT;

-- Work that survives a crash.
CREATE TABLE job (
    tenant TEXT NOT NULL REFERENCES tenant, -- for whom
    job TEXT NOT NULL, -- random id, 32 hexadecimal digits
    kind TEXT NOT NULL, -- what is to be done, a word that a worker knows
    input TEXT NOT NULL, -- JSON that the worker understands; no secrets
    state TEXT NOT NULL, -- waiting, leased, done or dead
    tries INTEGER NOT NULL, -- how often it was begun
    most_tries INTEGER NOT NULL, -- after so many it is dead, and a person must look
    due_ms INTEGER NOT NULL, -- not before, ms since 1970
    lease TEXT NOT NULL, -- random word of the worker that has it; empty where none
    lease_until_ms INTEGER NOT NULL, -- when the lease ends by itself, ms since 1970
    error TEXT NOT NULL, -- how the last try failed; empty where it did not
    created_ms INTEGER NOT NULL, -- when it was asked for, ms since 1970
    PRIMARY KEY (tenant, job)
) STRICT;

-- What makes the workers' question quick.
CREATE INDEX job_due ON job (tenant, state, due_ms);
