-- Admit: badges.

-- How the badges of an event look. No row: as designed by default.
CREATE TABLE badge_designs (
    event_id     TEXT PRIMARY KEY REFERENCES events (id),
    community_id TEXT NOT NULL,
    choice       JSONB NOT NULL, -- see badges.Choice
    previous     JSONB NOT NULL, -- the choice before, to go back to; one without a layout for none
    version      BIGINT NOT NULL DEFAULT 1,
    updated_at   TIMESTAMPTZ NOT NULL
);

-- Badges that were printed together, each time again.
CREATE TABLE badge_runs (
    id           TEXT PRIMARY KEY,
    community_id TEXT NOT NULL,
    event_id     TEXT NOT NULL REFERENCES events (id),
    choice       JSONB NOT NULL, -- how they looked
    badges       BIGINT NOT NULL CHECK (badges > 0),
    actor_kind   TEXT NOT NULL,
    actor_id     TEXT NOT NULL,
    created_at   TIMESTAMPTZ NOT NULL
);
CREATE INDEX badge_runs_by_event ON badge_runs (event_id, id);

CREATE TABLE badge_prints (
    run_id       TEXT NOT NULL REFERENCES badge_runs (id),
    position     BIGINT NOT NULL, -- from 0, in the order of the print
    community_id TEXT NOT NULL,
    event_id     TEXT NOT NULL,
    ticket_id    TEXT NOT NULL REFERENCES tickets (id),
    says         TEXT NOT NULL, -- a hash of what stood on the badge, to find those that would say something else now
    cut          BOOLEAN NOT NULL, -- the name was too long
    printed_at   TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (run_id, position)
);
CREATE INDEX badge_prints_by_ticket ON badge_prints (ticket_id, printed_at);
