-- The specification's tables, columns and indexes; of websites, the key's hash instead of the key.
-- `sync_logs.event_id` makes a repeated event known.
CREATE TABLE websites (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  domain TEXT NOT NULL,
  api_key_hash TEXT NOT NULL UNIQUE,
  webhook_url TEXT,
  webhook_secret TEXT,
  logo_url TEXT,
  is_active BOOLEAN DEFAULT true,
  created_at TIMESTAMP WITH TIME ZONE DEFAULT NOW(),
  updated_at TIMESTAMP WITH TIME ZONE DEFAULT NOW()
);

CREATE TABLE bookings (
  id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
  website_id TEXT NOT NULL REFERENCES websites(id),
  source_booking_id UUID NOT NULL,
  booking_ref TEXT NOT NULL,
  package_name TEXT NOT NULL,
  package_price INTEGER NOT NULL,
  activity_date DATE NOT NULL,
  time_slot TEXT NOT NULL,
  guest_count INTEGER NOT NULL,
  total_amount INTEGER NOT NULL,
  discount_amount INTEGER DEFAULT 0,
  currency TEXT DEFAULT 'THB',
  status TEXT NOT NULL DEFAULT 'confirmed',
  customer_name TEXT NOT NULL,
  customer_email TEXT NOT NULL,
  customer_phone TEXT,
  customer_country_code TEXT,
  special_requests TEXT,
  transport_type TEXT,
  hotel_name TEXT,
  room_number TEXT,
  non_players INTEGER DEFAULT 0,
  private_passengers INTEGER DEFAULT 0,
  transport_cost INTEGER DEFAULT 0,
  addons JSONB DEFAULT '[]',
  stripe_payment_intent_id TEXT,
  admin_notes TEXT,
  source_created_at TIMESTAMP WITH TIME ZONE,
  created_at TIMESTAMP WITH TIME ZONE DEFAULT NOW(),
  updated_at TIMESTAMP WITH TIME ZONE DEFAULT NOW(),
  UNIQUE(website_id, source_booking_id)
);
CREATE INDEX idx_bookings_website_id ON bookings(website_id);
CREATE INDEX idx_bookings_status ON bookings(status);
CREATE INDEX idx_bookings_activity_date ON bookings(activity_date);
CREATE INDEX idx_bookings_booking_ref ON bookings(booking_ref);
CREATE INDEX idx_bookings_customer_email ON bookings(customer_email);

CREATE TABLE sync_logs (
  id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
  booking_id UUID REFERENCES bookings(id),
  website_id TEXT REFERENCES websites(id),
  direction TEXT NOT NULL,
  event_type TEXT NOT NULL,
  payload JSONB,
  status TEXT DEFAULT 'success',
  error_message TEXT,
  event_id TEXT,
  created_at TIMESTAMP WITH TIME ZONE DEFAULT NOW(),
  UNIQUE(website_id, event_id)
);
