-- Content that is kept for a time: when it is over, the sealed bytes go, and this row with them. The entry stays, and the log still verifies.
CREATE TABLE content_end (
    tenant TEXT NOT NULL REFERENCES tenant, -- whose
    until_ms INTEGER NOT NULL, -- from when on it goes, ms since 1970
    place INTEGER NOT NULL, -- index of the entry
    PRIMARY KEY (tenant, until_ms, place)
) STRICT;
