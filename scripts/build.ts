import { dirname, join } from "node:path";
import { bundle } from "./bundle.ts";

// Makes `dist`, which `npm start` runs. Types are looked at by `npm run check`.
await bundle(join(dirname(import.meta.dirname), "dist"));
