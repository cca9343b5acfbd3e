-- AlterTable
ALTER TABLE "Response" ADD COLUMN "itemBytes" INTEGER NOT NULL DEFAULT 0;

-- What was recorded before counts as well, with the little that its events say beside it. No number may be larger.
UPDATE "Response" SET "itemBytes" = (
    SELECT MIN(COALESCE(SUM(octet_length("payload")), 0), 2147483647) FROM "Event"
    WHERE "stream" = 'response:' || "Response"."id" AND "type" = 'response.item'
);
