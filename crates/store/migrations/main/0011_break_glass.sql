-- A switch that one person pulled alone: what it switched off is on again when its time is over, unless a second person wanted it too. The row outlives its time, so that the same person does not pull the same again at once.
CREATE TABLE break_glass (
    tenant TEXT NOT NULL REFERENCES tenant, -- whose
    scope TEXT NOT NULL, -- as of the switch
    name TEXT NOT NULL, -- as of the switch
    person INTEGER NOT NULL, -- who pulled it
    since_ms INTEGER NOT NULL, -- ms since 1970
    expires_ms INTEGER NOT NULL, -- the first moment at which it is nothing, ms since 1970
    PRIMARY KEY (tenant, scope, name)
) STRICT;
