import { createHash } from "node:crypto";

import { NextResponse, type NextRequest } from "next/server";

import { heardBefore, logSync, saveBooking } from "@/lib/bookings";
import { pool } from "@/lib/db";
import { syncEvent } from "@/lib/event";

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

function failed(status: number, code: string, error: string, details?: unknown) {
  return NextResponse.json({ success: false, error, code, details }, { status });
}

function synced(bookingId: string) {
  return NextResponse.json({ success: true, booking_id: bookingId, message: "Booking synced successfully" });
}

/** Receive a new or updated booking from a source website. */
export async function POST(request: NextRequest) {
  const websites = await pool.query<{ id: string; is_active: boolean }>(
    "SELECT id, is_active FROM websites WHERE api_key_hash = $1",
    [sha256(request.headers.get("x-api-key") ?? "")],
  );
  const website = websites.rows[0];
  if (!website) return failed(401, "AUTH_FAILED", "Invalid API key");
  if (!website.is_active) return failed(404, "WEBSITE_NOT_FOUND", "This website is switched off");

  const text = await request.text();
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return failed(400, "INVALID_PAYLOAD", "The body is not JSON");
  }
  const checked = syncEvent.safeParse(body);
  if (!checked.success) return failed(422, "INVALID_PAYLOAD", "The body is not valid", checked.error.issues);
  const event = checked.data;
  const eventId = event.event_id ?? sha256(text);

  const client = await pool.connect();
  try {
    await client.query("BEGIN");
    const before = await heardBefore(client, website.id, eventId);
    const bookingId = before ?? (await saveBooking(client, website.id, event));
    if (!bookingId) {
      await client.query("ROLLBACK");
      return failed(409, "DUPLICATE_BOOKING", `${event.booking_ref} already exists. Send booking.updated instead.`);
    }
    if (!before) await logSync(client, website.id, bookingId, eventId, event);
    await client.query("COMMIT");
    return synced(bookingId);
  } catch (error) {
    await client.query("ROLLBACK");
    console.error(error);
    return failed(500, "SERVER_ERROR", "Internal server error");
  } finally {
    client.release();
  }
}
