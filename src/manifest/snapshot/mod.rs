//! A cluster in a file: what of it is asked for, what of that is kept, under which names, and how it is written.
//!
//! Promise: what is written reads back as the same objects, and gives the same answers. Secrets, environment, commands, the data of
//! ConfigMaps and copies of objects in annotations are never written. With [`redaction`] no name of the cluster is left, and everything
//! that was related by a name still is.
//!
//! A new kind: its row in [`gathered::GATHERED`] and its field in [`text`]; a test compares both with the kinds that are read.

pub mod gathered;
pub mod redaction;
mod strip;
pub mod text;

pub use strip::strip;
