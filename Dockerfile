# Two images from one file:
#   docker build -t chatbot:0.1.0 .                              both roles, the migration and the tools
#   docker build --target model -t chatbot-model:0.1.0 .         the same, and the embedding model's files
# For both architectures: docker buildx build --platform linux/amd64,linux/arm64 ...
ARG BUILD_IMAGE=rust:1.95.0-bookworm
ARG MODEL_IMAGE=python:3.13.7-slim-bookworm
ARG RUNTIME_IMAGE=debian:12.11-slim

FROM ${BUILD_IMAGE} AS build
# Writes the list of dependencies into the binary, for scanners (cargo audit bin, Trivy, Syft).
ARG CARGO_AUDITABLE=0.7.7
RUN cargo install --locked cargo-auditable@${CARGO_AUDITABLE}
WORKDIR /src
# Builds the dependencies first, with an empty program: this layer stays until Cargo.lock changes.
COPY .cargo .cargo
# ARM kernels have pages of 4, 16 or 64 KiB, and jemalloc must be built for the largest.
RUN if [ "$(uname -m)" = aarch64 ]; then echo 'JEMALLOC_SYS_WITH_LG_PAGE = "16"' >> .cargo/config.toml; fi
COPY crates crates
COPY Cargo.toml Cargo.lock ./
RUN mkdir src && touch src/lib.rs && echo 'fn main() {}' > src/main.rs \
    && cargo auditable build --release --locked --bin chatbot \
    && rm -r src
COPY migrations migrations
COPY samples samples
COPY web web
COPY src src
# Cargo compares times, so the sources must be newer than the empty program.
RUN touch src/lib.rs src/main.rs \
    && cargo auditable build --release --locked --bin chatbot \
    && install -D target/release/chatbot /out/program/usr/local/bin/chatbot \
    && install -D /etc/ssl/certs/ca-certificates.crt /out/program/etc/ssl/certs/ca-certificates.crt \
    && mkdir -p /out/home/models

FROM ${MODEL_IMAGE} AS model-files
# The package index; replace it with your own if you have one.
ARG PIP_INDEX_URL
COPY --from=build /out/program/usr/local/bin/chatbot /usr/local/bin/chatbot
# The program checks each file against its SHA-256.
RUN CHATBOT__EMBEDDING__CACHE_DIR=/out/models chatbot models pull

# Nothing runs while these images are built, so the base needs no shell and no package manager, only glibc.
FROM ${RUNTIME_IMAGE} AS runtime
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="chatbot" \
      org.opencontainers.image.description="Answers from an organisation's own approved documents, with citations" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
# The program, and the certificates of public authorities for the language-model providers.
COPY --from=build /out/program /
COPY --from=build --chown=10001:10001 /out/home /var/lib/chatbot
# A number, so that Kubernetes can tell that it is not root.
USER 10001:10001
WORKDIR /var/lib/chatbot
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s CMD ["chatbot", "healthcheck"]
ENTRYPOINT ["chatbot"]
CMD ["--help"]

FROM runtime AS model
COPY --from=model-files /out/models /usr/share/chatbot/models

# This target is built by default.
FROM runtime AS chatbot
