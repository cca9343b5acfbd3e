-- CreateTable
CREATE TABLE "Space" (
    "name" TEXT NOT NULL PRIMARY KEY,
    "description" TEXT,
    "settings" JSONB NOT NULL DEFAULT '{}',
    "active" BOOLEAN NOT NULL DEFAULT true,
    "createdAt" DATETIME NOT NULL,
    "updatedAt" DATETIME NOT NULL
);

-- CreateTable
CREATE TABLE "ServiceAccount" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "user" TEXT NOT NULL,
    "space" TEXT,
    "description" TEXT,
    "active" BOOLEAN NOT NULL DEFAULT true,
    "passwordHash" TEXT NOT NULL,
    "tokenEpoch" INTEGER NOT NULL DEFAULT 0,
    "createdAt" DATETIME NOT NULL,
    "updatedAt" DATETIME NOT NULL,
    "lastLoginAt" DATETIME
);

-- CreateTable
CREATE TABLE "Role" (
    "name" TEXT NOT NULL PRIMARY KEY,
    "description" TEXT,
    "rules" JSONB NOT NULL,
    "createdAt" DATETIME NOT NULL,
    "updatedAt" DATETIME NOT NULL
);

-- CreateTable
CREATE TABLE "RoleBinding" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "subject" TEXT NOT NULL,
    "roleName" TEXT NOT NULL,
    "space" TEXT,
    "createdAt" DATETIME NOT NULL,
    "updatedAt" DATETIME NOT NULL,
    CONSTRAINT "RoleBinding_roleName_fkey" FOREIGN KEY ("roleName") REFERENCES "Role" ("name") ON DELETE CASCADE ON UPDATE CASCADE
);

-- CreateTable
CREATE TABLE "Secret" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "space" TEXT NOT NULL,
    "ownerKind" TEXT NOT NULL,
    "ownerId" TEXT NOT NULL,
    "keyName" TEXT NOT NULL,
    "sealed" BLOB NOT NULL,
    "keyId" TEXT NOT NULL,
    "description" TEXT,
    "createdBy" TEXT,
    "createdAt" DATETIME NOT NULL,
    "updatedAt" DATETIME NOT NULL
);

-- CreateTable
CREATE TABLE "Computer" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "space" TEXT NOT NULL,
    "desired" TEXT NOT NULL DEFAULT 'RUNNING',
    "phase" TEXT NOT NULL DEFAULT 'ABSENT',
    "generation" INTEGER NOT NULL DEFAULT 0,
    "image" TEXT,
    "network" TEXT NOT NULL DEFAULT 'NONE',
    "stopAt" DATETIME,
    "copyFromId" TEXT,
    "copyCode" BOOLEAN NOT NULL DEFAULT true,
    "copyContent" BOOLEAN NOT NULL DEFAULT true,
    "volumeReady" BOOLEAN NOT NULL DEFAULT false,
    "runtime" TEXT,
    "host" TEXT,
    "startedAt" DATETIME,
    "ranMs" INTEGER NOT NULL DEFAULT 0,
    "exitReason" TEXT,
    "lastError" TEXT,
    "failures" INTEGER NOT NULL DEFAULT 0,
    "failedAt" DATETIME,
    "retryAt" DATETIME,
    "leaseOwner" TEXT,
    "leaseUntil" DATETIME,
    "epoch" INTEGER NOT NULL DEFAULT 0,
    "createdAt" DATETIME NOT NULL,
    "updatedAt" DATETIME NOT NULL
);

-- CreateTable
CREATE TABLE "Agent" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "name" TEXT NOT NULL,
    "nameKey" TEXT NOT NULL,
    "spaceName" TEXT NOT NULL,
    "createdById" TEXT,
    "createdByName" TEXT NOT NULL,
    "state" TEXT NOT NULL DEFAULT 'INIT',
    "description" TEXT,
    "parentId" TEXT,
    "parentName" TEXT,
    "metadata" JSONB NOT NULL DEFAULT '{}',
    "tags" JSONB NOT NULL DEFAULT '[]',
    "isPublished" BOOLEAN NOT NULL DEFAULT false,
    "publishedAt" DATETIME,
    "publishedBy" TEXT,
    "publishCode" BOOLEAN NOT NULL DEFAULT true,
    "publishSecrets" BOOLEAN NOT NULL DEFAULT true,
    "publishContent" BOOLEAN NOT NULL DEFAULT true,
    "idleTimeoutSeconds" INTEGER NOT NULL DEFAULT 300,
    "busyTimeoutSeconds" INTEGER NOT NULL DEFAULT 900,
    "idleFrom" DATETIME,
    "busyFrom" DATETIME,
    "sleepAt" DATETIME,
    "lastActivityAt" DATETIME,
    "engine" TEXT,
    "instructions" TEXT,
    "setup" TEXT,
    "setupStatus" TEXT NOT NULL DEFAULT 'NONE',
    "setupOutput" TEXT,
    "prepared" BOOLEAN NOT NULL DEFAULT false,
    "usesSpaceSecrets" BOOLEAN NOT NULL DEFAULT true,
    "lastError" TEXT,
    "computerId" TEXT NOT NULL,
    "createdAt" DATETIME NOT NULL,
    "updatedAt" DATETIME NOT NULL,
    CONSTRAINT "Agent_spaceName_fkey" FOREIGN KEY ("spaceName") REFERENCES "Space" ("name") ON DELETE RESTRICT ON UPDATE CASCADE,
    CONSTRAINT "Agent_createdById_fkey" FOREIGN KEY ("createdById") REFERENCES "ServiceAccount" ("id") ON DELETE SET NULL ON UPDATE CASCADE,
    CONSTRAINT "Agent_parentId_fkey" FOREIGN KEY ("parentId") REFERENCES "Agent" ("id") ON DELETE SET NULL ON UPDATE CASCADE,
    CONSTRAINT "Agent_computerId_fkey" FOREIGN KEY ("computerId") REFERENCES "Computer" ("id") ON DELETE RESTRICT ON UPDATE CASCADE
);

-- CreateTable
CREATE TABLE "AgentTag" (
    "agentId" TEXT NOT NULL,
    "tag" TEXT NOT NULL,

    PRIMARY KEY ("agentId", "tag"),
    CONSTRAINT "AgentTag_agentId_fkey" FOREIGN KEY ("agentId") REFERENCES "Agent" ("id") ON DELETE CASCADE ON UPDATE CASCADE
);

-- CreateTable
CREATE TABLE "Response" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "agentId" TEXT NOT NULL,
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
    CONSTRAINT "Response_agentId_fkey" FOREIGN KEY ("agentId") REFERENCES "Agent" ("id") ON DELETE CASCADE ON UPDATE CASCADE
);

-- CreateTable
CREATE TABLE "Stream" (
    "name" TEXT NOT NULL PRIMARY KEY,
    "seq" BIGINT NOT NULL
);

-- CreateTable
CREATE TABLE "Event" (
    "id" BIGINT NOT NULL PRIMARY KEY,
    "stream" TEXT NOT NULL,
    "seq" INTEGER NOT NULL,
    "type" TEXT NOT NULL,
    "payload" JSONB NOT NULL,
    "actor" TEXT,
    "space" TEXT,
    "at" DATETIME NOT NULL
);

-- CreateTable
CREATE TABLE "Setting" (
    "key" TEXT NOT NULL PRIMARY KEY,
    "value" TEXT NOT NULL
);

-- CreateIndex
CREATE INDEX "Space_createdAt_name_idx" ON "Space"("createdAt", "name");

-- CreateIndex
CREATE UNIQUE INDEX "ServiceAccount_user_key" ON "ServiceAccount"("user");

-- CreateIndex
CREATE INDEX "ServiceAccount_createdAt_id_idx" ON "ServiceAccount"("createdAt", "id");

-- CreateIndex
CREATE INDEX "Role_createdAt_name_idx" ON "Role"("createdAt", "name");

-- CreateIndex
CREATE INDEX "RoleBinding_subject_idx" ON "RoleBinding"("subject");

-- CreateIndex
CREATE INDEX "RoleBinding_createdAt_id_idx" ON "RoleBinding"("createdAt", "id");

-- CreateIndex
CREATE UNIQUE INDEX "Secret_ownerKind_ownerId_keyName_key" ON "Secret"("ownerKind", "ownerId", "keyName");

-- CreateIndex
CREATE UNIQUE INDEX "Agent_name_key" ON "Agent"("name");

-- CreateIndex
CREATE UNIQUE INDEX "Agent_nameKey_key" ON "Agent"("nameKey");

-- CreateIndex
CREATE UNIQUE INDEX "Agent_computerId_key" ON "Agent"("computerId");

-- CreateIndex
CREATE INDEX "Agent_createdAt_id_idx" ON "Agent"("createdAt", "id");

-- CreateIndex
CREATE INDEX "Agent_spaceName_createdAt_id_idx" ON "Agent"("spaceName", "createdAt", "id");

-- CreateIndex
CREATE INDEX "Agent_state_createdAt_id_idx" ON "Agent"("state", "createdAt", "id");

-- CreateIndex
CREATE INDEX "Agent_isPublished_createdAt_id_idx" ON "Agent"("isPublished", "createdAt", "id");

-- CreateIndex
CREATE INDEX "Agent_parentId_idx" ON "Agent"("parentId");

-- CreateIndex
CREATE INDEX "AgentTag_tag_idx" ON "AgentTag"("tag");

-- CreateIndex
CREATE INDEX "Response_agentId_createdAt_id_idx" ON "Response"("agentId", "createdAt", "id");

-- CreateIndex
CREATE INDEX "Response_agentId_status_priority_createdAt_idx" ON "Response"("agentId", "status", "priority", "createdAt");

-- CreateIndex
CREATE INDEX "Response_status_leaseUntil_idx" ON "Response"("status", "leaseUntil");

-- CreateIndex
CREATE UNIQUE INDEX "Response_agentId_idempotencyKey_key" ON "Response"("agentId", "idempotencyKey");

-- CreateIndex
CREATE INDEX "Event_at_idx" ON "Event"("at");

-- CreateIndex
CREATE UNIQUE INDEX "Event_stream_seq_key" ON "Event"("stream", "seq");
