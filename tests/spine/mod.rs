//! The whole system, as people use it.

mod ask;
mod bad_input;
mod chat;
mod contacts;
mod cost;
mod deletion;
mod emergencies;
mod expiry;
mod external_ids;
mod governance;
mod ingest;
mod lifecycle;
mod limits;
mod open;
mod reading_back;
mod recall;
mod releases;
mod resuming;
mod scopes;
mod secrecy;
mod sources;
mod streams;
mod tables;
mod titles;
mod triage_rules;
mod uploads;
