-- AlterTable
ALTER TABLE "Computer" ADD COLUMN     "preparer" TEXT,
ADD COLUMN     "preparerUntil" TIMESTAMP(3);
