-- Places at sessions: whose ticket has one, who waits for one, and what was said of sessions afterwards.

-- Whether one signs up for a session, and the counters of its places. No row: everybody may come.
CREATE TABLE session_sign_ups (
    session_id      TEXT PRIMARY KEY REFERENCES sessions (id),
    community_id    TEXT NOT NULL,
    event_id        TEXT NOT NULL REFERENCES events (id),
    offered         BOOLEAN NOT NULL, -- false: what was taken stays, and nobody new signs up
    seats           BIGINT NOT NULL,
    taken           BIGINT NOT NULL DEFAULT 0,
    waiting         BIGINT NOT NULL DEFAULT 0 CHECK (waiting >= 0),
    opens_at        TIMESTAMPTZ, -- NULL: at once
    closes_at       TIMESTAMPTZ, -- NULL: when the session begins
    mode            TEXT NOT NULL DEFAULT '' CHECK (mode IN ('', 'in_person', 'virtual')), -- of the tickets that may; '': both
    ticket_type_ids JSONB NOT NULL DEFAULT '[]', -- that may; none: all
    version         BIGINT NOT NULL DEFAULT 1,
    updated_at      TIMESTAMPTZ NOT NULL,
    CHECK (taken >= 0 AND taken <= seats)
);
CREATE INDEX session_sign_ups_of_event ON session_sign_ups (event_id);

-- A ticket's place at a session, or its wish for one. Who leaves has no row.
CREATE TABLE sign_ups (
    id           TEXT PRIMARY KEY,
    community_id TEXT NOT NULL,
    event_id     TEXT NOT NULL REFERENCES events (id),
    session_id   TEXT NOT NULL REFERENCES session_sign_ups (session_id),
    ticket_id    TEXT NOT NULL REFERENCES tickets (id),
    status       TEXT NOT NULL CHECK (status IN ('signed', 'waiting')),
    queued_at    TIMESTAMPTZ NOT NULL, -- who waits is served in this order
    signed_at    TIMESTAMPTZ, -- NULL while waiting
    created_at   TIMESTAMPTZ NOT NULL,
    UNIQUE (session_id, ticket_id),
    CHECK ((status = 'signed') = (signed_at IS NOT NULL))
);
CREATE INDEX sign_ups_in_turn ON sign_ups (session_id, status, queued_at, id);
CREATE INDEX sign_ups_of_ticket ON sign_ups (ticket_id);
CREATE INDEX sign_ups_of_event ON sign_ups (event_id, ticket_id, session_id);

-- What the bearer of a ticket says of a session: one a ticket, the last word stands.
CREATE TABLE session_feedback (
    session_id   TEXT NOT NULL REFERENCES sessions (id),
    ticket_id    TEXT NOT NULL REFERENCES tickets (id),
    person_id    TEXT NOT NULL REFERENCES persons (id), -- who bore it then
    community_id TEXT NOT NULL,
    event_id     TEXT NOT NULL REFERENCES events (id),
    stars        BIGINT NOT NULL CHECK (stars BETWEEN 1 AND 5),
    words        TEXT NOT NULL DEFAULT '',
    shown_as     TEXT NOT NULL UNIQUE, -- random: lists are in this order, so that it does not tell who wrote when
    updated_at   TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (session_id, ticket_id)
);
CREATE INDEX session_feedback_shown ON session_feedback (session_id, shown_as);
CREATE INDEX session_feedback_of_ticket ON session_feedback (ticket_id);
CREATE INDEX session_feedback_of_event ON session_feedback (event_id, session_id, stars);
