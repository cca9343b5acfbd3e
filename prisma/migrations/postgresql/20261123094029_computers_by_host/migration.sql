-- CreateIndex
CREATE INDEX "Computer_host_idx" ON "Computer"("host");
