# One image for every process; compose and clusters say which to run.
FROM node:20-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc .swcrc ./
COPY scripts scripts
COPY apps apps
COPY libs libs
RUN node scripts/prepare.mjs && npm prune --omit=dev --omit=optional

FROM node:20-bookworm-slim
ENV NODE_ENV=production
WORKDIR /app
RUN mkdir /data && chown node:node /data
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY catalog catalog
USER node
ENV ROLLBOOK_HOME=/data
ENTRYPOINT ["node"]
CMD ["dist/apps/api/src/main.js"]
