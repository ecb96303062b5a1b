# One image for the four services and for what operators run beside them:
#   docker compose run --rm --no-deps auth services/auth/main.ts --help
# Node runs the TypeScript as it stands; nothing is built here but the list of packages and Node's own cache of compiled modules.
FROM node:24-slim AS packages
WORKDIR /parley
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --omit=optional

FROM node:24-slim
# Inside the networks of compose every address of a container is its own; only what compose.yaml publishes is reached from elsewhere.
ENV NODE_ENV=production \
    NODE_COMPILE_CACHE=/parley/.cache \
    PARLEY_HEALTH_HOST=0.0.0.0 \
    PARLEY_HEALTH_PORT=9090
WORKDIR /parley
RUN mkdir .cache && chown node:node .cache
COPY --from=packages /parley/node_modules node_modules
COPY package.json node-version.js LICENSE ./
COPY protocol protocol
COPY runtime runtime
COPY clients/sdk clients/sdk
COPY services services
COPY operating operating
USER node
# Fills the cache, which halves the time of a start; and an image in which a service cannot load is not made.
RUN for service in auth groups delivery gateway; do \
      node --import /parley/operating/image/first-signal.ts "services/$service/main.ts" --help >/dev/null || exit 1; \
    done
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=5s --timeout=5s --start-period=180s --retries=3 CMD ["bash", "operating/image/ready.sh", "9090"]
# Node is process 1; no service starts others that would have to be reaped.
ENTRYPOINT ["node", "--import", "/parley/operating/image/first-signal.ts"]
CMD ["services/gateway/main.ts"]
