//! Shelf: the commands, one file each.
//!
//! A new command: a file with `Arguments` and `run`, and a row in the table below; clap's help and the README walk it.

mod alerts;
mod check;
mod completions;
mod conformance;
mod diff;
mod drain;
mod explain;
mod explain_rule;
mod fit;
mod lose;
mod man;
mod plan;
mod report;
mod rightsize;
mod schedule;
pub(super) mod size;
mod snapshot;

use super::exit::Exit;

/// Makes clap's list of commands of a table: a row a command.
macro_rules! commands {
    ($($(#[$meta:meta])* $name:ident => $module:ident,)*) => {
        /// The commands.
        #[derive(Debug, clap::Subcommand)]
        pub enum Command { $($(#[$meta])* $name($module::Arguments),)* }

        impl Command {
            /// Runs it.
            pub fn run(self) -> anyhow::Result<Exit> {
                match self { $(Command::$name(arguments) => $module::run(&arguments),)* }
            }
        }
    };
}

commands! {
    /// The whole answer on one screen: the state of a cluster, six success metrics, what fails and what to do, what it survives
    Plan => plan,
    /// Where every pod goes, what stays pending, and why
    Schedule => schedule,
    /// Every node and every plugin's verdict and score for one pod, and what would have to change
    Explain => explain,
    /// How many more pods of a kind fit, where they go, and what stops the next one
    Fit => fit,
    /// In which waves nodes can be drained, what is blocked and what frees it, and how long it takes
    Drain => drain,
    /// What survives the loss of a node, any node, any two, or a zone: who comes back, where, when, and who does not
    Lose => lose,
    /// What to buy: node types, counts and zones, replayed in every state, with a bound that no plan can be below
    Size => size,
    /// Requests and limits from what was measured, what they do to replicas, quotas and nodes, and patches that set them
    Rightsize => rightsize,
    /// A page to look at and to hand on: what is wrong, how full nodes are, what falls with what, where every pod is, what it costs
    Report => report,
    /// Your cluster in a file, by your own kubectl: what is read and nothing else, under other names if you want
    Snapshot => snapshot,
    /// What is wrong with manifests and the cluster they go to: what will not run, survive or scale, with file and line
    Check => check,
    /// What changes from a base to a head, or from one Kubernetes to the next: pods, nodes, cost, what is survived, what is found
    Diff => diff,
    /// The manual of a rule of `check`, or the list of all rules
    ExplainRule => explain_rule,
    /// The PrometheusRule with the alerts that a cluster lacks: a node that is not ready, a crowded node, a budget that lets no pod go
    Alerts => alerts,
    /// Replays recordings of the real kube-scheduler and shows the first difference of each case
    Conformance => conformance,
    /// What a shell needs to complete commands, flags and their values: bash, zsh, fish and others
    Completions => completions,
    /// The manual pages, one a command
    Man => man,
}
