# The first stage's own Node is used for npm alone: the program runs on the Node that package.json pins.
ARG NPM_IMAGE=node:26.1.0-bookworm-slim
ARG BASE_IMAGE=debian:trixie-20260623-slim

FROM ${NPM_IMAGE} AS install
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
COPY config/stubs config/stubs
RUN npm ci --omit=dev --ignore-scripts

FROM ${BASE_IMAGE}
# Node from 25 on is linked against libatomic, which slim images lack.
RUN apt-get update \
 && apt-get install --yes --no-install-recommends ca-certificates libatomic1 libstdc++6 \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --uid 10001 --create-home --home-dir /var/lib/canswarm --shell /usr/sbin/nologin canswarm
WORKDIR /app
COPY --from=install /app/node_modules node_modules
COPY config/stubs config/stubs
COPY package.json LICENSE ./
COPY bin bin
COPY src src
ENV CANSWARM_HOME=/var/lib/canswarm/home NODE_ENV=production
USER 10001:10001
VOLUME /var/lib/canswarm
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s --retries=3 \
  CMD ["/app/node_modules/.bin/node", "/app/bin/canswarm", "version"]
# The pinned Node is process 1 itself and gets the signals: no shell and no init stand in between.
ENTRYPOINT ["/app/node_modules/.bin/node", "/app/bin/canswarm"]
CMD ["--help"]
