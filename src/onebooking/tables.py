"""The schema on one page, as queries see it.

`migrations/` makes it, and a test holds the two equal.
"""

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    FetchedValue,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    Uuid,
)
from sqlalchemy.dialects.postgresql import JSONB

metadata = MetaData()
_at = DateTime(timezone=True)

websites = Table(
    "websites",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("domain", Text, nullable=False),
    Column("webhook_url", Text),
    Column("logo_url", Text),
    Column("timezone", Text, nullable=False),
    Column("amount_decimals", Integer, nullable=False),
    Column("is_active", Boolean, nullable=False),
    Column("paused_at", _at),  # deliveries wait, none is dropped
    Column("paused_reason", Text),
    Column("created_at", _at, nullable=False),
    Column("updated_at", _at, nullable=False),
)

website_keys = Table(
    "website_keys",
    metadata,
    Column("key_hash", LargeBinary, primary_key=True),  # SHA-256
    Column("website_id", Text, nullable=False),
    Column("prefix", Text, nullable=False),  # what may be shown
    Column("created_at", _at, nullable=False),
    Column("expires_at", _at),
)

website_secrets = Table(
    "website_secrets",
    metadata,
    Column("id", Uuid, primary_key=True, server_default=FetchedValue()),
    Column("website_id", Text, nullable=False),
    Column("encrypted", LargeBinary, nullable=False),
    Column("created_at", _at, nullable=False),
    Column("promoted_at", _at),  # None: pending
    Column("retires_at", _at),
)

breakers = Table(
    "breakers",
    metadata,
    Column("website_id", Text, primary_key=True),
    Column("failing_since", _at, nullable=False),
    Column("failures", Integer, nullable=False),  # in a row
    Column("trips", Integer, nullable=False),  # how often it opened since
    Column("open_until", _at),  # then one probe
)

members = Table(
    "members",
    metadata,
    Column("id", Uuid, primary_key=True, server_default=FetchedValue()),
    Column("email", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("all_websites", Boolean, nullable=False),
    Column("disabled_at", _at),
    Column("created_at", _at, nullable=False),
    Column("language", Text),
)

member_websites = Table(
    "member_websites",
    metadata,
    Column("member_id", Uuid, primary_key=True),
    Column("website_id", Text, primary_key=True),
)

member_tokens = Table(
    "member_tokens",
    metadata,
    Column("token_hash", LargeBinary, primary_key=True),  # SHA-256
    Column("member_id", Uuid, nullable=False),
    Column("prefix", Text, nullable=False),
    Column("created_at", _at, nullable=False),
    Column("revoked_at", _at),
    Column("id", Uuid, nullable=False),
    Column("name", Text, nullable=False),
)

member_passwords = Table(
    "member_passwords",
    metadata,
    Column("member_id", Uuid, primary_key=True),
    Column("hash", Text, nullable=False),  # argon2id, with its parameters and salt
    Column("set_at", _at, nullable=False),
)

member_factors = Table(
    "member_factors",
    metadata,
    Column("member_id", Uuid, primary_key=True),
    Column("encrypted", LargeBinary, nullable=False),  # the TOTP secret
    Column("confirmed_at", _at),  # None: shown, and no code of it seen yet
    Column("used_step", BigInteger, nullable=False),  # the 30 seconds whose code was taken last
)

member_recovery_codes = Table(
    "member_recovery_codes",
    metadata,
    Column("code_hash", LargeBinary, primary_key=True),  # SHA-256
    Column("member_id", Uuid, nullable=False),
    Column("used_at", _at),
)

member_sessions = Table(
    "member_sessions",
    metadata,
    Column("id", Uuid, primary_key=True, server_default=FetchedValue()),
    Column("token_hash", LargeBinary, nullable=False),  # SHA-256 of the cookie
    Column("member_id", Uuid, nullable=False),
    Column("waits_for", Text),  # None: signed in
    Column("user_agent", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("created_at", _at, nullable=False),
    Column("seen_at", _at, nullable=False),
    Column("supabase_tokens", LargeBinary),  # encrypted; None: the session is ours alone
    Column("supabase_until", _at),  # how long the access token among them is good
)

member_links = Table(
    "member_links",
    metadata,
    Column("token_hash", LargeBinary, primary_key=True),  # SHA-256
    Column("kind", Text, nullable=False),
    Column("member_id", Uuid),  # None: the set-up link, before there is anybody
    Column("created_at", _at, nullable=False),
    Column("expires_at", _at, nullable=False),
    Column("used_at", _at),
    Column("supabase_tokens", LargeBinary),  # encrypted; the password is yet to be chosen
)

member_supabase_users = Table(
    "member_supabase_users",
    metadata,
    Column("member_id", Uuid, primary_key=True),
    Column("user_id", Uuid, nullable=False),  # the `sub` of their JWTs
    Column("linked_at", _at, nullable=False),
)

member_acts = Table(
    "member_acts",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("member_id", Uuid, nullable=False),  # about whom
    Column("acted_by", Text, nullable=False),  # an e-mail address, or the command line
    Column("act", Text, nullable=False),
    Column("details", JSONB, nullable=False),
    Column("acted_at", _at, nullable=False),
)

sign_in_tries = Table(
    "sign_in_tries",
    metadata,
    Column("who", LargeBinary, primary_key=True),
    Column("tries", Integer, nullable=False),
    Column("next_at", _at, nullable=False),
    Column("last_at", _at, nullable=False),
)

bookings = Table(
    "bookings",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("website_id", Text, nullable=False),
    Column("source_booking_id", Uuid, nullable=False),
    Column("booking_ref", Text, nullable=False),
    Column("package_name", Text, nullable=False),
    Column("package_price", Integer, nullable=False),
    Column("activity_date", Date, nullable=False),
    Column("time_slot", Text, nullable=False),
    Column("guest_count", Integer, nullable=False),
    Column("total_amount", Integer, nullable=False),
    Column("discount_amount", Integer, nullable=False),
    Column("currency", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("customer_name", Text, nullable=False),
    Column("customer_email", Text, nullable=False),
    Column("customer_phone", Text),
    Column("customer_country_code", Text),
    Column("special_requests", Text),
    Column("transport_type", Text),
    Column("hotel_name", Text),
    Column("room_number", Text),
    Column("non_players", Integer, nullable=False),
    Column("private_passengers", Integer, nullable=False),
    Column("transport_cost", Integer, nullable=False),
    Column("addons", JSONB, nullable=False),
    Column("stripe_payment_intent_id", Text),
    Column("admin_notes", Text),
    Column("cancellation_reason", Text),
    Column("refund_amount", Integer),
    Column("warnings", ARRAY(Text), nullable=False),  # what looked odd, said to the website too
    Column("version", Integer, nullable=False),  # counts changes of the values above
    Column("source_values", JSONB, nullable=False),  # what the website is known to hold
    Column("source_version", BigInteger),  # of the newest event applied
    Column("source_occurred_at", _at),  # likewise
    Column("source_order", JSONB, nullable=False),  # fields whose last event was another one
    Column("source_before", JSONB, nullable=False),  # until it accepted our value
    Column("created_hash", LargeBinary),  # of the first booking.created; None: it never came
    Column("checked_in_at", _at),
    Column("erased_at", _at),
    Column("source_created_at", _at),
    Column("created_at", _at, nullable=False),
    Column("updated_at", _at, nullable=False),
    Column("changed_in", BigInteger, nullable=False),  # the transaction of the newest version
)

booking_views = Table(
    "booking_views",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("owner_id", Uuid, nullable=False),
    Column("name", Text, nullable=False),
    Column("shared", Boolean, nullable=False),
    Column("content", JSONB, nullable=False),  # parameter of the list's address → its values
    Column("website_ids", ARRAY(Text), nullable=False),  # those it names
    Column("created_at", _at, nullable=False),
    Column("updated_at", _at, nullable=False),
)

member_columns = Table(
    "member_columns",
    metadata,
    Column("member_id", Uuid, primary_key=True),
    Column("columns", ARRAY(Text), nullable=False),
)

digests = Table(
    "digests",
    metadata,
    Column("website_id", Text, primary_key=True),
    Column("activity_date", Date, primary_key=True),
    Column("there", Integer, nullable=False),  # bookings of that day at the website
    Column("here", Integer, nullable=False),  # and at the hub
    Column("agrees", Boolean, nullable=False),
    Column("compared_at", _at, nullable=False),
)

booking_words = Table(
    "booking_words",  # and `searchable`, the view that shows it
    metadata,
    Column("booking_id", Uuid, primary_key=True),
    Column("website_id", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("activity_date", Date, nullable=False),
    Column("created_at", _at, nullable=False),
    Column("booking_ref", Text, nullable=False),
    Column("words", Text, nullable=False),  # lower-cased; triggers keep all of it
)

day_totals = Table(
    "day_totals",
    metadata,
    Column("activity_date", Date, primary_key=True),
    Column("website_id", Text, primary_key=True),
    Column("currency", Text, primary_key=True),
    Column("bookings", BigInteger, nullable=False),
    Column("guests", BigInteger, nullable=False),
    Column("pickups", BigInteger, nullable=False),
    Column("amount", BigInteger, nullable=False),
)

day_additions = Table(  # what triggers write and the worker folds into `day_totals`
    "day_additions",
    metadata,
    Column("activity_date", Date, nullable=False),
    Column("website_id", Text, nullable=False),
    Column("currency", Text, nullable=False),
    Column("bookings", BigInteger, nullable=False),
    Column("guests", BigInteger, nullable=False),
    Column("pickups", BigInteger, nullable=False),
    Column("amount", BigInteger, nullable=False),
)

booking_changes = Table(
    "booking_changes",
    metadata,
    Column("booking_id", Uuid, primary_key=True),
    Column("version", Integer, primary_key=True),  # the booking's, after the change
    Column("website_id", Text, nullable=False),
    Column("changed_by", Text, nullable=False),  # a member's e-mail, or the website's id
    Column("by_member", Boolean, nullable=False),
    Column("event", Text, nullable=False),
    Column("changes", JSONB, nullable=False),  # {field: [old, new]}
    Column("changed_at", _at, nullable=False),
)

conflicts = Table(
    "conflicts",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("website_id", Text, nullable=False),
    Column("booking_id", Uuid, nullable=False),
    Column("field", Text, nullable=False),
    Column("hub_value", JSONB),
    Column("website_value", JSONB),
    Column("website_won", Boolean, nullable=False),
    Column("created_at", _at, nullable=False),
    Column("settled_at", _at),
    Column("settled_by", Text),
)

parked_events = Table(
    "parked_events",
    metadata,
    Column("id", BigInteger, primary_key=True),
    Column("website_id", Text, nullable=False),
    Column("source_booking_id", Uuid, nullable=False),
    Column("content_hash", LargeBinary, nullable=False),
    Column("event", JSONB, nullable=False),
    Column("parked_at", _at, nullable=False),
)

idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    Column("website_id", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("body_hash", LargeBinary, nullable=False),
    Column("status", Integer, nullable=False),
    Column("reply", Text, nullable=False),
    Column("created_at", _at, nullable=False),
)

sync_logs = Table(
    "sync_logs",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("created_at", _at, primary_key=True),
    Column("booking_id", Uuid),
    Column("website_id", Text),
    Column("direction", Text, nullable=False),
    Column("event_type", Text, nullable=False),
    Column("payload", JSONB),
    Column("status", Text, nullable=False),
    Column("error_message", Text),
    Column("request_id", Text),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", Uuid, primary_key=True),  # also its X-Webhook-Id
    Column("website_id", Text, nullable=False),
    Column("booking_id", Uuid, nullable=False),
    Column("booking_version", Integer, nullable=False),  # the order within a lane
    Column("event", Text, nullable=False),
    Column("updated_fields", ARRAY(Text), nullable=False),
    Column("body", Text, nullable=False),  # exactly these bytes are signed and sent
    Column("state", Text, nullable=False),
    Column("joined_into", Uuid),  # the later delivery that says what this one said
    Column("attempts", Integer, nullable=False),  # failed ones
    Column("last_status", Integer),
    Column("last_reason", Text),
    Column("created_at", _at, nullable=False),
    Column("finished_at", _at),
)

lanes = Table(
    "lanes",
    metadata,
    Column("booking_id", Uuid, primary_key=True),
    Column("website_id", Text, nullable=False),
    Column("due_at", _at, nullable=False),  # while leased: when the lease ends
    Column("lease_token", Uuid),
)

attempts = Table(
    "attempts",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("attempted_at", _at, primary_key=True),
    Column("delivery_id", Uuid, nullable=False),
    Column("website_id", Text, nullable=False),
    Column("accepted", Boolean, nullable=False),
    Column("status", Integer),
    Column("reason", Text, nullable=False),
    Column("reply", Text, nullable=False),
    Column("duration_ms", Integer, nullable=False),
)

imports = Table(
    "imports",
    metadata,
    Column("website_id", Text, primary_key=True),
    Column("file_hash", LargeBinary, primary_key=True),
    Column("file_name", Text, nullable=False),
    Column("rows_done", Integer, nullable=False),
    Column("rows_new", Integer, nullable=False),
    Column("rows_merged", Integer, nullable=False),
    Column("rows_unchanged", Integer, nullable=False),
    Column("rows_again", Integer, nullable=False),
    Column("rows_refused", Integer, nullable=False),
    Column("rows_kept", Integer, nullable=False),
    Column("started_at", _at, nullable=False),
    Column("finished_at", _at),
)

retention = Table(
    "retention",
    metadata,
    Column("task", Text, primary_key=True),
    Column("done_to", _at, nullable=False),
)

rate_limits = Table(
    "rate_limits",
    metadata,
    Column("caller", Text, primary_key=True),
    Column("whole_at", _at, nullable=False),
)

alerts = Table(
    "alerts",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("website_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("count", Integer, nullable=False),
    Column("since", _at, nullable=False),
    Column("raised_at", _at, nullable=False),
    Column("cleared_at", _at),
)

alert_notices = Table(
    "alert_notices",
    metadata,
    Column("alert_id", Uuid, primary_key=True),
    Column("channel", Text, primary_key=True),
    Column("address", Text, primary_key=True),
    Column("website_id", Text, nullable=False),
    Column("due_at", _at),  # while leased: when the lease ends; None: all is told
    Column("lease_token", Uuid),
    Column("attempts", Integer, nullable=False),  # failed ones since it was told last
    Column("told_at", _at),
)

exports = Table(
    "exports",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("member_id", Uuid, nullable=False),
    Column("format", Text, nullable=False),
    Column("filters", JSONB, nullable=False),
    Column("websites", ARRAY(Text), nullable=False),  # all it may hold
    Column("state", Text, nullable=False),
    Column("rows_done", Integer, nullable=False),
    Column("rows_total", Integer),  # None: not counted yet
    Column("size", BigInteger, nullable=False),  # bytes written so far
    Column("reason", Text),  # why it failed
    Column("attempts", Integer, nullable=False),  # how often a worker began
    Column("due_at", _at),  # while leased: when the lease ends; None: nothing is left to do
    Column("lease_token", Uuid),
    Column("created_at", _at, nullable=False),
    Column("started_at", _at),
    Column("finished_at", _at),
)

export_chunks = Table(
    "export_chunks",
    metadata,
    Column("export_id", Uuid, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("content", LargeBinary, nullable=False),
)
