-- Attendees brought in from lists of other tools.

CREATE TABLE attendee_imports (
    id           TEXT PRIMARY KEY,
    community_id TEXT NOT NULL,
    event_id     TEXT NOT NULL REFERENCES events (id),
    status       TEXT NOT NULL CHECK (status IN ('preview', 'preparing', 'working', 'done', 'undoing', 'undone')),
    form         TEXT NOT NULL,
    file_name    TEXT NOT NULL,
    choices      JSONB NOT NULL, -- of the organiser: columns, ticket types, duplicates; {} once confirmed but for the mail
    actor_kind   TEXT NOT NULL,
    actor_id     TEXT NOT NULL,
    orders       BIGINT NOT NULL DEFAULT 0, -- to be made
    tickets      BIGINT NOT NULL DEFAULT 0,
    made         BIGINT NOT NULL DEFAULT 0, -- orders
    failed       BIGINT NOT NULL DEFAULT 0,
    undone       BIGINT NOT NULL DEFAULT 0,
    kept         BIGINT NOT NULL DEFAULT 0, -- not undone: somebody of the order was let in, or it was over before
    created_at   TIMESTAMPTZ NOT NULL,
    updated_at   TIMESTAMPTZ NOT NULL
);
CREATE INDEX attendee_imports_by_event ON attendee_imports (event_id, id);
CREATE INDEX attendee_imports_unfinished ON attendee_imports (status, updated_at) WHERE status IN ('preview', 'preparing', 'working');

-- The orders that an import makes. body holds names and addresses until the order is made, and {} from then on.
CREATE TABLE attendee_import_orders (
    id           TEXT PRIMARY KEY,
    community_id TEXT NOT NULL,
    import_id    TEXT NOT NULL REFERENCES attendee_imports (id),
    position     BIGINT NOT NULL,
    state        TEXT NOT NULL CHECK (state IN ('waiting', 'made', 'failed', 'undone', 'kept')),
    file_rows    JSONB NOT NULL, -- their numbers in the list
    body         JSONB NOT NULL,
    problem      TEXT NOT NULL DEFAULT '', -- the code of the refusal
    order_id     TEXT REFERENCES orders (id)
);
CREATE INDEX attendee_import_orders_by_state ON attendee_import_orders (import_id, state, position);

-- What was imported and stays, by a hash of the reference that the other tool gave it: the same list again makes nothing twice.
CREATE TABLE attendee_import_refs (
    event_id        TEXT NOT NULL REFERENCES events (id),
    reference       TEXT NOT NULL,
    community_id    TEXT NOT NULL,
    import_order_id TEXT NOT NULL REFERENCES attendee_import_orders (id),
    PRIMARY KEY (event_id, reference)
);
CREATE INDEX attendee_import_refs_by_order ON attendee_import_refs (import_order_id);
