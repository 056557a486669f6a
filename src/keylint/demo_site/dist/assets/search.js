import { buildSearchEngine } from "@coveo/headless";

export const engine = buildSearchEngine({
  configuration: {
    organizationId: "exampleshopproduction1a2b3c4d",
    accessToken: "@@KEY:search@@",
  },
});
