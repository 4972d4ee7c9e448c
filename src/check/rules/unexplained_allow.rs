//! An annotation allows what a rule finds without saying why, or names a rule that there is not.
//!
//! Whoever reads it in a year cannot know whether it still holds. It works all the same, unless the rule is unknown.
//!
//! # Example
//!
//! ```yaml
//! metadata:
//!   annotations: {plimsoll.dev/allow: single-replica}
//! ```
//!
//! # Instead
//!
//! ```yaml
//! metadata:
//!   annotations: {plimsoll.dev/allow: "single-replica: a batch importer may restart"}
//! ```
//!
//! # Source
//!
//! `plimsoll explain-rule` knows all rules.

use crate::check::allow::{ANNOTATION, acceptances};
use crate::check::{Findings, Subject, rules};
use crate::manifest::field::FieldPath;

pub(super) fn find(subject: &Subject<'_>, findings: &mut Findings) {
    for workload in &subject.workloads {
        for acceptance in acceptances(workload.metadata) {
            let path = FieldPath::from("metadata.annotations").key(ANNOTATION);
            let rule = &acceptance.rule;
            if rules::find(rule).is_none() {
                let message = format!("it allows {rule:?}, and there is no rule of this name");
                findings.on_workload(workload, path, message).help("`plimsoll explain-rule` lists the rules");
            } else if acceptance.reason.is_empty() {
                let message = format!("it allows {rule} and does not say why");
                findings.on_workload(workload, path, message).help(format!("write {ANNOTATION}: \"{rule}: WHY\""));
            }
        }
    }
}
