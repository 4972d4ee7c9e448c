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

use std::collections::BTreeSet;

use crate::check::allow::{ANNOTATION, Annotated, acceptances, annotated};
use crate::check::{Findings, Subject, rules};

pub(super) fn find(subject: &Subject<'_>, findings: &mut Findings) {
    // a ReplicaSet or Job of the input may be a workload and an object
    let mut seen = BTreeSet::new();
    for Annotated { object, origin, metadata, path } in annotated(subject.objects) {
        if !seen.insert((origin, path.clone())) {
            continue;
        }
        let path = path.key("annotations").key(ANNOTATION);
        for acceptance in acceptances(metadata) {
            let rule = &acceptance.rule;
            if rules::find(rule).is_none() {
                let message = format!("it allows {rule:?}, and there is no rule of this name");
                findings.named(object.clone(), origin, path.clone(), message).help("`plimsoll explain-rule` lists the rules");
            } else if acceptance.reason.is_empty() {
                let message = format!("it allows {rule} and does not say why");
                findings.named(object.clone(), origin, path.clone(), message).help(format!("write {ANNOTATION}: \"{rule}: WHY\""));
            }
        }
    }
}
