-- Devices: the registered scanners of an event's doors. What opens them is stored as a hash alone.

CREATE TABLE devices (
    id                 TEXT PRIMARY KEY,
    community_id       TEXT NOT NULL,
    event_id           TEXT NOT NULL REFERENCES events (id),
    list_id            TEXT REFERENCES check_in_lists (id), -- NULL: every list of the event
    name               TEXT NOT NULL,
    gate               TEXT NOT NULL DEFAULT '',
    role               TEXT NOT NULL CHECK (role IN ('kiosk', 'scan', 'search', 'supervisor', 'leads')),
    sponsor_id         TEXT REFERENCES sponsors (id), -- of leads: whose staff has it
    token_hash         TEXT NOT NULL, -- of the one token that works; '' for none
    pairing_hash       TEXT NOT NULL, -- of the newest pairing code, used or not; '' for none
    pairing_expires_at TIMESTAMPTZ,
    paired_at          TIMESTAMPTZ, -- NULL: no phone took the newest pairing code
    expires_at         TIMESTAMPTZ, -- NULL: a day after the event ends, whenever that is
    revoked_at         TIMESTAMPTZ,
    last_seen_at       TIMESTAMPTZ, -- to the half minute; NULL: not since the newest pairing code was made
    queue_length       BIGINT NOT NULL DEFAULT 0, -- scans that waited on it, as it said when it was last seen
    page_version       TEXT NOT NULL DEFAULT '', -- of its door page, likewise
    version            BIGINT NOT NULL DEFAULT 1,
    created_at         TIMESTAMPTZ NOT NULL,
    updated_at         TIMESTAMPTZ NOT NULL,
    CHECK ((role = 'leads') = (sponsor_id IS NOT NULL))
);
CREATE INDEX devices_by_event ON devices (event_id, id);
