-- Sell: what can be bought, who holds which places, orders, tickets, money.

CREATE TABLE pools (
    id           TEXT PRIMARY KEY,
    community_id TEXT NOT NULL,
    event_id     TEXT NOT NULL REFERENCES events (id),
    kind         TEXT NOT NULL DEFAULT 'places' CHECK (kind IN ('places', 'choice', 'price')),
    name         TEXT NOT NULL, -- of a kind that is not the organiser's own: the id of what owns it
    capacity     BIGINT NOT NULL,
    taken        BIGINT NOT NULL DEFAULT 0, -- the sum of pool_claims.quantity; `doctor` compares
    version      BIGINT NOT NULL DEFAULT 1,
    created_at   TIMESTAMPTZ NOT NULL,
    updated_at   TIMESTAMPTZ NOT NULL,
    UNIQUE (event_id, kind, name),
    CONSTRAINT pools_never_oversold CHECK (0 <= taken AND taken <= capacity)
);
CREATE INDEX pools_by_event ON pools (event_id, id);

CREATE TABLE ticket_types (
    id                TEXT PRIMARY KEY,
    community_id      TEXT NOT NULL,
    event_id          TEXT NOT NULL REFERENCES events (id),
    number            BIGINT NOT NULL, -- per event; stands in the ticket code
    name              TEXT NOT NULL,
    description       TEXT NOT NULL DEFAULT '',
    pricing           TEXT NOT NULL DEFAULT 'fixed' CHECK (pricing IN ('fixed', 'open')), -- open: the buyer names the price
    price             BIGINT NOT NULL CHECK (price >= 0), -- minor units of the event's currency; what is suggested when open
    min_price         BIGINT NOT NULL DEFAULT 0 CHECK (min_price >= 0), -- of an open one
    price_windows     JSONB NOT NULL DEFAULT '[]', -- prices before this one, until a date or a number sold
    attendance_mode   TEXT NOT NULL CHECK (attendance_mode IN ('in_person', 'virtual')),
    sales_start       TIMESTAMPTZ,
    sales_end         TIMESTAMPTZ,
    min_per_order     BIGINT NOT NULL DEFAULT 1 CHECK (min_per_order >= 1),
    max_per_order     BIGINT NOT NULL DEFAULT 10 CHECK (max_per_order <= 100),
    multiple_of       BIGINT NOT NULL DEFAULT 1 CHECK (multiple_of BETWEEN 1 AND 100), -- sold only in multiples of this
    members_only      BOOLEAN NOT NULL DEFAULT FALSE,
    email_domains     JSONB NOT NULL DEFAULT '[]', -- whose addresses may buy; none: everybody's
    visibility        TEXT NOT NULL DEFAULT 'public' CHECK (visibility IN ('public', 'hidden', 'voucher')),
    requires_approval BOOLEAN NOT NULL DEFAULT FALSE,
    position          BIGINT NOT NULL DEFAULT 0,
    version           BIGINT NOT NULL DEFAULT 1,
    created_at        TIMESTAMPTZ NOT NULL,
    updated_at        TIMESTAMPTZ NOT NULL,
    UNIQUE (event_id, number),
    UNIQUE (event_id, name),
    CHECK (min_per_order <= max_per_order)
);

CREATE TABLE ticket_type_pools (
    community_id   TEXT NOT NULL,
    ticket_type_id TEXT NOT NULL REFERENCES ticket_types (id),
    pool_id        TEXT NOT NULL REFERENCES pools (id),
    PRIMARY KEY (ticket_type_id, pool_id)
);
CREATE INDEX ticket_type_pools_by_pool ON ticket_type_pools (pool_id);

-- One row an event: the numbers given out, and the dashboard's counters (`doctor` compares them with the rows).
-- A sale locks its pools in id order, then this row.
CREATE TABLE event_totals (
    event_id         TEXT PRIMARY KEY REFERENCES events (id),
    community_id     TEXT NOT NULL,
    last_order       BIGINT NOT NULL DEFAULT 0,
    last_ticket      BIGINT NOT NULL DEFAULT 0,
    last_type        BIGINT NOT NULL DEFAULT 0,
    orders_held      BIGINT NOT NULL DEFAULT 0, -- held, awaiting_approval, pending
    orders_confirmed BIGINT NOT NULL DEFAULT 0,
    tickets_reserved BIGINT NOT NULL DEFAULT 0,
    tickets_valid    BIGINT NOT NULL DEFAULT 0,
    tickets_canceled BIGINT NOT NULL DEFAULT 0,
    paid             BIGINT NOT NULL DEFAULT 0, -- succeeded payments, minor units
    provider_fees    BIGINT NOT NULL DEFAULT 0,
    refunded         BIGINT NOT NULL DEFAULT 0, -- refunds that are not failed
    transfers        BIGINT NOT NULL DEFAULT 0, -- pending orders whose transfer or cash has not arrived
    refunds_manual   BIGINT NOT NULL DEFAULT 0,
    refunds_failed   BIGINT NOT NULL DEFAULT 0, -- payments with money left that a refund was to give back
    waiting          BIGINT NOT NULL DEFAULT 0, -- entries of the waitlist
    approvals        BIGINT NOT NULL DEFAULT 0  -- orders that wait for the organiser's decision
);

-- An event's tickets by their type and attendance mode. Whoever changes these rows, or those of sales_totals, has changed the
-- event's row of event_totals before: that is their lock.
CREATE TABLE ticket_totals (
    event_id        TEXT NOT NULL REFERENCES events (id),
    ticket_type_id  TEXT NOT NULL,
    attendance_mode TEXT NOT NULL,
    community_id    TEXT NOT NULL,
    reserved        BIGINT NOT NULL DEFAULT 0,
    valid           BIGINT NOT NULL DEFAULT 0,
    canceled        BIGINT NOT NULL DEFAULT 0,
    charged         BIGINT NOT NULL DEFAULT 0, -- valid and not free
    income          BIGINT NOT NULL DEFAULT 0, -- of the valid, minor units: their lines' unit price less discount
    PRIMARY KEY (event_id, ticket_type_id, attendance_mode)
);

-- The tickets of confirmed orders by the quarter of an hour in which their order was confirmed: every zone lies a multiple of
-- that off UTC, so the days of any zone can be added up from them.
CREATE TABLE sales_totals (
    event_id     TEXT NOT NULL REFERENCES events (id),
    starts_at    TIMESTAMPTZ NOT NULL,
    community_id TEXT NOT NULL,
    tickets      BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (event_id, starts_at)
);

CREATE TABLE orders (
    id             TEXT PRIMARY KEY,
    community_id   TEXT NOT NULL,
    event_id       TEXT NOT NULL REFERENCES events (id),
    number         BIGINT NOT NULL, -- per event, rising; the public code is its disguise
    status         TEXT NOT NULL CHECK (status IN ('held', 'awaiting_approval', 'pending', 'confirmed', 'expired', 'canceled')),
    person_id      TEXT NOT NULL REFERENCES persons (id),
    buyer_name     TEXT NOT NULL,
    buyer_email    TEXT NOT NULL, -- '' for somebody at the box office who is known by name only
    locale         TEXT NOT NULL DEFAULT 'en',
    source         TEXT NOT NULL DEFAULT 'shop' CHECK (source IN ('shop', 'box_office', 'import')),
    sold_by        TEXT, -- the account or the API token, of a sale at the box office
    entry_id       TEXT, -- the waitlist entry whose offer was accepted by it
    decided_at     TIMESTAMPTZ, -- of an order that needed approval
    decision_note  TEXT NOT NULL DEFAULT '',
    currency       TEXT NOT NULL,
    total          BIGINT NOT NULL CHECK (total >= 0), -- minor units
    secret_version BIGINT NOT NULL DEFAULT 1,
    expires_at     TIMESTAMPTZ NOT NULL, -- of the hold
    confirmed_at   TIMESTAMPTZ,
    canceled_at    TIMESTAMPTZ,
    created_at     TIMESTAMPTZ NOT NULL,
    updated_at     TIMESTAMPTZ NOT NULL,
    UNIQUE (event_id, number)
);
CREATE INDEX orders_by_deadline ON orders (expires_at) WHERE status IN ('held', 'awaiting_approval', 'pending');
CREATE INDEX orders_by_person ON orders (person_id);

CREATE TABLE order_lines (
    id                 TEXT PRIMARY KEY,
    community_id       TEXT NOT NULL,
    order_id           TEXT NOT NULL REFERENCES orders (id),
    ticket_type_id     TEXT REFERENCES ticket_types (id),
    add_on_id          TEXT, -- in the place of a ticket type
    voucher_id         TEXT, -- that gave its discount or opened it
    name               TEXT NOT NULL, -- as it was sold
    price_name         TEXT NOT NULL DEFAULT '', -- of the price window that it was sold in
    attendance_mode    TEXT NOT NULL DEFAULT '', -- of a ticket line
    quantity           BIGINT NOT NULL CHECK (quantity BETWEEN 1 AND 1000),
    canceled           BIGINT NOT NULL DEFAULT 0 CHECK (0 <= canceled AND canceled <= quantity), -- of them, one by one: add-ons only
    unit_price         BIGINT NOT NULL,
    discount           BIGINT NOT NULL DEFAULT 0 CHECK (0 <= discount AND discount <= unit_price),
    fee                BIGINT NOT NULL DEFAULT 0,
    tax_rate           BIGINT NOT NULL DEFAULT 0, -- parts per million
    tax                BIGINT NOT NULL DEFAULT 0,
    total              BIGINT NOT NULL,
    prices_include_tax BOOLEAN NOT NULL,
    policy_version     BIGINT NOT NULL DEFAULT 0,
    CHECK ((ticket_type_id IS NULL) <> (add_on_id IS NULL))
);
CREATE INDEX order_lines_by_order ON order_lines (order_id);
CREATE INDEX order_lines_by_voucher ON order_lines (voucher_id) WHERE voucher_id IS NOT NULL;

-- Who holds how many places of which pool, and how many it is for: places that were given back are quantity 0; rows stay.
CREATE TABLE pool_claims (
    holder_id    TEXT NOT NULL,
    pool_id      TEXT NOT NULL REFERENCES pools (id),
    holder_kind  TEXT NOT NULL DEFAULT 'line' CHECK (holder_kind IN ('line', 'voucher', 'offer', 'block')), -- an order line, a reserving voucher, a waitlist entry that was offered places, a block
    community_id TEXT NOT NULL,
    places       BIGINT NOT NULL CHECK (places >= 0),
    quantity     BIGINT NOT NULL,
    PRIMARY KEY (holder_id, pool_id),
    CHECK (0 <= quantity AND quantity <= places)
);
CREATE INDEX pool_claims_by_pool ON pool_claims (pool_id, holder_id);
CREATE INDEX pool_claims_of_others ON pool_claims (pool_id) WHERE holder_kind <> 'line';

CREATE TABLE tickets (
    id              TEXT PRIMARY KEY,
    community_id    TEXT NOT NULL,
    event_id        TEXT NOT NULL REFERENCES events (id),
    order_id        TEXT NOT NULL REFERENCES orders (id),
    line_id         TEXT NOT NULL REFERENCES order_lines (id),
    ticket_type_id  TEXT NOT NULL REFERENCES ticket_types (id),
    number          BIGINT NOT NULL, -- per event, rising; stands in the ticket code
    status          TEXT NOT NULL CHECK (status IN ('reserved', 'valid', 'canceled')),
    attendance_mode TEXT NOT NULL CHECK (attendance_mode IN ('in_person', 'virtual')),
    person_id       TEXT NOT NULL REFERENCES persons (id),
    attendee_name   TEXT NOT NULL,
    attendee_email  TEXT NOT NULL, -- '' for somebody who is reached in no way
    borne           BOOLEAN NOT NULL DEFAULT TRUE, -- somebody was named for it, when it was sold or since
    details_due     BOOLEAN NOT NULL DEFAULT FALSE, -- the attendee is still to fill in who they are, or what is asked
    notice          TEXT NOT NULL DEFAULT '' CHECK (notice IN ('', 'vip', 'minor', 'attention')), -- what the door shall know of who bears it
    notice_text     TEXT NOT NULL DEFAULT '',
    version         BIGINT NOT NULL DEFAULT 1,
    created_at      TIMESTAMPTZ NOT NULL,
    updated_at      TIMESTAMPTZ NOT NULL,
    UNIQUE (event_id, number)
);
CREATE INDEX tickets_by_order ON tickets (order_id);
CREATE INDEX tickets_noticed ON tickets (event_id, number) WHERE notice <> '';
CREATE INDEX tickets_by_person ON tickets (person_id);
CREATE INDEX tickets_by_change ON tickets (event_id, updated_at, id); -- what doors ask for again and again

-- The codes a ticket has had; the signature is made again from the event's key, only the nonce is kept.
CREATE TABLE ticket_codes (
    ticket_id    TEXT NOT NULL REFERENCES tickets (id),
    nonce        TEXT NOT NULL, -- 16 random bytes, base32
    community_id TEXT NOT NULL,
    state        TEXT NOT NULL CHECK (state IN ('current', 'revoked')),
    type_number  BIGINT NOT NULL,
    mode         TEXT NOT NULL,
    created_at   TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (ticket_id, nonce)
);

-- Rows about money are never deleted.
CREATE TABLE payments (
    id              TEXT PRIMARY KEY,
    community_id    TEXT NOT NULL,
    event_id        TEXT NOT NULL REFERENCES events (id),
    order_id        TEXT NOT NULL REFERENCES orders (id),
    provider        TEXT NOT NULL, -- stripe, sandbox, offline
    status          TEXT NOT NULL CHECK (status IN ('created', 'processing', 'succeeded', 'failed', 'canceled', 'disputed', 'late_refund_pending', 'late_refunded')),
    amount          BIGINT NOT NULL CHECK (amount >= 0),
    currency        TEXT NOT NULL,
    provider_fee    BIGINT NOT NULL DEFAULT 0,
    method          TEXT NOT NULL DEFAULT '' CHECK (method IN ('', 'cash', 'card', 'transfer')), -- at the box office or the door
    taken_by        TEXT NOT NULL DEFAULT '', -- there: the account or the token
    taken_at        TIMESTAMPTZ, -- there
    reference       TEXT NOT NULL DEFAULT '', -- of the card terminal
    session_ref     TEXT, -- the provider's checkout session
    session_url     TEXT NOT NULL DEFAULT '',
    session_at      TIMESTAMPTZ, -- when that page was made
    payment_ref     TEXT, -- the provider's payment (intent), what a refund names
    created_at      TIMESTAMPTZ NOT NULL,
    updated_at      TIMESTAMPTZ NOT NULL,
    UNIQUE (provider, session_ref)
);
CREATE INDEX payments_by_order ON payments (order_id);
CREATE INDEX payments_at_desk ON payments (event_id) WHERE method <> '';
CREATE INDEX payments_by_ref ON payments (provider, payment_ref);

CREATE TABLE refunds (
    id           TEXT PRIMARY KEY,
    community_id TEXT NOT NULL,
    event_id     TEXT NOT NULL REFERENCES events (id),
    order_id     TEXT NOT NULL REFERENCES orders (id),
    payment_id   TEXT NOT NULL REFERENCES payments (id),
    status       TEXT NOT NULL CHECK (status IN ('requested', 'processing', 'succeeded', 'failed', 'manual')),
    amount       BIGINT NOT NULL CHECK (amount > 0),
    currency     TEXT NOT NULL,
    reason       TEXT NOT NULL, -- canceled_by_buyer, canceled_by_organiser, event_canceled, late_payment, paid_twice
    provider_ref TEXT,
    last_error   TEXT NOT NULL DEFAULT '',
    created_at   TIMESTAMPTZ NOT NULL,
    updated_at   TIMESTAMPTZ NOT NULL
);
CREATE INDEX refunds_by_order ON refunds (order_id);
CREATE INDEX refunds_by_payment ON refunds (payment_id);

CREATE TABLE waitlist_entries (
    id               TEXT PRIMARY KEY,
    community_id     TEXT NOT NULL,
    event_id         TEXT NOT NULL REFERENCES events (id),
    person_id        TEXT NOT NULL REFERENCES persons (id),
    name             TEXT NOT NULL,
    email            TEXT NOT NULL,
    party_size       BIGINT NOT NULL CHECK (party_size BETWEEN 1 AND 100),
    status           TEXT NOT NULL CHECK (status IN ('waiting', 'offered', 'accepted', 'expired', 'withdrawn')),
    lot              BIGINT NOT NULL, -- random: the place in a lottery
    offered_type_id  TEXT REFERENCES ticket_types (id),
    offer_expires_at TIMESTAMPTZ,
    order_id         TEXT, -- that accepted the offer
    locale           TEXT NOT NULL DEFAULT 'en',
    created_at       TIMESTAMPTZ NOT NULL,
    updated_at       TIMESTAMPTZ NOT NULL,
    CHECK (status <> 'offered' OR offered_type_id IS NOT NULL AND offer_expires_at IS NOT NULL)
);
CREATE INDEX waitlist_entries_by_event ON waitlist_entries (event_id, status, id);
CREATE INDEX waitlist_entries_by_lot ON waitlist_entries (event_id, status, lot, id);
CREATE INDEX waitlist_entries_by_deadline ON waitlist_entries (offer_expires_at) WHERE status = 'offered';
-- One wish a person and event at a time.
CREATE UNIQUE INDEX waitlist_entries_once ON waitlist_entries (event_id, person_id) WHERE status IN ('waiting', 'offered');

-- The ticket types that would do, the best first. waiting is whether the entry is: sales of such a type let the waitlist go first.
CREATE TABLE waitlist_entry_types (
    entry_id       TEXT NOT NULL REFERENCES waitlist_entries (id),
    ticket_type_id TEXT NOT NULL REFERENCES ticket_types (id),
    community_id   TEXT NOT NULL,
    position       BIGINT NOT NULL,
    waiting        BOOLEAN NOT NULL,
    PRIMARY KEY (entry_id, ticket_type_id)
);
CREATE INDEX waitlist_entry_types_waiting ON waitlist_entry_types (ticket_type_id) WHERE waiting;

-- The sandbox provider's own books: the objects of a stand-in for Stripe's API.
CREATE TABLE sandbox_objects (
    id         TEXT PRIMARY KEY,
    kind       TEXT NOT NULL, -- checkout.session, payment_intent, refund, event, idempotency
    body       JSONB NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL
);
CREATE INDEX sandbox_objects_by_kind ON sandbox_objects (kind, created_at);
