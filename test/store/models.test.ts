import { expect, test } from "vitest";
import { missingMigration } from "../../scripts/missing-migration.ts";
import { onEveryDatabase } from "./databases.ts";

onEveryDatabase("the migrations", (provider) => {
  test("make exactly the tables of the models (else run scripts/migration.ts)", async () => {
    expect(await missingMigration(provider)).toBeNull();
  });
});
