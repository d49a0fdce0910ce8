import type { PoolClient } from "pg";

import type { SyncEvent } from "./event";

const columns = [
  "website_id", "source_booking_id", "booking_ref", "package_name", "package_price", "activity_date",
  "time_slot", "guest_count", "total_amount", "discount_amount", "currency", "status",
  "customer_name", "customer_email", "customer_phone", "customer_country_code", "special_requests",
  "transport_type", "hotel_name", "room_number", "non_players", "private_passengers", "transport_cost",
  "addons", "stripe_payment_intent_id", "source_created_at",
];
const places = columns.map((_, index) => `$${index + 1}`).join(", ");
const changes = columns.slice(2).map((column) => `${column} = excluded.${column}`).join(", ");

const insert = `INSERT INTO bookings (${columns.join(", ")}) VALUES (${places})
  ON CONFLICT (website_id, source_booking_id)`;
const create = `${insert} DO NOTHING RETURNING id`;
const upsert = `${insert} DO UPDATE SET ${changes}, updated_at = now() RETURNING id`;

/** Write the booking; null where `booking.created` finds it there already. */
export async function saveBooking(client: PoolClient, websiteId: string, event: SyncEvent) {
  const { customer, transport } = event;
  const written = await client.query<{ id: string }>(event.event === "booking.created" ? create : upsert, [
    websiteId, event.source_booking_id, event.booking_ref, event.package_name, event.package_price, event.activity_date,
    event.time_slot, event.guest_count, event.total_amount, event.discount_amount, event.currency, event.status,
    customer.name, customer.email, customer.phone, customer.country_code, customer.special_requests,
    transport?.type, transport?.hotel_name, transport?.room_number, transport?.non_players ?? 0,
    transport?.private_passengers ?? 0, transport?.cost ?? 0,
    JSON.stringify(event.addons), event.stripe_payment_intent_id, event.created_at,
  ]);
  return written.rows[0]?.id ?? null;
}

/** The booking that this very event made or changed before; null where it is new. */
export async function heardBefore(client: PoolClient, websiteId: string, eventId: string) {
  const found = await client.query<{ booking_id: string }>(
    "SELECT booking_id FROM sync_logs WHERE website_id = $1 AND event_id = $2",
    [websiteId, eventId],
  );
  return found.rows[0]?.booking_id ?? null;
}

const eventTypes = {
  "booking.created": "create",
  "booking.updated": "update",
  "booking.cancelled": "status_change",
  "booking.refunded": "status_change",
};

/** One line of the log, which also remembers the event. */
export async function logSync(
  client: PoolClient, websiteId: string, bookingId: string, eventId: string, event: SyncEvent,
) {
  await client.query(
    `INSERT INTO sync_logs (booking_id, website_id, direction, event_type, payload, event_id)
     VALUES ($1, $2, 'inbound', $3, $4, $5)`,
    [bookingId, websiteId, eventTypes[event.event], JSON.stringify(event), eventId],
  );
}
