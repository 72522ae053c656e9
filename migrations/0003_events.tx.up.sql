-- Plan: events and their agenda, speakers, sponsors, budget.

CREATE TABLE series (
    id           TEXT PRIMARY KEY,
    community_id TEXT NOT NULL REFERENCES communities (id),
    title        TEXT NOT NULL,
    created_at   TIMESTAMPTZ NOT NULL
);

CREATE TABLE events (
    id             TEXT PRIMARY KEY,
    community_id   TEXT NOT NULL REFERENCES communities (id),
    group_id       TEXT REFERENCES groups (id),
    series_id      TEXT REFERENCES series (id),
    number         BIGINT NOT NULL UNIQUE, -- small and rising: it stands in every ticket code
    slug           TEXT NOT NULL UNIQUE,
    title          TEXT NOT NULL,
    summary        TEXT NOT NULL DEFAULT '',
    description    TEXT NOT NULL DEFAULT '', -- markdown
    format         TEXT NOT NULL CHECK (format IN ('in_person', 'virtual', 'hybrid')),
    status         TEXT NOT NULL DEFAULT 'draft' CHECK (status IN ('draft', 'published', 'canceled', 'ended')),
    timezone       TEXT NOT NULL, -- IANA
    starts_at      TIMESTAMPTZ NOT NULL,
    ends_at        TIMESTAMPTZ NOT NULL,
    currency       TEXT NOT NULL,
    venue_name     TEXT NOT NULL DEFAULT '',
    venue_address  TEXT NOT NULL DEFAULT '',
    venue_city     TEXT NOT NULL DEFAULT '',
    venue_country  TEXT NOT NULL DEFAULT '', -- ISO 3166-1 alpha-2
    online_url     TEXT NOT NULL DEFAULT '', -- shown to ticket holders only
    join_opens_minutes BIGINT NOT NULL DEFAULT 30, -- how long before the start join links open
    accent         TEXT NOT NULL DEFAULT '', -- #rrggbb
    cover_hash     TEXT NOT NULL DEFAULT '',
    prices_include_tax BOOLEAN NOT NULL DEFAULT TRUE,
    signing_key    TEXT NOT NULL, -- Ed25519 seed of the event's ticket codes, base64
    version        BIGINT NOT NULL DEFAULT 1,
    published_at   TIMESTAMPTZ,
    canceled_at    TIMESTAMPTZ,
    created_at     TIMESTAMPTZ NOT NULL,
    updated_at     TIMESTAMPTZ NOT NULL,
    CHECK (starts_at < ends_at)
);
CREATE INDEX events_by_community ON events (community_id, starts_at, id);
CREATE INDEX events_by_status ON events (status, starts_at, id);

CREATE TABLE rooms (
    id           TEXT PRIMARY KEY,
    community_id TEXT NOT NULL,
    event_id     TEXT NOT NULL REFERENCES events (id),
    external_key TEXT, -- from an import; NULL when made here
    name         TEXT NOT NULL,
    capacity     BIGINT CHECK (capacity >= 0), -- NULL: not known
    position     BIGINT NOT NULL DEFAULT 0,
    version      BIGINT NOT NULL DEFAULT 1,
    created_at   TIMESTAMPTZ NOT NULL,
    updated_at   TIMESTAMPTZ NOT NULL,
    UNIQUE (event_id, external_key)
);
CREATE INDEX rooms_by_event ON rooms (event_id, position, id);

CREATE TABLE tracks (
    id           TEXT PRIMARY KEY,
    community_id TEXT NOT NULL,
    event_id     TEXT NOT NULL REFERENCES events (id),
    external_key TEXT,
    name         TEXT NOT NULL,
    color        TEXT NOT NULL DEFAULT '',
    position     BIGINT NOT NULL DEFAULT 0,
    version      BIGINT NOT NULL DEFAULT 1,
    created_at   TIMESTAMPTZ NOT NULL,
    updated_at   TIMESTAMPTZ NOT NULL,
    UNIQUE (event_id, external_key)
);
CREATE INDEX tracks_by_event ON tracks (event_id, position, id);

CREATE TABLE speakers (
    id           TEXT PRIMARY KEY,
    community_id TEXT NOT NULL,
    event_id     TEXT NOT NULL REFERENCES events (id),
    person_id    TEXT REFERENCES persons (id), -- NULL until an e-mail is known
    external_key TEXT,
    name         TEXT NOT NULL,
    email        TEXT NOT NULL DEFAULT '',
    bio          TEXT NOT NULL DEFAULT '', -- markdown
    photo_hash   TEXT NOT NULL DEFAULT '',
    version      BIGINT NOT NULL DEFAULT 1,
    created_at   TIMESTAMPTZ NOT NULL,
    updated_at   TIMESTAMPTZ NOT NULL,
    UNIQUE (event_id, external_key)
);
CREATE INDEX speakers_by_event ON speakers (event_id, name, id);

-- A session and, once it is placed, its slot (room, start, end).
CREATE TABLE sessions (
    id               TEXT PRIMARY KEY,
    community_id     TEXT NOT NULL,
    event_id         TEXT NOT NULL REFERENCES events (id),
    external_key     TEXT,          -- from an import
    guid             TEXT NOT NULL, -- stable towards calendars and other programs
    title            TEXT NOT NULL,
    subtitle         TEXT NOT NULL DEFAULT '',
    kind             TEXT NOT NULL CHECK (kind IN ('talk', 'workshop', 'panel', 'keynote', 'break', 'social', 'other')),
    status           TEXT NOT NULL DEFAULT 'confirmed' CHECK (status IN ('draft', 'confirmed', 'withdrawn')),
    abstract         TEXT NOT NULL DEFAULT '', -- markdown
    description      TEXT NOT NULL DEFAULT '', -- markdown
    language         TEXT NOT NULL DEFAULT '',
    url              TEXT NOT NULL DEFAULT '',
    links            JSONB NOT NULL DEFAULT '[]',
    source_type      TEXT NOT NULL DEFAULT '', -- an import's own word for the kind: "devroom"
    source_number    BIGINT,                   -- an import's own small number
    track_id         TEXT REFERENCES tracks (id),
    duration_minutes BIGINT NOT NULL CHECK (duration_minutes >= 0),
    room_id          TEXT REFERENCES rooms (id), -- NULL with a start: everywhere, or online
    starts_at        TIMESTAMPTZ,
    ends_at          TIMESTAMPTZ,
    batch            TEXT,                     -- of the copy of a day that made it
    version          BIGINT NOT NULL DEFAULT 1,
    created_at       TIMESTAMPTZ NOT NULL,
    updated_at       TIMESTAMPTZ NOT NULL,
    UNIQUE (event_id, guid),
    UNIQUE (event_id, external_key),
    CHECK ((starts_at IS NULL) = (ends_at IS NULL)),
    CHECK (starts_at IS NOT NULL OR room_id IS NULL)
);
CREATE INDEX sessions_by_event ON sessions (event_id, starts_at, id);

CREATE TABLE session_speakers (
    community_id TEXT NOT NULL,
    session_id   TEXT NOT NULL REFERENCES sessions (id),
    speaker_id   TEXT NOT NULL REFERENCES speakers (id),
    position     BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (session_id, speaker_id)
);
CREATE INDEX session_speakers_by_speaker ON session_speakers (speaker_id);

-- What the last import said of a session, a room, a track or a speaker: what was changed here since is kept.
CREATE TABLE imported_things (
    thing_id     TEXT PRIMARY KEY,
    community_id TEXT NOT NULL,
    event_id     TEXT NOT NULL REFERENCES events (id),
    said         JSONB NOT NULL
);
CREATE INDEX imported_things_by_event ON imported_things (event_id);

-- How an event's files of no known format are read: the next one of the same shape needs no second mapping.
CREATE TABLE agenda_mappings (
    event_id     TEXT PRIMARY KEY REFERENCES events (id),
    community_id TEXT NOT NULL,
    mapping      JSONB NOT NULL,
    updated_at   TIMESTAMPTZ NOT NULL
);

-- A frozen, published version of the agenda.
CREATE TABLE schedule_releases (
    id           TEXT PRIMARY KEY,
    community_id TEXT NOT NULL,
    event_id     TEXT NOT NULL REFERENCES events (id),
    number       BIGINT NOT NULL, -- 1, 2, 3… per event; also the calendar's SEQUENCE
    version      TEXT NOT NULL,   -- the organiser's name for it
    note         TEXT NOT NULL DEFAULT '',
    takes_back   TEXT REFERENCES schedule_releases (id), -- the release that it undoes
    restores     TEXT REFERENCES schedule_releases (id), -- the one whose schedule it shows again; NULL where there was none before
    sessions     BIGINT NOT NULL CHECK (sessions >= 0),  -- how many it shows; 0: the schedule is public no longer
    changes      JSONB NOT NULL,
    schedule     JSONB NOT NULL,
    created_at   TIMESTAMPTZ NOT NULL,
    UNIQUE (event_id, number),
    UNIQUE (event_id, version),
    CHECK (takes_back IS NOT NULL OR (restores IS NULL AND sessions > 0))
);

-- Up to which release those concerned were told what changed, and when they are told the rest.
CREATE TABLE schedule_news (
    event_id     TEXT PRIMARY KEY REFERENCES events (id),
    community_id TEXT NOT NULL,
    told         BIGINT NOT NULL DEFAULT 0, -- number of a release; 0: nobody was told of any
    due_at       TIMESTAMPTZ                -- NULL: nothing waits
);

CREATE TABLE sponsor_tiers (
    id           TEXT PRIMARY KEY,
    community_id TEXT NOT NULL,
    event_id     TEXT NOT NULL REFERENCES events (id),
    name         TEXT NOT NULL,
    price        BIGINT NOT NULL CHECK (price >= 0), -- minor units of the event's currency
    max_sponsors BIGINT CHECK (max_sponsors > 0),
    benefits     JSONB NOT NULL DEFAULT '[]',
    position     BIGINT NOT NULL DEFAULT 0,
    version      BIGINT NOT NULL DEFAULT 1,
    created_at   TIMESTAMPTZ NOT NULL,
    updated_at   TIMESTAMPTZ NOT NULL
);
CREATE INDEX sponsor_tiers_by_event ON sponsor_tiers (event_id, position, id);

CREATE TABLE sponsors (
    id           TEXT PRIMARY KEY,
    community_id TEXT NOT NULL,
    event_id     TEXT NOT NULL REFERENCES events (id),
    tier_id      TEXT REFERENCES sponsor_tiers (id),
    name         TEXT NOT NULL,
    website      TEXT NOT NULL DEFAULT '',
    logo_hash    TEXT NOT NULL DEFAULT '',
    status       TEXT NOT NULL CHECK (status IN ('prospect', 'talking', 'promised', 'signed', 'invoiced', 'paid', 'lost')),
    promised     BIGINT NOT NULL DEFAULT 0 CHECK (promised >= 0), -- minor units
    version      BIGINT NOT NULL DEFAULT 1,
    created_at   TIMESTAMPTZ NOT NULL,
    updated_at   TIMESTAMPTZ NOT NULL
);
CREATE INDEX sponsors_by_event ON sponsors (event_id, id);

-- Money received from a sponsor; append-only, a correction is a negative row.
CREATE TABLE sponsor_payments (
    id           TEXT PRIMARY KEY,
    community_id TEXT NOT NULL,
    event_id     TEXT NOT NULL REFERENCES events (id),
    sponsor_id   TEXT NOT NULL REFERENCES sponsors (id),
    amount       BIGINT NOT NULL CHECK (amount <> 0),
    received_on  TEXT NOT NULL, -- YYYY-MM-DD
    note         TEXT NOT NULL DEFAULT '',
    created_at   TIMESTAMPTZ NOT NULL
);
CREATE INDEX sponsor_payments_by_event ON sponsor_payments (event_id, sponsor_id);

CREATE TABLE budget_lines (
    id           TEXT PRIMARY KEY,
    community_id TEXT NOT NULL,
    event_id     TEXT NOT NULL REFERENCES events (id),
    category     TEXT NOT NULL,
    kind         TEXT NOT NULL CHECK (kind IN ('income', 'expense')),
    planned      BIGINT NOT NULL CHECK (planned >= 0),
    committed    BIGINT NOT NULL DEFAULT 0 CHECK (committed >= 0),
    sponsor_id   TEXT REFERENCES sponsors (id), -- who funds it
    version      BIGINT NOT NULL DEFAULT 1,
    created_at   TIMESTAMPTZ NOT NULL,
    updated_at   TIMESTAMPTZ NOT NULL
);
CREATE INDEX budget_lines_by_event ON budget_lines (event_id, kind, category, id);

-- What a line really cost or brought; append-only, a correction is a negative row.
CREATE TABLE budget_entries (
    id           TEXT PRIMARY KEY,
    community_id TEXT NOT NULL,
    event_id     TEXT NOT NULL REFERENCES events (id),
    line_id      TEXT NOT NULL REFERENCES budget_lines (id),
    amount       BIGINT NOT NULL CHECK (amount <> 0),
    entry_date   TEXT NOT NULL, -- YYYY-MM-DD
    vendor       TEXT NOT NULL DEFAULT '',
    note         TEXT NOT NULL DEFAULT '',
    created_at   TIMESTAMPTZ NOT NULL
);
CREATE INDEX budget_entries_by_line ON budget_entries (line_id, id);
