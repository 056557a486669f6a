// Order search for signed-in customers. The key belongs on the token server.
const response = await fetch("https://platform.cloud.coveo.com/rest/search/v2/token", {
  method: "POST",
  headers: { Authorization: "Bearer @@KEY:tokens@@" },
});

export const pushLegacy = { apiKey: "@@KEY:legacy@@" };
export const experiment = { apiKey: "@@KEY:stranger@@" };
