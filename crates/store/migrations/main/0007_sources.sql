-- Where training data comes from, and what persons agreed to.

-- A source of training data.
CREATE TABLE source (
    tenant TEXT NOT NULL REFERENCES tenant, -- whose
    name TEXT NOT NULL, -- its name: lower-case letters, digits and hyphens
    version INTEGER NOT NULL, -- the newest version of what is declared of it, from 1
    state TEXT NOT NULL, -- registered, accepted, refused or blocked
    cleared INTEGER NOT NULL, -- the last assessment that does not count any more, as it was taken off the blacklist after it; 0 where none
    PRIMARY KEY (tenant, name)
) STRICT;

-- What was declared of a source: a change is a new row, and none is ever changed. Who is responsible stands in the entry, sealed with the key of that person.
CREATE TABLE source_version (
    tenant TEXT NOT NULL REFERENCES tenant, -- whose
    name TEXT NOT NULL, -- of which source
    version INTEGER NOT NULL, -- counts from 1 by source
    declared TEXT NOT NULL, -- JSON: kind, origin, languages, modalities, licence, grade, basis, expiry, description
    entry BLOB NOT NULL, -- entry of the log that says so, 16 bytes
    person INTEGER NOT NULL, -- the person who declared it, who does not review it
    made_by TEXT NOT NULL, -- their account
    made_ms INTEGER NOT NULL, -- ms since 1970
    PRIMARY KEY (tenant, name, version),
    FOREIGN KEY (tenant, name) REFERENCES source (tenant, name)
) STRICT;

-- A document of a source. What it says stands in the entry, sealed, where it is small enough.
CREATE TABLE source_document (
    tenant TEXT NOT NULL REFERENCES tenant, -- whose
    name TEXT NOT NULL, -- of which source
    document INTEGER NOT NULL, -- counts from 1 by source
    kind TEXT NOT NULL, -- what it shows
    file TEXT NOT NULL, -- name of the file
    digest BLOB NOT NULL, -- SHA-256 of it, 32 bytes
    bytes INTEGER NOT NULL, -- its size
    kept INTEGER NOT NULL, -- 1 where the entry has it, 0 where it has its digest only
    expires TEXT NOT NULL, -- its last day, YYYY-MM-DD; empty where none is set
    replaced INTEGER NOT NULL, -- the document that took its place; 0 where none did
    entry BLOB NOT NULL, -- entry of the log that has it, 16 bytes
    person INTEGER NOT NULL, -- the person who handed it in, who does not review it
    made_by TEXT NOT NULL, -- their account
    made_ms INTEGER NOT NULL, -- ms since 1970
    PRIMARY KEY (tenant, name, document),
    FOREIGN KEY (tenant, name) REFERENCES source (tenant, name)
) STRICT;

-- A review of the documents of a source.
CREATE TABLE source_review (
    tenant TEXT NOT NULL REFERENCES tenant, -- whose
    name TEXT NOT NULL, -- of which source
    review INTEGER NOT NULL, -- counts from 1 by source
    accepted INTEGER NOT NULL, -- 1 where it accepted them, 0 where it refused
    note TEXT NOT NULL, -- what was found
    seen INTEGER NOT NULL, -- the last document that was there
    entry BLOB NOT NULL, -- entry of the log that says so, 16 bytes
    person INTEGER NOT NULL, -- the person who reviewed
    made_by TEXT NOT NULL, -- their account
    made_ms INTEGER NOT NULL, -- ms since 1970
    PRIMARY KEY (tenant, name, review),
    FOREIGN KEY (tenant, name) REFERENCES source (tenant, name)
) STRICT;

-- An assessment of a source, before or after its data was collected.
CREATE TABLE source_assessment (
    tenant TEXT NOT NULL REFERENCES tenant, -- whose
    name TEXT NOT NULL, -- of which source
    assessment INTEGER NOT NULL, -- counts from 1 by source
    phase TEXT NOT NULL, -- before or after
    outcome TEXT NOT NULL, -- accepted, refused or larger-sample
    made TEXT NOT NULL, -- JSON: all that it says
    entry BLOB NOT NULL, -- entry of the log that says so, 16 bytes
    made_by TEXT NOT NULL, -- the account that recorded it
    made_ms INTEGER NOT NULL, -- ms since 1970
    PRIMARY KEY (tenant, name, assessment),
    FOREIGN KEY (tenant, name) REFERENCES source (tenant, name)
) STRICT;

-- A crawl manifest of a source, held against the robots rules that are stored with it: the last check of each.
CREATE TABLE source_robots (
    tenant TEXT NOT NULL REFERENCES tenant, -- whose
    name TEXT NOT NULL, -- of which source
    manifest BLOB NOT NULL, -- SHA-256 of the crawl manifest, 32 bytes
    agent TEXT NOT NULL, -- the name under which the crawler was known
    checked INTEGER NOT NULL, -- addresses in it
    refused INTEGER NOT NULL, -- addresses that are off limits
    entry BLOB NOT NULL, -- entry of the log that says so, 16 bytes
    made_by TEXT NOT NULL, -- the account that checked it
    made_ms INTEGER NOT NULL, -- ms since 1970
    PRIMARY KEY (tenant, name, manifest),
    FOREIGN KEY (tenant, name) REFERENCES source (tenant, name)
) STRICT;

-- A source on the blacklist, or that was on it.
CREATE TABLE source_block (
    tenant TEXT NOT NULL REFERENCES tenant, -- whose
    name TEXT NOT NULL, -- which source
    block INTEGER NOT NULL, -- counts from 1 by source
    reason TEXT NOT NULL, -- why
    entry BLOB NOT NULL, -- entry of the log that says so, 16 bytes
    person INTEGER NOT NULL, -- the person who blocked it, who does not take it off
    made_by TEXT NOT NULL, -- their account
    made_ms INTEGER NOT NULL, -- ms since 1970
    lifted_by TEXT NOT NULL, -- the account that took it off; empty while it stands
    lifted_ms INTEGER NOT NULL, -- when, ms since 1970; 0 while it stands
    lifted_reason TEXT NOT NULL, -- why; empty while it stands
    PRIMARY KEY (tenant, name, block),
    FOREIGN KEY (tenant, name) REFERENCES source (tenant, name)
) STRICT;

-- A person whose name can be found again: where it stands, sealed with the person's key. It goes when the person is erased.
CREATE TABLE named_person (
    tenant TEXT NOT NULL REFERENCES tenant, -- whose
    person TEXT NOT NULL, -- the keyed hash of the person's name
    entry BLOB NOT NULL, -- entry of the log whose content has the name, 16 bytes
    PRIMARY KEY (tenant, person)
) STRICT;

-- What a person agreed to. It goes when the person is erased. Who said no to training stands in the profile.
CREATE TABLE consent (
    tenant TEXT NOT NULL REFERENCES tenant, -- whose
    person TEXT NOT NULL, -- the keyed hash of the person's name
    purpose TEXT NOT NULL, -- for what: training
    scope TEXT NOT NULL, -- general, or sensitive: the separate consent of PIPL 29
    basis TEXT NOT NULL, -- where it stands
    given TEXT NOT NULL, -- the day on which it was given, YYYY-MM-DD
    expires TEXT NOT NULL, -- its last day; empty where none is set
    withdrawn TEXT NOT NULL, -- the day on which it was taken back; empty while it stands
    entry BLOB NOT NULL, -- entry of the log that says so last, 16 bytes
    updated_ms INTEGER NOT NULL, -- ms since 1970
    PRIMARY KEY (tenant, person, purpose, scope)
) STRICT;
