-- People with an account, what they may do, and the tokens of programs.

CREATE TABLE accounts (
    id            TEXT PRIMARY KEY,
    email         TEXT NOT NULL UNIQUE, -- normalised
    name          TEXT NOT NULL,
    password_hash TEXT NOT NULL DEFAULT '', -- argon2id, PHC string; empty until one is chosen
    locale        TEXT NOT NULL DEFAULT '',
    created_at    TIMESTAMPTZ NOT NULL,
    updated_at    TIMESTAMPTZ NOT NULL
);

CREATE TABLE groups (
    id           TEXT PRIMARY KEY,
    community_id TEXT NOT NULL REFERENCES communities (id),
    slug         TEXT NOT NULL,
    name         TEXT NOT NULL,
    created_at   TIMESTAMPTZ NOT NULL,
    UNIQUE (community_id, slug)
);

CREATE TABLE staff (
    id           TEXT PRIMARY KEY,
    community_id TEXT NOT NULL REFERENCES communities (id),
    account_id   TEXT NOT NULL REFERENCES accounts (id),
    person_id    TEXT NOT NULL,
    created_at   TIMESTAMPTZ NOT NULL,
    UNIQUE (community_id, account_id)
);
CREATE INDEX staff_by_account ON staff (account_id);

CREATE TABLE grants (
    id           TEXT PRIMARY KEY,
    community_id TEXT NOT NULL REFERENCES communities (id),
    staff_id     TEXT NOT NULL REFERENCES staff (id),
    role         TEXT NOT NULL CHECK (role IN ('owner', 'organiser', 'finance', 'agenda_editor', 'door', 'viewer')),
    scope_kind   TEXT NOT NULL CHECK (scope_kind IN ('community', 'group', 'event')),
    scope_id     TEXT NOT NULL,
    created_at   TIMESTAMPTZ NOT NULL,
    UNIQUE (staff_id, role, scope_kind, scope_id)
);

-- Sign-in sessions; the cookie's token is stored hashed.
CREATE TABLE web_sessions (
    token_hash TEXT PRIMARY KEY,
    account_id TEXT NOT NULL DEFAULT '',
    data       TEXT NOT NULL, -- base64
    expires_at TIMESTAMPTZ NOT NULL
);
CREATE INDEX web_sessions_by_age ON web_sessions (expires_at);
CREATE INDEX web_sessions_by_account ON web_sessions (account_id);

-- Links that work once: first owner, invitation, password reset. Hashed.
CREATE TABLE account_links (
    token_hash   TEXT PRIMARY KEY,
    kind         TEXT NOT NULL CHECK (kind IN ('first_owner', 'invitation', 'password_reset')),
    community_id TEXT NOT NULL DEFAULT '',
    email        TEXT NOT NULL DEFAULT '',
    role         TEXT NOT NULL DEFAULT '',
    scope_kind   TEXT NOT NULL DEFAULT '',
    scope_id     TEXT NOT NULL DEFAULT '',
    created_at   TIMESTAMPTZ NOT NULL,
    expires_at   TIMESTAMPTZ NOT NULL,
    used_at      TIMESTAMPTZ
);
CREATE INDEX account_links_by_community ON account_links (community_id, kind, created_at);

CREATE TABLE api_tokens (
    id           TEXT PRIMARY KEY,
    community_id TEXT NOT NULL REFERENCES communities (id),
    name         TEXT NOT NULL,
    token_hash   TEXT NOT NULL UNIQUE,
    scopes       JSONB NOT NULL, -- ["events:write", …] or ["all"]
    created_at   TIMESTAMPTZ NOT NULL,
    last_used_at TIMESTAMPTZ,
    revoked_at   TIMESTAMPTZ
);
CREATE INDEX api_tokens_by_community ON api_tokens (community_id, id);

-- Failed sign-ins and other guesses, counted in the database so that every process sees them.
CREATE TABLE attempts (
    bucket     TEXT PRIMARY KEY, -- what is guessed and for whom, hashed
    count      BIGINT NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL
);

CREATE TABLE persons (
    id           TEXT PRIMARY KEY,
    community_id TEXT NOT NULL REFERENCES communities (id),
    name         TEXT NOT NULL,
    member_since TIMESTAMPTZ, -- of the community, as its organisers say
    created_at   TIMESTAMPTZ NOT NULL,
    updated_at   TIMESTAMPTZ NOT NULL
);
CREATE INDEX persons_by_community ON persons (community_id, id);

-- A handle of a person. source is email, slack, discord, github, forum…; handle is normalised.
CREATE TABLE identities (
    id           TEXT PRIMARY KEY,
    community_id TEXT NOT NULL REFERENCES communities (id),
    person_id    TEXT NOT NULL REFERENCES persons (id),
    source       TEXT NOT NULL,
    handle       TEXT NOT NULL,
    created_at   TIMESTAMPTZ NOT NULL,
    UNIQUE (handle, source, community_id) -- the handle first: with statistics of an hour ago PostgreSQL would read a whole community for a hundred handles
);
CREATE INDEX identities_by_person ON identities (community_id, person_id);
