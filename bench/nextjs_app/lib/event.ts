import { z } from "zod";

const integer = z.int().min(-2147483648).max(2147483647);
const text = (longest: number) => z.string().max(longest);

const fields = z.object({
  booking_ref: text(200),
  package_name: text(200),
  package_price: integer,
  activity_date: z.iso.date(),
  time_slot: text(50),
  guest_count: integer,
  total_amount: integer,
  discount_amount: integer.default(0),
  currency: text(50).default("THB"),
  status: z.enum(["pending", "confirmed", "completed", "no_show", "cancelled", "refunded"]).default("confirmed"),
  customer: z.object({
    name: text(200),
    email: text(320),
    phone: text(50).nullish(),
    country_code: text(50).nullish(),
    special_requests: text(5000).nullish(),
  }),
  transport: z
    .object({
      type: text(50).nullish(),
      hotel_name: text(200).nullish(),
      room_number: text(50).nullish(),
      non_players: integer.default(0),
      private_passengers: integer.default(0),
      cost: integer.default(0),
    })
    .nullish(),
  addons: z.array(z.object({ name: text(200), quantity: integer, unit_price: integer })).max(100).default([]),
  stripe_payment_intent_id: text(255).nullish(),
  created_at: z.iso.datetime({ offset: true }).nullish(),
});

/** The body of a sync: a whole booking, and what happened to it. */
export const syncEvent = fields.extend({
  event: z.enum(["booking.created", "booking.updated", "booking.cancelled", "booking.refunded"]),
  event_id: text(255).optional(),
  source_booking_id: z.guid(),
});

export type SyncEvent = z.infer<typeof syncEvent>;
