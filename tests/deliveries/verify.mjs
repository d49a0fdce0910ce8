// The verifier the integration specification shows, its types taken off and nothing else changed.
// Reads a JSON array of {payload, signature, secret, timestamp}; prints an array of booleans.
import crypto from 'crypto';

function verifyWebhookSignature(
  payload,
  signature,
  secret,
  timestamp
) {
  const signedPayload = `${timestamp}.${payload}`;
  const expectedSignature = crypto
    .createHmac('sha256', secret)
    .update(signedPayload)
    .digest('hex');
  
  return `sha256=${expectedSignature}` === signature;
}

let input = '';
for await (const chunk of process.stdin.setEncoding('utf8')) input += chunk;
const answers = JSON.parse(input).map(({ payload, signature, secret, timestamp }) =>
  verifyWebhookSignature(payload, signature, secret, timestamp)
);
console.log(JSON.stringify(answers));
