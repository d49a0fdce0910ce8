"""The park's own two tables: its bookings, and the changes that came from the hub."""

TABLES = (
    # The specification's column names, so that a change from the hub fits without translation.
    """
    CREATE TABLE IF NOT EXISTS bookings (
      number INTEGER PRIMARY KEY,
      id TEXT NOT NULL UNIQUE,
      booking_ref TEXT NOT NULL UNIQUE,
      package_name TEXT NOT NULL,
      package_price INTEGER NOT NULL,
      activity_date TEXT NOT NULL,
      time_slot TEXT NOT NULL,
      guest_count INTEGER NOT NULL,
      total_amount INTEGER NOT NULL,
      discount_amount INTEGER NOT NULL DEFAULT 0,
      currency TEXT NOT NULL DEFAULT 'THB',
      status TEXT NOT NULL DEFAULT 'confirmed',
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
      addons TEXT NOT NULL DEFAULT '[]',
      stripe_payment_intent_id TEXT,
      cancellation_reason TEXT,
      refund_amount INTEGER,
      admin_notes TEXT,
      created_at TEXT NOT NULL,
      updated_at TEXT NOT NULL
    )
    """,
    """
    CREATE TABLE IF NOT EXISTS hub_changes (
      number INTEGER PRIMARY KEY,
      booking_id TEXT NOT NULL REFERENCES bookings (id),
      event TEXT NOT NULL,
      version INTEGER NOT NULL,
      updated_fields TEXT NOT NULL,
      updated_by TEXT,
      updated_at TEXT,
      applied_at TEXT NOT NULL
    )
    """,
    "CREATE INDEX IF NOT EXISTS hub_changes_booking ON hub_changes (booking_id, number)",
)

CHANGEABLE = frozenset(
    {
        *("package_name", "package_price", "activity_date", "time_slot", "guest_count"),
        *("total_amount", "discount_amount", "currency", "status"),
        *("customer_name", "customer_email", "customer_phone", "customer_country_code"),
        *("special_requests", "transport_type", "hotel_name", "room_number", "non_players"),
        *("private_passengers", "transport_cost", "addons", "stripe_payment_intent_id"),
        *("cancellation_reason", "refund_amount", "admin_notes"),
    }
)
"""The columns that the hub may change: all but who the booking is and when it was made."""
