//! The gateway as a library, with worker-sim as its worker.

mod babble;
mod bounds;
mod breaker;
mod cancel;
mod crash;
mod documents;
mod drain;
mod guard;
mod held;
mod hostile;
mod openapi;
mod orphans;
mod pages;
mod pictures;
mod pool;
mod raw;
mod rig;
mod routes;
mod seed;
mod silence;
mod slow;
mod stdio;
mod submit;
