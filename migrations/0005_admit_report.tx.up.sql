-- Admit: what doors accept, the log of scans, and who was present.

CREATE TABLE check_in_lists (
    id            TEXT PRIMARY KEY,
    community_id  TEXT NOT NULL,
    event_id      TEXT NOT NULL REFERENCES events (id),
    name          TEXT NOT NULL,
    session_id    TEXT REFERENCES sessions (id), -- NULL: of the event; else who comes in is at the session, for as long as the list exists
    starts_at     TIMESTAMPTZ, -- NULL: at any time
    ends_at       TIMESTAMPTZ,
    entry         TEXT NOT NULL DEFAULT 'single' CHECK (entry IN ('single', 'reentry', 'daily', 'multiple')),
    day_from      BIGINT NOT NULL DEFAULT 0 CHECK (day_from BETWEEN 0 AND 1439), -- minutes after midnight
    exit_at       BIGINT CHECK (exit_at BETWEEN 0 AND 1439), -- likewise, when everybody is taken as gone; NULL: never
    gone_at       TIMESTAMPTZ, -- the last of these moments that is in the admissions
    rules         JSONB NOT NULL DEFAULT '[]', -- package checkin/rules
    most_inside   BIGINT CHECK (most_inside >= 1), -- how many the place may hold; NULL: not said
    admitted      BIGINT NOT NULL DEFAULT 0, -- tickets with an admission; `doctor` compares
    inside        BIGINT NOT NULL DEFAULT 0,
    refused       BIGINT NOT NULL DEFAULT 0, -- refused scans
    version       BIGINT NOT NULL DEFAULT 1,
    created_at    TIMESTAMPTZ NOT NULL,
    updated_at    TIMESTAMPTZ NOT NULL
);
CREATE INDEX check_in_lists_by_event ON check_in_lists (event_id, id);

-- No rows for a list: it accepts every type of mode in_person.
CREATE TABLE check_in_list_types (
    community_id   TEXT NOT NULL,
    list_id        TEXT NOT NULL REFERENCES check_in_lists (id),
    ticket_type_id TEXT NOT NULL REFERENCES ticket_types (id),
    PRIMARY KEY (list_id, ticket_type_id)
);

-- Every attempt, accepted or refused. An annulled scan stays.
CREATE TABLE scans (
    id           TEXT PRIMARY KEY,
    community_id TEXT NOT NULL,
    event_id     TEXT NOT NULL REFERENCES events (id),
    list_id      TEXT NOT NULL REFERENCES check_in_lists (id),
    ticket_id    TEXT REFERENCES tickets (id), -- NULL: the code names no ticket
    caller       TEXT NOT NULL, -- the token or staff member that scanned: nonces are unique to it
    nonce        TEXT NOT NULL,
    request_hash TEXT NOT NULL, -- of what was scanned: the same nonce with another code is refused
    direction    TEXT NOT NULL CHECK (direction IN ('entry', 'exit')),
    result       TEXT NOT NULL CHECK (result IN ('accepted', 'refused')),
    reason       TEXT NOT NULL DEFAULT '',
    gate         TEXT NOT NULL DEFAULT '',
    earlier_id   TEXT, -- the scan that stands in the way of this one
    failed       JSONB NOT NULL DEFAULT '[]', -- the conditions of the nearest rule that were not met
    again_at     TIMESTAMPTZ, -- when the same ticket may come in, where that is known
    scanned_at   TIMESTAMPTZ NOT NULL, -- as the door says
    received_at  TIMESTAMPTZ NOT NULL,
    at           TIMESTAMPTZ NOT NULL, -- when it counts as having happened
    offline      BOOLEAN NOT NULL DEFAULT FALSE, -- the door decided without the server, and told it later
    conflict_id  TEXT, -- of a ticket that was let in twice by doors that did not know of each other: the entry before this one
    overrides    TEXT, -- the refusal that a supervisor set aside: this entry is none that doors did not know of
    note         TEXT NOT NULL DEFAULT '', -- why, in the supervisor's words
    annulled_at  TIMESTAMPTZ,
    annulled_by  TEXT NOT NULL DEFAULT '',
    annulled_for TEXT NOT NULL DEFAULT '', -- why, in the words of whoever did
    UNIQUE (caller, nonce)
);
CREATE INDEX scans_by_list ON scans (list_id, id);
CREATE INDEX scans_by_ticket ON scans (ticket_id, id);
CREATE INDEX scans_in_conflict ON scans (list_id, id) WHERE conflict_id IS NOT NULL;
CREATE INDEX scans_annulled ON scans (list_id, annulled_at) WHERE annulled_at IS NOT NULL;

-- No rows for a list: it asks for no add-on.
CREATE TABLE check_in_list_add_ons (
    community_id TEXT NOT NULL,
    list_id      TEXT NOT NULL REFERENCES check_in_lists (id),
    add_on_id    TEXT NOT NULL, -- of add_ons, which come later
    PRIMARY KEY (list_id, add_on_id)
);

-- The first accepted scan of a ticket on a list wins this row, under any concurrency.
CREATE TABLE admissions (
    list_id      TEXT NOT NULL REFERENCES check_in_lists (id),
    ticket_id    TEXT NOT NULL REFERENCES tickets (id),
    community_id TEXT NOT NULL,
    scan_id      TEXT NOT NULL,
    inside       BOOLEAN NOT NULL,
    at           TIMESTAMPTZ NOT NULL,
    entered_by   TEXT NOT NULL, -- the scan that let it in last
    entered_at   TIMESTAMPTZ NOT NULL,
    last_at      TIMESTAMPTZ NOT NULL, -- of the last scan that let it in or out
    passes       BIGINT NOT NULL DEFAULT 1, -- rises with each scan that lets the ticket in or out: two at once are seen
    PRIMARY KEY (list_id, ticket_id)
);

-- Who was present: one row for each ticket's attendee at an event, and one at each of its sessions.
CREATE TABLE attendance_records (
    id              TEXT PRIMARY KEY,
    community_id    TEXT NOT NULL,
    event_id        TEXT NOT NULL REFERENCES events (id),
    ticket_id       TEXT NOT NULL REFERENCES tickets (id),
    person_id       TEXT NOT NULL REFERENCES persons (id),
    session_id      TEXT REFERENCES sessions (id), -- NULL: at the event
    attendance_mode TEXT NOT NULL,
    source          TEXT NOT NULL CHECK (source IN ('door_scan', 'join', 'meeting_report', 'manual')),
    first_at        TIMESTAMPTZ NOT NULL,
    last_at         TIMESTAMPTZ NOT NULL,
    minutes         BIGINT, -- as whoever reported it said; NULL: not said, then the log of doors may know
    confidence      TEXT NOT NULL CHECK (confidence IN ('high', 'medium', 'low')),
    marked_by       TEXT NOT NULL DEFAULT '', -- who said so, of source manual
    implied         BOOLEAN NOT NULL DEFAULT FALSE -- at the event only because of a mark at a session: it goes with the last of those
);
CREATE UNIQUE INDEX attendance_at_event ON attendance_records (event_id, ticket_id) WHERE session_id IS NULL;
CREATE UNIQUE INDEX attendance_at_session ON attendance_records (session_id, ticket_id) WHERE session_id IS NOT NULL;
CREATE INDEX attendance_by_event ON attendance_records (event_id, id);
CREATE INDEX attendance_by_session ON attendance_records (session_id, id) WHERE session_id IS NOT NULL;
CREATE INDEX attendance_records_by_person ON attendance_records (person_id);

-- The counters of doors and presence; they change with the rows above, and `doctor` compares them.

-- Tickets that a list let in, by the gate of the scan that did and by their type.
CREATE TABLE admission_totals (
    list_id        TEXT NOT NULL REFERENCES check_in_lists (id),
    gate           TEXT NOT NULL,
    ticket_type_id TEXT NOT NULL,
    community_id   TEXT NOT NULL,
    admitted       BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (list_id, gate, ticket_type_id)
);

-- Refused scans of a list that were not annulled.
CREATE TABLE refusal_totals (
    list_id      TEXT NOT NULL REFERENCES check_in_lists (id),
    reason       TEXT NOT NULL,
    community_id TEXT NOT NULL,
    refused      BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (list_id, reason)
);

-- Attendance records of a session.
CREATE TABLE session_totals (
    session_id   TEXT PRIMARY KEY REFERENCES sessions (id),
    community_id TEXT NOT NULL,
    event_id     TEXT NOT NULL REFERENCES events (id),
    came         BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX session_totals_by_event ON session_totals (event_id);

-- Attendance records of an event, those of its sessions apart, by the five minutes in which they begin and by the type and mode of their ticket.
CREATE TABLE attendance_totals (
    event_id        TEXT NOT NULL REFERENCES events (id),
    starts_at       TIMESTAMPTZ NOT NULL,
    ticket_type_id  TEXT NOT NULL,
    attendance_mode TEXT NOT NULL,
    community_id    TEXT NOT NULL,
    came            BIGINT NOT NULL DEFAULT 0,
    canceled        BIGINT NOT NULL DEFAULT 0, -- of them, those whose ticket was canceled after all
    PRIMARY KEY (event_id, starts_at, ticket_type_id, attendance_mode)
);

-- Follow up: what people did in the community, and when that makes them active.

CREATE TABLE activities (
    id           TEXT PRIMARY KEY,
    community_id TEXT NOT NULL,
    person_id    TEXT NOT NULL REFERENCES persons (id),
    type         TEXT NOT NULL,
    source       TEXT NOT NULL,
    external_id  TEXT NOT NULL,
    weight       BIGINT NOT NULL DEFAULT 1,
    occurred_at  TIMESTAMPTZ NOT NULL,
    created_at   TIMESTAMPTZ NOT NULL,
    UNIQUE (community_id, source, external_id)
);
CREATE INDEX activities_by_person ON activities (community_id, person_id, occurred_at);
CREATE INDEX activities_by_time ON activities (community_id, occurred_at);

CREATE TABLE activation_rules (
    community_id  TEXT PRIMARY KEY REFERENCES communities (id),
    types         JSONB NOT NULL DEFAULT '[]', -- empty: every type
    min_count     BIGINT NOT NULL CHECK (min_count BETWEEN 1 AND 1000),
    window_days   BIGINT NOT NULL CHECK (window_days BETWEEN 1 AND 365),
    lookback_days BIGINT NOT NULL CHECK (lookback_days BETWEEN 1 AND 730),
    version       BIGINT NOT NULL DEFAULT 1,
    updated_at    TIMESTAMPTZ NOT NULL
);
