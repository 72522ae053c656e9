-- Sell more than a ticket: add-ons, vouchers, places set aside, and how an event's shop works.

CREATE TABLE add_ons (
    id            TEXT PRIMARY KEY,
    community_id  TEXT NOT NULL,
    event_id      TEXT NOT NULL REFERENCES events (id),
    name          TEXT NOT NULL,
    description   TEXT NOT NULL DEFAULT '',
    pricing       TEXT NOT NULL DEFAULT 'fixed' CHECK (pricing IN ('fixed', 'open')), -- open: the buyer names the price; without pools it is a donation
    price         BIGINT NOT NULL CHECK (price >= 0), -- minor units of the event's currency; what is suggested when open
    min_price     BIGINT NOT NULL DEFAULT 0 CHECK (min_price >= 0),
    sales_start   TIMESTAMPTZ,
    sales_end     TIMESTAMPTZ,
    on_sale       BOOLEAN NOT NULL DEFAULT TRUE,
    position      BIGINT NOT NULL DEFAULT 0,
    version       BIGINT NOT NULL DEFAULT 1,
    created_at    TIMESTAMPTZ NOT NULL,
    updated_at    TIMESTAMPTZ NOT NULL,
    UNIQUE (event_id, name)
);

CREATE TABLE add_on_pools (
    community_id TEXT NOT NULL,
    add_on_id    TEXT NOT NULL REFERENCES add_ons (id),
    pool_id      TEXT NOT NULL REFERENCES pools (id),
    PRIMARY KEY (add_on_id, pool_id)
);
CREATE INDEX add_on_pools_by_pool ON add_on_pools (pool_id);

-- With which tickets an add-on can be bought: at least and at most how many a ticket, and how many of them its price includes.
CREATE TABLE add_on_ticket_types (
    community_id   TEXT NOT NULL,
    add_on_id      TEXT NOT NULL REFERENCES add_ons (id),
    ticket_type_id TEXT NOT NULL REFERENCES ticket_types (id),
    least          BIGINT NOT NULL DEFAULT 0 CHECK (least >= 0),
    most           BIGINT NOT NULL DEFAULT 1 CHECK (most BETWEEN 1 AND 10),
    included       BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (add_on_id, ticket_type_id),
    CHECK (least <= most AND 0 <= included AND included <= most)
);
CREATE INDEX add_on_ticket_types_by_type ON add_on_ticket_types (ticket_type_id);

-- The add-ons that a ticket's bearer has, by the order line that sold them.
CREATE TABLE ticket_add_ons (
    line_id      TEXT NOT NULL REFERENCES order_lines (id),
    ticket_id    TEXT NOT NULL REFERENCES tickets (id),
    community_id TEXT NOT NULL,
    add_on_id    TEXT NOT NULL REFERENCES add_ons (id),
    quantity     BIGINT NOT NULL CHECK (quantity >= 1),
    PRIMARY KEY (line_id, ticket_id)
);
CREATE INDEX ticket_add_ons_by_ticket ON ticket_add_ons (ticket_id);

-- An event's add-ons in orders: like ticket_totals, changed behind the event's row of event_totals.
CREATE TABLE add_on_totals (
    event_id     TEXT NOT NULL REFERENCES events (id),
    add_on_id    TEXT NOT NULL REFERENCES add_ons (id),
    community_id TEXT NOT NULL,
    held         BIGINT NOT NULL DEFAULT 0, -- in orders that are not confirmed yet
    sold         BIGINT NOT NULL DEFAULT 0,
    income       BIGINT NOT NULL DEFAULT 0, -- of those sold, minor units
    PRIMARY KEY (event_id, add_on_id)
);

CREATE TABLE vouchers (
    id           TEXT PRIMARY KEY,
    community_id TEXT NOT NULL,
    event_id     TEXT NOT NULL REFERENCES events (id),
    code         TEXT NOT NULL, -- as it was typed
    folded       TEXT NOT NULL, -- the code as it is compared
    kind         TEXT NOT NULL CHECK (kind IN ('percent', 'amount', 'fixed_price', 'access', 'reserve')),
    value        BIGINT NOT NULL DEFAULT 0 CHECK (value >= 0), -- percent, or minor units of the event's currency
    reserves     BOOLEAN NOT NULL DEFAULT FALSE, -- its unused uses hold places
    max_uses     BIGINT, -- tickets; NULL for any number
    uses         BIGINT NOT NULL DEFAULT 0, -- tickets of orders that hold places by it
    budget       BIGINT, -- the most that its discounts may add up to; NULL for any sum
    spent        BIGINT NOT NULL DEFAULT 0,
    email        TEXT NOT NULL DEFAULT '', -- of the only buyer who may use it; '@domain' for all of a domain
    batch        TEXT NOT NULL DEFAULT '', -- the name under which it was made with others
    note         TEXT NOT NULL DEFAULT '',
    words        TEXT NOT NULL, -- of code, batch and note, folded, each behind a space: what a search looks in
    valid_from   TIMESTAMPTZ,
    valid_until  TIMESTAMPTZ,
    ended        BOOLEAN NOT NULL DEFAULT FALSE, -- by the organiser, or by the sweep once valid_until has passed: it holds no places any more
    version      BIGINT NOT NULL DEFAULT 1,
    created_at   TIMESTAMPTZ NOT NULL,
    updated_at   TIMESTAMPTZ NOT NULL,
    UNIQUE (event_id, folded),
    CHECK (kind <> 'percent' OR value <= 100),
    CHECK (NOT reserves OR max_uses IS NOT NULL),
    CONSTRAINT vouchers_never_overused CHECK (0 <= uses AND (max_uses IS NULL OR uses <= max_uses)),
    CONSTRAINT vouchers_within_budget CHECK (0 <= spent AND (budget IS NULL OR spent <= budget))
);
CREATE INDEX vouchers_by_event ON vouchers (event_id, id);
CREATE INDEX vouchers_by_batch ON vouchers (event_id, batch, id);
CREATE INDEX vouchers_by_end ON vouchers (valid_until) WHERE reserves AND NOT ended;

-- The ticket types that a voucher is for; none: all.
CREATE TABLE voucher_ticket_types (
    community_id   TEXT NOT NULL,
    voucher_id     TEXT NOT NULL REFERENCES vouchers (id),
    ticket_type_id TEXT NOT NULL REFERENCES ticket_types (id),
    PRIMARY KEY (voucher_id, ticket_type_id)
);
CREATE INDEX voucher_ticket_types_by_type ON voucher_ticket_types (ticket_type_id);

-- Places that an organiser took out of the sale.
CREATE TABLE pool_blocks (
    id           TEXT PRIMARY KEY,
    community_id TEXT NOT NULL,
    event_id     TEXT NOT NULL REFERENCES events (id),
    pool_id      TEXT NOT NULL REFERENCES pools (id),
    note         TEXT NOT NULL,
    version      BIGINT NOT NULL DEFAULT 1,
    created_at   TIMESTAMPTZ NOT NULL,
    updated_at   TIMESTAMPTZ NOT NULL
);
CREATE INDEX pool_blocks_by_event ON pool_blocks (event_id, pool_id);

-- How an event's shop works; an event without a row has these defaults.
CREATE TABLE shop_settings (
    event_id           TEXT PRIMARY KEY REFERENCES events (id),
    community_id       TEXT NOT NULL,
    pay_hours          BIGINT NOT NULL DEFAULT 72 CHECK (pay_hours BETWEEN 1 AND 720), -- to pay after an approval
    offer_hours        BIGINT NOT NULL DEFAULT 24 CHECK (offer_hours BETWEEN 1 AND 720), -- to accept an offer of the waitlist
    waitlist_order     TEXT NOT NULL DEFAULT 'time' CHECK (waitlist_order IN ('time', 'lottery')),
    waitlist_closes_at TIMESTAMPTZ,
    waitlist_closed    BOOLEAN NOT NULL DEFAULT FALSE, -- everybody was told
    version            BIGINT NOT NULL DEFAULT 1,
    updated_at         TIMESTAMPTZ NOT NULL
);
CREATE INDEX shop_settings_closing ON shop_settings (waitlist_closes_at) WHERE NOT waitlist_closed;

-- Who holds an event's places without having bought them.
CREATE INDEX orders_unfinished ON orders (event_id, expires_at) WHERE status IN ('held', 'awaiting_approval', 'pending');
