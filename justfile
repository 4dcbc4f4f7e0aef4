# `just` lists the recipes. Each recipe is one command that you can also type.

services := env_var_or_default("CHATBOT_SERVICES_STATE", justfile_directory() / ".cache/services")

_default:
    @just --list --unsorted

# Run everything a change must pass
test *arguments:
    scripts/test {{ arguments }}

# Run the quick part of it: format and lint
lint:
    cargo fmt --check
    cargo clippy --all-targets --locked -- -D warnings

# Check Kubernetes manifests, image, compose file and handbook; --accept renews the reviewed renderings
manifests *arguments:
    scripts/check-manifests {{ arguments }}

# Build the image and run both roles the way the manifests say: as root on Debian, with cgroup limits
pod-check *arguments:
    scripts/pod-check {{ arguments }}

# Try the chatbot: needs no database, no broker, no key
demo *arguments:
    cargo run --release --locked -- demo {{ arguments }}

# Start PostgreSQL, Redis and Kafka for development, then: . .cache/services/env
services-up:
    scripts/services up --state {{ services }}

# Stop them and remove their data
services-down:
    scripts/services down --state {{ services }}

# Open the API documentation in the browser
docs:
    cargo doc --no-deps --locked --open

# Run benchmarks with the real services
bench *arguments:
    scripts/services run --durable -- cargo bench --locked {{ arguments }}

# Kill, freeze and roll replicas under load, then draw a table and a picture: just faults --seeds 3, or --faults 20
faults *arguments:
    scripts/faults {{ arguments }}
