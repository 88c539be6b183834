// A reply's `data` is its own type: what the reply does not have does not compile.
import type { components, paths } from "./api";

type Reply = paths["/v1/generate"]["post"]["responses"]["200"]["content"]["application/json"];

export function images(reply: Reply): string[] {
  return reply.data.images;
}

export const submission: components["schemas"]["PromptSubmission"] = {
  model: { base: "sdxl_base" },
  conditioning: { prompt: "a pier at dusk" },
};
