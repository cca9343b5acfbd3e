-- AlterTable
ALTER TABLE "Computer" ADD COLUMN "preparer" TEXT;
ALTER TABLE "Computer" ADD COLUMN "preparerUntil" DATETIME;
