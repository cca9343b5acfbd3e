# The gateway as an image; README, "In a container".
FROM node:24-bookworm AS build
WORKDIR /gateway
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY . .
# The first start makes what a clone lacks, and fills the compile cache.
RUN node scripts/start.cjs --version \
 && node scripts/launcher.cjs > raworc-gateway && chmod +x raworc-gateway \
 # What only development asks for is also asked for by libraries, if it is there; so it is forgotten first.
 && npm pkg delete devDependencies && npm prune

FROM node:24-bookworm-slim
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates git openssh-client tini \
 && rm -rf /var/lib/apt/lists/* \
 && install -d -o node -g node -m 0700 /data
WORKDIR /gateway
COPY --from=build /gateway/package.json /gateway/LICENSE /gateway/README.md ./
COPY --from=build /gateway/node_modules node_modules
COPY --from=build /gateway/prisma/migrations prisma/migrations
COPY --from=build /gateway/images images
COPY --from=build /gateway/scripts scripts
COPY --from=build --chown=node:node /gateway/dist dist
COPY --from=build /gateway/raworc-gateway /usr/local/bin/
ENV NODE_ENV=production HOST=0.0.0.0 RAWORC_DATA_DIR=/data
VOLUME /data
EXPOSE 9000
USER node
HEALTHCHECK --start-period=10s CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT || 9000}/api/v0/health`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["tini", "--", "raworc-gateway"]
