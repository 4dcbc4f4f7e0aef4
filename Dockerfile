# One image for both roles: `serve orchestrator` and `serve rag`.
ARG BUILD_IMAGE=rust:1.95.0-bookworm
ARG RUNTIME_IMAGE=debian:12.11-slim

FROM ${BUILD_IMAGE} AS build
WORKDIR /src
COPY . .
RUN cargo build --release --locked --bin chatbot

FROM ${RUNTIME_IMAGE}
# The certificates of public authorities, for the language-model providers.
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates \
    && rm -rf /var/lib/apt/lists/* \
    && groupadd --system --gid 10001 chatbot \
    && useradd --system --uid 10001 --gid 10001 --no-create-home --home-dir /var/lib/chatbot chatbot \
    && install -d -o 10001 -g 10001 /var/lib/chatbot /var/lib/chatbot/models
COPY --from=build /src/target/release/chatbot /usr/local/bin/chatbot
USER 10001:10001
WORKDIR /var/lib/chatbot
EXPOSE 8000
STOPSIGNAL SIGTERM
ENTRYPOINT ["chatbot"]
CMD ["--help"]
