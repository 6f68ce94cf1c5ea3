FROM node:22-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json ./
COPY src ./src
COPY scripts ./scripts
RUN npm run build

FROM node:22-slim AS production
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# --omit=optional leaves out the binaries of the embedded server: the image is run with DATABASE_URL.
RUN npm ci --omit=dev --omit=optional --no-audit --no-fund && npm cache clean --force

FROM node:22-slim
ENV NODE_ENV=production
WORKDIR /app
COPY --from=production /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY package.json package-lock.json ./
COPY bin ./bin
COPY examples ./examples
COPY scripts ./scripts
# Volumes take over the owner of the folder they are first mounted on.
RUN ln -s /app/bin/sluice /usr/local/bin/sluice \
  && mkdir -p imports exports logs data \
  && chown node:node imports exports logs data
USER node
VOLUME ["/app/imports", "/app/exports", "/app/logs"]
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=15s --start-period=60s --retries=3 \
  CMD sluice status --json > /dev/null; case $? in 0 | 2 | 3) exit 0 ;; *) exit 1 ;; esac
ENTRYPOINT ["sluice"]
CMD ["start"]
