//! The gateway as a library, with worker-sim as its worker.

mod babble;
mod bounds;
mod breaker;
mod cancel;
mod crash;
mod documents;
mod drain;
mod held;
mod hostile;
mod orphans;
mod pool;
mod rig;
mod routes;
mod seed;
mod silence;
mod stdio;
mod submit;
