-- Sell: what is asked of those who buy and those who come, and what they answered.

CREATE TABLE questions (
    id           TEXT PRIMARY KEY,
    community_id TEXT NOT NULL,
    event_id     TEXT NOT NULL REFERENCES events (id),
    subject      TEXT NOT NULL CHECK (subject IN ('ticket', 'order', 'door')),
    kind         TEXT NOT NULL CHECK (kind IN ('text', 'long_text', 'choice', 'multi_choice', 'number', 'date', 'yes_no', 'country', 'file', 'consent')),
    asked        BIGINT NOT NULL, -- which of its question_versions is asked now
    position     BIGINT NOT NULL,
    version      BIGINT NOT NULL DEFAULT 1,
    archived_at  TIMESTAMPTZ,
    created_at   TIMESTAMPTZ NOT NULL,
    updated_at   TIMESTAMPTZ NOT NULL
);
CREATE INDEX questions_by_event ON questions (event_id, position, id);

-- The words and rules of a question, never changed: an answer keeps those that were asked.
CREATE TABLE question_versions (
    question_id  TEXT NOT NULL REFERENCES questions (id),
    version      BIGINT NOT NULL,
    community_id TEXT NOT NULL,
    label        TEXT NOT NULL,
    help         TEXT NOT NULL,
    purpose      TEXT NOT NULL, -- what the answer is for
    required     BOOLEAN NOT NULL,
    options      JSONB NOT NULL, -- [{"id", "label", "pool_id"?}]
    bounds       JSONB NOT NULL,
    show_if      JSONB NOT NULL, -- {} always, or {"question_id", "any_of"}
    erase_days   BIGINT NOT NULL CHECK (erase_days BETWEEN 0 AND 3650), -- after the event's end; 0: erase_on says when
    erase_on     TEXT NOT NULL, -- the last day, like 2026-03-01, on which answers are kept
    created_at   TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (question_id, version),
    CHECK ((erase_days = 0) = (erase_on <> ''))
);

-- The ticket types whose tickets a question is asked of; a question without a row here is asked of all.
CREATE TABLE question_types (
    community_id   TEXT NOT NULL,
    question_id    TEXT NOT NULL REFERENCES questions (id),
    ticket_type_id TEXT NOT NULL REFERENCES ticket_types (id),
    PRIMARY KEY (question_id, ticket_type_id)
);

CREATE TABLE answers (
    order_id         TEXT NOT NULL REFERENCES orders (id),
    ticket_id        TEXT NOT NULL, -- '' for a question about the order
    question_id      TEXT NOT NULL REFERENCES questions (id),
    question_version BIGINT NOT NULL,
    community_id     TEXT NOT NULL,
    event_id         TEXT NOT NULL,
    value            JSONB NOT NULL, -- {} once it was erased
    upload_id        TEXT NOT NULL DEFAULT '', -- of a file
    erase_at         TIMESTAMPTZ NOT NULL, -- as it was promised when it was given; what its question or the event says now can only be sooner
    erased_at        TIMESTAMPTZ,
    created_at       TIMESTAMPTZ NOT NULL,
    updated_at       TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (order_id, ticket_id, question_id)
);
CREATE INDEX answers_to_erase ON answers (question_id, question_version, order_id) WHERE erased_at IS NULL;
CREATE INDEX answers_by_promise ON answers (erase_at) WHERE erased_at IS NULL;
CREATE INDEX answers_by_upload ON answers (upload_id) WHERE upload_id <> '';

-- Files that were sent to answer a question. Their bytes are in blobs, under the id; one that no answer names is dropped after a day.
CREATE TABLE uploads (
    id           TEXT PRIMARY KEY,
    community_id TEXT NOT NULL,
    event_id     TEXT NOT NULL REFERENCES events (id),
    question_id  TEXT NOT NULL REFERENCES questions (id),
    name         TEXT NOT NULL,
    content_type TEXT NOT NULL,
    size         BIGINT NOT NULL, -- bytes
    created_at   TIMESTAMPTZ NOT NULL
);
CREATE INDEX uploads_by_age ON uploads (created_at);
CREATE INDEX uploads_by_event ON uploads (event_id);
