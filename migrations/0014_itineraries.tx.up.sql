-- What attendees marked in a schedule, without an account: whoever has the link to an itinerary has the itinerary.

CREATE TABLE itineraries (
    id           TEXT PRIMARY KEY,
    community_id TEXT NOT NULL,
    event_id     TEXT NOT NULL REFERENCES events (id),
    merged_into  TEXT REFERENCES itineraries (id) ON DELETE CASCADE, -- its links lead there; it has no sessions of its own any more
    asked_email  TEXT NOT NULL DEFAULT '', -- that somebody typed and nobody confirmed yet
    email        TEXT NOT NULL DEFAULT '', -- confirmed by a link that was mailed there: it is told of changes
    locale       TEXT NOT NULL DEFAULT '', -- of these mails
    created_at   TIMESTAMPTZ NOT NULL,
    updated_at   TIMESTAMPTZ NOT NULL
);
CREATE INDEX itineraries_by_event ON itineraries (event_id, id);
CREATE INDEX itineraries_merged ON itineraries (merged_into) WHERE merged_into IS NOT NULL;

CREATE TABLE itinerary_sessions (
    itinerary_id TEXT NOT NULL REFERENCES itineraries (id) ON DELETE CASCADE,
    session_id   TEXT NOT NULL REFERENCES sessions (id),
    community_id TEXT NOT NULL,
    chosen_at    TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (itinerary_id, session_id)
);
CREATE INDEX itinerary_sessions_by_session ON itinerary_sessions (session_id);
