-- CreateEnum
CREATE TYPE "SessionState" AS ENUM ('INIT', 'IDLE', 'BUSY', 'PAUSED', 'SUSPENDED', 'CLOSED');

-- CreateEnum
CREATE TYPE "MessageRole" AS ENUM ('USER', 'ASSISTANT', 'SYSTEM');

-- CreateEnum
CREATE TYPE "SpaceAgentStatus" AS ENUM ('ACTIVE', 'INACTIVE', 'BUILDING', 'RUNNING', 'STOPPED', 'ERROR');

-- CreateEnum
CREATE TYPE "BuildStatus" AS ENUM ('PENDING', 'BUILDING', 'COMPLETED', 'FAILED', 'CANCELLED');

-- AlterEnum
ALTER TYPE "ComputerDesired" ADD VALUE 'VOLUME_ONLY' BEFORE 'ABSENT';

-- AlterEnum
ALTER TYPE "FailureReason" ADD VALUE 'SESSION_PAUSED';
ALTER TYPE "FailureReason" ADD VALUE 'SESSION_DELETED';
ALTER TYPE "FailureReason" ADD VALUE 'HANDLER_FAILED';

-- DropIndex
DROP INDEX "Response_agentId_createdAt_id_idx";

-- DropIndex
DROP INDEX "Response_agentId_idempotencyKey_key";

-- DropIndex
DROP INDEX "Response_agentId_status_priority_createdAt_idx";

-- AlterTable
ALTER TABLE "Agent" ADD COLUMN     "contextCutoffAt" TIMESTAMP(3),
ADD COLUMN     "contextSummary" TEXT;

-- AlterTable
ALTER TABLE "Computer" ADD COLUMN     "command" JSONB,
ADD COLUMN     "limits" JSONB;

-- AlterTable
ALTER TABLE "Event" ADD COLUMN     "ownerId" TEXT,
ADD COLUMN     "partOf" TEXT;
-- Only agents had responses, and only agents owners.
UPDATE "Event" SET "partOf" = 'agents' WHERE "stream" LIKE 'response:%';

-- AlterTable
ALTER TABLE "Response" ADD COLUMN     "respondentId" TEXT,
ADD COLUMN     "sessionId" TEXT,
ADD COLUMN     "spaceAgent" TEXT,
ALTER COLUMN "agentId" DROP NOT NULL;

-- What had one agent still has it: the agent is who answers.
UPDATE "Response" SET "respondentId" = "agentId";
ALTER TABLE "Response" ALTER COLUMN "respondentId" SET NOT NULL;

-- CreateTable
CREATE TABLE "Session" (
    "id" TEXT NOT NULL,
    "spaceName" TEXT NOT NULL,
    "createdById" TEXT,
    "createdByName" TEXT NOT NULL,
    "state" "SessionState" NOT NULL DEFAULT 'INIT',
    "metadata" JSONB NOT NULL DEFAULT '{}',
    "parentId" TEXT,
    "engine" "EngineKind",
    "instructions" TEXT,
    "busyTimeoutSeconds" INTEGER NOT NULL DEFAULT 900,
    "busyFrom" TIMESTAMP(3),
    "prepared" BOOLEAN NOT NULL DEFAULT true,
    "messageHead" INTEGER NOT NULL DEFAULT 0,
    "usesSpaceSecrets" BOOLEAN NOT NULL DEFAULT true,
    "buildId" TEXT,
    "contextCutoffAt" TIMESTAMP(3),
    "contextSummary" TEXT,
    "lastError" TEXT,
    "computerId" TEXT NOT NULL,
    "startedAt" TIMESTAMP(3),
    "lastActivityAt" TIMESTAMP(3),
    "terminatedAt" TIMESTAMP(3),
    "terminationReason" TEXT,
    "createdAt" TIMESTAMP(3) NOT NULL,
    "updatedAt" TIMESTAMP(3) NOT NULL,

    CONSTRAINT "Session_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Message" (
    "id" TEXT NOT NULL,
    "sessionId" TEXT NOT NULL,
    "seq" INTEGER NOT NULL,
    "role" "MessageRole" NOT NULL,
    "content" TEXT NOT NULL,
    "createdByName" TEXT,
    "responseId" TEXT,
    "idempotencyKey" TEXT,
    "createdAt" TIMESTAMP(3) NOT NULL,

    CONSTRAINT "Message_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "SpaceAgent" (
    "id" TEXT NOT NULL,
    "spaceName" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "description" TEXT,
    "purpose" TEXT,
    "sourceRepo" TEXT NOT NULL,
    "sourceBranch" TEXT NOT NULL DEFAULT 'main',
    "status" "SpaceAgentStatus" NOT NULL DEFAULT 'ACTIVE',
    "lastError" TEXT,
    "createdByName" TEXT,
    "deployedBuild" TEXT,
    "computerId" TEXT,
    "createdAt" TIMESTAMP(3) NOT NULL,
    "updatedAt" TIMESTAMP(3) NOT NULL,

    CONSTRAINT "SpaceAgent_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Build" (
    "id" TEXT NOT NULL,
    "spaceName" TEXT NOT NULL,
    "status" "BuildStatus" NOT NULL DEFAULT 'PENDING',
    "image" TEXT,
    "agents" JSONB NOT NULL DEFAULT '[]',
    "error" TEXT,
    "createdByName" TEXT,
    "leaseOwner" TEXT,
    "leaseUntil" TIMESTAMP(3),
    "epoch" INTEGER NOT NULL DEFAULT 0,
    "createdAt" TIMESTAMP(3) NOT NULL,
    "startedAt" TIMESTAMP(3),
    "completedAt" TIMESTAMP(3),
    "updatedAt" TIMESTAMP(3) NOT NULL,

    CONSTRAINT "Build_pkey" PRIMARY KEY ("id")
);

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
CREATE INDEX "Response_respondentId_createdAt_id_idx" ON "Response"("respondentId", "createdAt", "id");

-- CreateIndex
CREATE INDEX "Response_respondentId_status_priority_createdAt_idx" ON "Response"("respondentId", "status", "priority", "createdAt");

-- CreateIndex
CREATE INDEX "Response_agentId_idx" ON "Response"("agentId");

-- CreateIndex
CREATE INDEX "Response_sessionId_idx" ON "Response"("sessionId");

-- CreateIndex
CREATE UNIQUE INDEX "Response_respondentId_idempotencyKey_key" ON "Response"("respondentId", "idempotencyKey");

-- AddForeignKey
ALTER TABLE "Response" ADD CONSTRAINT "Response_sessionId_fkey" FOREIGN KEY ("sessionId") REFERENCES "Session"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Session" ADD CONSTRAINT "Session_spaceName_fkey" FOREIGN KEY ("spaceName") REFERENCES "Space"("name") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Session" ADD CONSTRAINT "Session_createdById_fkey" FOREIGN KEY ("createdById") REFERENCES "ServiceAccount"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Session" ADD CONSTRAINT "Session_computerId_fkey" FOREIGN KEY ("computerId") REFERENCES "Computer"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Message" ADD CONSTRAINT "Message_sessionId_fkey" FOREIGN KEY ("sessionId") REFERENCES "Session"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "SpaceAgent" ADD CONSTRAINT "SpaceAgent_spaceName_fkey" FOREIGN KEY ("spaceName") REFERENCES "Space"("name") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "SpaceAgent" ADD CONSTRAINT "SpaceAgent_computerId_fkey" FOREIGN KEY ("computerId") REFERENCES "Computer"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Build" ADD CONSTRAINT "Build_spaceName_fkey" FOREIGN KEY ("spaceName") REFERENCES "Space"("name") ON DELETE RESTRICT ON UPDATE CASCADE;

-- CreateIndex
CREATE INDEX "Computer_desired_phase_idx" ON "Computer"("desired", "phase");

-- CreateIndex
CREATE INDEX "Computer_leaseUntil_idx" ON "Computer"("leaseUntil");
