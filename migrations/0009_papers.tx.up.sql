-- How the tickets of an event look on paper. No row: as designed by default.
CREATE TABLE ticket_designs (
    event_id     TEXT PRIMARY KEY REFERENCES events (id),
    community_id TEXT NOT NULL,
    layout       TEXT NOT NULL CHECK (layout IN ('classic', 'band', 'plain')),
    logo_hash    TEXT NOT NULL DEFAULT '', -- of a blob
    large_name   BOOLEAN NOT NULL DEFAULT FALSE,
    show_price   BOOLEAN NOT NULL DEFAULT FALSE,
    show_order   BOOLEAN NOT NULL DEFAULT TRUE,
    show_venue   BOOLEAN NOT NULL DEFAULT TRUE,
    note         TEXT NOT NULL DEFAULT '',
    version      BIGINT NOT NULL DEFAULT 1,
    updated_at   TIMESTAMPTZ NOT NULL
);
