// Written for a test on a developer's machine, and shipped by mistake.
export async function refund(charge) {
  return fetch("https://api.stripe.com/v1/refunds", {
    method: "POST",
    headers: { Authorization: "Bearer @@KEY:refunds@@" },
    body: new URLSearchParams({ charge }),
  });
}
