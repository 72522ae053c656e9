-- Lists of organisers: views that a team keeps, and runs over many orders.

-- A filter with a name, of an event's whole team. One that was deleted can be brought back.
CREATE TABLE saved_views (
    id           TEXT PRIMARY KEY,
    community_id TEXT NOT NULL,
    event_id     TEXT NOT NULL REFERENCES events (id),
    list         TEXT NOT NULL CHECK (list IN ('orders', 'attendees')),
    name         TEXT NOT NULL,
    filter       JSONB NOT NULL, -- the list's parameters by name
    created_at   TIMESTAMPTZ NOT NULL,
    updated_at   TIMESTAMPTZ NOT NULL,
    deleted_at   TIMESTAMPTZ
);
CREATE UNIQUE INDEX saved_views_once ON saved_views (event_id, list, name) WHERE deleted_at IS NULL;

-- The same done to many orders, one after another, by a job.
CREATE TABLE bulk_runs (
    id           TEXT PRIMARY KEY,
    community_id TEXT NOT NULL,
    event_id     TEXT NOT NULL REFERENCES events (id),
    action       TEXT NOT NULL,
    filter       JSONB NOT NULL DEFAULT '{}', -- whose orders are gathered; {} where they were ticked
    state        TEXT NOT NULL CHECK (state IN ('gathering', 'working', 'done')),
    last_number  BIGINT NOT NULL, -- orders placed after the run was begun are not meant
    gathered     BIGINT NOT NULL DEFAULT 0, -- the number of the last order gathered
    actor_kind   TEXT NOT NULL,
    actor_id     TEXT NOT NULL,
    created_at   TIMESTAMPTZ NOT NULL,
    updated_at   TIMESTAMPTZ NOT NULL,
    ended_at     TIMESTAMPTZ
);
CREATE INDEX bulk_runs_by_event ON bulk_runs (event_id, id);

CREATE TABLE bulk_items (
    run_id       TEXT NOT NULL REFERENCES bulk_runs (id),
    number       BIGINT NOT NULL, -- of the order
    community_id TEXT NOT NULL,
    order_id     TEXT NOT NULL REFERENCES orders (id),
    state        TEXT NOT NULL CHECK (state IN ('waiting', 'done', 'refused')),
    code         TEXT NOT NULL DEFAULT '', -- of the refusal
    message      TEXT NOT NULL DEFAULT '', -- the same in words
    PRIMARY KEY (run_id, number)
);
CREATE INDEX bulk_items_by_state ON bulk_items (run_id, state, number);

-- What was mailed about an order.
CREATE INDEX mail_outbox_by_source ON mail_outbox (source_id, id);
