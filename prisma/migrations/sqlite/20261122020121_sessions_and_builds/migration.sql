-- AlterTable
ALTER TABLE "Agent" ADD COLUMN "contextCutoffAt" DATETIME;
ALTER TABLE "Agent" ADD COLUMN "contextSummary" TEXT;

-- AlterTable
ALTER TABLE "Computer" ADD COLUMN "command" JSONB;
ALTER TABLE "Computer" ADD COLUMN "limits" JSONB;

-- AlterTable
ALTER TABLE "Event" ADD COLUMN "ownerId" TEXT;
ALTER TABLE "Event" ADD COLUMN "partOf" TEXT;
-- Only agents had responses, and only agents owners.
UPDATE "Event" SET "partOf" = 'agents' WHERE "stream" LIKE 'response:%';

-- CreateTable
CREATE TABLE "Session" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "spaceName" TEXT NOT NULL,
    "createdById" TEXT,
    "createdByName" TEXT NOT NULL,
    "state" TEXT NOT NULL DEFAULT 'INIT',
    "metadata" JSONB NOT NULL DEFAULT '{}',
    "parentId" TEXT,
    "engine" TEXT,
    "instructions" TEXT,
    "busyTimeoutSeconds" INTEGER NOT NULL DEFAULT 900,
    "busyFrom" DATETIME,
    "prepared" BOOLEAN NOT NULL DEFAULT true,
    "messageHead" INTEGER NOT NULL DEFAULT 0,
    "usesSpaceSecrets" BOOLEAN NOT NULL DEFAULT true,
    "buildId" TEXT,
    "contextCutoffAt" DATETIME,
    "contextSummary" TEXT,
    "lastError" TEXT,
    "computerId" TEXT NOT NULL,
    "startedAt" DATETIME,
    "lastActivityAt" DATETIME,
    "terminatedAt" DATETIME,
    "terminationReason" TEXT,
    "createdAt" DATETIME NOT NULL,
    "updatedAt" DATETIME NOT NULL,
    CONSTRAINT "Session_spaceName_fkey" FOREIGN KEY ("spaceName") REFERENCES "Space" ("name") ON DELETE RESTRICT ON UPDATE CASCADE,
    CONSTRAINT "Session_createdById_fkey" FOREIGN KEY ("createdById") REFERENCES "ServiceAccount" ("id") ON DELETE SET NULL ON UPDATE CASCADE,
    CONSTRAINT "Session_computerId_fkey" FOREIGN KEY ("computerId") REFERENCES "Computer" ("id") ON DELETE RESTRICT ON UPDATE CASCADE
);

-- CreateTable
CREATE TABLE "Message" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "sessionId" TEXT NOT NULL,
    "seq" INTEGER NOT NULL,
    "role" TEXT NOT NULL,
    "content" TEXT NOT NULL,
    "createdByName" TEXT,
    "responseId" TEXT,
    "idempotencyKey" TEXT,
    "createdAt" DATETIME NOT NULL,
    CONSTRAINT "Message_sessionId_fkey" FOREIGN KEY ("sessionId") REFERENCES "Session" ("id") ON DELETE CASCADE ON UPDATE CASCADE
);

-- CreateTable
CREATE TABLE "SpaceAgent" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "spaceName" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "description" TEXT,
    "purpose" TEXT,
    "sourceRepo" TEXT NOT NULL,
    "sourceBranch" TEXT NOT NULL DEFAULT 'main',
    "status" TEXT NOT NULL DEFAULT 'ACTIVE',
    "lastError" TEXT,
    "createdByName" TEXT,
    "deployedBuild" TEXT,
    "computerId" TEXT,
    "createdAt" DATETIME NOT NULL,
    "updatedAt" DATETIME NOT NULL,
    CONSTRAINT "SpaceAgent_spaceName_fkey" FOREIGN KEY ("spaceName") REFERENCES "Space" ("name") ON DELETE RESTRICT ON UPDATE CASCADE,
    CONSTRAINT "SpaceAgent_computerId_fkey" FOREIGN KEY ("computerId") REFERENCES "Computer" ("id") ON DELETE SET NULL ON UPDATE CASCADE
);

-- CreateTable
CREATE TABLE "Build" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "spaceName" TEXT NOT NULL,
    "status" TEXT NOT NULL DEFAULT 'PENDING',
    "image" TEXT,
    "agents" JSONB NOT NULL DEFAULT '[]',
    "error" TEXT,
    "createdByName" TEXT,
    "leaseOwner" TEXT,
    "leaseUntil" DATETIME,
    "epoch" INTEGER NOT NULL DEFAULT 0,
    "createdAt" DATETIME NOT NULL,
    "startedAt" DATETIME,
    "completedAt" DATETIME,
    "updatedAt" DATETIME NOT NULL,
    CONSTRAINT "Build_spaceName_fkey" FOREIGN KEY ("spaceName") REFERENCES "Space" ("name") ON DELETE RESTRICT ON UPDATE CASCADE
);

-- RedefineTables
PRAGMA defer_foreign_keys=ON;
PRAGMA foreign_keys=OFF;
CREATE TABLE "new_Response" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "respondentId" TEXT NOT NULL,
    "agentId" TEXT,
    "sessionId" TEXT,
    "spaceAgent" TEXT,
    "status" TEXT NOT NULL DEFAULT 'PENDING',
    "input" JSONB NOT NULL,
    "outputText" TEXT NOT NULL DEFAULT '',
    "outputOther" JSONB NOT NULL DEFAULT '{}',
    "engine" TEXT,
    "failureReason" TEXT,
    "failureMessage" TEXT,
    "failureEvidence" JSONB,
    "createdByName" TEXT,
    "priority" INTEGER NOT NULL DEFAULT 0,
    "idempotencyKey" TEXT,
    "inputTokens" INTEGER NOT NULL DEFAULT 0,
    "outputTokens" INTEGER NOT NULL DEFAULT 0,
    "leaseOwner" TEXT,
    "leaseUntil" DATETIME,
    "epoch" INTEGER NOT NULL DEFAULT 0,
    "createdAt" DATETIME NOT NULL,
    "startedAt" DATETIME,
    "updatedAt" DATETIME NOT NULL,
    "completedAt" DATETIME,
    CONSTRAINT "Response_agentId_fkey" FOREIGN KEY ("agentId") REFERENCES "Agent" ("id") ON DELETE CASCADE ON UPDATE CASCADE,
    CONSTRAINT "Response_sessionId_fkey" FOREIGN KEY ("sessionId") REFERENCES "Session" ("id") ON DELETE CASCADE ON UPDATE CASCADE
);
-- What had one agent still has it: the agent is who answers.
INSERT INTO "new_Response" ("respondentId", "agentId", "completedAt", "createdAt", "createdByName", "engine", "epoch", "failureEvidence", "failureMessage", "failureReason", "id", "idempotencyKey", "input", "inputTokens", "leaseOwner", "leaseUntil", "outputOther", "outputText", "outputTokens", "priority", "startedAt", "status", "updatedAt") SELECT "agentId", "agentId", "completedAt", "createdAt", "createdByName", "engine", "epoch", "failureEvidence", "failureMessage", "failureReason", "id", "idempotencyKey", "input", "inputTokens", "leaseOwner", "leaseUntil", "outputOther", "outputText", "outputTokens", "priority", "startedAt", "status", "updatedAt" FROM "Response";
DROP TABLE "Response";
ALTER TABLE "new_Response" RENAME TO "Response";
CREATE INDEX "Response_respondentId_createdAt_id_idx" ON "Response"("respondentId", "createdAt", "id");
CREATE INDEX "Response_respondentId_status_priority_createdAt_idx" ON "Response"("respondentId", "status", "priority", "createdAt");
CREATE INDEX "Response_agentId_idx" ON "Response"("agentId");
CREATE INDEX "Response_sessionId_idx" ON "Response"("sessionId");
CREATE INDEX "Response_status_leaseUntil_idx" ON "Response"("status", "leaseUntil");
CREATE UNIQUE INDEX "Response_respondentId_idempotencyKey_key" ON "Response"("respondentId", "idempotencyKey");
PRAGMA foreign_keys=ON;
PRAGMA defer_foreign_keys=OFF;

-- CreateIndex
CREATE UNIQUE INDEX "Session_computerId_key" ON "Session"("computerId");

-- CreateIndex
CREATE INDEX "Session_createdAt_id_idx" ON "Session"("createdAt", "id");

-- CreateIndex
CREATE INDEX "Session_spaceName_createdAt_id_idx" ON "Session"("spaceName", "createdAt", "id");

-- CreateIndex
CREATE INDEX "Session_state_createdAt_id_idx" ON "Session"("state", "createdAt", "id");

-- CreateIndex
CREATE INDEX "Session_parentId_idx" ON "Session"("parentId");

-- CreateIndex
CREATE INDEX "Session_buildId_idx" ON "Session"("buildId");

-- CreateIndex
CREATE INDEX "Message_responseId_idx" ON "Message"("responseId");

-- CreateIndex
CREATE INDEX "Message_sessionId_createdAt_id_idx" ON "Message"("sessionId", "createdAt", "id");

-- CreateIndex
CREATE UNIQUE INDEX "Message_sessionId_seq_key" ON "Message"("sessionId", "seq");

-- CreateIndex
CREATE UNIQUE INDEX "Message_sessionId_idempotencyKey_key" ON "Message"("sessionId", "idempotencyKey");

-- CreateIndex
CREATE UNIQUE INDEX "SpaceAgent_computerId_key" ON "SpaceAgent"("computerId");

-- CreateIndex
CREATE INDEX "SpaceAgent_createdAt_id_idx" ON "SpaceAgent"("createdAt", "id");

-- CreateIndex
CREATE UNIQUE INDEX "SpaceAgent_spaceName_name_key" ON "SpaceAgent"("spaceName", "name");

-- CreateIndex
CREATE INDEX "Build_spaceName_createdAt_id_idx" ON "Build"("spaceName", "createdAt", "id");

-- CreateIndex
CREATE INDEX "Build_status_idx" ON "Build"("status");

-- CreateIndex
CREATE INDEX "Computer_desired_phase_idx" ON "Computer"("desired", "phase");

-- CreateIndex
CREATE INDEX "Computer_leaseUntil_idx" ON "Computer"("leaseUntil");
