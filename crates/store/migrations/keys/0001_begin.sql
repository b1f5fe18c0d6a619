-- Wrapped keys live apart from what they seal: their backups are kept for days, those of the data for years.

-- The keys that wrap a tenant's other keys; one is active.
CREATE TABLE tenant_key (
    tenant TEXT NOT NULL, -- whose key
    version INTEGER NOT NULL, -- from 1; the highest is the active one
    reference BLOB NOT NULL, -- random id, 16 bytes
    root TEXT NOT NULL, -- name of the root that wraps it
    wrapped BLOB NOT NULL, -- the key, wrapped by the root
    created_ms INTEGER NOT NULL, -- ms since 1970
    PRIMARY KEY (tenant, version)
) STRICT;

-- The keys that seal things: one for each day of the log, each person, each data set.
CREATE TABLE data_key (
    tenant TEXT NOT NULL, -- whose key
    reference BLOB NOT NULL, -- random id, 16 bytes; envelopes name it
    purpose TEXT NOT NULL, -- log, subject, credential, signing or tag
    label TEXT NOT NULL, -- which of its purpose: the day, or the tag of the person
    version INTEGER NOT NULL, -- of the tenant key that wraps it
    wrapped BLOB NOT NULL, -- the key, wrapped; empty once it is destroyed
    created_ms INTEGER NOT NULL, -- ms since 1970
    destroyed_ms INTEGER NOT NULL, -- ms since 1970; 0 while it is alive
    PRIMARY KEY (tenant, reference),
    UNIQUE (tenant, purpose, label, destroyed_ms)
) STRICT;

-- What makes a rotation find what it has not wrapped yet.
CREATE INDEX data_key_version ON data_key (tenant, version);
