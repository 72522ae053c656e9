-- Speakers of themselves: a few words more, when they can be there, their links, what they answered, their slides.

ALTER TABLE speakers ADD COLUMN tagline TEXT NOT NULL DEFAULT '';
ALTER TABLE speakers ADD COLUMN pronouns TEXT NOT NULL DEFAULT '';

-- When a speaker can be there. None: always. They neither touch nor overlap.
CREATE TABLE speaker_times (
    speaker_id   TEXT NOT NULL REFERENCES speakers (id),
    starts_at    TIMESTAMPTZ NOT NULL,
    ends_at      TIMESTAMPTZ NOT NULL,
    community_id TEXT NOT NULL,
    event_id     TEXT NOT NULL REFERENCES events (id),
    PRIMARY KEY (speaker_id, starts_at),
    CHECK (starts_at < ends_at)
);
CREATE INDEX speaker_times_by_event ON speaker_times (event_id, speaker_id, starts_at);

-- Mails of links to many speakers at once. One at a time per event.
CREATE TABLE speaker_mailings (
    id           TEXT PRIMARY KEY,
    community_id TEXT NOT NULL,
    event_id     TEXT NOT NULL REFERENCES events (id),
    wanted       BIGINT NOT NULL CHECK (wanted > 0), -- how many are written to
    created_at   TIMESTAMPTZ NOT NULL,
    done_at      TIMESTAMPTZ
);
CREATE UNIQUE INDEX speaker_mailings_under_way ON speaker_mailings (event_id) WHERE done_at IS NULL;
CREATE INDEX speaker_mailings_by_event ON speaker_mailings (event_id, id);

-- The secret links by which speakers come to their page. Each mail has one of its own; only its hash is kept.
CREATE TABLE speaker_links (
    token_hash   TEXT PRIMARY KEY,
    community_id TEXT NOT NULL,
    event_id     TEXT NOT NULL REFERENCES events (id),
    speaker_id   TEXT NOT NULL REFERENCES speakers (id),
    mailing_id   TEXT REFERENCES speaker_mailings (id),
    created_at   TIMESTAMPTZ NOT NULL,
    opened_at    TIMESTAMPTZ, -- the last time, to ten minutes
    ended_at     TIMESTAMPTZ, -- renewed or revoked
    UNIQUE (mailing_id, speaker_id)
);
CREATE INDEX speaker_links_by_speaker ON speaker_links (speaker_id, created_at);
CREATE INDEX speaker_links_by_event ON speaker_links (event_id, speaker_id);

-- What speakers said to their sessions, with the times that they said it to. None: not yet.
CREATE TABLE speaker_answers (
    session_id   TEXT NOT NULL REFERENCES sessions (id),
    speaker_id   TEXT NOT NULL REFERENCES speakers (id),
    community_id TEXT NOT NULL,
    event_id     TEXT NOT NULL REFERENCES events (id),
    answer       TEXT NOT NULL CHECK (answer IN ('confirmed', 'declined')),
    starts_at    TIMESTAMPTZ, -- NULL: it had no slot
    ends_at      TIMESTAMPTZ,
    answered_at  TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (session_id, speaker_id),
    CHECK ((starts_at IS NULL) = (ends_at IS NULL))
);
CREATE INDEX speaker_answers_by_event ON speaker_answers (event_id, speaker_id);

-- Slides; their bytes lie among the blobs under their id.
CREATE TABLE session_slides (
    id           TEXT PRIMARY KEY,
    community_id TEXT NOT NULL,
    event_id     TEXT NOT NULL REFERENCES events (id),
    session_id   TEXT NOT NULL REFERENCES sessions (id),
    speaker_id   TEXT NOT NULL REFERENCES speakers (id), -- who sent them
    name         TEXT NOT NULL,
    content_type TEXT NOT NULL,
    size         BIGINT NOT NULL CHECK (size > 0), -- bytes
    public       BOOLEAN NOT NULL, -- once the session is over
    created_at   TIMESTAMPTZ NOT NULL
);
CREATE INDEX session_slides_by_event ON session_slides (event_id, session_id, id);

-- What an event's organisers ask of speakers. No row: neither.
CREATE TABLE speaker_wishes (
    event_id     TEXT PRIMARY KEY REFERENCES events (id),
    community_id TEXT NOT NULL,
    slides       BOOLEAN NOT NULL DEFAULT FALSE,
    times        BOOLEAN NOT NULL DEFAULT FALSE
);
