-- Where sessions take place online. It stands apart from sessions, so that nothing which reads or publishes those can tell the address.
CREATE TABLE online_rooms (
    session_id   TEXT PRIMARY KEY REFERENCES sessions (id),
    community_id TEXT NOT NULL,
    event_id     TEXT NOT NULL REFERENCES events (id),
    url          TEXT NOT NULL, -- '': the event's
    version      BIGINT NOT NULL DEFAULT 1,
    updated_at   TIMESTAMPTZ NOT NULL
);
CREATE INDEX online_rooms_of_event ON online_rooms (event_id);
