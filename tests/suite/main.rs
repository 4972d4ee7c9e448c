//! One test binary: one link instead of ten.

mod admission;
mod architecture;
mod at_rest;
mod autoscaling;
mod cli;
mod conformance;
mod differential;
mod drain;
mod example;
mod expansion;
mod failover;
mod generate;
mod generated;
mod golden;
mod graph;
mod invariants;
mod loops;
mod loss;
mod parsers;
mod quorum;
mod recordings;
mod referee;
mod rules;
mod semantics;
mod what_if;
