-- AlterTable
ALTER TABLE "Computer" ADD COLUMN "warmSlot" INTEGER;

-- CreateIndex
CREATE UNIQUE INDEX "Computer_warmSlot_key" ON "Computer"("warmSlot");
