//! Layer 7: what is wrong with manifests and with the cluster they go to, before anything is applied.
//!
//! Not whether they are well formed, which others tell, but whether they can *run*, survive, scale and be operated: every rule asks the
//! same engines that place, lose and plan. A rule that needs something the input does not have (nodes, usage, a catalogue) is silent.
//!
//! Promise: the same input gives the same findings in the same order; each says what is wrong, where, why, and what to do next; nothing is
//! suppressed without a trace ([`Finding::allowed`]).
//!
//! To add a rule: see [`rules`].

pub mod alerts;
pub mod allow;
pub mod amount;
pub mod apart;
pub mod assertions;
pub mod comparison;
pub mod contradiction;
pub mod drains;
pub mod finding;
pub mod guarded;
pub mod known;
pub mod obstacle;
pub mod placement;
pub mod read;
pub mod refused;
pub mod rule;
pub mod rules;
pub mod settings;
pub mod sight;
pub mod subject;
pub mod workload;

pub use finding::{Finding, Findings};
pub use rule::{Group, Rule};
pub use settings::{Settings, Thresholds};
pub use subject::{Question, Subject};
pub use workload::{Workload, presume_namespaces, replicas_written};

/// Everything that the rules find, as settings and annotations have it: by the order of the input, then by rule.
pub fn check(question: Question<'_>) -> Vec<Finding> {
    check_subject(&Subject::new(question))
}

/// The same of what is looked at in other ways, too.
pub fn check_subject(subject: &Subject<'_>) -> Vec<Finding> {
    let settings = subject.settings();
    let mut found = Vec::new();
    for rule in rules::RULES {
        let Some(severity) = settings.severity(rule) else { continue };
        let mut findings = Findings::new(rule, severity);
        (rule.find)(subject, &mut findings);
        found.extend(findings.into_inner());
    }
    let allowances = allow::Allowances::new(subject.objects, settings);
    found.iter_mut().for_each(|finding| finding.allowed = allowances.of(finding));
    found.sort_by(|one, other| one.key().cmp(&other.key()));
    found.dedup_by(|one, other| one.key() == other.key());
    found
}
