//! Shelf: the rules, one finding a file.
//!
//! A new rule: a file whose module documentation is its manual (a first sentence that says what it finds; then why it matters, `# Example`,
//! `# Instead`, `# Source`) with a `find`, a row in the table below, and `fixtures/check/NAME/` with `fires.yaml` and its twin `quiet.yaml`.
//! Everything else (help, README, SARIF's list of rules, the test of all fixtures) walks the table.
//!
//! A rule never guesses: it finds what will happen to this input, or says nothing. The first digit of its code is its group; codes are never
//! given twice.

use super::rule::{Group, Rule};
use crate::manifest::read::Severity;

/// Makes the table: a row a rule, by group.
macro_rules! rules {
    ($( $group:ident { $( $code:literal $name:literal $severity:ident => $module:ident, )* } )*) => {
        $( $( mod $module; )* )*

        /// All rules, by code.
        pub const RULES: &[Rule] = &[ $( $( Rule {
            code: $code,
            name: $name,
            group: Group::$group,
            severity: Severity::$severity,
            source: include_str!(concat!(stringify!($module), ".rs")),
            find: $module::find,
        }, )* )* ];
    };
}

rules! {
    DoesNotRun {
        "PL101" "unknown-priority-class" Error => unknown_priority_class,
    }
    DoesNotSurvive {
        "PL201" "single-replica" Warning => single_replica,
        "PL202" "one-node" Warning => one_node,
        "PL203" "one-node-possible" Note => one_node_possible,
        "PL204" "one-zone" Warning => one_zone,
        "PL205" "one-zone-possible" Note => one_zone_possible,
        "PL206" "anti-affinity-to-others" Warning => anti_affinity_to_others,
        "PL207" "spread-of-others" Warning => spread_of_others,
        "PL208" "quorum-loss" Warning => quorum_loss,
        "PL209" "no-place-after-loss" Warning => no_place_after_loss,
        "PL210" "late-failover" Warning => late_failover,
        "PL211" "pinned-to-node" Warning => pinned_to_node,
        "PL220" "budget-of-nothing" Warning => budget_of_nothing,
        "PL221" "budget-without-count" Error => budget_without_count,
        "PL222" "budget-allows-nothing" Warning => budget_allows_nothing,
        "PL223" "budget-on-single-pod" Warning => budget_on_single_pod,
        "PL224" "budget-over-autoscaler" Warning => budget_over_autoscaler,
        "PL225" "two-budgets" Error => two_budgets,
    }
    DoesNotScale {
    }
    Wastes {
        "PL401" "best-effort" Warning => best_effort,
        "PL402" "request-over-usage" Warning => request_over_usage,
        "PL403" "limit-under-usage" Warning => limit_under_usage,
        "PL404" "limits-over-node" Warning => limits_over_node,
        "PL405" "oversized-limit" Warning => oversized_limit,
        "PL406" "idle-node" Warning => idle_node,
    }
    Operations {
        "PL501" "unexplained-allow" Warning => unexplained_allow,
        "PL502" "blocked-drain" Warning => blocked_drain,
        "PL503" "missing-alert" Warning => missing_alert,
        "PL504" "dead-alert" Warning => dead_alert,
        "PL505" "one-node-entrance" Warning => one_node_entrance,
        "PL506" "crowded-node" Warning => crowded_node,
        "PL507" "unbounded-namespace" Note => unbounded_namespace,
    }
}

/// The rule of this code or name.
pub fn find(name: &str) -> Option<&'static Rule> {
    RULES.iter().find(|rule| rule.is_called(name))
}
