-- Leads: attendees whose badge a sponsor's staff scanned, and the receipts of their consent.

-- Whether an event's sponsors may scan badges, and what consent is. No row: they may not.
CREATE TABLE lead_settings (
    event_id     TEXT PRIMARY KEY REFERENCES events (id),
    community_id TEXT NOT NULL,
    consent      TEXT NOT NULL CHECK (consent IN ('off', 'badge', 'question')),
    text         TEXT NOT NULL DEFAULT '', -- of badge: what showing it means
    question_id  TEXT REFERENCES questions (id), -- of question: what was ticked, when the ticket was bought or filled in
    version      BIGINT NOT NULL DEFAULT 1,
    updated_at   TIMESTAMPTZ NOT NULL
);

-- What was shared, with whom, when, under which text. A receipt is never removed.
CREATE TABLE consent_receipts (
    id           TEXT PRIMARY KEY,
    community_id TEXT NOT NULL,
    event_id     TEXT NOT NULL REFERENCES events (id),
    sponsor_id   TEXT NOT NULL REFERENCES sponsors (id),
    ticket_id    TEXT NOT NULL REFERENCES tickets (id),
    person_id    TEXT NOT NULL REFERENCES persons (id), -- who bore the ticket then
    name         TEXT NOT NULL, -- that was shared; '' once it was withdrawn
    given        TEXT NOT NULL CHECK (given IN ('badge', 'question', 'link')),
    text         TEXT NOT NULL, -- the words under which
    given_at     TIMESTAMPTZ NOT NULL,
    withdrawn_at TIMESTAMPTZ
);
CREATE UNIQUE INDEX consent_receipts_standing ON consent_receipts (ticket_id, sponsor_id, person_id, name) WHERE withdrawn_at IS NULL;
CREATE INDEX consent_receipts_of_ticket ON consent_receipts (ticket_id, id);

CREATE TABLE leads (
    id           TEXT PRIMARY KEY,
    community_id TEXT NOT NULL,
    event_id     TEXT NOT NULL REFERENCES events (id),
    sponsor_id   TEXT NOT NULL REFERENCES sponsors (id),
    ticket_id    TEXT NOT NULL REFERENCES tickets (id),
    receipt_id   TEXT NOT NULL UNIQUE REFERENCES consent_receipts (id),
    device_id    TEXT NOT NULL REFERENCES devices (id), -- that scanned it first
    rating       BIGINT CHECK (rating BETWEEN 1 AND 5), -- NULL: not rated
    note         TEXT NOT NULL DEFAULT '', -- in the words of the sponsor's staff; it goes with the consent
    version      BIGINT NOT NULL DEFAULT 1,
    first_at     TIMESTAMPTZ NOT NULL,
    updated_at   TIMESTAMPTZ NOT NULL
);
CREATE INDEX leads_by_sponsor ON leads (sponsor_id, id);
