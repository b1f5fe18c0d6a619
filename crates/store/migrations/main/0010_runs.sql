-- Assessments of a model (GB-B2): which run asked what, and what came of it. Its journal is content of the ledger, sealed with a key of its own; here stands where.

-- A run, as it was last recorded.
CREATE TABLE run (
    tenant TEXT NOT NULL REFERENCES tenant, -- whose
    name TEXT NOT NULL, -- its name
    target TEXT NOT NULL, -- what was asked
    opened TEXT NOT NULL, -- when it began, UTC, as its journal says
    standing TEXT NOT NULL, -- what it concluded, as report.json says it
    line_count INTEGER NOT NULL, -- lines of its journal
    chain BLOB NOT NULL, -- chain value of the last of them, 32 bytes
    item_count INTEGER NOT NULL, -- questions and rows in its samples
    entry BLOB NOT NULL, -- entry of the log that says so, 16 bytes
    recorded_by TEXT NOT NULL, -- the account that recorded it
    recorded_ms INTEGER NOT NULL, -- ms since 1970
    PRIMARY KEY (tenant, name)
) STRICT;

-- Lines of a run's journal that follow each other. They never change.
CREATE TABLE run_piece (
    tenant TEXT NOT NULL REFERENCES tenant, -- whose
    run TEXT NOT NULL, -- name of the run
    first_line INTEGER NOT NULL, -- from 1
    line_count INTEGER NOT NULL, -- how many lines
    chain BLOB NOT NULL, -- chain value of the last of them, 32 bytes
    entry BLOB NOT NULL, -- entry of the log whose content they are, 16 bytes
    PRIMARY KEY (tenant, run, first_line)
) STRICT;

-- A question or row of a run, and what was said of it, without a text.
CREATE TABLE run_item (
    tenant TEXT NOT NULL REFERENCES tenant, -- whose
    run TEXT NOT NULL, -- name of the run
    item TEXT NOT NULL, -- part/id, as the journal has it
    answered TEXT NOT NULL, -- answered, unanswered, open, or none where nothing is asked
    machine TEXT NOT NULL, -- what a machine judged; empty before
    people TEXT NOT NULL, -- what people judged; empty until they agree
    votes INTEGER NOT NULL, -- how many people judged
    PRIMARY KEY (tenant, run, item)
) STRICT;
