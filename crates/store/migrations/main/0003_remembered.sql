-- What a crash, a full disk or the next checkpoint must not make the store forget.

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

-- The keys that a wish to erase destroys, named before they are: so that it can be said which they were, after a crash too.
CREATE TABLE erasure_key (
    tenant TEXT NOT NULL REFERENCES tenant, -- whose person
    label TEXT NOT NULL, -- the keyed hash of the person's name
    reference BLOB NOT NULL, -- random id of the key, 16 bytes
    PRIMARY KEY (tenant, label, reference)
) STRICT;

-- A rotation of a tenant's key that was begun: the row goes when every key is wrapped anew. What stands here after a crash can be gone on with.
CREATE TABLE rotation (
    tenant TEXT NOT NULL PRIMARY KEY REFERENCES tenant, -- whose key
    version INTEGER NOT NULL, -- of the new tenant key, which may not be made yet
    begun_ms INTEGER NOT NULL -- ms since 1970
) STRICT;

-- When an account was last said in the log to have tried what it may not do: one entry a minute, so that nobody fills the log by trying.
CREATE TABLE denial (
    tenant TEXT NOT NULL REFERENCES tenant, -- whose
    account INTEGER NOT NULL, -- who tried
    said_ms INTEGER NOT NULL, -- when the last entry was made, ms since 1970
    unsaid INTEGER NOT NULL, -- attempts since then, which the next entry tells
    PRIMARY KEY (tenant, account),
    FOREIGN KEY (tenant, account) REFERENCES account (tenant, account)
) STRICT;
