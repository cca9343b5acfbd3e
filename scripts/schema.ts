import { writeFile } from "node:fs/promises";
import { printedSchema } from "../src/graphql/print.ts";

// `npm run schema`: writes the schema that clients read from the one that runs.
await writeFile("schema.graphql", printedSchema());
