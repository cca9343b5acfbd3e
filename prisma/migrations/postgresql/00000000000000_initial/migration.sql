-- CreateEnum
CREATE TYPE "SecretOwner" AS ENUM ('SPACE', 'AGENT', 'SESSION');

-- CreateEnum
CREATE TYPE "ComputerDesired" AS ENUM ('RUNNING', 'PAUSED', 'STOPPED', 'ABSENT');

-- CreateEnum
CREATE TYPE "ComputerPhase" AS ENUM ('ABSENT', 'CREATING', 'RUNNING', 'PAUSED', 'STOPPED', 'FAILED');

-- CreateEnum
CREATE TYPE "Network" AS ENUM ('NONE', 'EGRESS');

-- CreateEnum
CREATE TYPE "AgentState" AS ENUM ('INIT', 'IDLE', 'BUSY', 'SLEPT');

-- CreateEnum
CREATE TYPE "EngineKind" AS ENUM ('MODEL', 'HANDLER', 'SHELL', 'EXTERNAL');

-- CreateEnum
CREATE TYPE "SetupStatus" AS ENUM ('NONE', 'PENDING', 'DONE', 'FAILED');

-- CreateEnum
CREATE TYPE "ResponseStatus" AS ENUM ('PENDING', 'PROCESSING', 'COMPLETED', 'FAILED', 'CANCELLED');

-- CreateEnum
CREATE TYPE "FailureReason" AS ENUM ('COMMAND_FAILED', 'MODEL_ERROR', 'MODEL_UNAVAILABLE', 'STEP_LIMIT', 'TIMEOUT', 'INTERRUPTED', 'COMPUTER_LOST', 'OUT_OF_MEMORY', 'SETUP_FAILED', 'AGENT_SLEPT', 'AGENT_DELETED', 'WORKER_REPORTED');

-- CreateTable
CREATE TABLE "Space" (
    "name" TEXT NOT NULL,
    "description" TEXT,
    "settings" JSONB NOT NULL DEFAULT '{}',
    "active" BOOLEAN NOT NULL DEFAULT true,
    "createdAt" TIMESTAMP(3) NOT NULL,
    "updatedAt" TIMESTAMP(3) NOT NULL,

    CONSTRAINT "Space_pkey" PRIMARY KEY ("name")
);

-- CreateTable
CREATE TABLE "ServiceAccount" (
    "id" TEXT NOT NULL,
    "user" TEXT NOT NULL,
    "space" TEXT,
    "description" TEXT,
    "active" BOOLEAN NOT NULL DEFAULT true,
    "passwordHash" TEXT NOT NULL,
    "tokenEpoch" INTEGER NOT NULL DEFAULT 0,
    "createdAt" TIMESTAMP(3) NOT NULL,
    "updatedAt" TIMESTAMP(3) NOT NULL,
    "lastLoginAt" TIMESTAMP(3),

    CONSTRAINT "ServiceAccount_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Role" (
    "name" TEXT NOT NULL,
    "description" TEXT,
    "rules" JSONB NOT NULL,
    "createdAt" TIMESTAMP(3) NOT NULL,
    "updatedAt" TIMESTAMP(3) NOT NULL,

    CONSTRAINT "Role_pkey" PRIMARY KEY ("name")
);

-- CreateTable
CREATE TABLE "RoleBinding" (
    "id" TEXT NOT NULL,
    "subject" TEXT NOT NULL,
    "roleName" TEXT NOT NULL,
    "space" TEXT,
    "createdAt" TIMESTAMP(3) NOT NULL,
    "updatedAt" TIMESTAMP(3) NOT NULL,

    CONSTRAINT "RoleBinding_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Secret" (
    "id" TEXT NOT NULL,
    "space" TEXT NOT NULL,
    "ownerKind" "SecretOwner" NOT NULL,
    "ownerId" TEXT NOT NULL,
    "keyName" TEXT NOT NULL,
    "sealed" BYTEA NOT NULL,
    "keyId" TEXT NOT NULL,
    "description" TEXT,
    "createdBy" TEXT,
    "createdAt" TIMESTAMP(3) NOT NULL,
    "updatedAt" TIMESTAMP(3) NOT NULL,

    CONSTRAINT "Secret_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Computer" (
    "id" TEXT NOT NULL,
    "space" TEXT NOT NULL,
    "desired" "ComputerDesired" NOT NULL DEFAULT 'RUNNING',
    "phase" "ComputerPhase" NOT NULL DEFAULT 'ABSENT',
    "generation" INTEGER NOT NULL DEFAULT 0,
    "image" TEXT,
    "network" "Network" NOT NULL DEFAULT 'NONE',
    "stopAt" TIMESTAMP(3),
    "copyFromId" TEXT,
    "copyCode" BOOLEAN NOT NULL DEFAULT true,
    "copyContent" BOOLEAN NOT NULL DEFAULT true,
    "volumeReady" BOOLEAN NOT NULL DEFAULT false,
    "runtime" TEXT,
    "host" TEXT,
    "startedAt" TIMESTAMP(3),
    "ranMs" INTEGER NOT NULL DEFAULT 0,
    "exitReason" TEXT,
    "lastError" TEXT,
    "failures" INTEGER NOT NULL DEFAULT 0,
    "failedAt" TIMESTAMP(3),
    "retryAt" TIMESTAMP(3),
    "leaseOwner" TEXT,
    "leaseUntil" TIMESTAMP(3),
    "epoch" INTEGER NOT NULL DEFAULT 0,
    "createdAt" TIMESTAMP(3) NOT NULL,
    "updatedAt" TIMESTAMP(3) NOT NULL,

    CONSTRAINT "Computer_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Agent" (
    "id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "nameKey" TEXT NOT NULL,
    "spaceName" TEXT NOT NULL,
    "createdById" TEXT,
    "createdByName" TEXT NOT NULL,
    "state" "AgentState" NOT NULL DEFAULT 'INIT',
    "description" TEXT,
    "parentId" TEXT,
    "parentName" TEXT,
    "metadata" JSONB NOT NULL DEFAULT '{}',
    "tags" JSONB NOT NULL DEFAULT '[]',
    "isPublished" BOOLEAN NOT NULL DEFAULT false,
    "publishedAt" TIMESTAMP(3),
    "publishedBy" TEXT,
    "publishCode" BOOLEAN NOT NULL DEFAULT true,
    "publishSecrets" BOOLEAN NOT NULL DEFAULT true,
    "publishContent" BOOLEAN NOT NULL DEFAULT true,
    "idleTimeoutSeconds" INTEGER NOT NULL DEFAULT 300,
    "busyTimeoutSeconds" INTEGER NOT NULL DEFAULT 900,
    "idleFrom" TIMESTAMP(3),
    "busyFrom" TIMESTAMP(3),
    "sleepAt" TIMESTAMP(3),
    "lastActivityAt" TIMESTAMP(3),
    "engine" "EngineKind",
    "instructions" TEXT,
    "setup" TEXT,
    "setupStatus" "SetupStatus" NOT NULL DEFAULT 'NONE',
    "setupOutput" TEXT,
    "prepared" BOOLEAN NOT NULL DEFAULT false,
    "usesSpaceSecrets" BOOLEAN NOT NULL DEFAULT true,
    "lastError" TEXT,
    "computerId" TEXT NOT NULL,
    "createdAt" TIMESTAMP(3) NOT NULL,
    "updatedAt" TIMESTAMP(3) NOT NULL,

    CONSTRAINT "Agent_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "AgentTag" (
    "agentId" TEXT NOT NULL,
    "tag" TEXT NOT NULL,

    CONSTRAINT "AgentTag_pkey" PRIMARY KEY ("agentId","tag")
);

-- CreateTable
CREATE TABLE "Response" (
    "id" TEXT NOT NULL,
    "agentId" TEXT NOT NULL,
    "status" "ResponseStatus" NOT NULL DEFAULT 'PENDING',
    "input" JSONB NOT NULL,
    "outputText" TEXT NOT NULL DEFAULT '',
    "outputOther" JSONB NOT NULL DEFAULT '{}',
    "engine" "EngineKind",
    "failureReason" "FailureReason",
    "failureMessage" TEXT,
    "failureEvidence" JSONB,
    "createdByName" TEXT,
    "priority" INTEGER NOT NULL DEFAULT 0,
    "idempotencyKey" TEXT,
    "inputTokens" INTEGER NOT NULL DEFAULT 0,
    "outputTokens" INTEGER NOT NULL DEFAULT 0,
    "leaseOwner" TEXT,
    "leaseUntil" TIMESTAMP(3),
    "epoch" INTEGER NOT NULL DEFAULT 0,
    "createdAt" TIMESTAMP(3) NOT NULL,
    "startedAt" TIMESTAMP(3),
    "updatedAt" TIMESTAMP(3) NOT NULL,
    "completedAt" TIMESTAMP(3),

    CONSTRAINT "Response_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Stream" (
    "name" TEXT NOT NULL,
    "seq" BIGINT NOT NULL,

    CONSTRAINT "Stream_pkey" PRIMARY KEY ("name")
);

-- CreateTable
CREATE TABLE "Event" (
    "id" BIGINT NOT NULL,
    "stream" TEXT NOT NULL,
    "seq" INTEGER NOT NULL,
    "type" TEXT NOT NULL,
    "payload" JSONB NOT NULL,
    "actor" TEXT,
    "space" TEXT,
    "at" TIMESTAMP(3) NOT NULL,

    CONSTRAINT "Event_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Setting" (
    "key" TEXT NOT NULL,
    "value" TEXT NOT NULL,

    CONSTRAINT "Setting_pkey" PRIMARY KEY ("key")
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

-- AddForeignKey
ALTER TABLE "RoleBinding" ADD CONSTRAINT "RoleBinding_roleName_fkey" FOREIGN KEY ("roleName") REFERENCES "Role"("name") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Agent" ADD CONSTRAINT "Agent_spaceName_fkey" FOREIGN KEY ("spaceName") REFERENCES "Space"("name") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Agent" ADD CONSTRAINT "Agent_createdById_fkey" FOREIGN KEY ("createdById") REFERENCES "ServiceAccount"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Agent" ADD CONSTRAINT "Agent_parentId_fkey" FOREIGN KEY ("parentId") REFERENCES "Agent"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Agent" ADD CONSTRAINT "Agent_computerId_fkey" FOREIGN KEY ("computerId") REFERENCES "Computer"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "AgentTag" ADD CONSTRAINT "AgentTag_agentId_fkey" FOREIGN KEY ("agentId") REFERENCES "Agent"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Response" ADD CONSTRAINT "Response_agentId_fkey" FOREIGN KEY ("agentId") REFERENCES "Agent"("id") ON DELETE CASCADE ON UPDATE CASCADE;
