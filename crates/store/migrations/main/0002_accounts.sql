-- Who may do what: the first start, persons, their accounts and roles, how they are signed in, and acts that two of them do.

-- Where the first start of a tenant stands. Every act on its accounts takes its turn at this row, one after the other.
CREATE TABLE ceremony (
    tenant TEXT NOT NULL PRIMARY KEY REFERENCES tenant, -- whose
    state TEXT NOT NULL, -- JSON: the digest of the bootstrap token and who is appointed, or that it is complete
    complete_ms INTEGER NOT NULL, -- when it was finished, ms since 1970; 0 before, and until then nobody signs in
    last_id INTEGER NOT NULL, -- the last id that a person or an account was given; none is given twice
    turns INTEGER NOT NULL -- counts sign-ins, of unknown names too, and acts on accounts
) STRICT;

-- A person, whatever accounts they have: roles exclude each other by person.
CREATE TABLE person (
    tenant TEXT NOT NULL REFERENCES tenant, -- whose
    person INTEGER NOT NULL, -- id; the ledger names the person by it alone
    name TEXT NOT NULL, -- a short name to show
    created_ms INTEGER NOT NULL, -- ms since 1970
    PRIMARY KEY (tenant, person)
) STRICT;

-- What a person signs in with. Without a role it can do nothing.
CREATE TABLE account (
    tenant TEXT NOT NULL REFERENCES tenant, -- whose
    account INTEGER NOT NULL, -- id
    person INTEGER NOT NULL, -- who signs in with it
    login TEXT NOT NULL, -- the name to sign in with; kept when the account is disabled
    password TEXT NOT NULL, -- Argon2id hash as a PHC string; empty until the owner has chosen one
    invitation BLOB NOT NULL, -- SHA-256 of the token with which the owner chooses a password; empty once it is used
    invitation_until_ms INTEGER NOT NULL, -- when the invitation ends, ms since 1970
    totp BLOB NOT NULL, -- secret of the second factor, an envelope (docs/formats/envelope.md); empty where none
    totp_pending BLOB NOT NULL, -- the next one, not confirmed by a code yet; empty where none
    totp_step INTEGER NOT NULL, -- step of the last code that was accepted; no code is accepted twice
    failures INTEGER NOT NULL, -- failed sign-ins since the last one that succeeded
    failed_ms INTEGER NOT NULL, -- the last failure, ms since 1970
    disabled_ms INTEGER NOT NULL, -- when it was disabled for good, ms since 1970; 0 while it is not
    created_by INTEGER NOT NULL, -- the person who created it; 0 for the first start
    created_ms INTEGER NOT NULL, -- ms since 1970
    PRIMARY KEY (tenant, account),
    UNIQUE (tenant, login),
    FOREIGN KEY (tenant, person) REFERENCES person (tenant, person)
) STRICT;

-- A role of a person, through one of their accounts: only that account acts by it.
CREATE TABLE role_grant (
    tenant TEXT NOT NULL REFERENCES tenant, -- whose
    person INTEGER NOT NULL, -- who holds it
    role TEXT NOT NULL, -- id of the role
    account INTEGER NOT NULL, -- through which account
    granted_by INTEGER NOT NULL, -- the person who granted it; 0 for the first start
    granted_ms INTEGER NOT NULL, -- ms since 1970
    PRIMARY KEY (tenant, person, role),
    FOREIGN KEY (tenant, account) REFERENCES account (tenant, account)
) STRICT;

-- What makes the gate's question quick.
CREATE INDEX role_grant_account ON role_grant (tenant, account);

-- Somebody who is signed in.
CREATE TABLE session (
    tenant TEXT NOT NULL REFERENCES tenant, -- whose
    hash BLOB NOT NULL, -- SHA-256 of the secret, 32 bytes
    account INTEGER NOT NULL, -- who
    opened_ms INTEGER NOT NULL, -- signed in, ms since 1970
    seen_ms INTEGER NOT NULL, -- last did something, to the minute, ms since 1970
    second_factor_ms INTEGER NOT NULL, -- last showed a second factor, ms since 1970; 0 for never
    PRIMARY KEY (tenant, hash),
    FOREIGN KEY (tenant, account) REFERENCES account (tenant, account)
) STRICT;

-- What makes it quick to end all sessions of an account.
CREATE INDEX session_account ON session (tenant, account);

-- A token of a program that acts for an account.
CREATE TABLE token (
    tenant TEXT NOT NULL REFERENCES tenant, -- whose
    token TEXT NOT NULL, -- random id, 32 hexadecimal digits
    account INTEGER NOT NULL, -- for which account
    name TEXT NOT NULL, -- what it is for
    scopes TEXT NOT NULL, -- JSON: ids of the permissions it may use
    hash BLOB NOT NULL, -- SHA-256 of the secret, 32 bytes; empty until the owner collects it
    issued_by INTEGER NOT NULL, -- the person who issued it
    issued_ms INTEGER NOT NULL, -- ms since 1970
    expires_ms INTEGER NOT NULL, -- the first moment at which it is nothing, ms since 1970
    used_ms INTEGER NOT NULL, -- last used, to the minute, ms since 1970; 0 for never
    PRIMARY KEY (tenant, token),
    FOREIGN KEY (tenant, account) REFERENCES account (tenant, account)
) STRICT;

-- What makes the gate's question quick.
CREATE INDEX token_hash ON token (tenant, hash);

-- An act that needs two of the three administrators.
CREATE TABLE approval (
    tenant TEXT NOT NULL REFERENCES tenant, -- whose
    approval TEXT NOT NULL, -- random id, 32 hexadecimal digits
    state TEXT NOT NULL, -- JSON: the act, its object, who proposed and approved it, and how far it has come
    open INTEGER NOT NULL, -- 1 while it waits for somebody, 0 once it is executed or refused
    expires_ms INTEGER NOT NULL, -- the first moment at which nobody can act on it, ms since 1970
    PRIMARY KEY (tenant, approval)
) STRICT;
