import { createHmac, timingSafeEqual } from "node:crypto";

/** `body` is the text of the request, before any JSON.parse. */
export function verify(body: string, headers: Headers, secret: string) {
  const timestamp = headers.get("x-webhook-timestamp") ?? "";
  const age = Math.abs(Date.now() / 1000 - Number(timestamp));
  const given = headers.get("x-webhook-signature") ?? "";
  const hmac = createHmac("sha256", secret);
  const ours = "sha256=" + hmac.update(`${timestamp}.${body}`).digest("hex");
  return (
    age < 300 &&
    given.length === ours.length &&
    timingSafeEqual(Buffer.from(given), Buffer.from(ours))
  );
}
