//! Plimsoll: the load line for Kubernetes clusters.
//!
//! Loads a cluster (a `kubectl get` dump) or a spec (manifests, rendered charts) and places every pod in memory exactly as
//! kube-scheduler would: every verdict, reason, score, tie and preemption, node by node; and does to manifests what an API
//! server and the controllers would do first. Recordings of the real scheduler and the real control plane are the law
//! (`fixtures/conformance/`).
//!
//! # The house
//!
//! ```text
//!  kubectl get -o yaml/json, manifests, rendered charts               table json sarif junit …
//!        │                                                                     ▲
//!  1 manifest     what was written (typed, exact quantities, file:line)     8 report   what it says
//!  1 usage        what was measured                                           ▲
//!  1 catalogue    what can be bought                                          │
//!        │                                                                     ▲
//!  2 controllers  what controllers make of it (pods, replicas, budgets)     9 cli      read → one library call → render
//!  2 admission    what the API server makes of it (defaults, quota, refusals)  ▲
//!        │                                                                     │
//!  3 cluster      the same as numbers: interned ids, bitsets, columns; frozen, plus one occupancy
//!        │                                                                     │
//!  4 graph        what hangs on what: failure domains, dependencies ───────────┤
//!  4 scheduler    where a pod goes: kube-scheduler's plugins, one file each ───┤
//!        │                                                                     │
//!  5 simulation   what happens next: a control plane in memory ────────────────┤
//!        │                                                                     │
//!  6 planning     how far it reaches, after which losses; what to buy and set ─┤
//!  6 conformance  recordings of the real thing, replayed ──────────────────────┤
//!        │                                                                     │
//!  7 check        what is wrong: rules that ask all of the above ──────────────┘
//!
//!  2 verify       the referee: judges placements from `manifest` alone, sharing no code with cluster or scheduler
//! ```
//!
//! Imports point to a lower number only, never to a sibling. Four absences, checked with the layout by `tests/suite/architecture.rs`:
//!
//! - `manifest` knows nothing of scheduling; `verify` knows nothing of `cluster` or `scheduler`.
//! - Nothing below `report` prints or knows an output format; nothing below `cli` opens a file, but for the `read` modules of
//!   `manifest`, `usage`, `catalogue`, `conformance` and `check`.
//! - Past `cluster`'s door there is no string on a hot path.
//! - No clock, thread or hash order decides anything: same input and seed, same bytes out, whatever the number of threads.
//!
//! A *shelf* is a folder of alike files plus one table in its `mod.rs`: `scheduler/plugins`, `controllers`, `admission`,
//! `check/rules`, `report/formats`, `cli/commands`. Who knows one shelf knows them all.
//!
//! # From dump to placement
//!
//! ```
//! use plimsoll::scheduler::{Options, Scheduler, prepare};
//!
//! let mut input = plimsoll::manifest::read::read_str("two.yaml", "
//! {apiVersion: v1, kind: Node, metadata: {name: n1}, status: {allocatable: {cpu: 2, memory: 4Gi, pods: 10}}}
//! ---
//! {apiVersion: v1, kind: Pod, metadata: {name: web}, spec: {containers: [{name: c, resources: {requests: {cpu: 500m}}}]}}
//! ");
//! plimsoll::controllers::expand(&mut input.objects);
//! plimsoll::admission::admit(&mut input.objects);
//! let (cluster, profiles) = prepare(&input.objects, &Default::default());
//! let mut scheduler = Scheduler::new(&cluster, &profiles, Options::default());
//! let schedule = scheduler.run(|_, _| ());
//! assert_eq!(cluster.node_name(schedule.decisions[0].node.unwrap()), "n1");
//! ```

pub mod admission;
pub mod catalogue;
pub mod check;
pub mod cli;
pub mod cluster;
pub mod conformance;
pub mod controllers;
pub mod graph;
pub mod manifest;
pub mod planning;
pub mod report;
pub mod scheduler;
pub mod simulation;
pub mod usage;
pub mod verify;
