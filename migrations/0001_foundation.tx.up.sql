-- Plumbing that knows no event.

CREATE TABLE settings (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
);

-- The tenant. Everything below carries its id, every query filters by it.
CREATE TABLE communities (
    id          TEXT PRIMARY KEY,
    slug        TEXT NOT NULL UNIQUE,
    name        TEXT NOT NULL,
    description TEXT NOT NULL DEFAULT '',
    locale      TEXT NOT NULL DEFAULT 'en',
    timezone    TEXT NOT NULL DEFAULT 'UTC',
    accent      TEXT NOT NULL DEFAULT '',
    payment_instructions TEXT NOT NULL DEFAULT '', -- how to pay by transfer, in the organiser's words
    version     BIGINT NOT NULL DEFAULT 1,
    created_at  TIMESTAMPTZ NOT NULL,
    updated_at  TIMESTAMPTZ NOT NULL
);

-- Append-only: who did what, ids only.
CREATE TABLE audit_log (
    id           TEXT PRIMARY KEY,
    community_id TEXT NOT NULL,
    actor_kind   TEXT NOT NULL, -- staff, token, buyer, device, speaker, system
    actor_id     TEXT NOT NULL DEFAULT '',
    action       TEXT NOT NULL, -- event.published
    subject_id   TEXT NOT NULL,
    detail       JSONB NOT NULL DEFAULT '{}',
    at           TIMESTAMPTZ NOT NULL
);
CREATE INDEX audit_log_by_community ON audit_log (community_id, id);
CREATE INDEX audit_log_by_subject ON audit_log (community_id, subject_id, id);

-- The outbox of background work, enqueued in the transaction that causes it.
CREATE TABLE jobs (
    id           TEXT PRIMARY KEY,
    community_id TEXT NOT NULL DEFAULT '',
    kind         TEXT NOT NULL,
    payload      JSONB NOT NULL DEFAULT '{}',
    state        TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'done', 'dead')),
    attempts     BIGINT NOT NULL DEFAULT 0,
    max_attempts BIGINT NOT NULL DEFAULT 12,
    run_at       TIMESTAMPTZ NOT NULL,
    locked_until TIMESTAMPTZ NOT NULL,
    last_error   TEXT NOT NULL DEFAULT '',
    created_at   TIMESTAMPTZ NOT NULL,
    ended_at     TIMESTAMPTZ
);
CREATE INDEX jobs_due ON jobs (state, run_at);
CREATE INDEX jobs_by_community ON jobs (community_id, state, id);

CREATE TABLE mail_outbox (
    id           TEXT PRIMARY KEY,
    community_id TEXT NOT NULL DEFAULT '',
    recipient    TEXT NOT NULL,
    reply_to     TEXT NOT NULL DEFAULT '',
    subject      TEXT NOT NULL,
    html         TEXT NOT NULL,
    text         TEXT NOT NULL,
    attachments  JSONB NOT NULL DEFAULT '[]', -- [{name, type, data: base64}]
    source_id    TEXT NOT NULL DEFAULT '',    -- what the mail is about: an order, a place on the waitlist; '' for an account's own
    state        TEXT NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'sending', 'sent', 'kept', 'failed')),
    last_error   TEXT NOT NULL DEFAULT '',
    created_at   TIMESTAMPTZ NOT NULL,
    sent_at      TIMESTAMPTZ
);
CREATE INDEX mail_outbox_by_community ON mail_outbox (community_id, id);

-- A webhook event counts once: stored under its id, marked handled in the transaction of its effect.
CREATE TABLE webhook_events (
    id          TEXT PRIMARY KEY,
    provider    TEXT NOT NULL,
    event_id    TEXT NOT NULL,
    type        TEXT NOT NULL,
    payload     TEXT NOT NULL, -- erased after 30 days
    attempts    BIGINT NOT NULL DEFAULT 0,
    last_error  TEXT NOT NULL DEFAULT '',
    received_at TIMESTAMPTZ NOT NULL,
    handled_at  TIMESTAMPTZ,
    UNIQUE (provider, event_id)
);
CREATE INDEX webhook_events_open ON webhook_events (handled_at, received_at);

-- Only the request's hash and what it made are remembered, for 24 hours; the answer is rendered again.
CREATE TABLE idempotency_keys (
    id           TEXT PRIMARY KEY, -- SHA-256 of call, event or community, caller and key
    request_hash TEXT NOT NULL,
    result_id    TEXT NOT NULL,
    created_at   TIMESTAMPTZ NOT NULL
);
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at);

-- Pictures and other small files, by the SHA-256 of their bytes.
CREATE TABLE blobs (
    hash         TEXT PRIMARY KEY,
    content_type TEXT NOT NULL,
    data         TEXT NOT NULL, -- base64: the one type for bytes that both engines spell alike
    created_at   TIMESTAMPTZ NOT NULL
);

-- Search as you type: folded words of what is searched for, matched by prefix. The one column of bytes: both engines compare
-- bytes alike and from an index, while the order of TEXT depends on the language that a PostgreSQL cluster was made with.
CREATE TABLE search_tokens (
    community_id TEXT NOT NULL,
    kind         TEXT NOT NULL, -- ticket, order, person
    scope_id     TEXT NOT NULL, -- the event, or the community
    token        BYTEA NOT NULL, -- UTF-8
    row_id       TEXT NOT NULL,
    PRIMARY KEY (community_id, kind, scope_id, token, row_id)
);
CREATE INDEX search_tokens_by_row ON search_tokens (row_id, token); -- the words of a row, without reading the rows

-- Rising numbers that the outside sees in disguise: events.
CREATE TABLE counters (
    name  TEXT PRIMARY KEY,
    value BIGINT NOT NULL
);
