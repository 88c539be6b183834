//! The commands of xtask, from outside.

mod codegen;
