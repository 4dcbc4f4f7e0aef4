mod consumer;
mod fakes;
mod log;
mod relay;
