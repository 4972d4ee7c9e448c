//! Shelf: the rules, one finding a file.
//!
//! A new rule: a file whose module documentation is its manual (a first sentence that says what it finds; then why it matters, `# Example`,
//! `# Instead`, `# Source`) with a `find`, a row in the table below, and `fixtures/check/NAME/` with `fires.yaml` and its twin `quiet.yaml`.
//! Everything else (help, README, SARIF's list of rules, the test of all fixtures) walks the table.
//!
//! A rule never guesses: it finds what will happen to this input, or says nothing. The first digit of its code is its group; codes are never
//! given twice.

use super::Subject;
use super::Workload;
use super::obstacle::Obstacle;
use super::rule::{Group, Rule};
use crate::cluster::index::NodeSet;
use crate::manifest::autoscaling::HorizontalPodAutoscaler;
use crate::manifest::read::Severity;
use crate::planning::headroom::Room;

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
        "PL102" "fits-no-node" Error => fits_no_node,
        "PL103" "larger-than-any-node-type" Error => larger_than_any_node_type,
        "PL104" "over-quota" Error => over_quota,
        "PL105" "outside-limit-range" Error => outside_limit_range,
        "PL106" "refused-by-api-server" Error => refused_by_api_server,
        "PL107" "contradicting-node-affinity" Error => contradicting_node_affinity,
        "PL108" "no-matching-node" Error => no_matching_node,
        "PL109" "no-pod-to-be-near" Error => no_pod_to_be_near,
        "PL110" "unsatisfiable-spread" Error => unsatisfiable_spread,
        "PL111" "unsatisfiable-anti-affinity" Error => unsatisfiable_anti_affinity,
        "PL112" "volume-zone-conflict" Error => volume_zone_conflict,
        "PL113" "host-port-collision" Error => host_port_collision,
        "PL114" "unknown-storage-class" Error => unknown_storage_class,
        "PL115" "unknown-scheduler" Warning => unknown_scheduler,
        "PL116" "unknown-service-account" Error => unknown_service_account,
        "PL117" "missing-claim" Error => missing_claim,
        "PL118" "untolerated-taint" Error => untolerated_taint,
        "PL119" "stays-pending" Error => stays_pending,
        "PL120" "unknown-namespace" Warning => unknown_namespace,
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
        "PL301" "autoscaler-without-requests" Error => autoscaler_without_requests,
        "PL302" "autoscaler-min-over-max" Error => autoscaler_min_over_max,
        "PL303" "autoscaler-without-target" Error => autoscaler_without_target,
        "PL304" "autoscaler-max-without-room" Warning => autoscaler_max_without_room,
        "PL305" "autoscaler-max-over-quota" Warning => autoscaler_max_over_quota,
        "PL306" "surge-without-room" Warning => surge_without_room,
        "PL307" "surge-over-quota" Warning => surge_over_quota,
        "PL308" "two-autoscalers" Error => two_autoscalers,
        "PL309" "replicas-beside-autoscaler" Note => replicas_beside_autoscaler,
        "PL310" "replicas-outside-autoscaler" Warning => replicas_outside_autoscaler,
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

/// Which pods of a workload stay Pending: `its pod stays Pending`, `2 of its 5 pods stay Pending`.
fn pending(obstacle: &Obstacle, workload: &Workload<'_>) -> String {
    match (workload.kind, obstacle.pods.len(), workload.pods.len()) {
        ("Pod", ..) => "it stays Pending".to_owned(),
        (_, 1, 1) => "its pod stays Pending".to_owned(),
        (_, 1, all) => format!("one of its {all} pods stays Pending"),
        (_, pods, all) if pods == all => format!("all its {all} pods stay Pending"),
        (_, pods, all) => format!("{pods} of its {all} pods stay Pending"),
    }
}

/// Nodes in words: `the one node`, `each of 3 nodes`.
fn each_of(nodes: &NodeSet) -> String {
    match nodes.len() {
        1 => "the one node".to_owned(),
        nodes => format!("each of the {nodes} nodes"),
    }
}

/// The scheduler's sentence about the first pod of an obstacle, without what it says of preemption.
fn sentence(obstacle: &Obstacle) -> String {
    let sentence = obstacle.message.split(". ").next().unwrap_or_default();
    format!("the scheduler says: {}", sentence.trim_end_matches('.'))
}

/// What an autoscaler scales, if that is in the input.
fn target_of<'s, 'a>(subject: &'s Subject<'a>, autoscaler: &HorizontalPodAutoscaler) -> Option<&'s Workload<'a>> {
    let target = &autoscaler.spec.scale_target_ref;
    let is_it = |workload: &&Workload<'_>| {
        workload.kind == target.kind
            && workload.metadata.name == target.name
            && workload.namespace() == autoscaler.metadata.namespace_or_default()
    };
    subject.workloads.iter().find(is_it)
}

/// The autoscaler of a room as it is in the input, and the place of what it scales among the workloads.
fn scaled<'a>(subject: &Subject<'a>, room: &Room) -> Option<(&'a HorizontalPodAutoscaler, usize)> {
    let own = &room.autoscaler.hpa.metadata;
    let is_it = |one: &&HorizontalPodAutoscaler| (&one.metadata.name, &one.metadata.namespace) == (&own.name, &own.namespace);
    let autoscaler = subject.objects.horizontal_pod_autoscalers.iter().find(is_it)?;
    let target = &autoscaler.spec.scale_target_ref;
    let place = subject.workloads.iter().position(|workload| {
        (workload.kind, workload.metadata.name.as_str()) == (target.kind.as_str(), target.name.as_str())
            && workload.namespace() == own.namespace_or_default()
    })?;
    Some((autoscaler, place))
}
