import { Webhook } from "standardwebhooks";

/** Throws unless the webhook is ours, unchanged and fresh. */
export function verify(body: string, headers: Headers, secret: string) {
  const named = Object.fromEntries(headers);
  return new Webhook(secret).verify(body, named);
}
