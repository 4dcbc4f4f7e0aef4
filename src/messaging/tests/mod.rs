mod consumer;
mod fakes;
mod leases;
mod log;
mod relay;
