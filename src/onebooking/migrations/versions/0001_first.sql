-- Every transaction of ours runs as this role, which owns nothing: row-level security holds for it
-- whoever it is that connects. Roles belong to the server, not the database, so it may be there.
DO $$
BEGIN
  CREATE ROLE onebooking_app NOLOGIN NOBYPASSRLS;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
END $$;
GRANT onebooking_app TO CURRENT_USER;

CREATE TABLE websites (
  id TEXT PRIMARY KEY CHECK (id ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
  name TEXT NOT NULL,
  domain TEXT NOT NULL,
  webhook_url TEXT,
  logo_url TEXT,
  timezone TEXT NOT NULL DEFAULT 'Asia/Bangkok',
  amount_decimals INTEGER NOT NULL DEFAULT 0 CHECK (amount_decimals BETWEEN 0 AND 4),
  is_active BOOLEAN NOT NULL DEFAULT true,
  paused_at TIMESTAMPTZ,
  created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  updated_at TIMESTAMPTZ NOT NULL DEFAULT now()
);

CREATE TABLE website_keys (
  key_hash BYTEA PRIMARY KEY,
  website_id TEXT NOT NULL REFERENCES websites (id),
  prefix TEXT NOT NULL,
  created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  expires_at TIMESTAMPTZ
);
CREATE INDEX website_keys_website ON website_keys (website_id);

CREATE TABLE website_secrets (
  id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
  website_id TEXT NOT NULL REFERENCES websites (id),
  encrypted BYTEA NOT NULL,
  created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  retires_at TIMESTAMPTZ
);
CREATE INDEX website_secrets_website ON website_secrets (website_id);

CREATE TABLE members (
  id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
  email TEXT NOT NULL UNIQUE CHECK (email = lower(email)),
  name TEXT NOT NULL,
  role TEXT NOT NULL CHECK (role IN ('superadmin', 'admin', 'staff')),
  all_websites BOOLEAN NOT NULL DEFAULT false,
  disabled_at TIMESTAMPTZ,
  created_at TIMESTAMPTZ NOT NULL DEFAULT now()
);

CREATE TABLE member_websites (
  member_id UUID REFERENCES members (id),
  website_id TEXT REFERENCES websites (id),
  PRIMARY KEY (member_id, website_id)
);

CREATE TABLE member_tokens (
  token_hash BYTEA PRIMARY KEY,
  member_id UUID NOT NULL REFERENCES members (id),
  prefix TEXT NOT NULL,
  created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  revoked_at TIMESTAMPTZ
);

CREATE TABLE bookings (
  id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
  website_id TEXT NOT NULL REFERENCES websites (id),
  source_booking_id UUID NOT NULL,
  booking_ref TEXT NOT NULL,
  package_name TEXT NOT NULL,
  package_price INTEGER NOT NULL,
  activity_date DATE NOT NULL,
  time_slot TEXT NOT NULL,
  guest_count INTEGER NOT NULL,
  total_amount INTEGER NOT NULL,
  discount_amount INTEGER NOT NULL DEFAULT 0,
  currency TEXT NOT NULL DEFAULT 'THB',
  status TEXT NOT NULL DEFAULT 'confirmed'
    CHECK (status IN ('pending', 'confirmed', 'completed', 'no_show', 'cancelled', 'refunded')),
  customer_name TEXT NOT NULL,
  customer_email TEXT NOT NULL,
  customer_phone TEXT,
  customer_country_code TEXT,
  special_requests TEXT,
  transport_type TEXT,
  hotel_name TEXT,
  room_number TEXT,
  non_players INTEGER NOT NULL DEFAULT 0,
  private_passengers INTEGER NOT NULL DEFAULT 0,
  transport_cost INTEGER NOT NULL DEFAULT 0,
  addons JSONB NOT NULL DEFAULT '[]',
  stripe_payment_intent_id TEXT,
  admin_notes TEXT,
  cancellation_reason TEXT,
  refund_amount INTEGER,
  warnings TEXT[] NOT NULL DEFAULT '{}',
  version INTEGER NOT NULL DEFAULT 1,
  source_values JSONB NOT NULL DEFAULT '{}',
  source_version BIGINT,
  source_occurred_at TIMESTAMPTZ,
  source_order JSONB NOT NULL DEFAULT '{}',
  source_before JSONB NOT NULL DEFAULT '{}',
  created_hash BYTEA,
  checked_in_at TIMESTAMPTZ,
  erased_at TIMESTAMPTZ,
  source_created_at TIMESTAMPTZ,
  created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  updated_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  UNIQUE (source_booking_id, website_id) -- this way round it serves look-ups by the id alone
);
-- The spec's indexes under the spec's names. Two carry the id as well: they serve keyset pages.
CREATE INDEX idx_bookings_website_id ON bookings (website_id, activity_date, id);
CREATE INDEX idx_bookings_status ON bookings (status);
CREATE INDEX idx_bookings_activity_date ON bookings (activity_date, id);
CREATE INDEX idx_bookings_booking_ref ON bookings (booking_ref);
CREATE INDEX idx_bookings_customer_email ON bookings (customer_email);
CREATE INDEX idx_bookings_updated_at ON bookings (updated_at, id);

CREATE TABLE booking_changes (
  booking_id UUID REFERENCES bookings (id),
  version INTEGER,
  website_id TEXT NOT NULL,
  changed_by TEXT NOT NULL,
  by_member BOOLEAN NOT NULL,
  event TEXT NOT NULL,
  changes JSONB NOT NULL,
  changed_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  PRIMARY KEY (booking_id, version)
);

CREATE TABLE conflicts (
  id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
  website_id TEXT NOT NULL,
  booking_id UUID NOT NULL REFERENCES bookings (id),
  field TEXT NOT NULL,
  hub_value JSONB,
  website_value JSONB,
  website_won BOOLEAN NOT NULL,
  created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  settled_at TIMESTAMPTZ,
  settled_by TEXT
);
CREATE UNIQUE INDEX conflicts_open ON conflicts (booking_id, field) WHERE settled_at IS NULL;

CREATE TABLE parked_events (
  id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  website_id TEXT NOT NULL REFERENCES websites (id),
  source_booking_id UUID NOT NULL,
  content_hash BYTEA NOT NULL,
  event JSONB NOT NULL,
  parked_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  UNIQUE (website_id, source_booking_id, content_hash)
);

CREATE TABLE idempotency_keys (
  website_id TEXT REFERENCES websites (id),
  key TEXT,
  body_hash BYTEA NOT NULL,
  status INTEGER NOT NULL,
  reply TEXT NOT NULL,
  created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  PRIMARY KEY (website_id, key)
);

CREATE TABLE sync_logs (
  id UUID NOT NULL DEFAULT gen_random_uuid(),
  booking_id UUID REFERENCES bookings (id),
  website_id TEXT REFERENCES websites (id),
  direction TEXT NOT NULL CHECK (direction IN ('inbound', 'outbound')),
  event_type TEXT NOT NULL,
  payload JSONB,
  status TEXT NOT NULL DEFAULT 'success' CHECK (status IN ('success', 'failed', 'pending')),
  error_message TEXT,
  request_id TEXT,
  created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  PRIMARY KEY (created_at, id)
) PARTITION BY RANGE (created_at);
CREATE INDEX sync_logs_website ON sync_logs (website_id, created_at DESC, id DESC);
CREATE INDEX sync_logs_booking ON sync_logs (booking_id, created_at DESC);

CREATE TABLE deliveries (
  id UUID PRIMARY KEY,
  website_id TEXT NOT NULL REFERENCES websites (id),
  booking_id UUID NOT NULL REFERENCES bookings (id),
  booking_version INTEGER NOT NULL,
  event TEXT NOT NULL,
  updated_fields TEXT[] NOT NULL,
  body TEXT NOT NULL,
  state TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'delivered', 'given_up')),
  attempts INTEGER NOT NULL DEFAULT 0,
  last_status INTEGER,
  last_reason TEXT,
  created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  finished_at TIMESTAMPTZ
);
CREATE INDEX deliveries_owed ON deliveries (booking_id, booking_version) WHERE state <> 'delivered';
CREATE INDEX deliveries_booking ON deliveries (booking_id, created_at DESC);
CREATE INDEX deliveries_website ON deliveries (website_id, created_at DESC, id DESC);

-- Claimed and moved all the time: room on each page for the new row, and vacuumed early.
CREATE TABLE lanes (
  booking_id UUID PRIMARY KEY REFERENCES bookings (id),
  website_id TEXT NOT NULL,
  due_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  lease_token UUID
) WITH (fillfactor = 60, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 200);
CREATE INDEX lanes_due ON lanes (website_id, due_at);

CREATE TABLE attempts (
  id UUID NOT NULL DEFAULT gen_random_uuid(),
  delivery_id UUID NOT NULL,
  website_id TEXT NOT NULL,
  accepted BOOLEAN NOT NULL,
  status INTEGER,
  reason TEXT NOT NULL,
  reply TEXT NOT NULL,
  duration_ms INTEGER NOT NULL,
  attempted_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  PRIMARY KEY (attempted_at, id)
) PARTITION BY RANGE (attempted_at);
CREATE INDEX attempts_delivery ON attempts (delivery_id, attempted_at);

-- One partition a month; the default ones catch a clock that is far off, so that nothing is refused.
CREATE TABLE sync_logs_default PARTITION OF sync_logs DEFAULT;
CREATE TABLE attempts_default PARTITION OF attempts DEFAULT;

CREATE FUNCTION ensure_partitions(months_ahead INTEGER) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  parent TEXT;
  first_day DATE;
  partition TEXT;
BEGIN
  FOREACH parent IN ARRAY ARRAY['sync_logs', 'attempts'] LOOP
    FOR month IN 0..months_ahead LOOP
      first_day := date_trunc('month', now() AT TIME ZONE 'UTC') + make_interval(months => month);
      partition := parent || to_char(first_day, '_YYYY_MM');
      IF to_regclass(partition) IS NULL THEN
        BEGIN
          EXECUTE format('CREATE TABLE %I PARTITION OF %I FOR VALUES FROM (%L) TO (%L)', partition, parent,
            first_day::timestamp AT TIME ZONE 'UTC',
            (first_day + interval '1 month')::timestamp AT TIME ZONE 'UTC');
        EXCEPTION WHEN check_violation THEN
          -- The default partition has rows of that month already: it keeps them, and the months
          -- after it get theirs.
          RAISE WARNING 'the default partition of % keeps %', parent, partition;
        END;
      END IF;
    END LOOP;
  END LOOP;
END $$;

-- Reach, held a second time by the database. `onebooking.reach` is '*' or ids joined by commas;
-- not set is nothing. Sub-selects, so that a setting is read once a query and not once a row.
DO $$
DECLARE
  guarded TEXT;
  seen CONSTANT TEXT := $policy$
    (SELECT current_setting('onebooking.reach', true)) = '*'
    OR %1$I = ANY ((SELECT string_to_array(current_setting('onebooking.reach', true), ','))::text[])
  $policy$;
BEGIN
  FOREACH guarded IN ARRAY ARRAY['bookings', 'booking_changes', 'conflicts', 'parked_events',
    'idempotency_keys', 'sync_logs', 'deliveries', 'lanes', 'attempts', 'website_secrets'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', guarded);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', guarded);
    EXECUTE format('CREATE POLICY reach ON %I USING (' || format(seen, 'website_id') || ')', guarded);
  END LOOP;
END $$;

GRANT USAGE ON SCHEMA public TO onebooking_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON
  websites, website_keys, website_secrets, members, member_websites, member_tokens, bookings,
  booking_changes, conflicts, parked_events, idempotency_keys, sync_logs, deliveries, lanes, attempts
TO onebooking_app;
