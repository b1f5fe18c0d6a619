-- Which models and checkpoints there are, what was assessed of them, and which of them serve; and the files that are held against their manifests.

-- A version of a model, or a checkpoint of its training. What it is never changes; how it stands does.
CREATE TABLE model (
    tenant TEXT NOT NULL REFERENCES tenant, -- whose
    name TEXT NOT NULL, -- name of the model, or of the training run
    version TEXT NOT NULL, -- its version
    place INTEGER NOT NULL, -- the how-many-eth of its name, from 1
    kind TEXT NOT NULL, -- model or checkpoint; one name has one kind
    state TEXT NOT NULL, -- registered, assessed, promoted, good or retired
    base TEXT NOT NULL, -- NAME@VERSION that it was made from; empty where none is known
    licence TEXT NOT NULL, -- SPDX expression; empty where none was given
    manifest TEXT NOT NULL, -- docs/formats/model-manifest.md
    digest BLOB NOT NULL, -- SHA-256 of the manifest, 32 bytes
    path TEXT NOT NULL, -- directory of its files when it was registered; empty where it is served by API only
    endpoint TEXT NOT NULL, -- address where it is served by API only; empty otherwise
    signatures TEXT NOT NULL, -- JSON: signatures over the manifest
    entry BLOB NOT NULL, -- entry of the log in which it was registered, 16 bytes
    person INTEGER NOT NULL, -- the person who registered it, who cannot promote it
    registered_by TEXT NOT NULL, -- their account
    registered_ms INTEGER NOT NULL, -- ms since 1970
    PRIMARY KEY (tenant, name, version),
    UNIQUE (tenant, name, place)
) STRICT;

-- One version of a name serves at most; and what makes the gateway's question quick.
CREATE UNIQUE INDEX model_promoted ON model (tenant, name) WHERE state = 'promoted';

-- An assessment of a version, as the log has it. A run that was judged further is recorded again, and the last record counts.
CREATE TABLE model_run (
    tenant TEXT NOT NULL REFERENCES tenant, -- whose
    name TEXT NOT NULL, -- of which model
    version TEXT NOT NULL, -- of which version
    run TEXT NOT NULL, -- name of the run
    chain TEXT NOT NULL, -- chain value of its journal when it was recorded
    met INTEGER NOT NULL, -- 1 where every bound was met, 0 where not
    standing TEXT NOT NULL, -- what the run concluded, as report.json says it
    misses TEXT NOT NULL, -- JSON: which bounds were not met, with their clauses
    recorded_by TEXT NOT NULL, -- the account of the assessor
    recorded_ms INTEGER NOT NULL, -- ms since 1970
    PRIMARY KEY (tenant, name, version, run, chain),
    FOREIGN KEY (tenant, name, version) REFERENCES model (tenant, name, version)
) STRICT;

-- A version that was let into service: what a rollback goes back through.
CREATE TABLE model_promotion (
    tenant TEXT NOT NULL REFERENCES tenant, -- whose
    name TEXT NOT NULL, -- of which model
    place INTEGER NOT NULL, -- the how-many-eth of its name, from 1
    version TEXT NOT NULL, -- which version
    run TEXT NOT NULL, -- the run that it passed
    promoted_by TEXT NOT NULL, -- the account that let it in
    promoted_ms INTEGER NOT NULL, -- ms since 1970
    undone_ms INTEGER NOT NULL, -- when a rollback went behind it, ms since 1970; 0 where none did
    PRIMARY KEY (tenant, name, place),
    FOREIGN KEY (tenant, name, version) REFERENCES model (tenant, name, version)
) STRICT;

-- Files beside the models that are held against a manifest: the operator's lexicons.
CREATE TABLE watched (
    tenant TEXT NOT NULL REFERENCES tenant, -- whose
    path TEXT NOT NULL, -- a file or directory of the machine
    manifest TEXT NOT NULL, -- docs/formats/model-manifest.md
    digest BLOB NOT NULL, -- SHA-256 of the manifest, 32 bytes
    added_by TEXT NOT NULL, -- the account that vouched for it
    added_ms INTEGER NOT NULL, -- ms since 1970
    PRIMARY KEY (tenant, path)
) STRICT;
