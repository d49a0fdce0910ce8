// contract/digest.json as a website in JavaScript reads it; prints whatever comes out otherwise.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";

const { fields, bookings, days } = JSON.parse(readFileSync(process.argv[2], "utf8"));
const sha256 = (text) => createHash("sha256").update(text, "utf8").digest("hex");

function value(booking, { path, null_means }) {
  const [name, part] = path.split(".").reverse();
  const place = part ? booking[part] : booking;
  const held = place === null ? null : place[name];
  if (held === undefined) throw new Error(`${path} is missing`);
  if (held === null) return null_means;
  if (path === "addons") return held.map((one) => [one.name, one.quantity, one.unit_price]);
  return path === "created_at" ? new Date(held).toISOString() : held;
}

function canonical(booking, compared) {
  const chosen = fields.filter(({ path }) => !compared || compared.includes(path));
  const id = booking.source_booking_id.toLowerCase();
  return JSON.stringify([id, ...chosen.map((field) => value(booking, field))]);
}

const digestOfDay = (digests) => sha256([...digests].sort().map((one) => `${one}\n`).join(""));

for (const vector of bookings) {
  const text = canonical(vector.booking, vector.fields);
  if (text !== vector.canonical || sha256(text) !== vector.digest) console.log(vector.name, text);
}
for (const vector of days) {
  if (digestOfDay(vector.digests) !== vector.digest) console.log(vector.name);
}
console.log(`${bookings.length + days.length} vectors`);
