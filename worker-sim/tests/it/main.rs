//! The simulated worker as a process, over real pipes.

mod actions;
mod bounds;
mod faults;
mod file_size;
mod images;
mod models;
mod order;
mod picture;
mod reading;
mod stop;
mod support;
mod training;
