-- What guards a live service. Several gateways share it: each holds it in memory, and asks for the epoch whether anything changed.

-- Counts the changes of what a gateway holds in memory. Whoever changes any of it takes its turn at this row first, one after the other.
CREATE TABLE guard_epoch (
    tenant TEXT NOT NULL PRIMARY KEY REFERENCES tenant, -- whose
    epoch INTEGER NOT NULL, -- raised by every such change, in its transaction
    base INTEGER NOT NULL -- the last epoch of a change that was not of one person's row: whoever holds an older one reads all again
) STRICT;

-- A secret by which a program of the operator's is known to the gateway.
CREATE TABLE client_key (
    tenant TEXT NOT NULL REFERENCES tenant, -- whose
    client_key TEXT NOT NULL, -- random id, 32 hexadecimal digits
    name TEXT NOT NULL, -- what it is for
    digest BLOB NOT NULL, -- SHA-256 of the secret, 32 bytes
    settings TEXT NOT NULL, -- JSON that the gateway understands
    created_ms INTEGER NOT NULL, -- ms since 1970
    expires_ms INTEGER NOT NULL, -- the first moment at which it is nothing, ms since 1970; 0 for never
    revoked_ms INTEGER NOT NULL, -- when it was revoked, ms since 1970; 0 while it is not
    PRIMARY KEY (tenant, client_key)
) STRICT;

-- A text that is stopped at once, until a lexicon has it.
CREATE TABLE ban (
    tenant TEXT NOT NULL REFERENCES tenant, -- whose
    ban TEXT NOT NULL, -- random id, 32 hexadecimal digits
    pattern TEXT NOT NULL, -- what is looked for
    direction TEXT NOT NULL, -- input, output or both
    reason TEXT NOT NULL, -- why, as its maker says
    made_by TEXT NOT NULL, -- who
    created_ms INTEGER NOT NULL, -- ms since 1970
    expires_ms INTEGER NOT NULL, -- the first moment at which it is nothing, ms since 1970; 0 for never
    PRIMARY KEY (tenant, ban)
) STRICT;

-- What is switched off: the row goes when it is switched on again.
CREATE TABLE switch (
    tenant TEXT NOT NULL REFERENCES tenant, -- whose
    scope TEXT NOT NULL, -- tenant, model or route
    name TEXT NOT NULL, -- which model or route; empty for the tenant
    reason TEXT NOT NULL, -- why, as whoever did it says
    made_by TEXT NOT NULL, -- who
    since_ms INTEGER NOT NULL, -- ms since 1970
    PRIMARY KEY (tenant, scope, name)
) STRICT;

-- A version of a policy of the gateway.
CREATE TABLE policy (
    tenant TEXT NOT NULL REFERENCES tenant, -- whose
    name TEXT NOT NULL, -- of which policy
    version INTEGER NOT NULL, -- counts from 1 by name
    body TEXT NOT NULL, -- TOML; never changed
    state TEXT NOT NULL, -- draft, shadow, live or retired
    turn INTEGER NOT NULL, -- its place among the versions of its name in the order in which they went live, from 1; 0 where it never did, or was gone back from
    regression TEXT NOT NULL, -- JSON: what the regression test said of this body; {} before
    made_by TEXT NOT NULL, -- who
    created_ms INTEGER NOT NULL, -- ms since 1970
    PRIMARY KEY (tenant, name, version)
) STRICT;

-- How a person stands under the rules of strikes. It goes when the person is erased.
CREATE TABLE standing (
    tenant TEXT NOT NULL REFERENCES tenant, -- whose
    person TEXT NOT NULL, -- the keyed hash of the person's name
    state TEXT NOT NULL, -- good, warned, cooling or suspended
    consecutive INTEGER NOT NULL, -- strikes without anything good between them
    recent TEXT NOT NULL, -- JSON: times of the last strikes, ms since 1970
    until_ms INTEGER NOT NULL, -- when the state ends, ms since 1970; 0 where it does not by itself
    reason TEXT NOT NULL, -- word of the rule that brought it about
    appeal TEXT NOT NULL, -- none, open, granted or denied
    appeal_entry BLOB NOT NULL, -- id of the ledger's entry that holds what the appeal says, sealed with the person's key; empty where none
    updated_ms INTEGER NOT NULL, -- ms since 1970
    epoch INTEGER NOT NULL, -- the epoch in which a gateway had to know of it
    PRIMARY KEY (tenant, person)
) STRICT;

-- What makes the gateways' question quick.
CREATE INDEX standing_epoch ON standing (tenant, epoch);

-- What makes the reviewers' question quick.
CREATE INDEX standing_appeal ON standing (tenant, appeal);

-- What the operator or a guardian has set for a person or a client key. That of a person goes when the person is erased.
CREATE TABLE profile (
    tenant TEXT NOT NULL REFERENCES tenant, -- whose
    kind TEXT NOT NULL, -- person or key
    whom TEXT NOT NULL, -- the keyed hash of the person's name; or the id of the client key
    age TEXT NOT NULL, -- adult, minor or unknown
    born_from INTEGER NOT NULL, -- first year in which the person may be born; 0 where not known
    born_to INTEGER NOT NULL, -- last such year; 0 where not known
    settings TEXT NOT NULL, -- JSON that the gateway understands
    training TEXT NOT NULL, -- unset, out or in: whether what is said may be trained on
    updated_ms INTEGER NOT NULL, -- ms since 1970
    epoch INTEGER NOT NULL, -- the epoch in which it was set
    PRIMARY KEY (tenant, kind, whom)
) STRICT;

-- What makes the gateways' question quick.
CREATE INDEX profile_epoch ON profile (tenant, epoch);

-- How long a person used the service on a day. It goes when the person is erased.
CREATE TABLE used_time (
    tenant TEXT NOT NULL REFERENCES tenant, -- whose
    person TEXT NOT NULL, -- the keyed hash of the person's name
    day INTEGER NOT NULL, -- days since 1970-01-01 in the calendar of the service
    ms INTEGER NOT NULL, -- how long, ms
    PRIMARY KEY (tenant, person, day)
) STRICT;

-- A request or an answer that waits for a reviewer. What is held stands in the entry of the same id, sealed with the person's key.
CREATE TABLE ticket (
    tenant TEXT NOT NULL REFERENCES tenant, -- whose
    ticket BLOB NOT NULL, -- id of the ledger's entry that opened it, 16 bytes
    request BLOB NOT NULL, -- id of the entry of the request's admission, 16 bytes
    stage TEXT NOT NULL, -- input or answer
    state TEXT NOT NULL, -- waiting, released, refused or expired
    created_ms INTEGER NOT NULL, -- ms since 1970
    until_ms INTEGER NOT NULL, -- the first moment at which nobody can decide it, ms since 1970
    decided_by TEXT NOT NULL, -- who; empty before
    decided_ms INTEGER NOT NULL, -- when, ms since 1970; 0 before
    decided BLOB NOT NULL, -- id of the entry that says so; empty before
    reason TEXT NOT NULL, -- why, as whoever decided says
    PRIMARY KEY (tenant, ticket)
) STRICT;

-- What makes the reviewers' question quick.
CREATE INDEX ticket_state ON ticket (tenant, state, ticket);

-- What finds the tickets of a request.
CREATE INDEX ticket_request ON ticket (tenant, request);

-- A request that has its outcome.
CREATE TABLE request (
    tenant TEXT NOT NULL REFERENCES tenant, -- whose
    request BLOB NOT NULL, -- id of the entry of its admission, 16 bytes; begins with the time, so that the key is in the order of time
    time_ms INTEGER NOT NULL, -- when it came, ms since 1970
    client_key TEXT NOT NULL, -- with which client key; empty where none
    person TEXT NOT NULL, -- the keyed hash of the person's name; empty where none was named, or the person was erased
    endpoint TEXT NOT NULL, -- what was asked for
    model TEXT NOT NULL, -- which model
    decision TEXT NOT NULL, -- what was decided
    outcome BLOB NOT NULL, -- id of the entry of its outcome, 16 bytes
    ticket BLOB NOT NULL, -- the last ticket it had to wait for; empty where none
    PRIMARY KEY (tenant, request)
) STRICT;

-- What finds the requests of a person.
CREATE INDEX request_person ON request (tenant, person, request);
